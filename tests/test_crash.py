"""kill -9, clean stops, a server that stands still: what was answered is stored, once; what waits, comes."""

import os
import select
import signal
import sqlite3
import threading
import time

import pytest
from kit.process import eventually, rss_kb
from kit.server import Api
from kit.watch import DISTINCT, SOS, Closed, RawWatch, frame, kinds_of, position

def span():
    now = time.time()
    return [time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(t)) for t in (now - 20 * 86400, now + 86400)]


class Alarmist(threading.Thread):
    """A watch that sends one alarm after the other, each until it is answered, whatever breaks."""

    def __init__(self, port, wire_id):
        super().__init__(daemon=True)
        self.port = port
        self.wire_id = wire_id
        self.base = int(time.time()) - 50000
        self.answered = []

    def run(self):
        watch = None
        while len(self.answered) < len(DISTINCT):
            n = len(self.answered)
            try:
                if watch is None:
                    watch = RawWatch(self.port, self.wire_id)
                    watch.send("LK,0,0,80")
                    self.wait(watch, b"LK")
                watch.send(position("AL", when=self.base + n * 60, status=DISTINCT[n]))
                self.wait(watch, b"AL")
                self.answered.append((as_text(self.base + n * 60), *kinds_of(DISTINCT[n])))
            except (Closed, OSError, AssertionError):
                if watch is not None:
                    watch.close()
                watch = None
        watch.close()

    @staticmethod
    def wait(watch, content):
        while True:
            got = watch.receive(timeout=3)
            if got == content:
                return
            if got == b"VERNO":
                watch.send("VERNO,TEST_V1.0")


def stored_alarms(api):
    """(watch, time, kinds …) of all stored alarms, page by page."""
    found = []
    before = None
    while True:
        params = {"state": "all"} | ({"before": before} if before else {})
        page = api.ok("GET", "/alarms", params=params)["alarms"]
        if not page:
            return sorted(found)
        found += [(a["wearer"], a["time"], *sorted(a["kinds"])) for a in page if a["kind"] != "conflict"]
        before = page[-1]["id"]


def as_text(moment):
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(moment))


def run_alarmists(server, api, ids, disturb):
    """What was answered, after everything that `disturb` does."""
    wearers = {}
    for wire_id in ids:
        wearers[wire_id], watch = api.claim_raw(wire_id, name=f"W{wire_id[-2:]}")
        watch.close()
    threads = [Alarmist(server.watch_port, wire_id) for wire_id in ids]
    for thread in threads:
        thread.start()
    disturb(lambda: sum(len(t.answered) for t in threads))
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive(), f"{thread.wire_id}: {len(thread.answered)} of {len(DISTINCT)} answered"
    return sorted((wearers[t.wire_id], *alarm) for t in threads for alarm in t.answered)


@pytest.mark.parametrize("role", ["gateway", "server"])
def test_kill_9_of_a_role_under_load_loses_no_answered_alarm(server, api, role):
    def disturb(answered_n):
        for goal in (10, 40, 70):
            eventually(lambda g=goal: answered_n() >= g, timeout=40, what=f"{goal} answers")
            server.kill_role(role)

    ids = [f"{8800000010 + n}" for n in range(3)]
    answered = run_alarmists(server, api, ids, disturb)
    eventually(lambda: is_up(api), what="the web")
    assert stored_alarms(api) == answered


def test_kill_9_of_everything_loses_no_answered_alarm(server, api):
    def disturb(answered_n):
        eventually(lambda: answered_n() >= 20, timeout=40, what="20 answers")
        server.kill()
        server.start()

    answered = run_alarmists(server, api, ["8800000010", "8800000011"], disturb)
    assert stored_alarms(api) == answered


def test_a_clean_stop_loses_nothing_that_was_acknowledged(server, api):
    def disturb(answered_n):
        eventually(lambda: answered_n() >= 20, timeout=40, what="20 answers")
        server.restart()

    answered = run_alarmists(server, api, ["8800000010", "8800000011"], disturb)
    assert stored_alarms(api) == answered


def test_a_clean_stop_keeps_positions_that_were_read(server, api):
    wearer, watch = api.claim_raw("8800000015")
    base = int(time.time()) - 5000
    watch.send(*[position("UD2", when=base + n * 10) for n in range(100)])
    watch.heartbeat()  # all before it has been read by the gateway
    server.restart()
    assert len(api.fixes(wearer, *span())) == 100


def test_a_restart_replays_history_and_latest_values(server, api):
    wearer, watch = api.claim_raw("8800000015")
    base = int(time.time()) - 500
    watch.send(*[position("UD", when=base + n * 10, lat=50 + n / 1000, battery=66) for n in range(10)])
    watch.send(position("AL", when=base + 100, lat=50.5, status=SOS, battery=66))
    watch.receive_keyword("AL")
    before = api.ok("GET", f"/wearers/{wearer}")
    history = api.fixes(wearer, *span())
    assert len(history) == 11
    for stop in (server.restart, lambda: (server.kill(), server.start())):
        stop()
        after = api.ok("GET", f"/wearers/{wearer}")
        assert after["fix"] == before["fix"]
        assert after["device"]["battery_percent"] == 66
        assert api.fixes(wearer, *span()) == history
        assert len(api.alarms()) == 1


def test_a_dead_role_is_started_again_and_the_others_go_on(server, api):
    with RawWatch(server.watch_port, "8800000015") as watch:
        watch.heartbeat()
        server.kill_role("server")
        watch.heartbeat()  # the gateway was not touched
        eventually(lambda: is_up(api), what="the web after kill -9 of the server")
    assert api.ok("GET", "/session")["account"]["name"] == "Maria"


def is_up(api: Api):
    try:
        return api.get("/healthz").status_code == 200
    except OSError:
        return False
    except Exception as e:  # httpx has its own errors for a refused connection
        if "httpx" in type(e).__module__ or "httpcore" in type(e).__module__:
            return False
        raise


class Pusher:
    """Sends positions as fast as its socket takes them; what is not taken yet is sent later."""

    def __init__(self, wearer, watch):
        self.wearer = wearer
        self.watch = watch
        self.base = int(time.time()) - 40000
        self.sent = 0
        self.rest = b""

    def push(self):
        self.watch.socket.setblocking(False)
        if not self.rest:
            contents = [position("UD", when=self.base + self.sent + n) for n in range(50)]
            self.rest = b"".join(frame(c, self.watch.wire_id) for c in contents)
            self.sent += 50
        try:
            self.rest = self.rest[self.watch.socket.send(self.rest) :]
        except BlockingIOError:
            pass

    def finish(self):
        self.watch.socket.settimeout(60)
        self.watch.send_bytes(self.rest)
        self.watch.send(position("AL", when=self.base - 5, status=SOS))
        self.watch.receive_keyword("AL")


def test_while_the_server_stands_still_heartbeats_are_answered_and_memory_is_flat(make_server, make_api):
    server = make_server(gateways=1, link_queue_max=65536, reports_per_device_burst=60000, frames_per_s_max=60000)
    api = make_api(server)
    pushers = [Pusher(*api.claim_raw(f"{8800000010 + n}")) for n in range(4)]
    role = server.roles("server")[0]
    gateway = server.roles("gateway")[0]
    before = rss_kb(gateway)
    os.kill(role, signal.SIGSTOP)
    try:
        while pushing := [p for p in pushers if p.sent < 19000]:
            _, writable, _ = select.select([], [p.watch.socket for p in pushing], [], 1)
            if not writable:
                break  # the gateway reads no more, and the kernel's buffers are full
            for pusher in pushing:
                if pusher.watch.socket in writable:
                    pusher.push()
        server.process.wait_line(lambda line: "gateway.paused" in line)
        with RawWatch(server.watch_port, "9900000001") as other:
            for _ in range(20):
                start = time.monotonic()
                other.heartbeat()
                assert time.monotonic() - start < 1
        assert rss_kb(gateway) - before < 4096
    finally:
        os.kill(role, signal.SIGCONT)
    for pusher in pushers:
        pusher.finish()
    for pusher in pushers:
        stored = api.fixes(pusher.wearer, *span())
        times = {fix["time"] for fix in stored}
        assert all(as_text(pusher.base + n) in times for n in range(pusher.sent))
        assert len(times) == len(stored)


def sealed_values(db):
    """(table, column) of each column that holds something sealed."""
    for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        for _, column, kind, *_ in db.execute(f"PRAGMA table_info({table})").fetchall():
            if kind == "BLOB":
                yield table, column


def damage(db, table, column, spared):
    """Changes the last byte of each sealed value that is not of the spared wearer."""
    names = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
    owner = next((name for name in ("wearer", "id") if name in names), None)
    where = "" if owner is None else f" AND ({owner} IS NULL OR {owner} NOT IN (x'{spared}', (SELECT number FROM wearer WHERE id = x'{spared}')))"
    rows = db.execute(
        f"SELECT rowid, {column} FROM {table} WHERE LENGTH({column}) >= 41 AND substr(hex({column}), 1, 1) = '1'{where}"
    ).fetchall()
    for rowid, value in rows:
        changed = value[:-1] + bytes([value[-1] ^ 1])
        db.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (changed, rowid))
    return len(rows)


def test_damaged_values_of_some_do_not_stop_the_alarms_of_others(server, api):
    """One bad sector: the service starts, and whoever is not concerned is heard."""
    api.prove()
    mia, watch = api.claim_raw("8800000015")
    ben, other = api.claim_raw("8800000023", name="Ben")
    for w in (watch, other):
        w.send(position("UD"))
        w.send(position("AL", status=DISTINCT[-1]))
    eventually(lambda: len(api.alarms()) == 2, what="both alarms")
    api.start_claim("8800000031")
    api.ok("PUT", f"/wearers/{mia}/contacts", json={"contacts": [{"name": "Oma", "number": "+4930123456"}]})
    watch.close()
    other.close()
    assert server.stop() == 0
    db = sqlite3.connect(server.data / "kinward.db")
    damaged = sum(damage(db, table, column, ben) for table, column in sealed_values(db) if table != "audit")
    db.commit()
    db.close()
    assert damaged > 20
    server.start()
    with RawWatch(server.watch_port, "8800000023") as again:
        again.send("LK,0,0,80")
        again.receive_keyword("LK")
        again.send(position("AL", status=SOS))
        again.receive_keyword("AL")
    with server.database() as db:
        assert db.execute(f"SELECT COUNT(*) FROM alarm WHERE wearer = x'{ben}'").fetchone() == (2,)


def test_an_alarm_is_raised_even_when_its_key_is_damaged(server, api):
    mia, watch = api.claim_raw("8800000015")
    ben, other = api.claim_raw("8800000023", name="Ben")
    for w in (watch, other):
        w.close()
    assert server.stop() == 0
    keys = sqlite3.connect(server.keys / "keys.db")
    keys.execute(f"UPDATE key SET wrapped = zeroblob(LENGTH(wrapped)) WHERE owner = x'{mia}'")
    assert keys.total_changes == 1
    keys.commit()
    keys.close()
    server.start()
    with RawWatch(server.watch_port, "8800000023") as again:
        again.send("LK,0,0,80")
        again.receive_keyword("LK")
        again.send(position("AL", status=SOS))
        again.receive_keyword("AL")
