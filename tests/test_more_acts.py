"""Rewards, measuring, Wi-Fi, status and what can make a watch useless: from the app to the watch and back."""

import json

from kit.process import eventually

ID = "8800000015"
ENDS = ("confirmed", "unknown", "expired", "refused", "cancelled")


def give(api, wearer, kind, **more):
    return api.ok("POST", f"/wearers/{wearer}/commands", json={"type": kind} | more)


def ended(events, command):
    return events.wait("command", lambda c: c["id"] == command["id"] and c["state"] in ENDS).data


def test_each_act_says_what_it_is_and_ends_confirmed(server, api):
    wearer, watch = api.claim_raw(ID)
    api.prove()
    events = api.events()
    for kind, more, told in (
        ("reward", {"count": 3}, "FLOWER,3"),
        ("measure_heart", {}, "hrtstart,1"),
        ("measure_temperature", {}, "bodytemp2"),
        ("wifi_join", {"ssid": "Home", "password": "geheim1234", "network": "2"}, "WIFISET,2,geheim1234,Home"),
        ("wifi_forget", {"network": "2"}, "WIFIDEL,2"),
        ("update", {}, "UPGRADE"),
        ("apn", {"apn": {"name": "internet.example", "mccmnc": "26201"}}, "APN,internet.example,,,26201"),
    ):
        command = give(api, wearer, kind, **more)
        frame = watch.receive_keyword(told.split(",")[0]).decode()
        assert frame == told
        watch.send(told.split(",")[0])
        done = ended(events, command)
        assert (done["type"], done["state"]) == (kind, "confirmed"), done
    watch.send("LK")
    dump = "".join(server.database().iterdump())
    assert "geheim1234" not in dump and b"geheim1234".hex() not in dump.lower()
    listed = json.dumps(api.ok("GET", f"/wearers/{wearer}/commands"))
    assert "geheim1234" not in listed and '"detail": "Home"' in listed
    watch.close()


def test_what_the_watch_answers_is_told_and_kept_sealed(server, api):
    wearer, watch = api.claim_raw(ID)
    events = api.events()
    search = give(api, wearer, "wifi_search")
    watch.receive_keyword("WIFISEARCH")
    watch.send("WIFISEARCH,2,HomeNet,a0:c5:f2:b0:74:d0,Cafe,0a:ff:ab:cd:ef:10")
    done = ended(events, search)
    assert done["answer"]["networks"] == [
        {"ssid": "HomeNet", "bssid": "a0:c5:f2:b0:74:d0"},
        {"ssid": "Cafe", "bssid": "0a:ff:ab:cd:ef:10"},
    ]
    refresh = give(api, wearer, "refresh")
    watch.receive_keyword("TS")
    watch.send("TS,ver:G29_X;ID:8800000015;imei:490154203237518;upload:600;batlevel:80;pw:48151623;center:;slave:;zone:+01:00")
    text = ended(events, refresh)["answer"]["text"]
    assert "upload: 600" in text and "batlevel: 80" in text
    assert not any(secret in text for secret in ("4815", "pw", "4901", ID))
    listed = {c["id"]: c for c in api.ok("GET", f"/wearers/{wearer}/commands")["commands"]}
    assert listed[search["id"]]["answer"] == done["answer"]
    assert "HomeNet" not in "".join(server.database().iterdump())
    api.prove()
    viewer = api.invite("viewer", "vera")
    assert not any("answer" in c for c in viewer.ok("GET", f"/wearers/{wearer}/commands")["commands"])
    watch.close()


def test_wrong_members_of_an_act_are_refused(server, api):
    wearer, watch = api.claim_raw(ID)
    path = f"/wearers/{wearer}/commands"
    for code, body in (
        ("field_missing", {"type": "reward"}),
        ("field_range", {"type": "reward", "count": 100}),
        ("field_unknown", {"type": "find", "count": 1}),
        ("field_missing", {"type": "wifi_join"}),
        ("command_invalid", {"type": "wifi_join", "ssid": "Home]"}),
        ("command_invalid", {"type": "wifi_join", "ssid": "Home", "password": "a,b"}),
        ("field_unknown", {"type": "wifi_search", "ssid": "Home"}),
        ("field_missing", {"type": "wifi_forget"}),
        ("type_unknown", {"type": "pill_reminder"}),
    ):
        answer = api.post("/api/v1" + path, json=body)
        assert answer.status_code == 400 and (code == "type_unknown" or answer.json()["code"] == code), f"{body}: {answer.text}"
    watch.send("KA,1,2,3")
    assert watch.receive() == b"KA", "nothing went out"
    watch.close()


def test_factory_settings_wait_for_the_others_and_then_everything_is_told_again(server, api):
    wearer, watch = api.claim_raw(ID)
    api.prove()
    viewer = api.invite("viewer", "vera")
    path = f"/wearers/{wearer}/commands"
    for kind, more in (("factory", {}), ("update", {}), ("apn", {"apn": {"name": "net", "mccmnc": "26201"}})):
        waits = give(api, wearer, kind, **more)
        assert (waits["kind"], waits["state"], waits["needs"]) == (f"wearer.{kind}", "pending", "time")
        if kind == "apn":
            assert waits["summary"] == {"apn": "net", "mccmnc": "26201"}
        viewer.ok("POST", f"/approvals/{waits['id']}/object")
    viewer.refused(403, "right_missing", "POST", path, json={"type": "factory"})
    viewer.ok("DELETE", f"/groups/{viewer.group}/members/{viewer.account}")
    events = api.events()
    done = give(api, wearer, "factory")
    watch.receive_keyword("FACTORY")
    watch.send("FACTORY")
    assert ended(events, done)["state"] == "confirmed"
    due, password = server.database().execute("SELECT reapply_ms, password FROM device").fetchone()
    assert due > 0 and password is None
    watch.close()


def test_an_act_that_this_watch_cannot_do_is_refused_with_the_reason(server, api):
    wearer, watch = api.claim_raw(ID)
    api.ok("PUT", f"/wearers/{wearer}/capabilities/reward", json={"has": "no"})
    api.refused(409, "act_unavailable", "POST", f"/wearers/{wearer}/commands", json={"type": "reward", "count": 1})
    api.ok("PUT", f"/wearers/{wearer}/capabilities/reward", json={"has": "auto"})
    give(api, wearer, "reward", count=1)
    assert watch.receive_keyword("FLOWER") == b"FLOWER,1"
    watch.close()


def test_a_status_can_be_asked_by_hand_only_with_the_factory_password(server, api):
    wearer, watch = api.claim_raw(ID)
    watch.close()
    eventually(lambda: not api.ok("GET", f"/wearers/{wearer}")["device"]["connected"], what="gone")
    assert "sms" not in give(api, wearer, "refresh")
