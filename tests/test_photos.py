"""Photos on request: announced on the watch, capped, checked, sealed, shown; off until a group turns them on."""

import pytest
from kit.process import eventually
from kit.sim import content_of


def commands(wearer):
    return f"/wearers/{wearer}/commands"


def allow(api, wearer, per_day=10):
    api.prove()
    return api.ok("PUT", f"/wearers/{wearer}/photo-rule", json={"is_allowed": True, "per_day": per_day})


def ask(api, wearer, events):
    given = api.ok("POST", commands(wearer), json={"type": "photo"})
    ends = ("confirmed", "unknown", "expired", "refused")
    return events.wait("command", lambda c: c["id"] == given["id"] and c["state"] in ends, timeout=90).data


def photos(api, wearer):
    return api.ok("GET", f"/wearers/{wearer}/photos")["photos"]


def downlinks(sim):
    return [content_of(e["frame"]).split(",")[0] for e in sim.events if e["dir"] == "down"]


def test_a_photo_is_announced_taken_cleaned_sealed_and_shown(server, api, make_sim):
    sim = make_sim(server.watch_port)
    wearer = api.claim_sim(sim)
    events = api.events()
    api.refused(409, "photos_off", "POST", commands(wearer), json={"type": "photo"})
    rule = allow(api, wearer)
    assert (rule["is_allowed"], rule["per_day"], rule["taken_today"]) == (True, 10, 0)
    done = ask(api, wearer, events)
    assert (done["state"], done["by"]["name"]) == ("confirmed", "Maria")
    # the text came first, and was acknowledged, before the camera was asked
    sim.wait_down(sim.id(), "rcapture")
    said = sim.wait(lambda e: e.get("text", "").startswith("Maria asks for a photo"))
    order = [e["frame"] for e in sim.events if e["dir"] in ("down", "up")]
    assert order.index(said["frame"]) < next(i for i, f in enumerate(order) if f.endswith("*rcapture]"))
    assert any(f.endswith("*MESSAGE]") for f in order[order.index(said["frame"]) : order.index(sim.wait_down(sim.id(), "rcapture")["frame"])])
    sim.wait_event(sim.id(), "picture answered")
    (photo,) = photos(api, wearer)
    assert photo["by"]["name"] == "Maria" and not photo["is_by_wearer"]
    answer = api.get(f"/api/v1/photos/{photo['id']}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert answer.content[:3] == b"\xff\xd8\xff" and answer.content[-2:] == b"\xff\xd9"
    assert len(answer.content) == photo["size_bytes"]
    assert b"CANARY" not in answer.content
    (stored,) = server.database().execute("SELECT content FROM thread_item WHERE kind = 2").fetchone()
    assert answer.content[20:60] not in stored and b"\xff\xd8\xff" not in stored
    assert api.ok("GET", f"/wearers/{wearer}/photo-rule")["taken_today"] == 1
    api.ok("DELETE", f"/photos/{photo['id']}")
    assert photos(api, wearer) == []
    api.refused(404, "not_found", "GET", f"/photos/{photo['id']}")


def test_no_more_photos_than_the_group_allows(server, api, make_sim):
    sim = make_sim(server.watch_port)
    wearer = api.claim_sim(sim)
    events = api.events()
    allow(api, wearer, 10)
    for _ in range(10):
        assert ask(api, wearer, events)["state"] == "confirmed"
    api.refused(429, "photos_used_up", "POST", commands(wearer), json={"type": "photo"})
    assert len(photos(api, wearer)) == 10
    sim.stop()
    said = [content_of(e["frame"]) for e in sim.transcript() if e["dir"] == "down"]
    assert said.count("rcapture") == 10
    told = [n for n in api.ok("GET", "/notices")["notices"] if n["action"] == "command.give"]
    assert len(told) == 10


def test_the_rule_is_widened_only_with_a_fresh_proof_and_narrowed_at_once(server, api, make_sim):
    sim = make_sim(server.watch_port)
    wearer = api.claim_sim(sim)
    rule = f"/wearers/{wearer}/photo-rule"
    api.refused(403, "second_factor_missing", "PUT", rule, json={"is_allowed": True, "per_day": 1})
    allow(api, wearer, 1)
    events = api.events()
    assert ask(api, wearer, events)["state"] == "confirmed"
    api.refused(429, "photos_used_up", "POST", commands(wearer), json={"type": "photo"})
    api.ok("PUT", rule, json={"is_allowed": False, "per_day": 1})
    api.refused(409, "photos_off", "POST", commands(wearer), json={"type": "photo"})
    for body in ({}, {"is_allowed": True}, {"is_allowed": 1, "per_day": 2}, {"is_allowed": True, "per_day": 11}, {"is_allowed": True, "per_day": 0}):
        assert api.put(f"/api/v1{rule}", json=body).status_code == 400


def test_the_operator_can_forbid_photos(make_server, make_api, make_sim):
    server = make_server(photos="no")
    api = make_api(server)
    sim = make_sim(server.watch_port)
    wearer = api.claim_sim(sim)
    api.prove()
    rule = f"/wearers/{wearer}/photo-rule"
    api.refused(409, "photos_forbidden", "PUT", rule, json={"is_allowed": True, "per_day": 1})
    assert api.ok("GET", rule)["is_forbidden_here"] is True
    api.refused(409, "photos_forbidden", "POST", commands(wearer), json={"type": "photo"})


def test_without_an_acknowledged_announcement_no_camera_is_asked(server, api):
    wearer, watch = api.claim_raw("8800000015")
    allow(api, wearer)
    events = api.events()
    given = api.ok("POST", commands(wearer), json={"type": "photo"})
    watch.receive_keyword("MESSAGE")
    watch.send("LK")
    assert watch.receive() == b"LK"  # and no rcapture
    done = events.wait("command", lambda c: c["id"] == given["id"] and c["state"] == "refused", timeout=100).data
    assert done["reason"] == "not_announced"
    watch.send("LK")
    assert watch.receive() == b"LK"


@pytest.mark.parametrize("manners, state, reason", [("badphoto", "unknown", "bad_picture")])
def test_what_is_no_picture_is_not_stored(server, api, make_sim, manners, state, reason):
    sim = make_sim(server.watch_port, manners=manners)
    wearer = api.claim_sim(sim)
    events = api.events()
    allow(api, wearer)
    done = ask(api, wearer, events)
    assert (done["state"], done.get("reason")) == (state, reason)
    sim.wait_event(sim.id(), "picture answered")
    assert photos(api, wearer) == []


def test_a_picture_that_nobody_asked_for_is_dropped(server, api, make_sim):
    sim = make_sim(server.watch_port)
    wearer = api.claim_sim(sim)
    sim.ask(f"snap {sim.id()}")  # the wearer's own is shown as such
    (own,) = eventually(lambda: photos(api, wearer), what="the wearer's picture")
    assert own["is_by_wearer"] and "by" not in own
    picture = api.get(f"/api/v1/photos/{own['id']}").content
    escaped = picture
    for byte, pair in ((b"}", b"}\x01"), (b"[", b"}\x02"), (b"]", b"}\x03"), (b",", b"}\x04"), (b"*", b"}\x05")):
        escaped = escaped.replace(byte, pair)
    _, raw = api.claim_raw("8800000015", name="Leo")
    raw.send(b"img,5,260101120000," + escaped)
    assert raw.receive() == b"img"
    leo = next(w["id"] for w in api.ok("GET", "/wearers")["wearers"] if w["name"] == "Leo")
    assert photos(api, leo) == []
    raw.send(b"img,6,260101120000," + escaped)
    assert raw.receive() == b"img"
    assert len(photos(api, leo)) == 1
    for cut in (escaped[:100], escaped[:-2], b"<html>", escaped[2:]):
        raw.send(b"img,6,260101120000," + cut)
        assert raw.receive() == b"img"
    assert len(photos(api, leo)) == 1


def test_a_wearer_cannot_fill_the_disk(make_server, make_api, make_sim):
    server = make_server(reports_per_device_interval_s=0)
    api = make_api(server)
    sim = make_sim(server.watch_port)
    wearer = api.claim_sim(sim)
    for n in range(1, 23):
        sim.ask(f"snap {sim.id()}")
        eventually(lambda n=n: downlinks_of(sim, "img") >= n, what=f"{n} answers")
    assert len(photos(api, wearer)) == 20


def downlinks_of(sim, keyword):
    sim_events = sim.transcript_path.read_text(encoding="utf-8")
    return sim_events.count(f"*{keyword}]")


def test_two_photos_at_once_are_refused(server, api):
    wearer, watch = api.claim_raw("8800000015")
    allow(api, wearer)
    api.ok("POST", commands(wearer), json={"type": "photo"})
    api.refused(409, "photo_under_way", "POST", commands(wearer), json={"type": "photo"})
    watch.receive_keyword("MESSAGE")
