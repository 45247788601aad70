"""The threat table of docs/security.md: every row is there, and every test that it names exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docs/security.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in TEXT.splitlines()
    if re.match(r"\| \d+ \|", line)
]
NOT_MET = dict(re.findall(r"^- \*\*(\d+)\*\* .*\((partly|open)\)\.$", TEXT, flags=re.M))


def named_in(row):
    return re.findall(r"`([\w./-]+)::(\w+)`", row[3])


def exists(file, name):
    path = ROOT / file
    if not path.is_file():
        return False
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return re.search(rf"^def {name}\(", text, flags=re.M) is not None
    # A C test counts when it is run, too.
    return f"static void {name}(" in text and len(re.findall(rf"\b{name}\b", text)) > 1


def test_every_row_is_there_once():
    assert [int(row[0]) for row in ROWS] == list(range(1, 93))
    assert all(len(row) == 5 for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_every_named_test_exists(row):
    missing = [f"{file}::{name}" for file, name in named_in(row) if not exists(file, name)]
    assert not missing


def test_a_row_that_is_met_names_its_test_and_all_others_are_told():
    for row in ROWS:
        state = row[4].strip(" |")
        assert state in ("met", "partly", "open"), row[0]
        assert (state == "met") == (row[0] not in NOT_MET), row[0]
        assert NOT_MET.get(row[0], "met") == state, row[0]
        if state != "open":
            assert named_in(row), f"row {row[0]} names no test"


def test_the_check_sees_a_test_that_is_not_there():
    assert exists("tests/test_security_table.py", "test_every_row_is_there_once")
    assert not exists("tests/test_security_table.py", "test_that_nobody_wrote")
    assert not exists("tests/test_nowhere.py", "test_every_row_is_there_once")
