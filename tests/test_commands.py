"""Commands: every one ends in a known state, and the person who gave it is told."""

from kit.process import eventually
from kit.sim import content_of
from kit.watch import RawWatch


def give(api, wearer, kind, **more):
    headers = {"Idempotency-Key": more.pop("key")} if "key" in more else {}
    answer = api.post(f"/api/v1/wearers/{wearer}/commands", json={"type": kind, **more}, headers=headers)
    assert answer.status_code == 202, answer.text
    return answer.json()


def state_of(api, wearer, command):
    return next(c for c in api.ok("GET", f"/wearers/{wearer}/commands")["commands"] if c["id"] == command)


def test_locate_ring_and_message_reach_the_watch_and_are_confirmed(server, api, make_sim):
    sim = make_sim(server.watch_port, locate_every=1)
    wearer = api.claim_sim(sim)
    events = api.events()
    for kind, keyword, more in (("locate", "CR", {}), ("find", "FIND", {}), ("message", "MESSAGE", {"text": "Hi 😀"})):
        command = give(api, wearer, kind, **more)
        assert command["state"] in ("queued", "sent")
        done = events.wait("command", lambda c, i=command["id"]: c["id"] == i and c["state"] == "confirmed").data
        assert done["by"]["name"] == "Maria" and "sent" in done and "finished" in done
        assert sim.wait(lambda e, k=keyword: e["dir"] == "down" and content_of(e["frame"]).split(",")[0] == k)
    sim.wait_event(sim.id(), "ring")
    sim.wait(lambda e: e.get("text") == "Hi 😀")
    assert sim.stats()["bad"] == 0


def test_a_command_waits_for_the_watch_and_goes_out_when_it_comes(server, api):
    wearer, watch = api.claim_raw("8800000015")
    events = api.events()
    watch.close()
    events.wait("wearer", lambda w: w["id"] == wearer and not w["device"]["connected"])
    command = give(api, wearer, "message", text="see you at four")
    assert command["state"] == "queued"
    with RawWatch(server.watch_port, "8800000015") as watch:
        watch.send("LK")
        text = bytes.fromhex(watch.receive_keyword("MESSAGE").split(b",")[1].decode()).decode("utf-16-be")
        assert text == "see you at four"
        events.wait("command", lambda c: c["id"] == command["id"] and c["state"] == "sent")
        watch.send("MESSAGE")
        events.wait("command", lambda c: c["id"] == command["id"] and c["state"] == "confirmed")


def test_a_queued_command_can_be_cancelled_and_a_sent_one_not(server, api):
    wearer, watch = api.claim_raw("8800000015")
    events = api.events()
    sent = give(api, wearer, "find")
    watch.receive_keyword("FIND")
    events.wait("command", lambda c: c["id"] == sent["id"] and c["state"] == "sent")
    api.refused(409, "command_already_sent", "DELETE", f"/wearers/{wearer}/commands/{sent['id']}")
    watch.close()
    events.wait("wearer", lambda w: not w["device"]["connected"])
    queued = give(api, wearer, "locate")
    assert api.ok("DELETE", f"/wearers/{wearer}/commands/{queued['id']}")["state"] == "cancelled"
    with RawWatch(server.watch_port, "8800000015") as watch:
        watch.send("LK", "LK")
        assert [watch.receive(), watch.receive()] == [b"LK", b"LK"]


def test_the_same_key_gives_the_same_command(server, api):
    wearer, watch = api.claim_raw("8800000015")
    first = give(api, wearer, "find", key="once-and-only-once")
    again = give(api, wearer, "find", key="once-and-only-once")
    assert first["id"] == again["id"]
    watch.receive_keyword("FIND")
    watch.send("FIND", "LK")
    assert watch.receive() == b"LK"


def test_one_command_of_a_kind_is_out_at_a_time(server, api):
    wearer, watch = api.claim_raw("8800000015")
    give(api, wearer, "message", text="one")
    give(api, wearer, "message", text="two")
    first = watch.receive_keyword("MESSAGE")
    watch.send("LK")
    assert watch.receive() == b"LK"  # the second one waits
    watch.send("MESSAGE")
    assert watch.receive_keyword("MESSAGE") != first
    watch.send("MESSAGE")


def test_a_locate_that_nobody_takes_expires(make_server, make_api):
    server = make_server(locate_life_s=1)
    api = make_api(server)
    wearer, watch = api.claim_raw("8800000015")
    events = api.events()
    watch.close()
    events.wait("wearer", lambda w: not w["device"]["connected"])
    command = give(api, wearer, "locate")
    events.wait("command", lambda c: c["id"] == command["id"] and c["state"] == "expired", timeout=20)
    with RawWatch(server.watch_port, "8800000015") as watch:
        watch.send("LK", "LK")
        assert [watch.receive(), watch.receive()] == [b"LK", b"LK"]


def test_what_a_deaf_watch_never_answers_ends_as_unknown(make_server, make_api, make_sim):
    server = make_server(command_unanswered_s=1)
    api = make_api(server)
    sim = make_sim(server.watch_port)
    wearer = api.claim_sim(sim)
    sim.stop()
    deaf = make_sim(server.watch_port, manners="deaf", seed=2)
    deaf.wait_event(deaf.id(), "online")
    events = api.events()
    command = give(api, wearer, "find")
    deaf.wait_event(deaf.id(), "ring")
    events.wait("command", lambda c: c["id"] == command["id"] and c["state"] == "unknown", timeout=40)


def test_a_slow_watch_is_waited_for(server, api, make_sim):
    sim = make_sim(server.watch_port, manners="slow=2")
    wearer = api.claim_sim(sim)
    events = api.events()
    command = give(api, wearer, "find")
    sim.wait_event(sim.id(), "ring")
    events.wait("command", lambda c: c["id"] == command["id"] and c["state"] == "confirmed", timeout=30)


def test_no_text_becomes_a_second_frame(server, api):
    wearer, watch = api.claim_raw("8800000015")
    for text in ("][3G*8800000015*0008*POWEROFF]", "a,b*c]d[e}f", "line one", "ÄÖÜ 漢字 😀", "x" * 100):
        give(api, wearer, "message", text=text)
        content = watch.receive()
        keyword, _, hexa = content.partition(b",")
        assert keyword == b"MESSAGE"
        assert bytes.fromhex(hexa.decode()).decode("utf-16-be") == text
        watch.send("MESSAGE")


def test_texts_that_no_watch_can_show_are_refused(server, api):
    wearer, _watch = api.claim_raw("8800000015")
    for body in (
        {"type": "message"},
        {"type": "message", "text": ""},
        {"type": "message", "text": "x" * 201},
        {"type": "message", "text": "bell \u0007"},
        {"type": "MONITOR"},
        {"type": "password"},
        {"type": "find", "raw": "POWEROFF"},
    ):
        answer = api.post(f"/api/v1/wearers/{wearer}/commands", json=body)
        assert answer.status_code == 400, f"{body}: {answer.text}"


def test_changed_settings_go_to_the_watch_and_are_confirmed(server, api, make_sim):
    sim = make_sim(server.watch_port)
    wearer = api.claim_sim(sim)

    def all_confirmed():
        settings = api.settings(wearer)
        return {settings[n]["state"] for n in ("language", "zone", "upload_interval")} == {"confirmed"}

    eventually(all_confirmed, what="the first settings")
    api.put_setting(wearer, "upload_interval", seconds=300)
    api.put_setting(wearer, "zone", zone="Asia/Kathmandu")
    eventually(all_confirmed, what="the new settings")
    assert api.settings(wearer)["zone"]["confirmed"] == {"zone": "Asia/Kathmandu"}
    where = sim.where(sim.id())
    assert (where["upload_s"], where["zone_min"]) == (300, 345)


def test_commands_survive_a_restart(server, api):
    wearer, watch = api.claim_raw("8800000015")
    events = api.events()
    watch.close()
    events.wait("wearer", lambda w: not w["device"]["connected"])
    command = give(api, wearer, "message", text="still here")
    server.restart()
    with RawWatch(server.watch_port, "8800000015") as watch:
        watch.send("LK")
        watch.receive_keyword("MESSAGE")
        watch.send("MESSAGE", "LK")
        watch.receive_keyword("LK")
        events = api.events()
        if state_of(api, wearer, command["id"])["state"] != "confirmed":
            events.wait("command", lambda c: c["id"] == command["id"] and c["state"] == "confirmed")
