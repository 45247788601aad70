"""`make test` counts right and cannot pass by mistake: scripts/test with results that are made up here."""

import importlib.machinery
import importlib.util
import json
import os
import select
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def runner(tmp_path, monkeypatch):
    """scripts/test as a module that works in an empty folder."""
    loader = importlib.machinery.SourceFileLoader("runner", str(ROOT / "scripts/test"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("runner", loader))
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    monkeypatch.chdir(tmp_path)
    loader.exec_module(module)
    monkeypatch.chdir(tmp_path)
    module.ROOT = tmp_path
    module.LOGS = tmp_path / "logs"
    module.LOGS.mkdir()
    return module


def write_meson_log(folder, tests):
    path = folder / "build/meson-logs/testlog.json"
    path.parent.mkdir(parents=True)
    path.write_text("\n".join(json.dumps(test) for test in tests))


def test_meson_programs_count_their_tests(runner, tmp_path):
    write_meson_log(tmp_path, [
        {"name": "a", "result": "OK", "stdout": "", "stderr": "[  PASSED  ] 12 test(s).\n"},
        {"name": "b", "result": "FAIL", "stdout": "", "stderr": "[  PASSED  ] 3 test(s).\n[  FAILED  ] 2 test(s), listed"},
        {"name": "corpus", "result": "OK", "stdout": "40 inputs\n", "stderr": ""},
        {"name": "crashed", "result": "FAIL", "stdout": "", "stderr": "[ RUN      ] x\n"},
    ])
    assert runner.count_meson("build")(None, "", 1) == (16, 3)


def test_a_meson_run_without_results_has_failed(runner):
    assert runner.count_meson("build")(None, "", 1) == (0, 1)
    assert runner.count_meson("build")(None, "", 0) == (0, 1)


def test_pytest_counts_what_was_left_out_as_failed(runner):
    (runner.LOGS / "pytest.xml").write_text(
        '<testsuites><testsuite tests="10" failures="1" errors="2" skipped="3"/></testsuites>')
    assert runner.count_pytest(None, "", 1) == (4, 6)


def test_pytest_without_a_result_has_failed(runner):
    assert runner.count_pytest(None, "", 0) == (0, 1)


@pytest.mark.parametrize(("log", "code", "expected"), [
    (" Test Files  1 passed (1)\n      Tests  120 passed (120)\n", 0, (120, 0)),
    ("\x1b[2m      Tests \x1b[22m 3 failed | 117 passed | 2 skipped (122)\n", 1, (117, 5)),
    ("# pass 12\n# fail 0\n", 0, (12, 0)),
    ("      Tests  5 passed (5)\n", 1, (5, 1)),
    ("no test files found\n", 0, (0, 1)),
])
def test_web_results_are_read(runner, log, code, expected):
    assert runner.count_web(None, log, code) == expected


def test_a_check_that_broke_off_has_failed(runner):
    assert runner.count_lint(None, "ok   format: x\nok   sizes: y\n", 0) == (2, 0)
    assert runner.count_lint(None, "ok   format: x\nFAIL sizes: y\n", 1) == (1, 1)
    assert runner.count_lint(None, "ok   format: x\nTraceback\n", 1) == (1, 1)


def run_stages(runner, monkeypatch, capsys, stages):
    monkeypatch.setattr(runner, "stages", lambda: stages)
    monkeypatch.setattr("sys.argv", ["test"])
    code = runner.main()
    return code, capsys.readouterr().out.splitlines()


def test_a_failing_stage_does_not_stop_the_others(runner, monkeypatch, capsys):
    code, lines = run_stages(runner, monkeypatch, capsys, [
        runner.Stage("a", "first", "echo broken; exit 3", count=runner.count_steps),
        runner.Stage("b", "needs the first", "true", needs=["a"], count=runner.count_steps),
        runner.Stage("c", "comes after the first", "true", after=["a"], count=runner.count_steps),
        runner.Stage("d", "needs nothing", "true", count=runner.count_steps),
    ])
    assert code == 1
    assert lines[-1] == "2 passed, 2 failed"
    assert any("broken" in line for line in lines)
    assert any(line.startswith("FAIL needs the first") and "not run" in line for line in lines)


def test_all_good_ends_with_zero(runner, monkeypatch, capsys):
    code, lines = run_stages(runner, monkeypatch, capsys, [
        runner.Stage("a", "first", "true", count=runner.count_steps),
        runner.Stage("b", "second", "true", needs=["a"], cpus=99, count=runner.count_steps),
    ])
    assert (code, lines[-1]) == (0, "2 passed, 0 failed")


def ends(pid):
    """Waits for the end of any process."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    ready, _, _ = select.select([process], [], [], 60)
    os.close(process)
    return bool(ready)


def test_a_stage_that_hangs_is_stopped(runner, monkeypatch, capsys):
    runner.STAGE_S_MAX = 0.2
    code, lines = run_stages(runner, monkeypatch, capsys, [
        runner.Stage("a", "hangs", "tail -f /dev/null & echo $! >pid; tail -f /dev/null", count=runner.count_steps),
    ])
    assert (code, lines[-1]) == (1, "0 passed, 1 failed")
    assert ends(int(Path("pid").read_text()))
