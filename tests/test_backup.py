"""Backups: written while the service runs, encrypted to a key that is not here, whole or refused, restored with care."""

import hashlib
import shutil
import sqlite3
import stat
import subprocess
import time

import pytest
from kit.process import Process, eventually
from kit.server import PASSWORD, Server
from kit.watch import SOS, position

CANARY = "Zanzibar Quillfeather"


@pytest.fixture
def key(tmp_path):
    """A key pair made by age itself: (file with the private half, public half)."""
    path = tmp_path / "key.txt"
    subprocess.run(["age-keygen", "-o", path], check=True, capture_output=True)
    public = subprocess.run(["age-keygen", "-y", path], check=True, capture_output=True, text=True).stdout.strip()
    return path, public


@pytest.fixture
def run(kinward):
    def run(*args, stdout=subprocess.PIPE):
        return subprocess.run([kinward, *map(str, args)], stdout=stdout, stderr=subprocess.PIPE, timeout=120)

    return run


@pytest.fixture
def lived(server, api):
    """A server with a wearer, a position, an alarm, and a message that waits for its watch."""
    wearer, watch = api.claim_raw("8800000015", CANARY)
    watch.send(position(lat=50.5, lon=11.5), position("AL", status=SOS))
    watch.receive_keyword("AL")
    eventually(lambda: api.ok("GET", f"/wearers/{wearer}")["fix"], what="the position")
    watch.close()
    eventually(lambda: not api.ok("GET", f"/wearers/{wearer}")["device"]["connected"], what="the watch is gone")
    api.ok("POST", f"/wearers/{wearer}/commands", json={"type": "message", "text": "waits"})
    return wearer


def test_a_backup_of_a_running_service_is_whole_and_says_nothing(server, lived, key, run, tmp_path):
    private, public = key
    file = tmp_path / "night.age"
    made = run("backup", "--to", file, "--recipient", public, "--set", f"data_dir={server.data}")
    assert made.returncode == 0, made.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    content = file.read_bytes()
    assert content.startswith(b"age-encryption.org/v1")
    for clear in (CANARY.encode(), b"SQLite format 3", b"waits", b"8800000015"):
        assert clear not in content
    checked = run("backup", "--verify", file, "--identity", private, "--set", f"data_dir={server.data}")
    assert checked.returncode == 0 and b"is whole" in checked.stdout, checked.stderr
    assert sorted(p.name for p in server.data.iterdir() if p.name.startswith("backup.")) == []


def test_a_backup_can_be_streamed(server, lived, key, run, tmp_path):
    private, public = key
    file = tmp_path / "streamed.age"
    with file.open("wb") as out:
        made = run("backup", "--to", "-", "--recipient", public, "--set", f"data_dir={server.data}", stdout=out)
    assert made.returncode == 0, made.stderr
    assert run("backup", "--verify", file, "--identity", private, "--set", f"data_dir={server.data}").returncode == 0


def test_a_plain_backup_is_refused(server, run, tmp_path):
    for recipient in ([], ["--recipient", ""], ["--recipient", "age1; rm"], ["--recipient", "/etc/passwd"]):
        file = tmp_path / "plain.age"
        made = run("backup", "--to", file, *recipient, "--set", f"data_dir={server.data}")
        assert made.returncode == 1 and b"backup_recipient" in made.stderr
        assert not file.exists()


def test_restore_brings_everything_back_and_does_nothing_twice(server, api, lived, key, run, kinward, tmp_path):
    private, public = key
    file, keys = tmp_path / "b.age", tmp_path / "keys.age"
    made = run("backup", "--to", file, "--keys-to", keys, "--recipient", public, "--set", f"data_dir={server.data}")
    assert made.returncode == 0, made.stderr
    cookies = api.session_cookies()
    assert server.stop() == 0

    other = Server(kinward, tmp_path / "other")
    other.folder.mkdir()
    without = run("restore", file, "--identity", private, "--set", f"data_dir={other.data}")
    assert without.returncode == 1 and b"give --keys FILE" in without.stderr
    assert list(other.data.iterdir()) == [] and not other.keys.exists()
    restored = run("restore", file, "--keys", keys, "--identity", private, "--set", f"data_dir={other.data}")
    assert restored.returncode == 0, restored.stderr
    assert b"1 open command" in restored.stdout
    assert sorted(p.name for p in other.data.iterdir()) == ["kinward.db"]
    assert stat.S_IMODE((other.data / "kinward.db").stat().st_mode) == 0o600
    other.start()
    try:
        with other.api() as again:
            again.cookies.update(cookies)
            again.refused(401, "sign_in_needed", "GET", "/session")
            again.cookies.clear()
            again.sign_in(password=PASSWORD)
            wearer = again.ok("GET", f"/wearers/{lived}")
            assert wearer["name"] == CANARY and wearer["open_alarms"] == 1
            assert wearer["fix"]["lat"] == 50.5
            now = time.time()
            span = [time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(t)) for t in (now - 86400, now + 86400)]
            assert len(again.fixes(lived, *span)) >= 1
            [command] = again.ok("GET", f"/wearers/{lived}/commands")["commands"]
            assert (command["state"], command["reason"]) == ("unknown", "restored")
    finally:
        assert other.stop() == 0


def plain_of(file, private, folder):
    """A data backup opened with the private key: what a thief of both would see."""
    plain = folder / "plain.db"
    with plain.open("wb") as out:
        subprocess.run(["age", "--decrypt", "--identity", private, file], stdout=out, check=True)
    return plain


def test_a_data_backup_holds_no_keys_and_nothing_that_lets_somebody_in(server, api, lived, key, run, tmp_path):
    private, public = key
    file, keys = tmp_path / "b.age", tmp_path / "keys.age"
    made = run("backup", "--to", file, "--keys-to", keys, "--recipient", public, "--set", f"data_dir={server.data}")
    assert made.returncode == 0, made.stderr
    assert server.database().execute("SELECT COUNT(*) FROM journal").fetchone()[0] > 0
    plain = plain_of(file, private, tmp_path)
    with sqlite3.connect(plain) as db:
        for table in ("journal", "web_session", "setup_token", "invitation", "courier_item", "partner_token"):
            assert db.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] == 0, table
        assert db.execute("SELECT COUNT(*) FROM history_chunk").fetchone()[0] > 0
    content = plain.read_bytes()
    master = (server.keys / "master.key").read_text().strip()
    with sqlite3.connect(f"file:{server.keys / 'keys.db'}?mode=ro", uri=True) as db:
        wrapped = [row[0] for row in db.execute("SELECT wrapped FROM key")]
    assert len(wrapped) >= 4
    for secret in (CANARY.encode(), b"8800000015", b"waits", master.encode(), bytes.fromhex(master), *wrapped):
        assert secret not in content
    # The other file is the one with the keys; it is no backup of data, and says nothing without the private half.
    assert master.encode() not in keys.read_bytes()
    assert run("backup", "--verify", keys, "--identity", private, "--set", f"data_dir={server.data}").returncode == 1
    checked = run("backup", "--verify", file, "--keys", keys, "--identity", private, "--set", f"data_dir={server.data}")
    assert checked.returncode == 0 and checked.stdout.count(b"is whole") == 2, checked.stderr
    assert sorted(p.name for p in server.data.iterdir() if p.name.startswith("backup.")) == []


def test_an_erased_wearer_cannot_be_read_from_an_older_backup_with_the_newest_keys(
    server, api, lived, key, run, kinward, tmp_path
):
    private, public = key
    keep, watch = api.claim_raw("8800000023", "Somebody else")
    watch.send(position(lat=49.5, lon=10.5))
    eventually(lambda: api.ok("GET", f"/wearers/{keep}")["fix"], what="the position")
    watch.close()
    file, keys = tmp_path / "older.age", tmp_path / "newest-keys.age"
    settings = ("--recipient", public, "--set", f"data_dir={server.data}")
    assert run("backup", "--to", file, *settings).returncode == 0
    api.prove()
    api.ok("DELETE", f"/wearers/{lived}")
    assert run("backup", "--keys-to", keys, *settings).returncode == 0
    assert server.stop() == 0

    # The older backup still has the rows; no key of the newest file opens them.
    with sqlite3.connect(plain_of(file, private, tmp_path)) as db:
        assert db.execute("SELECT COUNT(*) FROM wearer WHERE id = ?", (bytes.fromhex(lived),)).fetchone()[0] == 1
    other = Server(kinward, tmp_path / "other")
    other.folder.mkdir()
    restored = run("restore", file, "--keys", keys, "--identity", private, "--set", f"data_dir={other.data}")
    assert restored.returncode == 0, restored.stderr
    other.start()
    try:
        with other.api() as again:
            again.sign_in(password=PASSWORD)
            assert [w["id"] for w in again.ok("GET", "/wearers")["wearers"]] == [keep]
            assert again.ok("GET", f"/wearers/{keep}")["fix"]["lat"] == 49.5
            again.refused(404, "not_found", "GET", f"/wearers/{lived}")
            assert again.alarms() == []
        with other.database() as db:
            for table in ("wearer", "alarm", "device", "command"):
                column = "id" if table == "wearer" else "wearer"
                rows = db.execute(f"SELECT COUNT(*) FROM {table} WHERE {column} = ?", (bytes.fromhex(lived),))
                assert rows.fetchone()[0] == 0, table
    finally:
        assert other.stop() == 0


def test_an_erasure_that_was_cut_off_is_finished_at_the_start(server, api, lived):
    assert server.stop() == 0
    with sqlite3.connect(server.keys / "keys.db") as db:  # the key is destroyed first, and here nothing else was
        owner = bytes.fromhex(lived)
        assert db.execute("DELETE FROM key WHERE owner = ?", (owner,)).rowcount == 1
        left = hashlib.blake2b(owner, digest_size=16, key=b"kinward destroyed key").digest()
        db.execute("INSERT INTO destroyed (owner_hash) VALUES (?)", (left,))
    server.start()
    assert any("server.erased wearers=1 groups=0 accounts=0" in line for line in server.process.lines)
    api.refused(404, "not_found", "GET", f"/wearers/{lived}")
    assert api.alarms() == []


def test_older_keys_are_refused_and_erase_nobody(server, api, lived, tmp_path):
    older = tmp_path / "older.db"
    assert server.stop() == 0
    shutil.copy(server.keys / "keys.db", older)
    server.start()
    api.sign_in()
    newer, watch = api.claim_raw("8800000023", "Came later")
    watch.close()
    assert server.stop() == 0
    newest = (server.keys / "keys.db").read_bytes()

    shutil.copy(older, server.keys / "keys.db")
    refused = Process(server.process.command, server.folder)
    refused.wait_line(lambda line: "server.failed" in line and "keys are older than the data: 1 wearers" in line)
    refused.kill()
    (server.keys / "keys.db").write_bytes(newest)
    server.start()
    assert api.ok("GET", f"/wearers/{newer}")["name"] == "Came later"
    assert api.ok("GET", f"/wearers/{lived}")["name"] == CANARY


def test_data_that_is_newer_than_the_keys_is_not_restored(server, api, lived, key, run, tmp_path):
    private, public = key
    file, keys = tmp_path / "newer.age", tmp_path / "older-keys.age"
    settings = ("--recipient", public, "--set", f"data_dir={server.data}")
    assert run("backup", "--keys-to", keys, *settings).returncode == 0
    _, watch = api.claim_raw("8800000023", "Came later")
    watch.close()
    assert run("backup", "--to", file, *settings).returncode == 0
    target = tmp_path / "target"
    restored = run("restore", file, "--keys", keys, "--identity", private, "--set", f"data_dir={target}")
    assert restored.returncode == 1 and b"keys are older than the data" in restored.stderr
    assert list(target.iterdir()) == [] and not (tmp_path / "target-keys").exists()


def test_a_database_without_its_keys_is_not_served(server, api, lived, tmp_path):
    assert server.stop() == 0
    server.keys.rename(tmp_path / "elsewhere")
    for why in ("is missing", "there is no master key", "chmod 600"):
        refused = Process(server.process.command, server.folder)
        refused.wait_line(lambda line, w=why: "server.failed" in line and w in line)
        refused.kill()
        if why == "is missing":
            assert not server.keys.exists()  # no fresh keys, which could open nothing
            (tmp_path / "elsewhere").rename(server.keys)
            master = (server.keys / "master.key").read_text()
            (server.keys / "master.key").unlink()
        elif "master" in why:
            (server.keys / "master.key").write_text(master)  # readable for others
            (server.keys / "master.key").chmod(0o644)
    (server.keys / "master.key").chmod(0o600)
    server.start()
    assert api.ok("GET", f"/wearers/{lived}")["name"] == CANARY


def test_damaged_cut_and_foreign_backups_are_refused_and_leave_nothing(server, lived, key, run, tmp_path):
    private, public = key
    file = tmp_path / "b.age"
    assert run("backup", "--to", file, "--recipient", public, "--set", f"data_dir={server.data}").returncode == 0
    good = file.read_bytes()
    stranger = tmp_path / "stranger.txt"
    subprocess.run(["age-keygen", "-o", stranger], check=True, capture_output=True)
    no_database = subprocess.run(["age", "-r", public], input=b"hello" * 1000, check=True, capture_output=True).stdout
    middle = len(good) // 2
    flipped = good[:middle] + bytes([good[middle] ^ 1]) + good[middle + 1 :]
    cases = [(good[:-100], private), (flipped, private), (good, stranger), (no_database, private), (b"", private)]
    for n, (content, identity) in enumerate(cases):
        bad = tmp_path / f"bad{n}.age"
        bad.write_bytes(content)
        target = tmp_path / f"target{n}"
        restored = run("restore", bad, "--identity", identity, "--set", f"data_dir={target}")
        assert restored.returncode == 1, n
        assert list(target.iterdir()) == []
        assert run("backup", "--verify", bad, "--identity", identity, "--set", f"data_dir={target}").returncode == 1


def test_a_folder_with_data_is_not_overwritten(server, lived, key, run, tmp_path):
    private, public = key
    file = tmp_path / "b.age"
    assert run("backup", "--to", file, "--recipient", public, "--set", f"data_dir={server.data}").returncode == 0
    restored = run("restore", file, "--identity", private, "--set", f"data_dir={server.data}")
    assert restored.returncode == 1 and b"not empty" in restored.stderr


def test_wrong_use_tells_how(run):
    for words in (["backup"], ["backup", "--to"], ["backup", "--verify", "x"], ["restore"], ["restore", "x"]):
        wrong = run(*words)
        assert wrong.returncode == 2 and b"usage: kinward" in wrong.stderr
