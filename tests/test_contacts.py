"""Phone book, SOS numbers, SMS alerts, calls: from the app to the watch's memory and back."""

import json
from datetime import datetime

import pytest
from kit.process import eventually
from kit.sim import content_of

GRANDMA = {"name": "Grandma", "number": "+4930123456"}
DAD = {"name": "Dad 😀", "number": "01701234567"}
# Digit strings that are in no phone book, and what is no number at all.
BAD_NUMBERS = [
    "", "+", "1", "12", "+12", "*21*01701234567#", "#31#01701234567", "**21*0170#", "0900123456;", "112,113",
    "0170 1234567", "0170-1234567", "++49170", "49+170", "w0170", "p170", "0170x", "١٢٣٤٥٦", "１２３４５６", "1" * 21,
    "1" * 41, "+" + "1" * 20, "][3G*8800000015*0008*POWEROFF]", "tel:+4917012345", "0170\u202e1234",
]  # fmt: skip


def memory(sim):
    return json.loads(sim.ask(f"memory {sim.id()}"))


def claim(api, sim):
    """Also of families that speak under their whole IMEI."""
    wire_id = json.loads(sim.ask("list"))[0]["id"]
    sim.id = lambda n=0: wire_id
    return api.claim_sim(sim)


def path(wearer, rest):
    return f"/wearers/{wearer}/{rest}"


def put_contacts(api, wearer, *contacts):
    return api.ok("PUT", path(wearer, "contacts"), json={"contacts": list(contacts)})


def confirmed(api, wearer, rest):
    def state():
        answer = api.ok("GET", path(wearer, rest))
        return answer["state"] == "confirmed" and answer

    return eventually(state, what=f"{rest} confirmed")


def in_book(sim, *contacts):
    wanted = [{"slot": i + 1, "number": c["number"], "name": c["name"]} for i, c in enumerate(contacts)]
    return eventually(lambda: memory(sim)["contacts"] == wanted, what=f"{wanted} in the watch")


@pytest.mark.parametrize(
    "manners, size, room, keyword",
    [("exact", 3, 30, "PHBX"), ("exact", 0, 10, "PHB2"), ("exact", 2, 15, "PHB3"), ("yisai", 0, 30, "PHL")],
)
def test_the_phone_book_reaches_every_kind_of_watch(server, api, make_sim, manners, size, room, keyword):
    sim = make_sim(server.watch_port, manners=manners)
    wearer = claim(api, sim)
    assert api.ok("GET", path(wearer, "contacts"))["contacts"] == []
    if size:  # told at each start of the watch
        sim.ask(f"say {sim.id()} CONFIG,TY:kinward-sim,TB:{size}")
    eventually(lambda: api.ok("GET", path(wearer, "contacts"))["max"] == room, what="size of the book")
    put = put_contacts(api, wearer, GRANDMA, DAD)
    assert put["state"] == "wanted"
    assert [c["name"] for c in put["contacts"]] == ["Grandma", "Dad 😀"]
    confirmed(api, wearer, "contacts")
    in_book(sim, GRANDMA, DAD)
    # the whole list again: one goes, the other keeps its id
    dad = put["contacts"][1]["id"]
    again = put_contacts(api, wearer, DAD)
    assert [c["id"] for c in again["contacts"]] == [dad]
    confirmed(api, wearer, "contacts")
    in_book(sim, DAD)
    put_contacts(api, wearer)
    confirmed(api, wearer, "contacts")
    in_book(sim)
    assert sim.stats()["bad"] == sim.stats()["unknown"] == sim.stats()["forbidden"] == 0
    sim.wait_down(sim.id(), keyword)


def test_a_call_goes_only_to_a_contact(server, api, make_sim):
    sim = make_sim(server.watch_port)
    wearer = api.claim_sim(sim)
    other_sim = make_sim(server.watch_port, first_id="3707900000", seed=5)
    other = api.claim_sim(other_sim, name="Leo")
    events = api.events()
    contacts = put_contacts(api, wearer, GRANDMA)["contacts"]
    foreign = put_contacts(api, other, DAD)["contacts"]
    confirmed(api, wearer, "contacts")
    commands = path(wearer, "commands")
    given = api.ok("POST", commands, json={"type": "call", "contact": contacts[0]["id"]})
    assert given["contact"] == {"id": contacts[0]["id"], "name": "Grandma"}
    done = events.wait("command", lambda c: c["id"] == given["id"] and c["state"] == "confirmed").data
    assert done["by"]["name"] == "Maria"
    assert sim.wait_event(sim.id(), "dials")["detail"] == GRANDMA["number"]
    api.refused(409, "contact_unknown", "POST", commands, json={"type": "call", "contact": foreign[0]["id"]})
    api.refused(409, "contact_unknown", "POST", commands, json={"type": "call", "contact": "ab" * 16})
    api.refused(400, "contact_missing", "POST", commands, json={"type": "call"})
    put_contacts(api, wearer)
    api.refused(409, "contact_unknown", "POST", commands, json={"type": "call", "contact": contacts[0]["id"]})
    assert memory(sim)["calls"] == 1


def test_no_digit_string_that_is_not_in_the_book_is_dialled_or_stored(server, api, make_sim):
    sim = make_sim(server.watch_port)
    wearer = api.claim_sim(sim)
    put_contacts(api, wearer, GRANDMA)
    confirmed(api, wearer, "contacts")
    for number in BAD_NUMBERS:
        answer = api.put(f"/api/v1{path(wearer, 'contacts')}", json={"contacts": [{"name": "X", "number": number}]})
        assert answer.status_code == 400, f"{number}: {answer.text}"
        answer = api.put(f"/api/v1{path(wearer, 'sos-numbers')}", json={"numbers": [number]})
        assert answer.status_code == 400, f"{number}: {answer.text}"
        for body in ({"type": "call", "contact": number}, {"type": "call", "number": number}, {"type": "CALL," + number}):
            answer = api.post(f"/api/v1{path(wearer, 'commands')}", json=body)
            assert answer.status_code == 400, f"{body}: {answer.text}"
    in_book(sim, GRANDMA)
    sim.stop()
    said = [content_of(e["frame"]) for e in sim.transcript() if e["dir"] == "down"]
    assert not [c for c in said if c.split(",")[0] in ("CALL", "SOS", "MONITOR", "SMS", "POWEROFF")]


def test_odd_lists_are_refused(server, api):
    wearer, _watch = api.claim_raw("8800000015")
    contacts = path(wearer, "contacts")
    many = [{"name": "N", "number": f"0170{i:05d}"} for i in range(31)]
    api.refused(400, "too_many_contacts", "PUT", contacts, json={"contacts": many})
    api.refused(400, "too_many_contacts", "PUT", contacts, json={"contacts": many[:11]})  # its size is not known: 10
    api.refused(400, "number_twice", "PUT", contacts, json={"contacts": [many[0], many[0]]})
    api.refused(400, "name_invalid", "PUT", contacts, json={"contacts": [{"name": "eleven char", "number": "112"}]})
    for body in ({}, {"contacts": {}}, {"contacts": [1]}, {"contacts": [{"name": "a"}]}, {"contacts": [GRANDMA | {"id": "1"}]}):
        assert api.put(f"/api/v1{contacts}", json=body).status_code == 400
    api.refused(400, "too_many_contacts", "PUT", path(wearer, "sos-numbers"), json={"numbers": ["110", "111", "112", "113"]})
    api.refused(400, "number_twice", "PUT", path(wearer, "sos-numbers"), json={"numbers": ["112", "112"]})
    assert api.ok("GET", contacts)["contacts"] == []


@pytest.mark.parametrize("manners, keyword", [("exact", "SOS"), ("yisai", "SOS2")])
def test_sos_numbers_are_set_as_a_whole(server, api, make_sim, manners, keyword):
    sim = make_sim(server.watch_port, manners=manners)
    wearer = claim(api, sim)
    assert api.ok("PUT", path(wearer, "sos-numbers"), json={"numbers": ["+4930123456", "112"]})["state"] == "wanted"
    assert confirmed(api, wearer, "sos-numbers")["numbers"] == ["+4930123456", "112"]
    assert memory(sim)["sos"] == ["+4930123456", "112", ""]
    api.ok("PUT", path(wearer, "sos-numbers"), json={"numbers": []})
    confirmed(api, wearer, "sos-numbers")
    assert memory(sim)["sos"] == ["", "", ""]
    sim.wait_down(sim.id(), keyword)


def test_sms_alerts_are_switched(server, api, make_sim):
    sim = make_sim(server.watch_port)
    wearer = api.claim_sim(sim)
    alerts = path(wearer, "sms-alerts")
    assert api.ok("GET", alerts) == {"low_battery": False, "sos": False, "removed": False, "state": "none"}
    api.ok("PATCH", alerts, json={"low_battery": True, "removed": True})
    assert confirmed(api, wearer, "sms-alerts")["low_battery"] is True
    now = memory(sim)
    assert (now["battery_sms"], now["sos_sms"], now["removed_sms"]) == (True, False, True)
    api.ok("PATCH", alerts, json={"low_battery": False})
    confirmed(api, wearer, "sms-alerts")
    assert memory(sim)["battery_sms"] is False
    api.refused(400, "field_missing", "PATCH", alerts, json={})
    api.refused(400, "field_type", "PATCH", alerts, json={"sos": 1})


def test_a_watch_that_refuses_an_entry_is_shown(server, api):
    wearer, watch = api.claim_raw("8800000015")
    watch.send("CONFIG,TY:x,TB:3")
    assert watch.receive() == b"CONFIG,1"
    eventually(lambda: api.ok("GET", path(wearer, "contacts"))["max"] == 30, what="size of the book")
    put_contacts(api, wearer, GRANDMA)
    assert watch.receive_keyword("PHBX").split(b",")[1] == b"1"
    watch.send("PHBX,0")
    eventually(lambda: api.ok("GET", path(wearer, "contacts"))["state"] == "refused", what="refused")


def test_a_watch_without_a_phone_book_says_so(server, api):
    wearer, watch = api.claim_raw("8800000015")
    watch.send("CONFIG,TY:x,TB:0")
    assert watch.receive() == b"CONFIG,1"
    eventually(lambda: api.ok("GET", path(wearer, "contacts"))["max"] == 0, what="size of the book")
    api.refused(409, "no_phone_book", "PUT", path(wearer, "contacts"), json={"contacts": [GRANDMA]})


def test_a_call_that_comes_too_late_is_not_made(server, api):
    wearer, watch = api.claim_raw("8800000015")
    contact = put_contacts(api, wearer, GRANDMA)["contacts"][0]["id"]
    watch.close()
    eventually(lambda: not api.ok("GET", f"/wearers/{wearer}")["device"]["connected"], what="gone")
    given = api.ok("POST", path(wearer, "commands"), json={"type": "call", "contact": contact})
    assert given["state"] == "queued"
    life = datetime.fromisoformat(given["expires"].rstrip("Z")) - datetime.fromisoformat(given["created"].rstrip("Z"))
    assert life.total_seconds() == 60
