"""Phones as another way in: OwnTracks, OsmAnd and Traccar Client tell where a wearer is, each by a token of its own."""

import base64
import json
import secrets
import time

import httpx
import pytest
from kit.process import eventually
from kit.watch import position
from nacl.secret import SecretBox

OSMAND, OWNTRACKS = "/phone/osmand", "/phone/owntracks"


def ways(wearer, way=None, verb=None):
    return "/".join(filter(None, ["/wearers", wearer, "ways", way, verb])).replace("//", "/")


def add(api, wearer, kind, name="Phone of Ben"):
    return api.ok("POST", ways(wearer), json={"kind": kind, "name": name})


class Phone(httpx.Client):
    """No session, no cookie: all that it has is its secret."""

    def __init__(self, server, made):
        super().__init__(base_url=server.url, timeout=60)
        self.secret = made["secret"]

    def owntracks(self, *messages, token=None, user="kinward", **more):
        body = messages[0] if len(messages) == 1 else list(messages)
        auth = (user, token or self.secret["token"])
        headers = {"Content-Type": "application/json", "X-Limit-U": user, "X-Limit-D": "phone"}
        return self.post(OWNTRACKS, auth=auth, content=json.dumps(body), headers=headers, **more)

    def osmand(self, token=None, **values):
        return self.get(OSMAND, params={"id": token or self.secret["token"]} | values)

    def encrypted(self, message, key=None):
        """As the apps do it: the key is filled up with zeros, the nonce stands in front."""
        raw = (key or self.secret["encryption_key"]).encode().ljust(32, b"\0")
        box = SecretBox(raw).encrypt(json.dumps(message).encode(), secrets.token_bytes(24))
        return {"_type": "encrypted", "data": base64.b64encode(bytes(box)).decode()}


def location(lat, lon, **more):
    """What OwnTracks for Android sends."""
    return {
        "_type": "location", "BSSID": "c0:ff:ee:00:00:01", "SSID": "Home", "acc": 11, "alt": 312, "batt": 74, "bs": 1,
        "cog": 270, "conn": "w", "created_at": int(time.time()), "lat": lat, "lon": lon, "m": 1, "t": "u", "tid": "be",
        "topic": "owntracks/kinward/phone", "tst": int(time.time()), "vac": 3, "vel": 4,
    } | more


def traccar_json(token, lat, lon, **more):
    """What Traccar Client 9 sends."""
    place = {
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
        "coords": {"latitude": lat, "longitude": lon, "accuracy": 8.1, "speed": 1.5, "heading": 91.2, "altitude": 40.3},
        "is_moving": True, "odometer": 12.5, "event": "motionchange",
        "battery": {"level": 0.63, "is_charging": False}, "activity": {"type": "walking"}, "extras": {}, "_": "&id=",
    }
    return {"location": place | more, "device_id": token}


def place_of(api, wearer):
    fix = api.ok("GET", f"/wearers/{wearer}").get("fix") or {}
    return fix.get("source"), fix.get("lat"), fix.get("lon")


def wait_place(stream, wearer, lat):
    """The fix of the event that says so."""
    return stream.wait("wearer", lambda w: w["id"] == wearer and w.get("fix") and w["fix"]["lat"] == lat).data["fix"]


@pytest.fixture
def mia(api):
    wearer, watch = api.claim_raw("8800000161")
    yield wearer
    watch.close()


def test_owntracks_in_clear_and_encrypted_tells_where_the_wearer_is(server, api, mia):
    made = add(api, mia, "owntracks")
    assert made["way"]["kind"] == "owntracks" and "last_seen" not in made["way"]
    assert made["secret"]["url"].endswith(OWNTRACKS) and len(made["secret"]["encryption_key"]) == 32
    stream = api.events()
    with Phone(server, made) as phone:
        answer = phone.owntracks(location(50.25, 11.5))
        assert (answer.status_code, answer.json()) == (200, [])
        fix = wait_place(stream, mia, 50.25)
        assert (fix["source"], fix["lon"], fix["accuracy_m"]) == ("phone", 11.5, 11)
        assert place_of(api, mia) == ("phone", 50.25, 11.5)
        # Encrypted; the user's name says nothing; what is no place is taken and ignored.
        assert phone.owntracks(phone.encrypted(location(50.2502, 11.5)), user="ben").status_code == 200
        assert wait_place(stream, mia, 50.2502)["source"] == "phone"
        for other in ({"_type": "lwt", "tst": 1}, phone.encrypted({"_type": "waypoint", "lat": 1, "lon": 1})):
            assert phone.owntracks(other).json() == []
        # Several at once, as they were kept while there was no network; old ones are history.
        old = location(50.24, 11.5, tst=int(time.time()) - 3600)
        assert phone.owntracks(old, phone.encrypted(location(50.2504, 11.5002))).status_code == 200
        assert wait_place(stream, mia, 50.2504)["lon"] == 11.5002
    now = time.time()
    span = [time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(t)) for t in (now - 7200, now + 60)]
    seen = eventually(lambda: len(f := api.fixes(mia, *span)) == 4 and f, what="four places in the history")
    assert [(f["lat"], f["source"]) for f in seen] == [(lat, "phone") for lat in (50.24, 50.25, 50.2502, 50.2504)]
    [way] = api.ok("GET", ways(mia))["ways"]
    assert way["last_seen"] >= way["created"]


def test_osmand_and_traccar_client_in_all_their_forms(server, api, mia):
    made = add(api, mia, "traccar")
    stream = api.events()
    with Phone(server, made) as phone:
        now = int(time.time())
        told = phone.osmand(lat="49.25", lon="-11.125", timestamp=now, speed="10", bearing="270", accuracy="9", batt="81")
        assert told.status_code == 200
        fix = wait_place(stream, mia, 49.25)
        assert (fix["source"], fix["lon"], fix["accuracy_m"]) == ("phone", -11.125, 9)
        form = {"deviceid": made["secret"]["token"], "location": "49.2502,-11.1252", "timestamp": str(now * 1000)}
        assert phone.post(OSMAND, data=form).status_code == 200
        assert wait_place(stream, mia, 49.2502)["lon"] == -11.1252
        # OsmAnd posts what stands in the address, with an empty body.
        assert phone.post(OSMAND, params=form | {"location": "49.2504,-11.125"}).status_code == 200
        wait_place(stream, mia, 49.2504)
        assert phone.post(OSMAND, json=traccar_json(made["secret"]["token"], 49.2506, -11.125)).status_code == 200
        assert wait_place(stream, mia, 49.2506)["accuracy_m"] == 8.1
    assert place_of(api, mia) == ("phone", 49.2506, -11.125)


def test_a_phones_battery_and_silence_are_not_the_watchs(server, api):
    wearer, watch = api.claim_raw("8800000162")
    watch.send(position(lat=50.125, lon=11.5, battery=66))
    before = eventually(lambda: (w := api.ok("GET", f"/wearers/{wearer}")).get("fix") and w, what="the watch's place")
    assert before["fix"]["source"] == "gps"
    watch.close()
    away = eventually(lambda: not (w := api.ok("GET", f"/wearers/{wearer}"))["device"]["connected"] and w, what="the watch is away")
    with Phone(server, add(api, wearer, "owntracks")) as phone:
        assert phone.owntracks(location(50.1252, 11.5, batt=3)).status_code == 200
    after = eventually(lambda: (w := api.ok("GET", f"/wearers/{wearer}"))["fix"]["source"] == "phone" and w, what="the phone's")
    assert after["device"]["battery_percent"] == 66
    assert (after["device"]["last_seen"], after["device"]["connected"]) == (away["device"]["last_seen"], False)


@pytest.mark.parametrize("where", ["query", "json", "no place"])
def test_sos_of_a_phone_opens_an_alarm(server, api, mia, where):
    made = add(api, mia, "traccar")
    token = made["secret"]["token"]
    with Phone(server, made) as phone:
        if where == "query":
            told = phone.osmand(lat=50.5, lon=11.5, alarm="sos")
        elif where == "json":
            told = phone.post(OSMAND, json=traccar_json(token, 50.5, 11.5, extras={"alarm": "sos"}))
        else:
            told = phone.osmand(alarm="sos", lat="nowhere")
        assert told.status_code == 200
    [alarm] = eventually(api.alarms, what="the alarm")  # on disk before the phone was answered
    assert (alarm["wearer"], alarm["kind"]) == (mia, "sos")
    assert (alarm["fix"]["lat"] == 50.5) if where != "no place" else not alarm.get("fix")


def test_removed_renewed_and_unknown_tokens_are_answered_alike(server, api, mia):
    traccar, tracks = add(api, mia, "traccar"), add(api, mia, "owntracks", "Phone of Ann")
    with Phone(server, traccar) as one, Phone(server, tracks) as two:
        assert one.osmand(lat=50, lon=11).status_code == two.owntracks(location(50, 11)).status_code == 200
        renewed = api.ok("POST", ways(mia, tracks["way"]["id"], "renew"), json={})
        assert renewed["way"]["name"] == "Phone of Ann" and "last_seen" not in renewed["way"]
        assert set(renewed["secret"].values()) & set(tracks["secret"].values()) == {tracks["secret"]["url"], "kinward"}
        ended = [two.owntracks(location(50, 11))]
        assert two.owntracks(location(50, 11), token=renewed["secret"]["token"]).status_code == 200
        # The old encryption key is no good either: a phone that was set up by half is told so.
        half = two.owntracks(two.encrypted(location(50, 11)), token=renewed["secret"]["token"])
        assert half.status_code == 400 and "set it up again" in half.json()["detail"]
        assert api.delete("/api/v1" + ways(mia, traccar["way"]["id"])).status_code == 204
        ended.append(one.osmand(lat=50, lon=11))
        ended.append(one.post(OSMAND, json=traccar_json(traccar["secret"]["token"], 50, 11)))
        ended.append(one.osmand(token=secrets.token_urlsafe(32), lat=50, lon=11))
        ended.append(one.osmand(token="x", lat=50, lon=11))
        ended.append(one.get(OSMAND, params={"lat": 50, "lon": 11}))
        ended.append(one.osmand(token=renewed["secret"]["token"], lat=50, lon=11))  # of another kind
        ended.append(two.owntracks(location(50, 11), token=traccar["secret"]["token"]))
        ended.append(two.post(OWNTRACKS, json=location(50, 11)))
        ended.append(two.post(OWNTRACKS, json=location(50, 11), headers={"Authorization": "Basic =="}))
        assert {(a.status_code, a.json()["code"]) for a in ended} == {(404, "not_found")}
        assert len({a.text for a in ended}) == 1, "nobody learns which tokens there were"


GARBAGE = {
    "no_json": ("{", "JSON"), "not_ours": ("{}", "_type"), "text": ('"x"', "JSON"), "no_place": ('{"_type":"location"}', "lat"),
    "off_the_earth": ('{"_type":"location","lat":91,"lon":1}', "lat"), "infinite": ('{"_type":"location","lat":1e999,"lon":1}', ""),
    "twice": ('{"_type":"location","lat":1,"lat":2,"lon":1}', ""), "deep": ("[" * 5000, "JSON"), "many": (json.dumps([{}] * 51), "50"),
    "not_utf8": (b'{"_type":"\xff"}', "JSON"), "empty": ("", ""), "box": ('{"_type":"encrypted","data":"AAAA"}', "key"),
    "no_box": ('{"_type":"encrypted"}', "key"), "null": ('{"_type":"location","lat":null,"lon":"1"}', "lat"),
}


def test_garbage_is_refused_with_what_is_wrong(server, api, mia):
    tracks, traccar = Phone(server, add(api, mia, "owntracks")), Phone(server, add(api, mia, "traccar"))
    with tracks, traccar:
        for name, (body, says) in GARBAGE.items():
            answer = tracks.post(OWNTRACKS, content=body, auth=("kinward", tracks.secret["token"]))
            assert (answer.status_code, answer.json()["code"]) == (400, "phone_unreadable"), name
            assert says in answer.json()["detail"], (name, answer.text)
        big = tracks.post(OWNTRACKS, content=b" " * 200_000, auth=("kinward", tracks.secret["token"]))
        assert big.status_code == 413
        token = traccar.secret["token"]
        wrong = [traccar.osmand(lat=91, lon=1), traccar.osmand(), traccar.osmand(lat="1e5", lon="x"), traccar.osmand(lat=0, lon=0),
                 traccar.osmand(lat=1, lon=1, valid="false"), traccar.post(OSMAND, json={"device_id": token}),
                 traccar.post(OSMAND, json={"device_id": token, "location": [{}] * 51})]
        assert {(a.status_code, a.json()["code"]) for a in wrong} == {(400, "phone_unreadable")}
        assert all(a.json()["detail"] for a in wrong)
        assert traccar.get(f"{OSMAND}?id={token}&pad=" + "x" * 3000).status_code == 400
        assert traccar.get(f"{OSMAND}?id={token}&lat=%zz&lon=1").status_code == 400
        # What cannot be costs itself only.
        assert traccar.osmand(lat=50.5, lon=11.5, batt=300, speed=-1, bearing=999, timestamp="yesterday").status_code == 200
    assert place_of(api, mia) == ("phone", 50.5, 11.5)


def test_a_phone_that_tells_too_much_is_told_to_wait(make_server, make_api):
    server = make_server(gateways=1, http_requests_per_s=40)
    api = make_api(server)
    wearer, watch = api.claim_raw("8800000163")
    made, other = add(api, wearer, "owntracks"), add(api, wearer, "owntracks", "Second")
    with Phone(server, made) as phone, Phone(server, other) as second:
        hello = {"_type": "lwt", "tst": 1}  # not stored: faster than the two a second that a phone may ask
        answer = eventually(lambda: (a := phone.owntracks(hello)).status_code != 200 and a, what="it is enough")
        assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")
        assert int(answer.headers["retry-after"]) >= 1
        assert second.owntracks(hello).status_code == 200, "another phone may still speak"
    watch.close()


def test_only_who_may_claim_adds_and_everybody_is_told(server, api, mia):
    api.prove()
    eve = api.invite("viewer", "eve")
    eve.refused(403, "right_missing", "POST", ways(mia), json={"kind": "traccar", "name": "Mine"})
    way = add(api, mia, "traccar")["way"]
    for method, path in (("PATCH", ways(mia, way["id"])), ("DELETE", ways(mia, way["id"])), ("POST", ways(mia, way["id"], "renew"))):
        body = {"PATCH": {"json": {"name": "x"}}, "POST": {"json": {}}}.get(method, {})
        eve.refused(403, "right_missing", method, path, **body)
    assert [w["id"] for w in eve.ok("GET", ways(mia))["ways"]] == [way["id"]]
    assert api.ok("PATCH", ways(mia, way["id"]), json={"name": "Bens Handy"})["name"] == "Bens Handy"
    api.ok("POST", ways(mia, way["id"], "renew"), json={})
    api.ok("DELETE", ways(mia, way["id"]))
    api.refused(404, "not_found", "DELETE", ways(mia, way["id"]))
    log = api.ok("GET", f"/groups/{api.group}/audit")["entries"]
    done = [e["action"] for e in log if e["action"].startswith("way.") and e["outcome"] == "done"]
    assert done[::-1] == ["way.add", "way.rename", "way.renew", "way.remove"]
    assert "Phone of Ben" in next(e for e in log if e["action"] == "way.add" and e["outcome"] == "done")["detail"]
    told = {n["action"] for n in eve.ok("GET", "/notices")["notices"]}
    assert {"way.add", "way.renew", "way.remove"} <= told


def test_at_most_eight_ways_and_only_for_who_has_a_watch(server, api, mia):
    for n in range(8):
        add(api, mia, ("traccar", "owntracks")[n % 2], f"Phone {n}")
    api.refused(429, "too_many_ways", "POST", ways(mia), json={"kind": "traccar", "name": "Ninth"})
    listed = api.ok("GET", ways(mia))
    assert [w["name"] for w in listed["ways"]] == [f"Phone {n}" for n in range(8)]
    assert listed["public_url"].startswith("http")
    api.ok("DELETE", ways(mia, listed["ways"][0]["id"]))
    add(api, mia, "traccar", "Ninth")
    for bad in ({"kind": "pigeon", "name": "x"}, {"kind": "traccar", "name": ""}, {"kind": "traccar", "name": "x" * 41}, {"kind": "traccar"}):
        assert api.post("/api/v1" + ways(mia), json=bad).status_code == 400, bad


def test_secrets_are_nowhere_in_clear_and_erased_with_the_wearer(server, api, mia):
    made = [add(api, mia, "traccar", "Kestrel phone"), add(api, mia, "owntracks")]
    with Phone(server, made[0]) as one, Phone(server, made[1]) as two:
        assert one.osmand(lat=50.5, lon=11.5).status_code == two.owntracks(location(50.5, 11.5)).status_code == 200
        secret = [made[0]["secret"]["token"], made[1]["secret"]["token"], made[1]["secret"]["encryption_key"], "Kestrel phone"]
        files = [p for p in server.data.rglob("*") if p.is_file() and not p.is_socket()]
        for path in files:
            content = path.read_bytes()
            assert [s for s in secret if s.encode() in content] == [], path
        for item in made:  # nor are they shown again
            assert not set(secret[:3]) & set(api.get("/api/v1" + ways(mia)).text.split('"'))
            assert item["way"]["id"] in api.get("/api/v1" + ways(mia)).text
        assert "".join(server.process.lines).count(secret[0]) == 0
        api.prove()
        api.ok("DELETE", f"/wearers/{mia}")
        assert one.osmand(lat=50.5, lon=11.5).status_code == two.owntracks(location(50.5, 11.5)).status_code == 404
    assert server.database().execute("SELECT COUNT(*) FROM way").fetchone() == (0,)


def test_a_phone_works_on_after_a_restart(server, api, mia):
    made = add(api, mia, "owntracks")
    server.restart()
    with Phone(server, made) as phone:
        assert phone.owntracks(phone.encrypted(location(50.875, 11.5))).status_code == 200
    eventually(lambda: place_of(api, mia) == ("phone", 50.875, 11.5), what="the place")
