"""`kinward rotate`: after an incident every secret of a kind changes, also when it is cut off in the middle."""

import shutil
import signal
import sqlite3
import subprocess
import time

import pytest
from kit.bad_media import picture
from kit.process import Process, eventually
from kit.server import PASSWORD
from kit.watch import SOS, RawWatch, position

PICTURE = picture(64, 48)
PLACES = 150  # two chunks of one wearer, and some in the journal


@pytest.fixture
def server(make_server):
    return make_server(reports_per_device_interval_s=0)


@pytest.fixture
def lived(server, api):
    """A wearer with places in chunks and in the journal, an alarm that was closed with a note, a picture."""
    wearer, watch = api.claim_raw("8800000015", "Mia")
    start = time.time() - 3600
    for n in range(PLACES):
        watch.send(position(lat=50.0 + n / 10000, lon=11.5, when=start + 20 * n))
    watch.send(position("AL", status=SOS))
    watch.receive_keyword("AL")
    eventually(lambda: len(history(api, wearer)) > PLACES, what="all places")
    [alarm] = api.alarms()
    api.ok("POST", f"/alarms/{alarm['id']}/close", json={"note": "went back home"})
    put = api.put(f"/api/v1/wearers/{wearer}/picture", content=PICTURE, headers={"Content-Type": "image/jpeg"})
    assert put.status_code == 200
    watch.close()
    return wearer


def history(api, wearer):
    now = time.time()
    span = [time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(t)) for t in (now - 86400, now + 86400)]
    return api.fixes(wearer, *span)


def everything(api, wearer):
    """What people see of it all, as one value to compare."""
    seen = api.ok("GET", f"/wearers/{wearer}")
    [alarm] = api.alarms()
    assert alarm["closed"]["note"] == "went back home" and alarm["fix"]
    picture = api.get(f"/api/v1/wearers/{wearer}/picture")
    return {
        "name": seen["name"],
        "fix": seen["fix"],
        "alarm": (alarm["id"], alarm["closed"], alarm["fix"]),
        "picture": picture.content,
        "places": [(fix["time"], fix["lat"], fix["lon"]) for fix in history(api, wearer)],
    }


@pytest.fixture
def rotate(kinward, server):
    def run(what):
        words = [kinward, "rotate", what, "--set", f"data_dir={server.data}"]
        return subprocess.run(words, capture_output=True, text=True, timeout=120)

    return run


def keys_of(server):
    """{(owner, epoch): wrapped key} and the values beside them."""
    copy = server.folder / "keys-copy"  # with the log of a change that was cut off
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(server.keys, copy)
    db = sqlite3.connect(copy / "keys.db")
    keys = {(owner, epoch): wrapped for owner, epoch, wrapped in db.execute("SELECT owner, epoch, wrapped FROM key")}
    info = dict(db.execute("SELECT name, value FROM info"))
    db.close()
    return keys, info


def sealed_of(server):
    """Every sealed value of some tables."""
    queries = (
        "SELECT body FROM history_chunk ORDER BY rowid",
        "SELECT body FROM journal ORDER BY rowid",
        "SELECT report FROM alarm",
        "SELECT note FROM alarm",
        "SELECT bytes FROM wearer_picture",
        "SELECT name FROM account",
        "SELECT login FROM account",
    )
    db = server.database()
    values = [row[0] for query in queries for row in db.execute(query)]
    db.close()
    return values


def test_a_running_service_is_refused(server, api, rotate):
    for what in ("master", "wearer", "sessions", "partners", "all"):
        refused = rotate(what)
        assert refused.returncode == 1
        assert "the service is running: stop it first" in refused.stderr
    assert api.ok("GET", "/session")


def test_unknown_words_are_refused(kinward):
    for words in ([], ["everything"], ["master", "--nonsense"]):
        refused = subprocess.run([kinward, "rotate", *words], capture_output=True, text=True, timeout=60)
        assert refused.returncode == 2 and "usage: kinward rotate" in refused.stderr


def test_a_fresh_master_key_opens_everything_and_the_old_one_nothing(server, api, lived, rotate, tmp_path):
    before = everything(api, lived)
    assert server.stop() == 0
    old_master = (server.keys / "master.key").read_text()
    old_keys, _ = keys_of(server)
    done = rotate("master")
    assert done.returncode == 0, done.stderr
    assert "backup of the keys" in done.stdout
    new_keys, _ = keys_of(server)
    assert set(new_keys) == set(old_keys)
    assert not set(new_keys.values()) & set(old_keys.values())
    assert (server.keys / "master.key").read_text() != old_master
    assert sorted(p.name for p in server.keys.iterdir() if p.name.startswith("master")) == ["master.key"]
    server.start()
    assert everything(api, lived) == before


def test_fresh_data_keys_seal_everything_anew(server, api, lived, rotate, kinward):
    before = everything(api, lived)
    assert server.stop() == 0
    old_sealed = sealed_of(server)
    old_keys, old_info = keys_of(server)
    assert len(old_sealed) >= 8
    stolen = server.folder / "stolen-keys"
    shutil.copytree(server.keys, stolen)
    done = rotate("wearer")
    assert done.returncode == 0, done.stderr
    assert "sealed anew history_chunk.body" in done.stderr
    new_keys, new_info = keys_of(server)
    assert {owner: epoch for owner, epoch in new_keys} == {owner: epoch + 1 for owner, epoch in old_keys}
    assert new_info["lookup"] != old_info["lookup"] and "lookup_next" not in new_info and "renewing" not in new_info
    assert not set(sealed_of(server)) & set(old_sealed)
    server.start()
    assert everything(api, lived) == before
    with server.api() as again:
        again.sign_in(password=PASSWORD)  # found by its new look-up
    assert server.stop() == 0
    # The thief's copy of the keys opens nothing of the database as it is now.
    thief = Process([kinward, "serve", "--set", f"data_dir={server.data}", "--set", f"key_dir={stolen}",
                     "--set", "watch_listen=127.0.0.1:0", "--set", "web_listen=127.0.0.1:0", "--set", "gateways=1"], server.folder)
    try:
        thief.wait_line(lambda line: "server.failed" in line and "damaged" in line)
    finally:
        thief.kill()
    server.start()
    assert everything(api, lived) == before


def test_all_sessions_end(server, api, lived, rotate):
    cookies = api.session_cookies()
    assert server.stop() == 0
    done = rotate("sessions")
    assert done.returncode == 0 and "1 sessions ended" in done.stdout, done.stderr
    server.start()
    with server.api() as again:
        again.cookies.update(cookies)
        again.refused(401, "sign_in_needed", "GET", "/session")
        again.cookies.clear()
        again.sign_in(password=PASSWORD)


def test_the_signing_keys_of_the_server_are_renewed(server, api, lived, rotate):
    assert server.stop() == 0
    names = sorted(p.name for p in server.keys.glob("*.ed25519"))
    assert names
    old = {name: (server.keys / name).read_bytes() for name in names}
    done = rotate("partners")
    assert done.returncode == 0 and "partners are stopped" in done.stdout, done.stderr
    for name in names:
        assert (server.keys / name).read_bytes() != old[name]
    server.start()


def is_resting(server):
    keys, info = keys_of(server)
    owners = [owner for owner, _ in keys]
    return (
        len(owners) == len(set(owners))
        and "renewing" not in info
        and "lookup_next" not in info
        and int.from_bytes(info.get("work", b""), "little") == 0
    )


def test_a_rotation_that_is_killed_at_any_step_is_finished_by_the_next(server, api, lived, rotate, kinward):
    before = everything(api, lived)
    assert server.stop() == 0
    words = [kinward, "rotate", "all", "--set", f"data_dir={server.data}"]
    was_cut = 0
    for lines in range(1, 40):
        old_sealed = sealed_of(server)
        old_master = (server.keys / "master.key").read_text()
        process = Process(words, server.folder)
        process.wait_line(lambda line: len(process.lines) >= lines or line == "- Start the service.")
        process.kill()
        if not is_resting(server):
            was_cut += 1
            refused = Process(
                [kinward, "serve", "--set", f"data_dir={server.data}", "--set", "watch_listen=127.0.0.1:0",
                 "--set", "web_listen=127.0.0.1:0", "--set", "gateways=1"], server.folder)
            try:
                refused.wait_line(lambda line: "rotation of keys was cut off" in line)
            finally:
                refused.kill()
        done = rotate("all" if lines % 2 else "sessions")  # whatever is asked for, the rest is finished
        assert done.returncode == 0, done.stderr
        assert is_resting(server)
        assert not set(sealed_of(server)) & set(old_sealed)
        assert (server.keys / "master.key").read_text() != old_master
        if "- Start the service." in process.lines:
            break
    assert was_cut >= 5
    words = [kinward, "audit", "verify", "--set", f"data_dir={server.data}"]
    verified = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    server.start()
    with server.api() as again:
        again.sign_in(password=PASSWORD)
        assert everything(again, lived) == before


def test_a_killed_rotation_of_the_master_key_never_locks_the_keys_out(server, api, lived, rotate, kinward):
    before = everything(api, lived)
    assert server.stop() == 0
    words = [kinward, "rotate", "master", "--set", f"data_dir={server.data}"]
    for wait_ms in range(0, 60, 3):
        child = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            child.wait(wait_ms / 1000)
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
            child.wait()
        done = rotate("master")
        assert done.returncode == 0, done.stderr
    server.start()
    assert everything(api, lived) == before


def given_password(watch):
    """Acknowledges what comes up to the password; its digits."""
    while True:
        words = watch.receive().decode().split(",")
        watch.send("VERNO,TEST_V1.0" if words[0] == "VERNO" else words[0])
        if words[0] == "PW":
            return words[1]


def test_every_watch_gets_a_fresh_password_when_it_comes(server, api, rotate):
    _, watch = api.claim_raw("8800000015", "Mia", settle=False)
    passwords = [given_password(watch)]
    for _ in range(2):
        watch.heartbeat()
        watch.close()
        assert server.stop() == 0
        done = rotate("devices")
        assert done.returncode == 0 and "1 watches get a fresh password" in done.stdout, done.stderr
        server.start()
        watch = RawWatch(server.watch_port, "8800000015")
        watch.send("LK,0,0,80")
        passwords.append(given_password(watch))
    assert len(set(passwords)) == 3
    watch.heartbeat()
    watch.close()


def test_what_is_damaged_does_not_stop_a_rotation(server, api, lived, rotate):
    """A rotation that cannot end would keep the service from starting."""
    before = everything(api, lived)
    watchless = api.ok("POST", "/groups", json={"name": "Ward 3"})["id"]
    assert server.stop() == 0
    db = sqlite3.connect(server.data / "kinward.db")
    assert db.execute("UPDATE account SET phone = zeroblob(60)").rowcount == 1
    db.commit()
    db.close()
    keys = sqlite3.connect(server.keys / "keys.db")
    assert keys.execute(f"UPDATE key SET wrapped = zeroblob(LENGTH(wrapped)) WHERE owner = x'{watchless}'").rowcount == 1
    keys.commit()
    keys.close()
    done = rotate("all")
    assert done.returncode == 0, done.stderr
    assert "values are damaged" in done.stdout
    db = sqlite3.connect(server.data / "kinward.db")
    db.execute("UPDATE account SET phone = NULL")
    db.execute(f"DELETE FROM member WHERE care_group = x'{watchless}'")
    db.commit()
    db.close()
    server.start()
    api.sign_in()
    assert everything(api, lived) == before
