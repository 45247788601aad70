"""Scheduled backups: written by themselves, kept as many as wanted, told when they fail; one file of keys alone."""

import os
import re
import sqlite3
import subprocess
import time

import pytest
from kit.process import eventually
from kit.server import PASSWORD, Server
from test_backup import key, run  # noqa: F401 (fixtures)

NAME = re.compile(r"kinward-\d{8}T\d{6}Z\.age")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "backups"


@pytest.fixture
def server(make_server, folder, key):  # noqa: F811
    return make_server(backup_dir=folder, backup_recipient=key[1], backup_keep=3)


def data_files(folder):
    return sorted(p.name for p in folder.glob("*.age") if NAME.fullmatch(p.name)) if folder.exists() else []


def written(server, what, start=0):
    return server.process.wait_line(lambda line: f"backup.written what={what} " in line, start=start)


def test_a_backup_is_made_soon_after_the_start_and_can_be_restored(server, api, folder, key, run, kinward, tmp_path):  # noqa: F811
    written(server, "all")
    [name] = data_files(folder)
    assert sorted(p.name for p in folder.iterdir()) == [name, "kinward-keys.age"]
    assert all(p.stat().st_mode & 0o077 == 0 for p in [folder, *folder.iterdir()])
    eventually(lambda: api.metric("kinward_backups_total") == 1, what="the metric")
    assert api.metric("kinward_backups_on") == 1
    assert abs(api.metric("kinward_backup_last_good_seconds") - time.time()) < 60
    health = api.ok("GET", "/operator/health")["backups"]
    assert health["is_set_up"] is True and "last_good" in health and "failed" not in health
    other = Server(kinward, tmp_path / "other")
    other.folder.mkdir()
    restored = run("restore", folder / name, "--keys", folder / "kinward-keys.age", "--identity", key[0],
                   "--set", f"data_dir={other.data}")
    assert restored.returncode == 0, restored.stderr
    other.start()
    try:
        with other.api() as again:
            again.sign_in(password=PASSWORD)
    finally:
        assert other.stop() == 0


def test_no_second_one_before_its_time_and_one_when_the_last_is_old(server, api, folder):
    written(server, "all")
    [first] = data_files(folder)
    server.restart()
    written(server, "keys")  # after each start: what was erased before must not be in the file of keys
    assert data_files(folder) == [first]
    assert server.stop() == 0
    old = folder / "kinward-20200101T000000Z.age"
    (folder / first).rename(old)
    os.utime(old, (time.time() - 25 * 3600,) * 2)
    server.start()
    written(server, "all")
    assert len(data_files(folder)) == 2


def test_after_an_erasure_the_keys_are_written_anew_at_once(server, api, folder, key, tmp_path):  # noqa: F811
    def owners():
        opened = subprocess.run(["age", "--decrypt", "--identity", key[0], folder / "kinward-keys.age"],
                                capture_output=True, check=True).stdout
        (tmp_path / "keys.db").write_bytes(opened)
        db = sqlite3.connect(tmp_path / "keys.db")
        found = {row[0] for row in db.execute("SELECT owner FROM key")}
        db.close()
        return found, opened

    wearer, watch = api.claim_raw("8800000015")
    watch.close()
    written(server, "all")
    server.restart()
    written(server, "keys")
    assert bytes.fromhex(wearer) in owners()[0]
    api.prove()
    seen = len(server.process.lines)
    api.ok("DELETE", f"/wearers/{wearer}")
    written(server, "keys", seen)
    assert bytes.fromhex(wearer) not in owners()[0]
    assert bytes.fromhex(wearer) not in owners()[1]  # not in a free page either
    assert len([p for p in folder.iterdir() if "keys" in p.name]) == 1


def test_only_so_many_backups_stay_and_other_files_are_left_alone(server, api, folder):
    written(server, "all")
    assert server.stop() == 0
    [first] = data_files(folder)
    (folder / first).unlink()
    for day in range(1, 7):
        old = folder / f"kinward-2020010{day}T000000Z.age"
        old.write_bytes(b"old")
        os.utime(old, (1,) * 2)
    for name in ("notes.txt", "kinward-20200101T000000Z.age.txt", "kinward-2020.age"):
        (folder / name).write_bytes(b"mine")
    server.start()
    written(server, "all")
    left = data_files(folder)
    assert left[:2] == ["kinward-20200105T000000Z.age", "kinward-20200106T000000Z.age"] and len(left) == 3
    assert {"notes.txt", "kinward-20200101T000000Z.age.txt", "kinward-2020.age"} < {p.name for p in folder.iterdir()}


def test_a_backup_that_fails_is_told_and_the_service_goes_on(make_server, make_api, folder, key, tmp_path):  # noqa: F811
    folder.write_text("a file is in the way")
    server = make_server(backup_dir=folder, backup_recipient=key[1])
    server.process.wait_line(lambda line: "backup.failed what=all" in line)
    api = make_api(server)
    eventually(lambda: api.metric("kinward_backups_failed_total") == 1, what="the metric")
    assert "failed" in api.ok("GET", "/operator/health")["backups"]


def test_a_folder_without_a_public_key_is_refused(kinward, tmp_path, folder):
    for recipient in ("", "age1", "ssh-ed25519 AAAA"):
        words = [kinward, "serve", "--set", f"data_dir={tmp_path / 'data'}", "--set", f"backup_dir={folder}",
                 "--set", f"backup_recipient={recipient}"]
        refused = subprocess.run(words, capture_output=True, text=True, timeout=60)
        assert refused.returncode == 1 and "backup_recipient is no public key" in refused.stderr


def test_without_a_folder_nothing_is_made(make_server, make_api):
    server = make_server()
    api = make_api(server)
    assert api.ok("GET", "/operator/health")["backups"] == {"is_set_up": False}
    assert api.metric("kinward_backups_on") == 0


def test_the_job_is_only_started_by_the_service(kinward):
    refused = subprocess.run([kinward, "backup-job", "all"], capture_output=True, text=True, timeout=60, close_fds=True)
    assert refused.returncode == 2 and "only `kinward serve` starts it" in refused.stderr
