# A thin front to meson, npm and the scripts. `make help` lists what there is.
.POSIX:
.PHONY: help setup build run demo test coverage bench fuzz soak clean
SECONDS = 60

help:
	@echo 'make run      install what is missing, build, and serve from ./data (prints a set-up link)'
	@echo 'make demo     the same with three simulated watches already on the map'
	@echo 'make build    build/kinward and web/dist'
	@echo 'make test     all checks and tests; last line: N passed, N failed'
	@echo 'make coverage lines and branches that the unit tests reach'
	@echo 'make bench    measure speed and memory, print the table'
	@echo 'make fuzz     run every fuzz target for SECONDS=60'
	@echo 'make soak     a long run with many simulated watches'
	@echo 'make clean    remove what was built (the data folder stays)'

setup:
	@scripts/setup run

build: setup
	@scripts/build

run: build
	@build/kinward serve --set data_dir=data --set web_dir=web/dist

demo: build
	@scripts/demo

test:
	@scripts/test

coverage:
	@scripts/setup test
	@scripts/coverage

bench:
	@scripts/setup test
	@scripts/build
	@bench/run

fuzz:
	@scripts/setup test
	@scripts/fuzz $(SECONDS)

soak: build
	@/usr/bin/python3 tests/soak.py

clean:
	rm -rf build web/dist
