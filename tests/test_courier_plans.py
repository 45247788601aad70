"""No statement of the courier's queue walks over it: each is answered by an index."""

import re
import sqlite3

import pytest

FILES = ("courier_store.c", "courier_outbox.c")


def literals(text):
    """Adjacent string literals of a C file as one text each."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    for found in re.finditer(r'(?:"(?:[^"\\]|\\.)*"\s*)+', text):
        yield "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', found.group(0)))


@pytest.fixture(scope="module")
def database(root):
    text = (root / "src" / "store" / "schema_courier.c").read_text(encoding="utf-8")
    db = sqlite3.connect(":memory:")
    for literal in literals(text):
        if literal.startswith("CREATE"):
            db.executescript(literal)
    return db


def statements(root):
    for name in FILES:
        for literal in literals((root / "src" / "domain" / name).read_text(encoding="utf-8")):
            if re.match(r"(SELECT|UPDATE|DELETE) ", literal):
                yield literal


def plan(database, statement):
    values = [0] * max([int(number) for number in re.findall(r"\?(\d+)", statement)] or [0])
    return [row[3] for row in database.execute("EXPLAIN QUERY PLAN " + statement, values)]


def test_every_statement_of_the_queue_uses_an_index(root, database):
    seen = 0
    for statement in statements(root):
        for step in plan(database, statement):
            # "SCAN … USING … INDEX" walks an index that holds only what is on the way (32) or dead, and stops at LIMIT.
            is_bounded = step.startswith("SCAN courier_item USING ") and re.search(r"courier_item_(sent|dead)\b", step)
            is_first = step.startswith("SCAN courier_destination USING ") and "MIN(next_ms)" in statement
            assert not step.startswith("SCAN") or is_bounded or is_first, (statement, step)
            assert "TEMP B-TREE" not in step, (statement, step)
        seen += 1
    assert seen >= 20


def test_a_statement_that_walks_would_be_noticed(database):
    assert plan(database, "SELECT COUNT(*) FROM courier_item WHERE code = ?1")[0].startswith("SCAN courier_item")
