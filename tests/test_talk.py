"""Talking: texts, voices both ways, photos; one thread for each wearer."""

import io
import json
import sqlite3
import tarfile

import pytest
from kit.people import invite, join
from kit.process import eventually
from kit.talk import chunks_of, escape, is_tone, real_amr, samples, send_voice, thread, voice_of, wav


@pytest.fixture
def mia(api):
    wearer, watch = api.claim_raw("8800000015")
    yield wearer, watch
    watch.close()


def state_of(api, wearer, item):
    return next(i for i in thread(api, wearer) if i["id"] == item["id"])


def wait_state(api, wearer, item, state):
    return eventually(lambda: (i := state_of(api, wearer, item))["state"] == state and i, what=state)


def test_a_text_goes_to_the_watch_and_says_who_sent_it(server, api, mia):
    wearer, watch = mia
    item = api.ok("POST", f"/wearers/{wearer}/thread/texts", json={"text": "Grüße 🐻"})
    assert (item["kind"], item["direction"], item["text"]) == ("text", "to", "Grüße 🐻")
    assert item["by"] == {"kind": "member", "account": api.account, "name": "Maria"}
    assert item["command"] == item["id"]
    content = watch.receive_keyword("MESSAGE")
    assert bytes.fromhex(content.split(b",")[1].decode()).decode("utf-16-be") == "Grüße 🐻"
    watch.send("MESSAGE")
    done = wait_state(api, wearer, item, "delivered")
    assert done["delivered"] >= item["created"]
    # commands are not kept for ever; what was said is
    with sqlite3.connect(server.data / "kinward.db", timeout=30) as db:
        db.execute("DELETE FROM command WHERE kind = 'message'")
    assert state_of(api, wearer, item) == done
    # the same thing by the older way stands in the same thread
    api.ok("POST", f"/wearers/{wearer}/commands", json={"type": "message", "text": "Come home"})
    assert [i["text"] for i in thread(api, wearer)] == ["Come home", "Grüße 🐻"]


def test_a_text_that_is_too_long_is_refused_with_its_length(api, mia):
    wearer, watch = mia
    texts = f"/wearers/{wearer}/thread/texts"
    limits = api.ok("GET", f"/wearers/{wearer}/thread")["limits"]
    assert (limits["text_units"], limits["has_text"], limits["has_voice"]) == (200, True, True)
    problem = api.refused(400, "text_too_long", "POST", texts, json={"text": "🐻" * 101})
    assert problem["detail"].startswith("202 characters")
    assert thread(api, wearer) == []
    api.ok("POST", texts, json={"text": "🐻" * 100})
    assert len(watch.receive_keyword("MESSAGE")) == len("MESSAGE,") + 800


def test_a_voice_goes_down_when_it_is_there_and_is_delivered_on_its_answer(server, api, mia):
    wearer, watch = mia
    events = api.events()
    item = send_voice(api, wearer, wav(2.0, 500))
    assert (item["kind"], item["direction"], item["by"]["name"]) == ("voice", "to", "Maria")
    assert item["seconds"] == 2.0 and max(item["waveform"]) == 255 and len(item["waveform"]) == 48
    amr = voice_of(watch.receive_keyword("TK"))
    assert amr.startswith(b"#!AMR\n") and (len(amr) - 6) % 13 == 0  # 4.75 kbit/s
    assert 2000 <= (len(amr) - 6) // 13 * 20 <= 2020
    wait_state(api, wearer, item, "sent")
    watch.send("TK,1")
    done = wait_state(api, wearer, item, "delivered")
    assert "heard" not in done  # no watch of this kind tells
    assert events.wait("thread", lambda e: e["wearer"] == wearer).data == {"wearer": wearer}
    sound = api.get(f"/api/v1/thread/{item['id']}/sound")
    assert sound.headers["content-type"] == "audio/wav" and is_tone(sound.content, 500)
    assert "sandbox" in sound.headers["content-security-policy"]


def test_voices_wait_for_the_watch_and_go_one_at_a_time_in_order(server, api, mia):
    wearer, watch = mia
    watch.close()
    eventually(lambda: not api.ok("GET", f"/wearers/{wearer}")["device"]["connected"], what="gone")
    items = [send_voice(api, wearer, wav(0.5, hertz)) for hertz in (400, 700, 1000)]
    assert {i["state"] for i in thread(api, wearer)} == {"queued"}
    server.restart()  # they wait on disk
    api.sign_in()
    again = watch.__class__(server.watch_port)
    again.send("LK,0,0,80")
    got = []
    for n, item in enumerate(items):
        got.append(voice_of(again.receive_keyword("TK")))
        again.send("LK,0,0,80", "TKQ")  # asked again so soon: answered, and not sent twice
        assert again.receive_keyword("TKQ") == b"TKQ"
        states = [i["state"] for i in reversed(thread(api, wearer))]
        assert states == ["delivered"] * n + ["sent"] + ["queued"] * (2 - n)
        again.send("TK,1")
        wait_state(api, wearer, item, "delivered")
    assert len(set(got)) == 3
    again.send("TKQ")
    assert again.receive() == b"TKQ"
    again.send("LK,0,0,80")
    assert again.receive() == b"LK"  # nothing is left
    again.close()


def test_a_watch_that_refuses_a_voice_is_left_in_peace_for_a_while(api, mia):
    wearer, watch = mia
    item = send_voice(api, wearer, wav(0.3))
    watch.receive_keyword("TK")
    watch.send("TK,0")
    wait_state(api, wearer, item, "queued")
    watch.send("TKQ")
    assert watch.receive() == b"TKQ"
    watch.send("LK,0,0,80")
    assert watch.receive() == b"LK"
    # taken back: it never comes again
    api.ok("DELETE", f"/wearers/{wearer}/thread/{item['id']}")
    assert thread(api, wearer) == []


def test_the_same_key_sends_one_voice(api, mia):
    wearer, watch = mia
    first = send_voice(api, wearer, wav(0.3), **{"Idempotency-Key": "abcdefgh1"})
    again = send_voice(api, wearer, wav(0.3), **{"Idempotency-Key": "abcdefgh1"})
    assert first["id"] == again["id"]
    assert len(thread(api, wearer)) == 1


@pytest.mark.parametrize(
    "sound, code",
    [
        (b"", "voice_invalid"),
        (b"RIFF", "voice_invalid"),
        (b"#!AMR\n" + b"\x04" * 13, "voice_invalid"),
        (wav(0.5, rate=44100), "voice_invalid"),
        (wav(0.5, channels=2), "voice_invalid"),
        (wav(0.5)[:-2], "voice_invalid"),
        (wav(15.1), "voice_too_long"),
        (wav(0.05), "voice_too_long"),
    ],
    ids=["nothing", "cut", "amr", "44100", "stereo", "short", "long", "blink"],
)
def test_what_is_no_voice_is_refused(api, mia, sound, code):
    wearer, _ = mia
    assert send_voice(api, wearer, sound, expect=400)["code"] == code
    assert thread(api, wearer) == []


def test_a_voice_of_fifteen_seconds_fits_into_one_frame(api, mia):
    wearer, watch = mia
    item = send_voice(api, wearer, wav(15.0, 300))
    assert item["seconds"] == 15.0
    content = watch.receive_keyword("TK")
    assert len(content) < 10240
    watch.send("TK,1")
    wait_state(api, wearer, item, "delivered")


def test_a_voice_of_the_watch_is_stored_answered_and_played(server, api, mia):
    wearer, watch = mia
    amr = real_amr(api, wearer, watch, wav(1.5, 600))
    for content in (b"TK," + escape(amr), b"TK,1," + escape(amr)):
        watch.send(content)
        assert watch.receive_keyword("TK") == b"TK,1"  # the second one is the same: its answer was lost
    (item,) = [i for i in thread(api, wearer) if i["direction"] == "from"]
    assert (item["kind"], item["state"], item["by"]) == ("voice", "received", {"kind": "watch", "name": "Mia"})
    assert 1.4 < item["seconds"] < 1.6 and item["bytes"] == len(amr)
    sound = api.get(f"/api/v1/thread/{item['id']}/sound")
    assert sound.status_code == 200 and is_tone(sound.content, 600)
    audit = f"/groups/{api.group}/audit"
    eventually(lambda: "thread.listen" in [e["action"] for e in api.ok("GET", audit)["entries"]], what="the look")
    api.ok("POST", f"/wearers/{wearer}/thread/heard", json={"item": item["id"]})
    assert state_of(api, wearer, item)["state"] == "heard"
    stored = server.database().execute("SELECT content FROM thread_item").fetchall()
    assert all(b"#!AMR" not in c and amr[20:40] not in c for (c,) in stored)


def test_the_other_keywords_of_voices(api, mia):
    wearer, watch = mia
    amr = real_amr(api, wearer, watch, wav(0.4, 500))
    other = real_amr(api, wearer, watch, wav(0.4, 900))
    watch.send(b"TK2,group_1," + escape(amr))
    assert watch.receive_keyword("TK2") == b"TK2,group_1,1"
    watch.send(b"STK," + escape(other), "LK,0,0,80")
    assert watch.receive() == b"LK"  # nobody knows an answer to STK
    eventually(lambda: len([i for i in thread(api, wearer) if i["direction"] == "from"]) == 2, what="both")
    watch.send("TKQ2")
    assert watch.receive() == b"TKQ2"


def test_a_voice_in_parts(server, api, mia):
    wearer, watch = mia
    amr = real_amr(api, wearer, watch, wav(6.0, 700))
    frames = chunks_of(amr)
    assert len(frames) >= 4
    for frame in frames:
        watch.send(frame)
        assert watch.receive_keyword("JXTKR") == b"JXTKR,1"
    (item,) = eventually(lambda: [i for i in thread(api, wearer) if i["direction"] == "from"], what="the voice")
    assert item["bytes"] == len(amr) and item["state"] == "received"
    assert server.database().execute("SELECT COUNT(*) FROM voice_chunk").fetchone() == (0,)


def test_parts_survive_a_crash_and_stray_ones_are_not_answered(server, api, mia):
    wearer, watch = mia
    amr = real_amr(api, wearer, watch, wav(6.0, 800))
    frames = chunks_of(amr)
    other = chunks_of(amr, name=b"other")

    def answered(frame):
        watch.send(frame, "LK,0,0,80")
        got = [watch.receive()]
        while got[-1] != b"LK":
            got.append(watch.receive())
        return b"JXTKR,1" in got

    def send(frame):
        watch.send(frame)
        assert watch.receive_keyword("JXTKR") == b"JXTKR,1"

    send(frames[0])
    send(frames[0])  # the answer was lost
    send(frames[1])
    server.kill_role("server")
    watch.send("TKQ")
    assert watch.receive_keyword("TKQ") == b"TKQ"  # the new server knows the connection
    send(frames[1])
    for stray in (frames[3], other[2], chunks_of(amr, size=900)[2]):  # a gap, another message, another total
        watch.send(stray)
    for frame in frames[2:]:
        send(frame)
    items = eventually(lambda: [i for i in thread(api, wearer) if i["direction"] == "from"], what="the voice")
    assert [i["bytes"] for i in items] == [len(amr)]


def test_what_cannot_be_decoded_is_told_and_not_stored(server, api, mia):
    wearer, watch = mia
    bad = b"#!AMR\n" + b"\x7c" + b"\x55" * 60
    for _ in range(2):
        watch.send(b"TK," + escape(bad))
        assert watch.receive_keyword("TK") == b"TK,0"
    (item,) = thread(api, wearer)
    assert (item["state"], item["reason"]) == ("failed", "unreadable") and "seconds" not in item
    api.refused(404, "not_found", "GET", f"/thread/{item['id']}/sound")
    assert api.metric("kinward_voices_unreadable_total") == 1


def test_a_second_connection_neither_gets_nor_leaves_a_voice(api, mia):
    wearer, watch = mia
    amr = real_amr(api, wearer, watch, wav(0.4, 500))
    thief = watch.__class__(api.server.watch_port)
    thief.send("LK,0,0,80", b"TK," + escape(amr))
    assert thief.receive_keyword("TK") == b"TK,0"
    assert [i for i in thread(api, wearer) if i["direction"] == "from"] == []
    thief.close()


def test_who_sees_what(server, api, mia):
    wearer, watch = mia
    amr = real_amr(api, wearer, watch, wav(0.4, 500))
    watch.send(b"TK," + escape(amr))
    watch.receive_keyword("TK")
    spoken, sent = thread(api, wearer)
    api.prove()
    tokens = [invite(api, role) for role in ("carer", "viewer")]
    carer, viewer = (join(server, token, login) for token, login in zip(tokens, ("cora", "vera"), strict=True))
    assert [i["id"] for i in thread(carer, wearer)] == [sent["id"]]  # `message`: what went to the watch
    carer.refused(403, "right_missing", "GET", f"/thread/{spoken['id']}/sound")
    carer.refused(403, "right_missing", "GET", f"/thread/{sent['id']}/sound")
    own = send_voice(carer, wearer, wav(0.3, 700))
    assert carer.get(f"/api/v1/thread/{own['id']}/sound").status_code == 200
    carer.refused(403, "right_missing", "DELETE", f"/wearers/{wearer}/thread/{sent['id']}")
    carer.ok("DELETE", f"/wearers/{wearer}/thread/{own['id']}")
    viewer.refused(403, "right_missing", "GET", f"/wearers/{wearer}/thread")
    viewer.refused(403, "right_missing", "POST", f"/wearers/{wearer}/thread/heard", json={"item": spoken["id"]})
    api.ok("DELETE", f"/wearers/{wearer}/thread/{sent['id']}")
    api.refused(404, "not_found", "GET", f"/thread/{sent['id']}/sound")


def test_pages(api, mia):
    wearer, _ = mia
    for n in range(7):
        api.ok("POST", f"/wearers/{wearer}/thread/texts", json={"text": str(n)})
    newest = thread(api, wearer, limit=3)
    older = thread(api, wearer, limit=3, before=newest[-1]["id"])
    last = thread(api, wearer, limit=3, before=older[-1]["id"])
    assert [i["text"] for i in newest + older + last] == list("6543210")
    api.refused(404, "not_found", "GET", f"/wearers/{wearer}/thread?before={'0' * 31}1")


def test_the_quota_never_costs_what_nobody_has_heard(make_server, make_api):
    server = make_server(thread_max_mb=1, reports_per_device_interval_s=0)
    api = make_api(server)
    wearer, watch = api.claim_raw("8800000015")
    amr = real_amr(api, wearer, watch, wav(15.0, 300))
    quota = f"/groups/{api.group}/quota"
    assert api.ok("GET", quota) == {"used_bytes": api.ok("GET", quota)["used_bytes"], "max_bytes": 1 << 20}
    answers = []
    for n in range(105):  # each one is another sound: some frames are left out
        watch.send(b"TK," + escape(amr[: 6 + 13 * (740 - n)]))
        answers.append(watch.receive_keyword("TK"))
    kept = answers.count(b"TK,1")
    assert answers == [b"TK,1"] * kept + [b"TK,0"] * (105 - kept) and 60 < kept < 105
    assert api.ok("GET", quota)["used_bytes"] <= 1 << 20
    assert send_voice(api, wearer, wav(15.0), expect=409)["code"] == "quota_full"
    spoken = [i for i in thread(api, wearer, limit=100) if i["direction"] == "from"]
    assert len(spoken) >= kept - 1
    oldest = spoken[-1]
    api.ok("POST", f"/wearers/{wearer}/thread/heard", json={"item": oldest["id"]})
    watch.send(b"TK," + escape(amr[: 6 + 13 * 500]))
    assert watch.receive_keyword("TK") == b"TK,1"
    left = {i["id"] for i in thread(api, wearer, limit=100)}
    assert oldest["id"] not in left and {i["id"] for i in spoken[:-1]} <= left
    watch.close()


def test_what_stands_on_disk_has_one_of_a_few_sizes(server, api, mia):
    wearer, watch = mia
    for n in range(1, 20):
        send_voice(api, wearer, wav(n * 0.7, 300))
        watch.receive_keyword("TK")
        watch.send("TK,1")
        api.ok("POST", f"/wearers/{wearer}/thread/texts", json={"text": "x" * n * 10})
        watch.receive_keyword("MESSAGE")
        watch.send("MESSAGE")
    sizes = server.database().execute("SELECT DISTINCT LENGTH(content) FROM thread_item").fetchall()
    assert 4 <= len(sizes) <= 12
    assert server.database().execute("SELECT COUNT(DISTINCT LENGTH(about)) FROM thread_item").fetchone() == (1,)


def test_the_export_holds_everything(api, mia):
    wearer, watch = mia
    amr = real_amr(api, wearer, watch, wav(0.5, 500))
    watch.send(b"TK," + escape(amr))
    watch.receive_keyword("TK")
    api.ok("POST", f"/wearers/{wearer}/thread/texts", json={"text": "Good night"})
    export = f"/api/v1/wearers/{wearer}/thread/export"
    api.refused(403, "second_factor_missing", "GET", f"/wearers/{wearer}/thread/export")
    api.prove()
    answer = api.get(export)
    assert answer.status_code == 200 and "attachment" in answer.headers["content-disposition"]
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as tar:
        names = tar.getnames()
        listing = json.load(tar.extractfile("thread.json"))
        assert names[0] == "thread.json" and len(names) == 3
        assert [i["item"]["kind"] for i in listing["items"]] == ["text", "voice", "voice"]
        assert listing["is_truncated"] is False
        for entry in listing["items"][1:]:
            assert tar.extractfile(entry["file"]).read() == amr
    told = lambda: [n["action"] for n in api.ok("GET", "/notices")["notices"]]  # noqa: E731
    eventually(lambda: "thread.export" in told(), what="the notice")


def test_a_wearer_who_is_erased_takes_the_thread_along(server, api, mia):
    wearer, watch = mia
    amr = real_amr(api, wearer, watch, wav(0.5, 500))
    watch.send(chunks_of(amr, size=200)[0])
    watch.receive_keyword("JXTKR")
    api.prove()
    api.ok("DELETE", f"/wearers/{wearer}")
    for table in ("thread_item", "thread_use", "voice_chunk"):
        assert server.database().execute(f"SELECT COUNT(*) FROM {table}").fetchone() == (0,), table


def test_a_simulated_watch_talks_both_ways(server, api, make_sim):
    sim = make_sim(server.watch_port)
    wearer = api.claim_sim(sim)
    for seconds, way in ((2, ""), (4, "parts")):
        sim.ask(f"voice {sim.id()} {seconds} {way}".strip())
        what = "all parts" if way else "stored"
        assert sim.wait(lambda e, w=what: e.get("event") == "voice answered" and e.get("detail") == w)
    spoken = eventually(
        lambda: len(i := [i for i in thread(api, wearer) if i["direction"] == "from"]) == 2 and i, what="both voices"
    )
    assert [round(i["seconds"]) for i in spoken] == [4, 2]
    assert all(len(samples(api.get(f"/api/v1/thread/{i['id']}/sound").content)) >= 16000 for i in spoken)
    items = [send_voice(api, wearer, wav(seconds, 500)) for seconds in (1.0, 3.0)]
    for item in items:
        wait_state(api, wearer, item, "delivered")
    heard = json.loads(sim.ask(f"settings {sim.id()}"))["voice"]
    assert (heard["heard"], heard["refused"], heard["spoken"]) == (2, 0, 2)
    sim.ask(f"voice {sim.id()} 2 broken")
    assert sim.wait(lambda e: e.get("event") == "voice answered" and e.get("detail") == "not stored")
    assert thread(api, wearer)[0]["reason"] == "unreadable"


def test_the_media_role_may_die_at_any_time(server, api, mia):
    wearer, watch = mia
    amr = real_amr(api, wearer, watch, wav(0.5, 500))
    server.kill_role("media")
    watch.send(b"TK," + escape(amr))
    got = watch.receive_keyword("TK")
    if got == b"TK,0":  # it was not back yet: the watch says it again
        watch.send(b"TK," + escape(amr))
        got = eventually(lambda: retry(watch, amr), what="TK,1")
    assert got == b"TK,1"
    (item,) = [i for i in thread(api, wearer) if i["direction"] == "from"]
    assert len(samples(api.get(f"/api/v1/thread/{item['id']}/sound").content)) > 3000


def retry(watch, amr):
    watch.send(b"TK," + escape(amr))
    answer = watch.receive_keyword("TK")
    return answer if answer == b"TK,1" else None
