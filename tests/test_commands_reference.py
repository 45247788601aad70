"""docs/commands.md is what the program says of itself."""

import subprocess
from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent / "docs"


def run(kinward, *args, status=0):
    done = subprocess.run([kinward, "commands", *args], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == status, done.stderr
    return done.stdout


def test_the_reference_is_the_programs_own(kinward):
    text = (DOCS / "commands.md").read_text(encoding="utf-8")
    assert run(kinward, "--markdown") == text, "run: kinward commands --markdown >docs/commands.md"


def test_one_command_is_shown_by_name_or_keyword(kinward):
    shown = run(kinward, "silencetime2")
    assert shown == run(kinward, "quiet_times_days") and "{HH:MM}-{HH:MM}-{SMTWTFS}" in shown
    assert run(kinward, "hrtstart").count("\n\n") == 1  # two commands have this keyword


def test_what_is_never_sent_is_named_with_the_reason(kinward):
    assert run(kinward, "monitor") == "MONITOR is never sent: covert listening\n"
    for word in ("MONITOR", "RECORD", "| IP |", "SMS"):
        assert word in run(kinward, "--markdown").split("## Never sent")[1]


def test_wrong_words_are_refused(kinward):
    run(kinward, "no_such_command", status=1)
    run(kinward, "--nothing", status=2)
    run(kinward, "locate", "find", status=2)
    run(kinward, "--markdown", "find", status=2)
    assert "kinward commands" in run(kinward, "--help")
