"""What watches measured, the wearer's days, battery and calls: from the frame to the page, and away again."""

import sqlite3
import time
from datetime import datetime, timedelta, timezone

import pytest
from kit.process import eventually
from kit.watch import FALL, position

WATCH = "3707900011"


def at(hours=0):
    return (datetime.now(timezone.utc) + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def span(hours=1):
    return {"from": at(-hours), "to": at(hours)}


@pytest.fixture
def claimed(api):
    wearer, watch = api.claim_raw(WATCH)
    yield wearer, watch
    watch.close()


def allow(api, wearer, is_allowed=True, keep_days=30):
    return api.ok("PUT", f"/wearers/{wearer}/health-rule", json={"is_allowed": is_allowed, "keep_days": keep_days})


def values(api, wearer):
    return api.ok("GET", f"/wearers/{wearer}/health", params=span())["values"]


def seen(value):
    return (value["kind"], value.get("value", (value.get("systolic"), value.get("diastolic"))), value.get("is_failed", False))


def test_each_kind_of_value_is_shown_as_it_was_said(api, claimed):
    wearer, watch = claimed
    allow(api, wearer)
    events = api.events()
    watch.send("heart,72", "BLOOD,121,79", "bphrt,118,76,64,,,,", "oxygen,0,97.5", "btemp2,1,36.61", "TEMP,37.20")
    assert watch.receive_keyword("bphrt") == b"bphrt"
    assert watch.receive_keyword("oxygen") == b"oxygen,1"
    assert watch.receive_keyword("btemp2") == b"btemp2"
    found = eventually(lambda: len(v := values(api, wearer)) == 7 and v, what="seven values")
    assert [seen(v) for v in found] == [
        ("heart", 72, False),
        ("blood_pressure", (121, 79), False),
        ("heart", 64, False),
        ("blood_pressure", (118, 76), False),
        ("oxygen", 97.5, False),
        ("temperature", 36.61, False),
        ("temperature", 37.2, False),
    ]
    assert [v["origin"] for v in found if v["kind"] == "oxygen"] == ["watch"]
    assert events.wait("health").data == {"wearer": wearer}
    assert api.alarms() == []


def test_what_could_not_be_measured_is_no_value(api, claimed):
    wearer, watch = claimed
    allow(api, wearer)
    watch.send("btemp2,1,0", "heart,0", "btemp2,1,1", "bphrt,0,0,0,,,,", "oxygen,1,0", "heart,251", "BLOOD,300,20")
    found = eventually(lambda: len(v := values(api, wearer)) == 8 and v, what="eight tries")
    assert all(v["is_failed"] and not {"value", "systolic", "diastolic"} & v.keys() for v in found)


def test_without_consent_a_watch_is_answered_and_nothing_is_stored(server, api, claimed):
    wearer, watch = claimed
    assert api.ok("GET", f"/wearers/{wearer}/health-rule") == {"is_allowed": False, "keep_days": 90}
    watch.send("bphrt,118,76,64,,,,")
    assert watch.receive_keyword("bphrt") == b"bphrt"
    allow(api, wearer)
    watch.send("oxygen,1,98")
    assert watch.receive_keyword("oxygen") == b"oxygen,1"
    assert [seen(v) for v in values(api, wearer)] == [("oxygen", 98, False)]
    allow(api, wearer, is_allowed=False)
    watch.send("btemp2,1,36.50")
    assert watch.receive_keyword("btemp2") == b"btemp2"
    assert len(values(api, wearer)) == 1  # what was kept with consent stays until it is erased


def test_consent_is_given_by_who_may_and_withdrawn_by_more(api, claimed, make_member):
    wearer, _ = claimed
    guardian = make_member(api.prove(), "gustav", role="guardian")
    path = f"/wearers/{wearer}/health-rule"
    guardian.refused(403, "right_missing", "PUT", path, json={"is_allowed": True, "keep_days": 30})
    allow(api, wearer)
    guardian.refused(403, "right_missing", "PUT", path, json={"is_allowed": True, "keep_days": 31})
    guardian.ok("PUT", path, json={"is_allowed": False, "keep_days": 30})
    for wrong in ({"is_allowed": True, "keep_days": 0}, {"is_allowed": True, "keep_days": 3651}, {"is_allowed": True}):
        assert api.request("PUT", "/api/v1" + path, json=wrong).status_code == 400


def test_the_same_value_again_later_is_a_second_measurement_and_at_once_a_resend(api, claimed):
    wearer, watch = claimed
    allow(api, wearer)
    watch.send("bphrt,118,76,64,,,,", "bphrt,118,76,64,,,,", "bphrt,119,76,64,,,,", "bphrt,118,76,64,,,,")
    for _ in range(4):
        watch.receive_keyword("bphrt")
    pressures = [seen(v)[1] for v in values(api, wearer) if v["kind"] == "blood_pressure"]
    assert pressures == [(118, 76), (119, 76), (118, 76)]


def test_erasing_takes_values_days_and_calls(server, api, claimed):
    wearer, watch = claimed
    allow(api, wearer)
    watch.send("LK,100,0,80", "LK,150,0,80", "oxygen,1,98")
    watch.receive_keyword("oxygen")
    api.refused(403, "second_factor_missing", "DELETE", f"/wearers/{wearer}/health")
    api.prove().ok("DELETE", f"/wearers/{wearer}/health")
    assert values(api, wearer) == []
    assert [d.get("steps") for d in days(api, wearer)] in ([], [None])
    watch.send("oxygen,1,97")
    watch.receive_keyword("oxygen")
    assert [seen(v) for v in values(api, wearer)] == [("oxygen", 97, False)]


def days(api, wearer):
    return api.ok("GET", f"/wearers/{wearer}/days", params=span())["days"]


def test_a_day_counts_steps_way_and_falls(server, api, claimed):
    wearer, watch = claimed
    now = time.time()
    watch.send("LK,51000,7,80")
    for i in range(3):
        watch.send(position("UD", when=now - 30 + 10 * i, lat=50.98 + i / 1000, battery=80 - i))
    watch.send("LK,51040,7,79")
    eventually(lambda: (d := days(api, wearer)) and d[-1]["distance_m"] > 200, what="the way")
    watch.send(position("AL", when=now, status=FALL, lat=50.982))
    watch.receive_keyword("AL")
    today = eventually(lambda: (d := days(api, wearer)) and d[-1]["falls"] == 1 and d[-1], what="the fall")
    assert 215 <= today["distance_m"] <= 230
    assert today["taken_off"] == 0 and today["first"] <= today["last"]
    battery = api.ok("GET", f"/wearers/{wearer}/battery", params=span(hours=2))
    assert battery["levels"] and battery["is_charging"] is False and "not_enough_data" in battery["advice"]
    server.restart()
    again = days(api, wearer)[-1]
    assert again == today | {"last": again["last"]}


def test_steps_of_both_kinds_of_watches_are_of_today(api, claimed):
    wearer, watch = claimed
    for raw in (51000, 51040, 0, 51100, 30, 50):  # a zero says nothing; then the watch begins anew
        watch.send(f"LK,{raw},0,80")
        watch.receive_keyword("LK")
    assert eventually(lambda: (d := days(api, wearer)) and d[-1].get("steps") == 150, what="40 + 60 + 30 + 20 steps")


def test_way_is_for_those_who_may_see_the_history(api, claimed, make_member):
    wearer, watch = claimed
    watch.send(position("UD"), "LK,1,0,80")
    watch.receive_keyword("LK")
    carer = make_member(api.prove(), "carla", role="carer")
    assert "distance_m" in eventually(lambda: days(api, wearer), what="a day")[-1]
    assert "distance_m" not in days(carer, wearer)[-1]
    assert "level" in carer.ok("GET", f"/wearers/{wearer}/battery", params=span())


def test_spans_are_bounded(api, claimed):
    wearer, _ = claimed
    for path, longest in (("health", 31), ("days", 400), ("battery", 31)):
        long = {"from": at(-24 * (longest + 1)), "to": at()}
        api.refused(400, "range_too_long", "GET", f"/wearers/{wearer}/{path}", params=long)
        api.refused(400, "range_invalid", "GET", f"/wearers/{wearer}/{path}", params={"from": at(), "to": at(-1)})


def test_a_look_at_health_is_written_down_once_an_hour(api, claimed):
    wearer, _ = claimed
    for _ in range(3):
        values(api, wearer)
        days(api, wearer)

    def looks():
        entries = api.ok("GET", f"/groups/{api.group}/audit")["entries"]
        return sorted(e["action"] for e in entries if e["action"] in ("health.view", "days.view"))

    assert eventually(lambda: looks() == ["days.view", "health.view"], what="both looks")


def test_values_are_sealed(server, api, claimed):
    wearer, watch = claimed
    allow(api, wearer)
    watch.send("oxygen,1,98")
    watch.receive_keyword("oxygen")
    with sqlite3.connect(f"file:{server.data}/kinward.db?mode=ro", uri=True) as db:
        (body,) = db.execute("SELECT body FROM health_value").fetchone()
    # Nonce and tag besides the value; where it stands in clear is looked for by the leak test.
    assert len(body) > 37 and len(set(body)) > 16


def call(number, name="", kind=1, status=1, start=None, seconds=30, keyword="calllog"):
    start = int(time.time()) - 60 if start is None else start
    return f"{keyword},{number},{name.encode('utf-16-be').hex()},{kind},{status},{start},{seconds}"


def test_calls_are_answered_when_stored_and_known_numbers_are_marked(server, api, claimed):
    wearer, watch = claimed
    now = int(time.time())
    api.ok("PUT", f"/wearers/{wearer}/contacts", json={"contacts": [{"name": "Oma", "number": "+4936431234567"}]})
    api.ok("PUT", f"/wearers/{wearer}/sos-numbers", json={"numbers": ["+493643999888"]})
    watch.send(call("036431234567", "Omi", 2, 1, now - 30, 95))
    assert watch.receive_keyword("calllog") == b"calllog,1"
    watch.send(call("0900555", "", 1, 2, now - 20, 0, keyword="CALLLOG"))
    assert watch.receive_keyword("CALLLOG") == b"CALLLOG,1"
    watch.send(call("03643999888", "", 1, 1, now - 10, 5), call("03643999888", "", 1, 1, now - 10, 5))
    for _ in range(2):
        assert watch.receive_keyword("calllog") == b"calllog,1"
    log = api.ok("GET", f"/wearers/{wearer}/calls")
    assert log["keep_days"] == 30
    shown = [(c["direction"], c["is_approved"], c["is_connected"], c["seconds"]) for c in log["calls"]]
    assert shown == [("in", True, True, 5), ("in", False, False, 0), ("out", True, True, 95)]
    assert log["calls"][2]["contact"]["name"] == "Oma" and log["calls"][2]["name"] == "Omi"
    assert "contact" not in log["calls"][0]
    server.restart()
    assert api.ok("GET", f"/wearers/{wearer}/calls")["calls"] == log["calls"]


@pytest.mark.parametrize("broken", ["calllog", "calllog,1,2", "calllog,x*y,zz,9,9,-1,-1", "calllog," + "9" * 400])
def test_calls_that_cannot_be_read_are_answered_and_not_stored(api, claimed, broken):
    wearer, watch = claimed
    watch.send(broken, "LK,1,0,80")
    watch.receive_keyword("LK")
    assert api.ok("GET", f"/wearers/{wearer}/calls")["calls"] == []


def test_an_address_is_the_nearest_town_and_only_of_a_fresh_place(api, claimed):
    _, watch = claimed
    where = position("UD", lat=50.98, lon=11.33).partition(",")[2]
    watch.send("WAD,EN," + where)
    assert watch.receive_keyword("RAD") == b"RAD,GPS," + b"Weimar".hex().encode()
    watch.send("WG," + where)
    assert watch.receive_keyword("RG").startswith(b"RG,BASE,50.98")


def test_an_old_place_answers_nobody(api, claimed):
    _, watch = claimed
    old = position("UD", when=time.time() - 1200, lat=50.98, lon=11.33).partition(",")[2]
    watch.send("WAD,EN," + old, "WG," + old)
    assert watch.heartbeat() == b"LK"  # and nothing before it


def test_a_measurement_that_somebody_asks_for_comes_back_with_a_name(server, api, make_sim):
    sim = make_sim(server.watch_port, watches=1)
    wearer = api.claim_sim(sim)
    allow(api, wearer)
    api.ok("POST", f"/wearers/{wearer}/commands", json={"type": "measure_heart"})
    assert sim.wait_down(sim.id(), "hrtstart")
    found = eventually(lambda: [v for v in values(api, wearer) if v["kind"] == "heart"], what="its result")
    assert found[0]["origin"] == "asked" and found[0]["value"] > 20
    assert found[0]["by"]["id"] == api.ok("GET", "/session")["account"]["id"]


def test_a_simulated_call_is_stored_and_answered(server, api, make_sim):
    sim = make_sim(server.watch_port, watches=1)
    wearer = api.claim_sim(sim)
    sim.ask(f"call {sim.id()} in +4936431234567 42 Oma")
    sim.wait_event(sim.id(), "call answered")
    (call_,) = api.ok("GET", f"/wearers/{wearer}/calls")["calls"]
    assert (call_["number"], call_["name"], call_["seconds"]) == ("+4936431234567", "Oma", 42)


def test_days_follow_the_zone_of_the_watch(api, claimed):
    wearer, watch = claimed
    watch.send("LK,1,0,80")
    watch.receive_keyword("LK")
    api.ok("PUT", f"/wearers/{wearer}/settings/zone", json={"zone": "Pacific/Kiritimati"})  # 14 hours ahead
    local = (datetime.now(timezone.utc) + timedelta(hours=14)).strftime("%Y-%m-%d")

    def is_there():
        watch.send(position("UD", lat=50 + time.time() % 1))
        shown = api.ok("GET", f"/wearers/{wearer}/days", params=span(hours=24))
        return shown["zone"] == "Pacific/Kiritimati" and shown["days"] and shown["days"][-1]["date"] >= local

    assert eventually(is_there, what="the day of the new zone")
