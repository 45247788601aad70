"""Live events: complete, in order, resumed where they broke off."""

import json
import time

from kit.events import Events
from kit.process import eventually
from kit.server import code_in
from kit.watch import DISTINCT, SOS, position


def test_a_stream_goes_on_after_the_last_event_that_was_seen(server, api):
    wearer, watch = api.claim_raw("8800000015")
    first = api.events()
    watch.send(position("AL", when=1_790_000_000, status=SOS))
    seen = first.wait("alarm")
    first.close()
    watch.receive_keyword("AL")
    for n in range(1, 4):
        watch.send(position("AL", when=1_790_000_000 + n, status=DISTINCT[n]))
        watch.receive_keyword("AL")
    again = api.events(last_event_id=seen.id)
    times = []
    while len(times) < 3:
        event = again.wait("alarm", lambda a: a["time"] not in times)
        times.append(event.data["time"])
    assert times == sorted(times) and seen.data["time"] not in times
    assert not any(e.kind == "resync" for e in again.seen)
    assert all(e.data["wearer"] == wearer for e in again.seen if e.kind == "alarm")


def test_an_unknown_last_event_means_load_everything_again(server, api):
    for unknown in ("0-1", "nonsense", "ffffffffffffffff-99999999"):
        assert api.events(last_event_id=unknown).wait("resync").data == {}


def test_after_a_restart_the_stream_says_resync(server, api):
    _, watch = api.claim_raw("8800000015")
    stream = api.events()
    watch.send(position("AL", status=SOS))
    last = stream.wait("alarm").id
    server.restart()
    assert api.events(last_event_id=last).wait("resync").data == {}


def test_a_stranger_gets_no_stream_and_a_revoked_session_loses_it(server, api):
    nobody = Events(server.url, {"kinward": "x" * 43})
    assert nobody.status == 401
    nobody.close()


def test_each_position_of_a_moving_watch_is_told(server, api):
    wearer, watch = api.claim_raw("8800000015")
    stream = api.events()
    base = int(time.time()) - 60
    for n in range(5):
        watch.send(position("UD", when=base + n * 10, lat=50 + n / 1000))
        told = stream.wait("wearer", lambda w, n=n: w["fix"] and abs(w["fix"]["lat"] - (50 + n / 1000)) < 1e-6)
        assert told.data["id"] == wearer


def test_many_watches_move(server, api, make_sim):
    """Five lives at five times the speed: everybody's place changes, and history holds the way."""
    sim = make_sim(server.watch_port, watches=5, begin="busy", upload=1, speed=5, manners="mixed,eager")
    ids = [e["id"] for e in json.loads(sim.ask("list"))]
    wearers = {}
    for n, wire_id in enumerate(ids):
        claim = api.start_claim(sim.where(wire_id)["imei"], name=f"Child {n}")
        shown = sim.wait_event(wire_id, "message")["detail"]
        wearers[api.ok("POST", f"/claims/{claim['id']}/code", json={"code": code_in(shown)})["wearer"]] = set()
    stream = api.events()

    def note(w):
        if w["id"] in wearers and w["fix"]:
            wearers[w["id"]].add((w["fix"]["lat"], w["fix"]["lon"]))
        return all(len(places) >= 3 for places in wearers.values())

    stream.wait("wearer", note, timeout=60)
    now = time.time()
    start, end = (time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(t)) for t in (now - 86400, now + 86400))
    for wearer in wearers:
        fixes = eventually(lambda w=wearer: len(f := api.fixes(w, start, end)) >= 3 and f, what="history")
        assert [f["time"] for f in fixes] == sorted(f["time"] for f in fixes)
        assert {f["source"] for f in fixes} <= {"gps", "wifi", "cell"}, "solved indoors, when a lesson was learned"
    assert sim.stats()["bad"] == 0
