"""Every limit: what is over it is stopped, what is under it goes on, a metric counts it, others are served."""

import re
import resource
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from kit.events import Events
from kit.process import eventually, rss_kb
from kit.watch import SOS, Closed, RawWatch, frame, position


@pytest.fixture
def limited(make_server, make_api):
    """limited(setting=…): (server, api) of a server with one gateway, so that limits of one are those of all."""

    def make(**settings):
        server = make_server(gateways=1, **settings)
        return server, make_api(server)

    return make


def served(server, wire_id="9900000001"):
    """Another watch is answered at once."""
    with RawWatch(server.watch_port, wire_id, source="127.0.0.99") as watch:
        start = time.monotonic()
        watch.heartbeat(timeout=5)
        assert time.monotonic() - start < 1


def counted(api, name):
    eventually(lambda: api.limit(name) >= 1, what=f"kinward_limit_{name}_total")


def test_connections_max(limited):
    """Claimed watches keep their places; the one too many is closed at once."""
    server, api = limited(connections_max=2)
    watches = [api.claim_raw(wire_id)[1] for wire_id in ("8800000015", "8800000016")]
    with RawWatch(server.watch_port) as third:
        assert third.wait_closed() == b""
    counted(api, "connections_max")
    watches.pop().close()
    eventually(lambda: api.metric("kinward_watch_connections") == 1, what="one connection")
    served(server)
    for watch in watches:
        watch.heartbeat()
        watch.close()


def test_strangers_make_room_when_all_places_are_taken(limited):
    server, api = limited(connections_max=5)
    _, own = api.claim_raw("8800000015")
    strangers = [RawWatch(server.watch_port, f"99000000{n}") for n in range(10, 14)]

    def all_are_known_as_strangers():
        for stranger in strangers:
            stranger.heartbeat()
        return api.metric("kinward_watch_unknown_frames_total") >= len(strangers)

    eventually(all_are_known_as_strangers, what="the server's word on each stranger")
    for _ in range(3):
        served(server)  # each time some stranger goes
    own.heartbeat()
    counted(api, "connections_max")
    own.close()


def test_connections_per_address_max(limited):
    server, api = limited(connections_per_address_max=3)
    watches = [RawWatch(server.watch_port, source="127.0.0.7") for _ in range(3)]
    for watch in watches:
        watch.heartbeat()
    with RawWatch(server.watch_port, source="127.0.0.7") as fourth:
        assert fourth.wait_closed() == b""
    counted(api, "connections_per_address_max")
    served(server)
    for watch in watches:
        watch.close()


def test_first_frame_s(limited):
    server, api = limited(first_frame_s=1)
    with RawWatch(server.watch_port) as silent, RawWatch(server.watch_port, "8800000016") as talker:
        talker.heartbeat()
        assert silent.wait_closed() == b""
        talker.heartbeat()
    counted(api, "first_frame_s")


def test_header_s(limited):
    server, api = limited(header_s=1)
    with RawWatch(server.watch_port) as slow:
        slow.heartbeat()
        slow.send_bytes(b"[3G*88000")
        slow.wait_closed()
    counted(api, "header_s")
    served(server)


def test_frame_s(limited):
    server, api = limited(frame_s=1)
    with RawWatch(server.watch_port) as slow:
        slow.heartbeat()
        slow.send_bytes(b"[3G*8800000015*0400*CONFIG,TY:x")
        slow.wait_closed()
    counted(api, "frame_s")
    served(server)


def test_bytes_per_s_min(limited):
    """A picture may take long, but not for ever."""
    server, api = limited(frame_s=1, bytes_per_s_min=1000)
    with RawWatch(server.watch_port) as slow:
        slow.heartbeat()
        slow.send_bytes(b"[3G*8800000015*8000*img,5,260922102653," + b"x" * 5000)

        def drip():
            try:
                slow.send_bytes(b"x")
                return False
            except OSError:
                return True

        eventually(drip, timeout=20, what="the end of a slow picture")
    counted(api, "bytes_per_s_min")
    served(server)


def test_idle_s(limited):
    server, api = limited(idle_s=10)
    with RawWatch(server.watch_port) as watch:
        watch.heartbeat()
        watch.wait_closed()
    counted(api, "idle_s")


def test_frame_text_max(limited):
    server, api = limited(frame_text_max=300)
    with RawWatch(server.watch_port) as watch:
        watch.send("CONFIG," + "x" * 285)  # 292 bytes
        watch.heartbeat()
        assert api.limit("frame_text_max") == 0
        watch.send("CONFIG," + "x" * 294)  # 301 bytes
        watch.heartbeat()
    counted(api, "frame_text_max")


def test_frame_media_max(limited):
    server, api = limited(frame_media_max=6000)
    with RawWatch(server.watch_port) as watch:
        watch.send("img,5,260922102653," + "x" * 5900)
        watch.heartbeat()
        assert api.limit("frame_media_max") == 0
        watch.send("img,5,260922102653," + "x" * 6100)
        watch.heartbeat()
    counted(api, "frame_media_max")


def test_junk_max(limited):
    server, api = limited(junk_max=100)
    with RawWatch(server.watch_port) as watch:
        watch.send_bytes(b"x" * 90 + frame("LK", watch.wire_id))
        assert watch.receive() == b"LK"
        watch.send_bytes(b"x" * 120)
        watch.wait_closed()
    counted(api, "junk_max")
    served(server)


def test_frames_per_s_max(limited):
    """Too many frames at once are read later; none is lost, and others are served at once."""
    server, api = limited(frames_per_s_max=20)
    with RawWatch(server.watch_port) as watch:
        watch.send(*["LK"] * 50)
        served(server)
        assert [watch.receive() for _ in range(50)] == [b"LK"] * 50
    counted(api, "frames_per_s_max")


def test_reports_per_device(limited):
    server, api = limited(reports_per_device_burst=10, reports_per_device_interval_s=3600)
    wearer, watch = api.claim_raw("8800000015")
    other, second = api.claim_raw("8800000016")
    base = int(time.time()) - 1000
    watch.send(*[position("UD", when=base + n) for n in range(100)])
    watch.send(position("AL", when=base + 200, status=SOS))
    watch.receive_keyword("AL")  # alarms are never dropped
    second.send(position("UD", when=base), position("AL", when=base, status=SOS))
    second.receive_keyword("AL")
    span = (
        time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(base - 10)),
        time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(base + 900)),
    )
    stored = api.fixes(wearer, *span)
    assert 1 <= len(stored) <= 11  # the burst less what was there before, and the alarm
    assert len(api.fixes(other, *span)) >= 1
    eventually(lambda: api.limit("reports_per_device") >= 85, what="the count of dropped reports")


def test_send_buffer_max(limited):
    """A watch that never reads is let go; nobody waits for it."""
    server, api = limited(send_buffer_max=2048, frames_per_s_max=60000)
    with RawWatch(server.watch_port, receive_buffer=4096) as deaf:
        deaf.socket.setblocking(False)
        packet = frame("LK", deaf.wire_id) * 20000

        def push():
            try:
                deaf.socket.send(packet)
            except BlockingIOError:
                pass
            except OSError:
                return True
            return api.limit("send_buffer_max") >= 1

        eventually(push, timeout=40, what="the end of a watch that does not read")
    counted(api, "send_buffer_max")
    served(server)


def test_read_buffers_max(limited):
    server, api = limited(read_buffers_max=131072, frame_s=60)
    watches = [RawWatch(server.watch_port, f"{8800000000 + n}") for n in range(12)]
    for watch in watches:
        watch.heartbeat()
        watch.send_bytes(b"[3G*%s*8000*img,5,260922102653," % watch.wire_id.encode() + b"x" * 30000)
    counted(api, "read_buffers_max")
    served(server)
    for watch in watches:
        watch.close()


def test_announced_lengths_reserve_nothing(limited):
    server, _api = limited()
    gateway = server.roles("gateway")[0]
    served(server)
    before = rss_kb(gateway)
    watches = [RawWatch(server.watch_port, f"{8800000000 + n}") for n in range(300)]
    for watch in watches:
        watch.send_bytes(b"[3G*%s*FFFF*TK,#!AMR\n" % watch.wire_id.encode())
    served(server)
    assert rss_kb(gateway) - before < 300 * 4
    for watch in watches:
        watch.close()


def test_five_thousand_slow_connections_leave_others_served(limited):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8000), hard))
    server, api = limited(first_frame_s=3, header_s=3)
    slow = [RawWatch(server.watch_port) for _ in range(5000)]
    for watch in slow:
        watch.send_bytes(b"[")
    times = []
    with RawWatch(server.watch_port, "9900000001") as legal:
        for _ in range(200):
            start = time.monotonic()
            legal.heartbeat(timeout=5)
            times.append(time.monotonic() - start)
    assert sorted(times)[197] < 1
    eventually(lambda: api.metric("kinward_watch_connections") == 0, timeout=45, what="the end of all slow ones")
    for watch in slow:
        watch.close()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_accepts_per_s(limited):
    server, api = limited(accepts_per_s=20)
    watches = [RawWatch(server.watch_port, f"{8800000000 + n}") for n in range(60)]
    for watch in watches:
        watch.send("LK")
    for watch in watches:
        assert watch.receive() == b"LK"
        watch.close()
    counted(api, "accepts_per_s")


def test_http_body_max(limited):
    server, api = limited(http_body_max=2000)
    answer = api.post("/api/v1/claims", content=b"x" * 3000, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    counted(api, "http_body_max")


def test_sse_per_account_max(limited):
    server, api = limited(sse_per_account_max=2)
    api.events()
    api.events()
    third = Events(server.url, api.session_cookies())
    api.streams.append(third)
    assert third.status in (200, 429)
    counted(api, "sse_per_account_max")


@pytest.mark.parametrize("wrong", [b"[3G*8800000015*00001*LK]", b"[3G*" + b"8" * 50 + b"*0002*LK]", b"[[[[[[", b"]]]]"])
def test_malformed_headers_cost_nothing_but_a_count(server, wrong):
    with RawWatch(server.watch_port) as watch:
        try:
            for _ in range(20):
                watch.send_bytes(wrong)
            watch.heartbeat()
        except (Closed, OSError):
            pass
    served(server)


def test_every_limit_of_the_settings_has_its_metric(server, api, kinward):
    shown = subprocess.run([kinward, "settings"], capture_output=True, text=True, check=True).stdout
    names = re.findall(r"counted by (kinward_limit_\w+_total)", shown)
    metrics = api.get("/metrics").text
    assert len(names) > 25
    assert [name for name in names if not re.search(rf"^{name} [0-9]", metrics, re.M)] == []


def test_sign_in_per_address_max(limited):
    server, api = limited(sign_in_per_address_max=5, sign_in_per_account_max=1000)
    with server.api() as guesser:
        codes = [
            guesser.post("/api/v1/session", json={"login": f"nobody{n}", "password": "not the right one"}).status_code
            for n in range(12)
        ]
    assert set(codes) == {401, 429}
    counted(api, "sign_in_per_address_max")
    api.ok("GET", "/wearers")  # who is signed in is not touched


def test_sign_in_queue_max(limited):
    """More passwords at once than may wait: some are put off, and the server goes on."""
    server, api = limited(sign_in_queue_max=1, sign_in_per_address_max=1000, sign_in_per_account_max=1000)

    def guess(n):
        with server.api() as guesser:
            body = {"login": f"nobody{n}", "password": "not the right one"}
            return guesser.post("/api/v1/session", json=body).status_code

    with ThreadPoolExecutor(12) as pool:
        codes = set(pool.map(guess, range(24)))
    assert codes <= {401, 429, 503} and codes != {401}
    counted(api, "sign_in_queue_max")
    served(server)


def test_three_thousand_watches_that_come_at_once_are_all_answered(limited, make_sim):
    server, api = limited(accepts_per_s=1000)
    sim = make_sim(server.watch_port, watches=3000, ramp=1, answer_timeout=60, begin="02:00")
    eventually(lambda: sim.stats()["online"] == 3000, what="an answer to each heartbeat")
    stats = sim.stats()
    assert (stats["lk_missed"], stats["reboots"], stats["bad"]) == (0, 0, 0)
    eventually(lambda: api.metric("kinward_watch_connections") == 3000, what="the count of connections")
