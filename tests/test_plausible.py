"""False places, clocks and values: marked or left out, never believed, and never in the way of an alarm."""

import itertools
import time

from kit.watch import DISTINCT, SOS, RawWatch, position

_alarms = itertools.cycle(DISTINCT)


def span(around=None):
    now = time.time() if around is None else around
    return [time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(t)) for t in (now - 10 * 86400, now + 10 * 86400)]


def send_all(watch, *contents):
    """All are stored when the alarm behind them is answered."""
    watch.send(*contents)
    watch.send(position("AL", valid=False, lat=0, lon=0, status=next(_alarms)))
    watch.receive_keyword("AL")


def marks_of(api, wearer):
    return [fix["marks"] for fix in api.fixes(wearer, *span())]


def test_a_jump_of_400_km_in_a_minute_is_marked_and_not_the_latest_place(server, api):
    wearer, watch = api.claim_raw("8800000015")
    base = int(time.time()) - 600
    send_all(watch, position("UD", when=base, lat=50.0))
    send_all(watch, position("UD", when=base + 60, lat=53.6))
    assert marks_of(api, wearer) == [[], ["jump"]]
    assert abs(api.ok("GET", f"/wearers/{wearer}")["fix"]["lat"] - 50.0) < 1e-6


def test_a_jump_inside_one_segment_is_marked_too(server, api):
    wearer, watch = api.claim_raw("8800000015")
    base = int(time.time()) - 600
    send_all(watch, position("UD", when=base, lat=50.0), position("UD", when=base + 60, lat=53.6))
    assert marks_of(api, wearer) == [[], ["jump"]]


def test_the_factorys_place_is_no_place(server, api):
    wearer, watch = api.claim_raw("8800000015")
    send_all(watch, position("UD", lat=22.68, lon=113.99, satellites=0))
    assert all("factory_place" in marks for marks in marks_of(api, wearer))
    assert api.ok("GET", f"/wearers/{wearer}")["fix"] is None


def test_a_record_without_gps_is_not_shown_as_a_place(server, api):
    wearer, watch = api.claim_raw("8800000015")
    send_all(watch, position("UD", valid=False, lat=50.0))
    assert api.fixes(wearer, *span()) == []
    assert api.ok("GET", f"/wearers/{wearer}")["fix"] is None


def test_a_watch_whose_clock_is_unset_is_shown_with_the_time_of_receipt(server, api):
    wearer, watch = api.claim_raw("8800000015")
    for when in (0, time.time() + 3 * 86400):
        send_all(watch, position("UD", when=when, lat=50.0 + (when > 0) / 1000))
    fixes = api.fixes(wearer, *span())
    assert len(fixes) == 2
    for fix in fixes:
        assert "clock_unset" in fix["marks"]
        assert abs(time.time() - time.mktime(time.strptime(fix["time"][:19], "%Y-%m-%dT%H:%M:%S")) + time.timezone) < 60


def test_positions_sent_late_are_history_and_not_the_latest(server, api):
    wearer, watch = api.claim_raw("8800000015")
    base = int(time.time()) - 5000
    send_all(watch, position("UD", when=base + 4000, lat=50.0), position("UD2", when=base, lat=50.001))
    assert [sorted(m) for m in marks_of(api, wearer)] == [["stored"], []]
    assert abs(api.ok("GET", f"/wearers/{wearer}")["fix"]["lat"] - 50.0) < 1e-6


def test_impossible_values_are_left_out(server, api):
    wearer, watch = api.claim_raw("8800000015")
    send_all(watch, position("UD", battery=66))
    for content in ("LK,0,0,-1", "LK,0,0,0", "LK,0,0,9999999999", "LK,a,b,c", position("UD", battery=255)):
        watch.send(content)
    send_all(watch)
    assert api.ok("GET", f"/wearers/{wearer}")["device"]["battery_percent"] in (66, 80)


def test_a_replayed_transcript_changes_nothing(server, api):
    """Whoever recorded the traffic of a watch and plays it again raises no second alarm and no second place."""
    wearer, watch = api.claim_raw("8800000015")
    base = int(time.time()) - 3000
    recorded = [position("UD", when=base + n * 60, lat=50 + n / 10000) for n in range(10)]
    recorded.append(position("AL", when=base + 700, lat=50.01, status=SOS))
    watch.send(*recorded)
    watch.receive_keyword("AL")
    before = api.fixes(wearer, *span())
    latest = api.ok("GET", f"/wearers/{wearer}")["fix"]
    watch.close()
    with RawWatch(server.watch_port, "8800000015") as thief:
        thief.send(*recorded)
        thief.receive_keyword("AL")
    assert [a["kind"] for a in api.alarms()] == ["sos"]
    assert api.ok("GET", f"/wearers/{wearer}")["fix"] == latest
    after = api.fixes(wearer, *span())
    assert {f["time"] for f in after} == {f["time"] for f in before}
