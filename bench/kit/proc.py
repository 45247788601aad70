"""Programs that speak in lines, and what the kernel knows of a process: CPU time and memory."""

import json
import os
import select
import subprocess
import time


class Failed(Exception):
    """A measurement that could not be made; the message says why."""


class Talker:
    """A bench program: "ready" first, then one line of answer for each line of order."""

    def __init__(self, path, *options, before=(), within_s=60):
        self.name = os.path.basename(path)
        self.process = subprocess.Popen(
            [path, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        self.rest = b""
        for line in before:
            self.say(line)
        self.expect("ready", within_s)

    def say(self, line):
        try:
            self.process.stdin.write(line.encode() + b"\n")
        except BrokenPipeError:
            raise Failed(f"{self.name} ended early") from None

    def line(self, within_s):
        deadline = time.monotonic() + within_s
        while b"\n" not in self.rest:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                raise Failed(f"{self.name} said nothing for {within_s} s")
            chunk = os.read(self.process.stdout.fileno(), 65536)
            if not chunk:
                raise Failed(f"{self.name} ended with {self.process.wait()}")
            self.rest += chunk
        line, self.rest = self.rest.split(b"\n", 1)
        return line.decode()

    def expect(self, word, within_s):
        line = self.line(within_s)
        if not line.startswith(word):
            raise Failed(f"{self.name}: expected {word}, got {line}")
        return line[len(word):].strip()

    def ask(self, order, word="", within_s=120):
        """Sends the order and returns the JSON of the answer, which begins with `word`."""
        self.say(order)
        return self.answer(word, within_s)

    def answer(self, word="", within_s=120):
        return json.loads(self.expect(word, within_s))

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def cpu_s(pids):
    """CPU seconds of all threads of the processes so far (nanosecond counts of the scheduler)."""
    total = 0
    for pid in pids:
        for thread in os.listdir(f"/proc/{pid}/task"):
            try:
                with open(f"/proc/{pid}/task/{thread}/schedstat", encoding="ascii") as f:
                    total += int(f.read().split()[0])
            except FileNotFoundError:
                pass  # the thread ended between the two lines
    return total / 1e9


def pin(pids, core):
    """Keeps all threads of the processes on one core."""
    for pid in pids:
        for thread in os.listdir(f"/proc/{pid}/task"):
            os.sched_setaffinity(int(thread), {core})


def memory_bytes(pids):
    """Memory of the processes: proportional set size, or, where the kernel does not show that of a
    protected process, its anonymous and shared resident pages."""
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
                fields = {line.split(":")[0]: line.split() for line in f if ":" in line}
            total += int(fields["Pss"][1]) * 1024
        except (PermissionError, KeyError):
            with open(f"/proc/{pid}/status", encoding="ascii") as f:
                fields = {line.split(":")[0]: line.split() for line in f if ":" in line}
            total += (int(fields["RssAnon"][1]) + int(fields["RssShmem"][1])) * 1024
    return total


def children(parent):
    """The processes that `parent` started, and theirs."""
    starters = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", encoding="ascii", errors="replace") as f:
                starters[int(name)] = int(f.read().rsplit(")", 1)[1].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            pass  # it ended meanwhile
    found = [parent]
    for pid in found:
        found += [child for child, starter in starters.items() if starter == pid]
    return found[1:]


def voluntary_switches(pids):
    """How often threads of the processes went to sleep: no growth, no work."""
    total = 0
    for pid in pids:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/status", encoding="ascii") as f:
                for line in f:
                    if line.startswith("voluntary_ctxt_switches"):
                        total += int(line.split()[1])
    return total
