"""Backups: written while the service runs, encrypted to a key that is not here, whole or refused, restored with care."""

import shutil
import stat
import subprocess
import time

import pytest
from kit.process import eventually
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
    file = tmp_path / "b.age"
    assert run("backup", "--to", file, "--recipient", public, "--set", f"data_dir={server.data}").returncode == 0
    cookies = api.session_cookies()
    assert server.stop() == 0

    other = Server(kinward, tmp_path / "other")
    other.folder.mkdir()
    restored = run("restore", file, "--identity", private, "--set", f"data_dir={other.data}")
    assert restored.returncode == 0, restored.stderr
    assert b"1 open command" in restored.stdout
    assert sorted(p.name for p in other.data.iterdir()) == ["kinward.db"]
    assert stat.S_IMODE((other.data / "kinward.db").stat().st_mode) == 0o600
    shutil.copytree(server.keys, other.keys)
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
