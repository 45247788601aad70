"""Check-in call, power off, reset, new password, the guard, and who may: from the app to the watch and back."""

import json

import pytest
from kit.process import eventually
from kit.sim import content_of
from kit.watch import RawWatch

PHONE = "+4917012345678"
ENDS = ("confirmed", "unknown", "expired", "refused", "cancelled")


def commands(wearer):
    return f"/wearers/{wearer}/commands"


def memory(sim):
    return json.loads(sim.ask(f"memory {sim.id()}"))


def give(api, wearer, kind, **more):
    return api.ok("POST", commands(wearer), json={"type": kind} | more)


def ended(events, command, timeout=100):
    return events.wait("command", lambda c: c["id"] == command["id"] and c["state"] in ENDS, timeout=timeout).data


def keywords(sim):
    """What the watch was told, in order, to the end."""
    return [content_of(e["frame"]).split(",")[0] for e in sim.transcript() if e["dir"] == "down"]


def test_a_check_in_call_says_who_before_it_dials_the_member(server, api, make_sim):
    sim = make_sim(server.watch_port)
    wearer = api.claim_sim(sim)
    events = api.events()
    api.refused(409, "phone_missing", "POST", commands(wearer), json={"type": "check_in_call"})
    api.ok("PATCH", "/account", json={"phone": PHONE})
    api.refused(400, "contact_invalid", "POST", commands(wearer), json={"type": "check_in_call", "contact": "ab" * 16})
    api.refused(400, "field_unknown", "POST", commands(wearer), json={"type": "check_in_call", "number": "0900123"})
    done = ended(events, give(api, wearer, "check_in_call"))
    assert (done["type"], done["state"], done["by"]["name"]) == ("check_in_call", "confirmed", "Maria")
    assert "contact" not in done
    assert sim.wait_event(sim.id(), "dials")["detail"] == PHONE
    said = sim.wait(lambda e: e.get("text", "").startswith("Maria would like to hear you"))
    frames = [e["frame"] for e in sim.events if e["dir"] in ("up", "down")]
    dialled = next(i for i, f in enumerate(frames) if f"*CALL,{PHONE}]" in f)
    assert any(f.endswith("*MESSAGE]") for f in frames[frames.index(said["frame"]) : dialled])
    told = api.ok("GET", "/notices")["notices"]
    assert any(n["action"] == "command.give" and n["wearer"] == wearer for n in told)


def test_power_off_needs_a_fresh_proof_and_is_told(server, api, make_sim):
    sim = make_sim(server.watch_port)
    wearer = api.claim_sim(sim)
    api.refused(403, "second_factor_missing", "POST", commands(wearer), json={"type": "power_off"})
    api.prove()
    events = api.events()
    done = ended(events, give(api, wearer, "power_off"))
    assert done["state"] == "confirmed"
    sim.wait_event(sim.id(), "power off")
    assert any(n["action"] == "command.give" for n in api.ok("GET", "/notices")["notices"])
    sim.stop()
    assert keywords(sim).count("POWEROFF") == 1


def test_a_yisai_watch_that_answers_otherwise_is_understood(server, api, make_sim):
    sim = make_sim(server.watch_port, manners="yisai")
    wire_id = json.loads(sim.ask("list"))[0]["id"]
    sim.id = lambda n=0: wire_id
    wearer = api.claim_sim(sim)
    api.prove()
    events = api.events()
    api.ok("PATCH", "/account", json={"phone": PHONE})
    api.refused(409, "watch_shows_no_text", "POST", commands(wearer), json={"type": "check_in_call"})
    done = ended(events, give(api, wearer, "reset"))  # it says nothing and goes dark
    assert (done["state"], done["reason"]) == ("confirmed", "went_dark")
    sim.wait_event(wire_id, "reboot")
    eventually(lambda: sim.where(wire_id)["state"] == "online", what="back again")
    assert ended(events, give(api, wearer, "power_off"))["state"] == "confirmed"  # answered as CR


def test_an_act_that_no_watch_takes_expires(server, api):
    wearer, watch = api.claim_raw("8800000015")
    api.prove()
    watch.close()
    eventually(lambda: not api.ok("GET", f"/wearers/{wearer}")["device"]["connected"], what="gone")
    events = api.events()
    api.ok("PUT", f"/wearers/{wearer}/contacts", json={"contacts": [{"name": "Oma", "number": "112"}]})
    contact = api.ok("GET", f"/wearers/{wearer}/contacts")["contacts"][0]["id"]
    done = ended(events, give(api, wearer, "call", contact=contact))
    assert (done["state"], done["reason"]) == ("expired", "not_connected")
    with RawWatch(server.watch_port, "8800000015") as again:
        again.send("LK")
        said = b""
        while said != b"LK":
            said = again.receive()
            assert not said.startswith(b"CALL")


def test_a_new_password_is_random_confirmed_and_never_shown(server, api, make_sim):
    sim = make_sim(server.watch_port)
    wearer = api.claim_sim(sim)
    eventually(lambda: memory(sim)["password"] != "123456", what="the factory password replaced")
    first = memory(sim)["password"]
    api.refused(403, "second_factor_missing", "POST", commands(wearer), json={"type": "new_password"})
    api.prove()
    events = api.events()
    given = give(api, wearer, "new_password")
    done = ended(events, given)
    assert done["state"] == "confirmed"
    second = memory(sim)["password"]
    assert len(second) == 8 and second.isdigit() and second != first
    shown = json.dumps([given, done, api.ok("GET", commands(wearer)), api.ok("GET", f"/wearers/{wearer}"), api.ok("GET", f"/wearers/{wearer}/guard")])
    assert first not in shown and second not in shown
    dump = "".join(server.database().iterdump())
    for digits in (first, second):
        assert digits not in dump and digits.encode().hex() not in dump.lower()


def test_after_a_claim_strangers_are_kept_out(server, api, make_sim):
    sim = make_sim(server.watch_port)
    assert memory(sim)["center"] and not memory(sim)["refuses_strangers"]
    wearer = api.claim_sim(sim)

    def states():
        return {i["name"]: i["state"] for i in api.ok("GET", f"/wearers/{wearer}/guard")["items"]}

    eventually(lambda: set(states().values()) == {"confirmed"}, what="all confirmed")
    now = memory(sim)
    assert (now["center"], now["slave"], now["refuses_strangers"]) == ("", "", True)
    assert now["password"] != "123456"


@pytest.mark.parametrize("what, value", [("center", "+8613900000000"), ("slave", "13900000000"), ("password", "123456")])
def test_what_somebody_changed_by_sms_is_an_alarm_and_put_right(server, api, make_sim, what, value):
    sim = make_sim(server.watch_port, manners="tellall")
    wearer = api.claim_sim(sim)
    guard = f"/wearers/{wearer}/guard"
    eventually(lambda: {i["state"] for i in api.ok("GET", guard)["items"]} == {"confirmed"}, what="all confirmed")
    events = api.events()
    sim.ask(f"tamper {sim.id()} {what} {value}")
    # the watch tells its settings, as it does once a day when it is asked
    told = f"TS,ver:X;center:{memory(sim)['center']};slave:{memory(sim)['slave']};pw:{memory(sim)['password']}"
    sim.ask(f"say {sim.id()} {told}")
    alarm = events.wait("alarm", lambda a: a["kind"] == "settings_drift").data
    assert alarm["wearer"] == wearer and alarm["serious"] is True
    eventually(lambda: memory(sim)[what] != value, what="put right")
    eventually(lambda: {i["state"] for i in api.ok("GET", guard)["items"]} == {"confirmed"}, what="confirmed again")
    assert "drift" in api.ok("GET", guard)


def test_roles_and_strangers_get_no_further_than_their_rights(server, api, make_sim):
    sim = make_sim(server.watch_port)
    wearer = api.claim_sim(sim)
    api.ok("PATCH", "/account", json={"phone": PHONE})
    contact = api.ok("PUT", f"/wearers/{wearer}/contacts", json={"contacts": [{"name": "Oma", "number": "112"}]})["contacts"][0]["id"]
    eventually(lambda: api.ok("GET", f"/wearers/{wearer}/contacts")["state"] == "confirmed", what="confirmed")
    api.prove()
    viewer = api.invite("viewer", "vera")
    acts = ["call", "check_in_call", "photo", "power_off", "reset", "new_password"]
    bodies = [{"type": t} | ({"contact": contact} if t == "call" else {}) for t in acts]
    for body in bodies:
        viewer.refused(403, "right_missing", "POST", commands(wearer), json=body)
    for method, rest, body in (
        ("GET", "contacts", None),
        ("PUT", "contacts", {"contacts": []}),
        ("PUT", "sos-numbers", {"numbers": []}),
        ("PATCH", "sms-alerts", {"sos": True}),
        ("PUT", "photo-rule", {"is_allowed": True, "per_day": 1}),
        ("GET", "photos", None),
    ):
        viewer.refused(403, "right_missing", method, f"/wearers/{wearer}/{rest}", **({"json": body} if body else {}))
    viewer.ok("DELETE", f"/groups/{viewer.group}/members/{viewer.account}")
    for body in bodies:  # an ex-member sees nothing at all
        viewer.refused(404, "not_found", "POST", commands(wearer), json=body)
    viewer.refused(404, "not_found", "GET", f"/wearers/{wearer}/contacts")
    sim.stop()
    assert not {"CALL", "rcapture", "POWEROFF", "RESET"} & set(keywords(sim))
    assert keywords(sim).count("PW") == 1


def test_a_reset_waits_when_there_are_others(server, api, make_sim):
    sim = make_sim(server.watch_port)
    wearer = api.claim_sim(sim)
    api.prove()
    viewer = api.invite("viewer", "vera")
    waits = give(api, wearer, "reset")
    assert (waits["kind"], waits["state"], waits["needs"]) == ("wearer.reset", "pending", "time")
    viewer.ok("POST", f"/approvals/{waits['id']}/object")
    sim.stop()
    assert "RESET" not in keywords(sim)


def test_photos_are_turned_on_only_when_nobody_objects(server, api, make_sim):
    sim = make_sim(server.watch_port)
    wearer = api.claim_sim(sim)
    api.prove()
    viewer = api.invite("viewer", "vera")
    rule = f"/wearers/{wearer}/photo-rule"
    waits = api.ok("PUT", rule, json={"is_allowed": True, "per_day": 3})
    assert (waits["kind"], waits["summary"]) == ("photo.allow", {"is_allowed": True, "per_day": 3})
    assert api.ok("GET", rule)["is_allowed"] is False
    viewer.ok("POST", f"/approvals/{waits['id']}/object")
    assert api.ok("GET", rule)["is_allowed"] is False


def test_in_a_conflict_neither_connection_gets_anything_sensitive(server, api):
    wearer, watch = api.claim_raw("8800000015")
    contact = api.ok("PUT", f"/wearers/{wearer}/contacts", json={"contacts": [{"name": "Oma", "number": "112"}]})["contacts"][0]["id"]
    watch.receive_keyword("PHB")
    watch.receive_keyword("PHB2")
    watch.send("PHB", "PHB2")
    # all that the watch says is heard before the other one comes
    eventually(lambda: api.ok("GET", f"/wearers/{wearer}/contacts")["state"] == "confirmed", what="confirmed")
    with RawWatch(server.watch_port, "8800000015") as other:
        other.send("LK")
        other.receive_keyword("VERNO")  # asked who it is, and does not answer
        given = give(api, wearer, "call", contact=contact)
        watch.send("LK", "LK", "LK")  # both keep talking
        other.send("LK")
        eventually(lambda: api.ok("GET", f"/wearers/{wearer}")["device"]["conflict"], what="conflict")
        api.refused(409, "watch_in_conflict", "POST", commands(wearer), json={"type": "call", "contact": contact})
        for connection in (watch, other):
            connection.send("LK")
        events = api.events()
        assert ended(events, given)["state"] == "expired"
        for connection in (watch, other):
            connection.send("KA,1,2,3")
            said = b""
            while said != b"KA":
                said = connection.receive()
                assert not said.startswith(b"CALL")
