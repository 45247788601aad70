"""An SOS: answered only when it is on disk, once in the store, told to everybody who looks."""

import json
from pathlib import Path

import pytest
from kit.watch import DISTINCT, FALL, SOS, position

BAD_ALARMS = [
    line
    for text in (Path(__file__).parent / "data" / "frames.jsonl").read_text(encoding="utf-8").splitlines()
    if text and (line := json.loads(text)).get("invalid") and "*AL" in (line.get("frame") or "")
]


def test_sos_is_told_live_and_stands_in_the_list(server, api, make_sim):
    sim = make_sim(server.watch_port)
    wearer = api.claim_sim(sim)
    events = api.events()
    sim.ask(f"sos {sim.id()}")
    told = events.wait("alarm", lambda a: a["wearer"] == wearer).data
    assert (told["kind"], told["state"], told["serious"]) == ("sos", "open", True)
    sim.wait_event(sim.id(), "alarm answered")
    listed = api.alarms("open")
    assert [a["id"] for a in listed] == [told["id"]]
    assert api.ok("GET", f"/wearers/{wearer}")["open_alarms"] == 1


def test_sos_is_answered_only_when_it_is_stored(server, api):
    wearer, watch = api.claim_raw("8800000015")
    for n, status in enumerate(DISTINCT[:20]):
        watch.send(position("AL", when=1_790_000_000 + n, status=status))
        assert watch.receive_keyword("AL") == b"AL"
        assert len(api.alarms()) == n + 1  # whoever has read the answer finds the alarm
    assert {a["wearer"] for a in api.alarms()} == {wearer}


def test_repeats_of_an_alarm_fold_into_one_and_are_all_answered(server, api):
    _, watch = api.claim_raw("8800000015")
    content = position("AL", when=1_790_000_000, status=SOS)
    for _ in range(5):
        watch.send(content)
        assert watch.receive_keyword("AL") == b"AL"
    alarms = api.alarms()
    assert len(alarms) == 1
    assert alarms[0]["repeats"] == 4


def test_alarm_bits_in_a_later_position_raise_nothing_new(server, api):
    _, watch = api.claim_raw("8800000015")
    watch.send(position("AL", when=1_790_000_000, status=SOS))
    watch.receive_keyword("AL")
    watch.send(position("UD", when=1_790_000_020, status=SOS), "LK")
    watch.receive_keyword("LK")
    watch.send(position("AL", when=1_790_000_040, status=FALL))  # behind the UD in the same commit order
    watch.receive_keyword("AL")
    assert sorted(a["kind"] for a in api.alarms()) == ["fall", "sos"]


def test_alarm_bits_of_a_position_without_an_alarm_before_raise_one(server, api):
    wearer, watch = api.claim_raw("8800000015")
    events = api.events()
    watch.send(position("UD", status=SOS))
    assert events.wait("alarm", lambda a: a["wearer"] == wearer).data["kind"] == "sos"


@pytest.mark.parametrize("line", BAD_ALARMS, ids=lambda line: line["why"])
def test_an_alarm_with_unreadable_fields_is_answered_and_raised(server, api, line):
    wearer, watch = api.claim_raw("8800000015")
    events = api.events()
    watch.send_bytes(line["frame"].encode())
    assert watch.receive_keyword("AL") == b"AL"
    told = events.wait("alarm", lambda a: a["wearer"] == wearer).data
    wanted = "sos" if ",00010000," in line["frame"] else "unknown"
    assert told["kind"] == wanted
    if "latitude" in line["why"]:
        assert "fix" not in told


def test_taking_and_closing_an_alarm(server, api):
    _, watch = api.claim_raw("8800000015")
    events = api.events()
    watch.send(position("AL", status=SOS))
    alarm = events.wait("alarm").data["id"]
    taken = api.ok("POST", f"/alarms/{alarm}/take")
    assert (taken["state"], taken["taken"]["by"]["name"]) == ("taken", "Maria")
    events.wait("alarm", lambda a: a["state"] == "taken")
    closed = api.ok("POST", f"/alarms/{alarm}/close", json={"note": "false alarm"})
    assert (closed["state"], closed["closed"]["note"]) == ("closed", "false alarm")
    assert api.alarms("open") == []
    api.refused(409, "already_closed", "POST", f"/alarms/{alarm}/take")


def test_a_flood_of_alarms_is_one_alarm_and_every_frame_is_answered(server, api):
    _, watch = api.claim_raw("8800000015")
    content = position("AL", when=1_790_000_000, status=SOS)
    watch.send(*[content] * 150)
    for _ in range(150):
        assert watch.receive_keyword("AL", timeout=20) == b"AL"
    assert len(api.alarms()) == 1
