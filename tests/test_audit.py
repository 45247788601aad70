"""The audit log of a real server: what goes into it, and that nobody can change it unseen."""

import csv
import io
import re
import shutil
import sqlite3
import subprocess

import pytest
from kit.family import accept, invite, protect, step_up
from kit.process import eventually
from kit.watch import position

NOWHERE = "0f6c2d1e9b8a47538e1d2c3b4a596877"


@pytest.fixture
def audit(kinward):
    def audit(verb, server, *more, file=None):
        where = ["--set", f"data_dir={server.data}"] + (["--file", str(file)] if file else [])
        return subprocess.run(
            [kinward, "audit", verb, *where, *map(str, more)], capture_output=True, text=True, timeout=60
        )

    return audit


def entries(api, action=None, **params):
    found = api.ok("GET", f"/groups/{api.group}/audit", params=params)["entries"]
    return [e for e in found if action in (None, e["action"])]


def wait_entry(api, action, count=1):
    return eventually(lambda: len(f := entries(api, action)) >= count and f, what=f"{count} entries {action}")


@pytest.fixture
def lived(server, api):
    """A stopped server whose log has about thirty entries and a checkpoint at its end."""
    wearer, watch = api.claim_raw("8800000101")
    for n in range(25):
        api.ok("PATCH", f"/wearers/{wearer}", json={"name": f"Mia {n}"})
    watch.close()
    assert server.stop() == 0
    return server


def change(server, *statements):
    with sqlite3.connect(server.data / "kinward.db") as db:
        for statement in statements:
            db.execute(statement)
    db.close()


def test_what_a_person_does_sees_and_tries_is_in_the_log_of_the_group(server, api):
    wearer, watch = api.claim_raw("8800000100", name="Mia")
    api.ok("PATCH", f"/wearers/{wearer}", json={"color": "#102030"})
    api.ok("POST", f"/wearers/{wearer}/commands", json={"type": "find"})
    for _ in range(5):
        api.ok("GET", f"/wearers/{wearer}")
        api.ok("GET", "/wearers")
    assert api.request("GET", f"/api/v1/wearers/{NOWHERE}").status_code == 404
    [changed] = wait_entry(api, "wearer.change")
    me = api.ok("GET", "/session")["account"]
    assert changed["actor"] == {"kind": "account", "id": me["id"], "name": me["name"]}
    assert (changed["wearer"], changed["right"], changed["outcome"]) == (wearer, "settings", "done")
    assert changed["address"] == "127.0.0.1"
    assert [e["outcome"] for e in wait_entry(api, "command.give")] == ["done"]
    looks = wait_entry(api, "wearer.view")
    assert [e["wearer"] for e in looks] == [wearer], "ten looks in an hour are one"
    assert {"claim.start", "claim.code"} <= {e["action"] for e in entries(api)}
    sequence = [e["seq"] for e in entries(api)]
    assert sequence == sorted(sequence, reverse=True)
    assert entries(api, before=sequence[1], limit=1)[0]["seq"] == sequence[2]
    watch.close()


def test_whoever_only_listens_has_looked_too(server, api):
    wearer, watch = api.claim_raw("8800000103")
    before = len(entries(api, "wearer.view"))
    stream = api.events()
    watch.send(position(lat=50.5, lon=11.5))
    stream.wait("wearer", lambda data: data.get("fix"))
    if before == 0:
        [look] = wait_entry(api, "wearer.view")
        assert (look["wearer"], look["right"]) == (wearer, "view_position")
    for n in range(3):
        watch.send(position(lat=50.5 + (n + 1) / 10000, lon=11.5))
    stream.wait("wearer", lambda data: data.get("fix") and data["fix"]["lat"] > 50.50025)
    assert len(entries(api, "wearer.view")) == 1, "one an hour"
    watch.close()


def test_the_members_are_told_and_each_reads_for_himself(server, api):
    step_up(protect(api))
    eve = accept(server, invite(api, "viewer"), "eve")
    stream = eve.events()
    before = eve.ok("GET", "/notices")
    wearer, watch = api.claim_raw("8800000104", name="Tom")
    stream.wait("notice", lambda data: data == {"group": api.group})
    told = eventually(
        lambda: [n for n in eve.ok("GET", "/notices")["notices"] if n["action"] == "claim.code"], what="the notice of the claim"
    )
    assert told[0]["subject"] == wearer and told[0]["told"] and told[0]["actor"]["name"] == "Maria"
    assert "address" not in told[0], "where Maria is, is not Eve's to know"
    now = eve.ok("GET", "/notices")
    assert now["unread"] > before["unread"] - 1 and now["unread"] >= 1
    eve.ok("POST", "/notices/read", json={"seq": now["notices"][0]["seq"]})
    assert eve.ok("GET", "/notices")["unread"] == 0
    eve.ok("POST", "/notices/read", json={"seq": 0})
    assert eve.ok("GET", "/notices")["unread"] == 0, "the mark never goes back"
    mine = [n for n in api.ok("GET", "/notices")["notices"] if n["action"] == "claim.code"]
    assert mine, "what I did is in my list, too"
    eve.close()
    watch.close()


def test_an_export_wants_a_fresh_proof_tells_everybody_and_holds_no_formula(server, api):
    formula = '=HYPERLINK("http://evil.example","x")'
    api.ok("PATCH", "/account", json={"name": formula})
    wearer, watch = api.claim_raw("8800000105")
    api.ok("PATCH", f"/wearers/{wearer}", json={"name": "@SUM(1+1)"})
    watch.close()
    other = server.api()
    other.sign_in()
    protect(api)
    path = f"/api/v1/groups/{api.group}/audit.csv"
    step_up(api)
    answer = api.get(path)
    assert answer.status_code == 200 and answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) >= 3 and {formula_safe(row["actor_name"]) for row in rows if row["actor_name"]} == {True}
    for row in rows:
        for cell in row.values():
            assert cell == "" or cell[0] not in "=+-@\t\r\n", f"a spreadsheet would calculate {cell!r}"
    assert "'" + formula in {row["actor_name"] for row in rows}
    entries_ = api.get(path.replace(".csv", ".json")).json()["entries"]
    assert formula in {e["actor"]["name"] for e in entries_}, "JSON is what it is"
    eventually(
        lambda: [n["action"] for n in api.ok("GET", "/notices")["notices"]].count("audit.export") == 2, what="both exports told"
    )
    other.refused(403, "step_up_needed", "GET", f"/groups/{api.group}/audit.csv")  # the proof is of one session
    other.close()


def formula_safe(cell):
    return cell[0] not in "=+-@\t\r\n"


def test_refusals_belong_to_nobody_elses_group_and_are_folded(server, api, audit):
    for _ in range(300):
        assert api.request("GET", f"/api/v1/wearers/{NOWHERE}").status_code == 404
    with server.api() as stranger:
        for _ in range(300):
            assert stranger.request("GET", f"/api/v1/wearers/{NOWHERE}").status_code in (401, 429)
    assert server.stop() == 0
    lines = audit("export", server).stdout.splitlines()
    views = [line for line in lines if '"wearer.view"' in line]
    assert 2 <= len(views) <= 8, views
    assert any('"not_found"' in line for line in views) and any('"sign_in_needed"' in line for line in views)
    times = [int(re.search(r'",(\d+),"', line)[1]) for line in views]
    assert sum(times) == 600, "the counts of the hour are written at the end"
    assert NOWHERE in "".join(views)


def test_a_log_is_whole_while_the_service_writes_and_after(server, api, audit):
    wearer, watch = api.claim_raw("8800000102")
    for n in range(20):
        api.ok("PATCH", f"/wearers/{wearer}", json={"name": f"Mia {n}"})
        if n % 5 == 0:
            checked = audit("verify", server)
            assert checked.returncode == 0 and "the log is whole" in checked.stdout, checked.stdout
    watch.close()
    server.kill()
    server.start()
    assert audit("verify", server).returncode == 0
    assert server.stop() == 0
    checked = audit("verify", server)
    assert checked.returncode == 0
    signed = int(re.search(r"signed up to entry (\d+)", checked.stdout)[1])
    assert signed == int(re.search(r"(\d+) entries, 1 to \1", checked.stdout)[1]), "the end is signed at a stop"


TAMPERED = {
    "changed": (["UPDATE audit SET outcome = 'denied' WHERE seq = 9"], "entry 9 was changed"),
    "actor changed": (["UPDATE audit SET actor = x'00000000000000000000000000000001' WHERE seq = 9"], "entry 9 was changed"),
    "detail changed": (
        ["UPDATE audit SET detail = (SELECT detail FROM audit WHERE seq = 8) WHERE seq = 9"],
        "the detail of entry 9 was changed",
    ),
    "removed": (["DELETE FROM audit WHERE seq BETWEEN 9 AND 11"], "entries 9 to 11 were removed"),
    "reordered": (
        [
            "UPDATE audit SET seq = -1 WHERE seq = 9",
            "UPDATE audit SET seq = 9 WHERE seq = 10",
            "UPDATE audit SET seq = 10 WHERE seq = -1",
        ],
        "entry 10 was moved: it stands at 9",
    ),
    "removed and renumbered": (
        ["DELETE FROM audit WHERE seq = 9", "UPDATE audit SET seq = seq - 1 WHERE seq > 9"],
        "entry 9 was changed",
    ),
    "cut at the start": (["DELETE FROM audit WHERE seq < 4"], "the beginning was cut off: entries 1 to 3"),
    "cut at the end": (["DELETE FROM audit WHERE seq > 20"], "the end was cut off: entries 21 to"),
    "cut with its checkpoint": (
        ["DELETE FROM audit WHERE seq > 20", "DELETE FROM audit_checkpoint"],
        "the end was cut off: entries 21 to",
    ),
    "emptied": (["DELETE FROM audit", "DELETE FROM audit_checkpoint"], "the end was cut off: entries 1 to"),
    "signature changed": (["UPDATE audit_checkpoint SET signature = zeroblob(64)"], "is not signed by this server"),
}


@pytest.mark.parametrize("way", TAMPERED)
def test_each_way_to_change_the_log_is_found_with_its_place(lived, audit, way):
    statements, words = TAMPERED[way]
    assert audit("verify", lived).returncode == 0
    change(lived, *statements)
    checked = audit("verify", lived)
    assert checked.returncode == 3, checked.stdout
    assert words in checked.stdout, checked.stdout
    assert "do not fit" in checked.stdout


def test_a_single_file_without_keys_is_looked_at_as_far_as_that_goes(lived, audit, tmp_path):
    copy = tmp_path / "copy.db"
    shutil.copy(lived.data / "kinward.db", copy)
    checked = audit("verify", lived, "--set", f"key_dir={tmp_path / 'none'}", file=copy)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "NOT checked: no key" in checked.stdout and "details were NOT checked" in checked.stdout
    with sqlite3.connect(copy) as db:
        db.execute("DELETE FROM audit WHERE seq = 7")
    db.close()
    checked = audit("verify", lived, "--set", f"key_dir={tmp_path / 'none'}", file=copy)
    assert checked.returncode == 3 and "entries 7 to 7 were removed" in checked.stdout


def test_an_older_database_in_its_place_is_noted_for_ever(server, api, audit, tmp_path):
    assert server.stop() == 0
    shutil.copy(server.data / "kinward.db", tmp_path / "old.db")
    server.start()
    with server.api() as again:
        again.sign_in()
        again.ok("PATCH", "/account", json={"name": "Another"})
    assert server.stop() == 0
    for name in ("kinward.db-wal", "kinward.db-shm"):
        (server.data / name).unlink(missing_ok=True)
    shutil.copy(tmp_path / "old.db", server.data / "kinward.db")
    assert audit("verify", server).returncode == 3
    server.start()
    server.process.wait_line(lambda line: "audit.set_back" in line)
    assert server.stop() == 0
    assert '"audit.set_back"' in audit("export", server).stdout


def test_an_operators_export_holds_nothing_that_a_family_wrote(lived, audit):
    for form in ("csv", "json"):
        out = audit("export", lived, "--format", form)
        assert out.returncode == 0
        assert "wearer.change" in out.stdout and "claim.start" in out.stdout
        assert "Mia" not in out.stdout and "Maria" not in out.stdout
        for line in out.stdout.splitlines():
            if "wearer.change" in line:
                assert "127.0.0.1" not in line


def test_nothing_of_a_detail_stands_in_the_file_in_clear(lived):
    content = b"".join(p.read_bytes() for p in lived.data.iterdir() if p.is_file())
    assert b"127.0.0.1" not in content
