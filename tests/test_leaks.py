"""The leak check: a life full of canaries, then a search of everything that is not the folder of keys.

Each personal field gets a value that stands nowhere else. Afterwards files of the database, its log, backups, the
service's log at debug, metrics, refusals, process environments are searched for each of them in all forms in which
it could stand there; with the keys the same values are read back through the API."""

import base64
import hashlib
import hmac
import json
import os
import re
import resource
import signal
import sqlite3
import struct
import subprocess
import time
from pathlib import Path

import pytest
from kit.partner import Partner, new_key, public_set
from kit.process import eventually
from kit.server import Api
from kit.talk import chunks_of, escape, is_tone, real_amr, wav
from kit.watch import SOS, RawWatch, imei_of, position
from test_backup import key, run  # noqa: F401 (fixtures)

WIRE_ID = "5557391846"
LAT, LON = 50.734912, 11.283746

# What people say of themselves and of others: field -> canary.
PEOPLE = {
    "account.login": "quill.zanzibar77",
    "account.name": "Zanzibar Quillfeather",
    "account.password": "ninety kettles sing at dusk 4711",
    "account.email": "quill.93@canary-mail.example",
    "account.phone": "+4915799911223",
    "group.name": "Family Feathermoor",
    "wearer.name": "Philomena Brackwater",
    "wearer.changed_name": "Peregrina Saltmarsh",
    "claim.sim_number": "+491739988776",
    "claim.name": "Ottoline Drizzlewick",
    "thread.text": "Bring the kestrel feather to grandmother",
    "message.text": "Your heron waits by the old mill",
    "contact.name": "Uncle Bo",
    "contact.number": "+34699123987",
    "sos.number": "+34688321789",
    "setting.lesson": "Heronology",
    "wifi.password": "feather-9311-moor",
    "command.network": "Heronmill-5G",
    "alarm.note": "She was feeding the herons again",
    "session.user_agent": "HeronBrowser/77.93 (Feathermoor)",
    "session.address": "203.0.113.177",
    "partner.contact": "desk.17@heron-partner.example, ask for Isolde",
    "partner.purpose": "Brings the heron feed to the mill",
    "partner.webhook": "https://hooks.heron-partner.example/in/93",
    "partner.message": "The mill is open for heron keepers",
    "proposal.medicine": "Heronprazol 40",
    "proposal.note": "after the second feeding of the herons",
    "ban.reason": "shouted at the herons all night",
    "ban.network": "198.51.100.192/28",
    "member.login": "saltmarsh.bo58",
    "member.name": "Bartholomew Saltmarsh",
    "way.name": "Telephone of Aunt Hortensia",
    "break_glass.reason": "The mill asked why the heron is silent",
    "typed.unknown_login": "nobody.heron.1793",
}
# What watches say.
WATCH = {
    "device.wire_id": WIRE_ID,
    "device.firmware": "G29_HERON_V93.17",
    "wifi.ssid": "HeronNet-Feathermoor",
    "device.config": "HERONCONFIG-7731",
    "wifi.mac": "a4:5e:60:c3:7b:91",
    "stranger.wire_id": "5559182736",
    "call.number": "+34677123908",
    "call.name": "Heron Ottilie",
}
# A real picture with a note in it, as a watch would send it.
SCENE = (Path(__file__).parent.parent / "src/watch/corpus/jpeg/001").read_bytes()
NOTE = b"Exif HERON-NOTE-IN-A-PHOTO"
PHOTO = SCENE[:2] + b"\xff\xfe" + struct.pack(">H", len(NOTE) + 2) + NOTE + SCENE[2:]
HERON = b"HERON-IN-A-PICTURE-" * 9
PICTURE = SCENE[:2] + b"\xff\xfe" + struct.pack(">H", len(HERON) + 2) + HERON + SCENE[2:]
CELL = (48213, 73519246)  # area and cell
OTHER_IMEI = imei_of("5553791826")


def forms(value):
    """A text or bytes in every form in which it could be kept."""
    raw = value.encode() if isinstance(value, str) else value
    found = {raw, raw.hex().encode(), raw.hex().upper().encode()}
    if isinstance(value, str):
        found |= {value.lower().encode(), value.upper().encode(), json.dumps(value).strip('"').encode()}
        for wide in (value.encode("utf-16-be"), value.encode("utf-16-le")):
            found |= {wide, wide.hex().encode(), wide.hex().upper().encode()}
    for shift in range(3):  # base64 at each alignment; the ends depend on the neighbours
        whole = base64.b64encode(b"\0" * shift + raw + b"\0" * 3).rstrip(b"=")
        middle = whole[-(-shift * 8 // 6) : (shift * 8 + len(raw) * 8) // 6]
        if len(middle) >= 8:
            found |= {middle, middle.replace(b"+", b"-").replace(b"/", b"_")}
    return {form for form in found if len(form) >= 4}


def place_forms(lat, lon):
    found = set()
    for degrees in (lat, lon):
        text = f"{degrees:.6f}"
        found |= forms(text) | {text.rstrip("0").encode()}
        for scale in (10**5, 10**6, 10**7):
            scaled = round(degrees * scale)
            found |= {struct.pack("<i", scaled), struct.pack(">i", scaled), str(scaled).encode()}
    return found


def number_forms(number):
    return {str(number).encode(), struct.pack("<I", number), struct.pack(">I", number)}


def escaped(content):
    """Binary content as it stands in a frame."""
    return re.sub(rb"[}\[\],*]", lambda found: b"}" + bytes([b"}[],*".index(found[0]) + 1]), content)


def totp(secret, when):
    name = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(name, struct.pack(">Q", int(when // 30)), hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at : at + 4])[0] & 0x7FFFFFFF) % 10**6:06d}"


class Canaries:
    """Everything that must stand nowhere: (field, form) pairs."""

    def __init__(self):
        self.fields = {}

    def add(self, field, found):
        self.fields.setdefault(field, set()).update(found)

    def search(self, where, content):
        lower = content.lower()
        return sorted(
            f"{field} in {where}: {form[:40]!r}"
            for field, all_forms in self.fields.items()
            for form in all_forms
            if form in content or (len(form) >= 12 and form.lower() in lower)
        )


class Listening(Api):
    """A client that keeps every refusal."""

    def __init__(self, server, **headers):
        super().__init__(server)
        self.headers.update(headers)
        self.refusals = []

    def send(self, request, **kwargs):
        answer = super().send(request, **kwargs)
        if answer.status_code >= 400:
            self.refusals.append(str(answer.headers).encode() + answer.content)
        return answer


def tell_password(watch):
    """Acknowledges the commands after a claim; the password that the watch was given."""
    while True:
        words = watch.receive().decode().split(",")
        watch.send(f"VERNO,{WATCH['device.firmware']}" if words[0] == "VERNO" else words[0])
        if words[0] == "PW":
            return words[1]


@pytest.fixture
def life(make_server, key, tmp_path):  # noqa: F811
    """A server that lived through all of it; (server, api, wearer, canaries, refusals)."""
    server = make_server(
        log_level="debug", trusted_proxy="127.0.0.1", reports_per_device_interval_s=0,
        backup_dir=tmp_path / "backups", backup_recipient=key[1],
    )
    canaries = Canaries()
    for field, value in (PEOPLE | WATCH).items():
        canaries.add(field, forms(value))
    canaries.add("wifi.mac", {bytes.fromhex(WATCH["wifi.mac"].replace(":", ""))})
    canaries.add("device.imei", forms("8637" + WIRE_ID))
    canaries.add("position", place_forms(LAT, LON))
    canaries.add("cell", number_forms(CELL[1]))
    canaries.add("picture.note", {HERON[5:40]} | forms(HERON))
    canaries.add("photo.note", {NOTE[5:]})
    canaries.add("photo.bytes", {SCENE[-60:-20]} | forms(SCENE[-60:-20]))
    canaries.add("browser", forms("HeronBrowser/77.93"))
    agent = {"User-Agent": PEOPLE["session.user_agent"], "X-Forwarded-For": PEOPLE["session.address"]}
    api = Listening(server, **agent)
    live_through(server, api, canaries)
    api.server_refusals = api.refusals
    yield server, api, canaries
    for stream in api.streams:
        stream.close()
    api.close()


def live_through(server, api, canaries):
    password = PEOPLE["account.password"]
    account = {
        "token": server.setup_token, "login": PEOPLE["account.login"], "name": PEOPLE["account.name"],
        "password": password, "group_name": PEOPLE["group.name"], "language": "en",
    }
    canaries.add("setup.token", forms(server.setup_token))
    session = api.ok("POST", "/setup", json=account)
    api.group = session["groups"][0]["id"]
    canaries.add("session.token", {form for value in api.session_cookies().values() for form in forms(value)})
    # A second factor; its secret and the codes instead of it.
    secret = api.ok("POST", "/account/totp", json={"password": password})["secret"]
    canaries.add("account.totp", forms(secret) | forms(base64.b32decode(secret + "=" * (-len(secret) % 8))))
    codes = api.ok("POST", "/account/totp/confirm", json={"code": totp(secret, time.time())})["recovery_codes"]
    for code in codes:
        canaries.add("account.recovery_code", forms(code) | forms(code.replace("-", "")))
    api.ok("POST", "/session/step-up", json={"code": totp(secret, time.time() + 30)})
    api.ok("PATCH", "/account", json={"phone": PEOPLE["account.phone"]})
    put = api.put("/api/v1/account/email", json={"email": PEOPLE["account.email"], "password": password})
    assert put.status_code in (202, 204, 409), put.text  # 409: no mail server; it was typed all the same
    # A claim that does not end, and one that binds.
    api.ok("POST", "/claims", json={
        "group": api.group, "watch": OTHER_IMEI, "name": PEOPLE["claim.name"], "proof": "code",
        "sim_number": PEOPLE["claim.sim_number"], "language": "en", "zone": "Europe/Berlin"})
    canaries.add("claim.watch", forms(OTHER_IMEI))
    wearer, watch = api.claim_raw(WIRE_ID, PEOPLE["wearer.name"], settle=False)
    digits = tell_password(watch)
    canaries.add("device.password", {f",{digits}".encode(), f"PW,{digits}".encode(), digits.encode("utf-16-be"),
                                     f'"{digits}"'.encode()})
    api.wearer = wearer
    api.ok("PATCH", f"/wearers/{wearer}", json={"name": PEOPLE["wearer.changed_name"]})
    # The watch: places with cells and access points, measurements, an alarm, nonsense.
    cells = f"1,1,262,1,{CELL[0]},{CELL[1]},60,1,{WATCH['wifi.ssid']},{WATCH['wifi.mac']},-55,10.0"
    for n in range(90):
        watch.send(position(lat=LAT, lon=LON, when=time.time() - 2000 + 20 * n, tail=cells))
    api.ok("PUT", f"/wearers/{wearer}/health-rule", json={"is_allowed": True, "keep_days": 30})
    name = WATCH["call.name"].encode("utf-16-be").hex()
    watch.send("heart,137", "bphrt,137,89,93", f"calllog,{WATCH['call.number']},{name},1,1,{int(time.time())},42")
    watch.receive_keyword("calllog")
    watch.send(position("AL", lat=LAT, lon=LON, status=SOS, tail=cells))
    watch.receive_keyword("AL")
    watch.send(f"ERROR,{WATCH['wifi.ssid']},{PEOPLE['message.text']}")
    eventually(lambda: api.alarms(), what="the alarm")
    [alarm] = api.alarms()
    api.ok("POST", f"/alarms/{alarm['id']}/close", json={"note": PEOPLE["alarm.note"]})
    put = api.put(f"/api/v1/wearers/{wearer}/picture", content=PICTURE, headers={"Content-Type": "image/jpeg"})
    assert put.status_code == 200
    made = api.get(f"/api/v1/wearers/{wearer}/picture").content  # other bytes: it was made anew
    canaries.add("picture", {made[-60:-20]} | forms(made[-60:-20]))
    api.ok("POST", f"/wearers/{wearer}/commands", json={"type": "message", "text": PEOPLE["message.text"]})
    watch.send(watch.receive_keyword("MESSAGE").split(b",")[0].decode())
    api.ok("PUT", f"/wearers/{wearer}/photo-rule", json={"is_allowed": True, "per_day": 5})
    watch.send(b"img,6," + time.strftime("%y%m%d%H%M%S", time.gmtime()).encode() + b"," + escaped(PHOTO))
    watch.receive_keyword("img")
    # Talking: a text and a voice to the watch, a voice from it, and the first part of another.
    api.ok("POST", f"/wearers/{wearer}/thread/texts", json={"text": PEOPLE["thread.text"]})
    watch.send(watch.receive_keyword("MESSAGE").split(b",")[0].decode())
    for field, hertz in (("thread.voice", 431), ("thread.spoken", 787)):
        amr = real_amr(api, wearer, watch, wav(1.1, hertz))
        canaries.add(field, {amr[at : at + 39] for at in range(6 + 13 * 20, len(amr) - 39, 13)} | forms(amr[280:330]))
    watch.send(b"TK," + escape(amr))
    assert watch.receive_keyword("TK") == b"TK,1"
    watch.send(chunks_of(amr, size=300)[0])
    watch.receive_keyword("JXTKR")
    [photo] = eventually(lambda: api.ok("GET", f"/wearers/{wearer}/photos")["photos"], 10, "the photo")
    kept = api.get(f"/api/v1/photos/{photo['id']}").content  # it was made anew
    canaries.add("photo.kept", {kept[-60:-20]} | forms(kept[-60:-20]))
    contacts = [{"name": PEOPLE["contact.name"], "number": PEOPLE["contact.number"]}]
    api.ok("PUT", f"/wearers/{wearer}/contacts", json={"contacts": contacts})
    api.ok("PUT", f"/wearers/{wearer}/sos-numbers", json={"numbers": [PEOPLE["sos.number"]]})
    api.put_setting(wearer, "timetable", periods=[{"from": "08:05", "to": "08:50"}],
                    lessons=[{"day": 2, "period": 1, "name": PEOPLE["setting.lesson"]}])
    api.ok("POST", f"/wearers/{wearer}/commands", json={
        "type": "wifi_join", "ssid": PEOPLE["command.network"], "password": PEOPLE["wifi.password"]})
    watch.receive_keyword("WIFISET")
    watch.send("WIFISET", f"CONFIG,TY:G29,NAME:{WATCH['device.config']}")
    # A stranger among the watches.
    stranger = RawWatch(server.watch_port, WATCH["stranger.wire_id"])
    stranger.send("LK,0,0,80", position(lat=LAT, lon=LON, tail=cells))
    stranger.receive_keyword("LK")
    stranger.close()
    let_phones_tell(api, wearer, canaries)
    bring_people(server, api, canaries)
    be_refused(api)
    eventually(lambda: learned_rows(server) >= 2, what="what the group learned")
    watch.close()


def let_phones_tell(api, wearer, canaries):
    """Two phones that are heard, one of them with a token that ends; and what they say wrongly."""
    for kind in ("owntracks", "traccar"):
        made = api.ok("POST", f"/wearers/{wearer}/ways", json={"kind": kind, "name": PEOPLE["way.name"]})
        token = made["secret"]["token"]
        canaries.add(f"way.token.{kind}", forms(token))
        if kind == "owntracks":
            canaries.add("way.key", forms(made["secret"]["encryption_key"]))
            body = {"_type": "location", "lat": LAT, "lon": LON, "tst": int(time.time()), "SSID": WATCH["wifi.ssid"]}
            for sent, status in ((body, 200), (body | {"lat": WATCH["wifi.ssid"]}, 400)):
                assert api.post("/phone/owntracks", auth=("kinward", token), json=sent).status_code == status
            continue
        assert api.get("/phone/osmand", params={"id": token, "lat": LAT, "lon": LON}).status_code == 200
        assert api.get("/phone/osmand", params={"id": token, "lat": WATCH["wifi.ssid"], "lon": LON}).status_code == 400
    api.ok("DELETE", f"/wearers/{wearer}/ways/{made['way']['id']}")
    assert api.get("/phone/osmand", params={"id": token, "lat": LAT, "lon": LON}).status_code == 404


def learned_rows(server):
    database = sqlite3.connect(f"file:{server.data / 'kinward.db'}?mode=ro", uri=True)
    try:
        return database.execute("SELECT COUNT(*) FROM radio_learned").fetchone()[0]
    finally:
        database.close()


def bring_people(server, api, canaries):
    """A second member, a partner, bans."""
    made = api.request("POST", f"/api/v1/groups/{api.group}/invitations", json={"role": "viewer"})
    assert made.status_code in (201, 202), made.text
    token = re.search(r"token=([A-Za-z0-9_-]+)", made.json()["link"])[1]
    canaries.add("invitation.token", forms(token))
    with Listening(api.server) as member:
        joined = member.post("/api/v1/invitations/accept", json={
            "token": token, "login": PEOPLE["member.login"], "name": PEOPLE["member.name"],
            "password": PEOPLE["account.password"] + " too", "language": "en"})
        assert joined.status_code in (201, 404), joined.text
        api.refusals += member.refusals
    signer = new_key("EdDSA")
    partner = {
        "name": "Mill", "contact": PEOPLE["partner.contact"], "purpose": PEOPLE["partner.purpose"],
        "algorithm": "EdDSA", "webhook_url": PEOPLE["partner.webhook"],
        "jwks": public_set(signer),
    }
    info = api.ok("POST", "/operator/partners", json=partner)
    let_partner_act(api, canaries, info, signer)
    api.ok("POST", "/operator/break-glass", json={"group": api.group, "reason": PEOPLE["break_glass.reason"], "hours": 1})
    network = {"network": PEOPLE["ban.network"], "hours": 1, "reason": PEOPLE["ban.reason"]}
    api.ok("POST", "/operator/bans", json=network)
    for _ in range(3):
        wrong = api.post("/api/v1/session", json={
            "login": PEOPLE["typed.unknown_login"], "password": PEOPLE["account.password"]})
        assert wrong.status_code == 401


def let_partner_act(api, canaries, info, signer):
    """A partner with a consent: a message, a proposed plan, its token."""
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    rights = ["message", "propose_plan", "view_position"]
    consent = {"partner": info["id"], "wearers": [api.wearer], "rights": rights, "until": until}
    api.ok("POST", f"/groups/{api.group}/consents", json=consent)
    with Partner(api.server, info, signer, "EdDSA") as partner:
        partner.sign_in()
        canaries.add("partner.token", forms(partner.headers["Authorization"].removeprefix("Bearer ")))
        partner.ok("POST", f"/wearers/{api.wearer}/messages", json={"text": PEOPLE["partner.message"]})
        plan = {"medicine": PEOPLE["proposal.medicine"], "dose": "1", "times": ["08:00"], "note": PEOPLE["proposal.note"]}
        partner.ok("POST", f"/wearers/{api.wearer}/plan-proposals", json=plan)
        partner.ok("GET", f"/wearers/{api.wearer}/position")


def be_refused(api):
    """Values in refused requests: they must not come back, and not stand in the log."""
    for method, path, body in (
        ("POST", "/claims", {"group": api.group, "watch": "12", "name": PEOPLE["claim.name"], "language": "en",
                             "zone": "Nowhere/Heron", "proof": "code", "sim_number": PEOPLE["claim.sim_number"]}),
        ("PATCH", "/account", {"name": PEOPLE["account.name"], "language": PEOPLE["message.text"][:12]}),
        ("POST", f"/wearers/{api.wearer}/commands", {"type": "message", "text": PEOPLE["message.text"] * 10}),
        ("PUT", "/account/password", {"current": PEOPLE["account.password"], "new": "short"}),
        ("POST", f"/wearers/{'0' * 32}/commands", {"type": "message", "text": PEOPLE["message.text"]}),
        ("PUT", f"/wearers/{api.wearer}/contacts", {"contacts": [{"name": PEOPLE["contact.name"], "number": "x"}]}),
    ):
        assert api.request(method, "/api/v1" + path, json=body).status_code >= 400, path
    api.post("/api/v1/claims", content=json.dumps(PEOPLE).encode(), headers={"Content-Type": "application/json"})
    api.get("/api/v1/wearers/" + PEOPLE["wearer.name"].replace(" ", "%20"))


def files_outside_the_keys(server, backups):
    """Every file that the service made, but for the folder of keys."""
    for folder in (server.data, backups):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_socket():
                yield path


def role_pids(server):
    return [server.process.pid, *(pid for name in ("server", "gateway", "courier") for pid in server.roles(name))]


def read_back(api):
    """With the keys everything is there: each field through the API."""
    wearer = api.wearer
    [alarm] = api.alarms()
    security = api.ok("GET", "/account/security")
    sessions = json.dumps(api.ok("GET", "/sessions"))
    now = time.time()
    span = [time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(t)) for t in (now - 86400, now + 86400)]
    fixes = api.fixes(wearer, *span)
    session = api.ok("GET", "/session")
    assert session["account"]["name"] == PEOPLE["account.name"]
    assert session["account"]["login"] == PEOPLE["account.login"]
    assert session["groups"][0]["name"] == PEOPLE["group.name"]
    assert security["phone"] == PEOPLE["account.phone"] and security["has_totp"]
    assert PEOPLE["session.user_agent"] in sessions and PEOPLE["session.address"] in sessions
    seen = api.ok("GET", f"/wearers/{wearer}")
    assert seen["name"] == PEOPLE["wearer.changed_name"]
    assert (seen["fix"]["lat"], seen["fix"]["lon"]) == (LAT, LON)
    assert len(fixes) >= 90 and {(fix["lat"], fix["lon"]) for fix in fixes} == {(LAT, LON)}
    assert alarm["closed"]["note"] == PEOPLE["alarm.note"] and alarm["fix"]["lat"] == LAT
    [call] = api.ok("GET", f"/wearers/{wearer}/calls")["calls"]
    assert (call["number"], call["name"]) == (WATCH["call.number"], WATCH["call.name"])
    measured = api.ok("GET", f"/wearers/{wearer}/health", params={"from": span[0], "to": span[1]})["values"]
    assert 137 in [v.get("value") for v in measured]
    commands = api.ok("GET", f"/wearers/{wearer}/commands")["commands"]
    assert PEOPLE["message.text"] in [c.get("text") for c in commands]
    [contact] = api.ok("GET", f"/wearers/{wearer}/contacts")["contacts"]
    assert (contact["name"], contact["number"]) == (PEOPLE["contact.name"], PEOPLE["contact.number"])
    assert api.ok("GET", f"/wearers/{wearer}/sos-numbers")["numbers"] == [PEOPLE["sos.number"]]
    assert [w["name"] for w in api.ok("GET", f"/wearers/{wearer}/ways")["ways"]] == [PEOPLE["way.name"]]
    assert api.settings(wearer)["timetable"]["wanted"]["lessons"][0]["name"] == PEOPLE["setting.lesson"]
    details = {c.get("detail") for c in api.ok("GET", f"/wearers/{wearer}/commands")["commands"]}
    assert PEOPLE["command.network"] in details
    shown = api.get(f"/api/v1/wearers/{wearer}/picture").content
    assert shown[:3] == b"\xff\xd8\xff" and HERON[5:40] not in shown
    [photo] = eventually(lambda: api.ok("GET", f"/wearers/{wearer}/photos")["photos"], 10, "the photo")
    made_anew = api.get(f"/api/v1/photos/{photo['id']}").content
    assert made_anew[:3] == b"\xff\xd8\xff" and NOTE[5:] not in made_anew
    talk = api.ok("GET", f"/wearers/{wearer}/thread")["items"]
    assert {PEOPLE["thread.text"], PEOPLE["message.text"], "Mill: " + PEOPLE["partner.message"]} <= {i.get("text") for i in talk}
    sounds = [api.get(f"/api/v1/thread/{i['id']}/sound").content for i in talk if i["kind"] == "voice"]
    assert len(sounds) == 3 and sum(is_tone(sound, 787) for sound in sounds) == 2
    assert PEOPLE["break_glass.reason"] in json.dumps(api.ok("GET", "/operator/break-glass"))
    claims = json.dumps(api.ok("GET", "/claims"))
    assert PEOPLE["claim.name"] in claims
    partners = json.dumps(api.ok("GET", "/operator/partners"))
    for field in ("partner.contact", "partner.purpose", "partner.webhook"):
        assert PEOPLE[field] in partners
    assert "Mill: " + PEOPLE["partner.message"] in [c.get("text") for c in commands]
    [proposal] = api.ok("GET", f"/groups/{api.group}/plan-proposals")["proposals"]
    assert proposal["plan"]["medicine"] == PEOPLE["proposal.medicine"]
    assert proposal["plan"]["note"] == PEOPLE["proposal.note"]
    bans = json.dumps(api.ok("GET", "/operator/bans"))
    assert PEOPLE["ban.reason"] in bans and PEOPLE["ban.network"] in bans
    entries = json.dumps(api.ok("GET", f"/groups/{api.group}/audit"))
    assert PEOPLE["account.name"] in entries


def test_nothing_personal_stands_outside_the_folder_of_keys(life, key, run, tmp_path):  # noqa: F811
    server, api, canaries = life
    backups = tmp_path / "backups"
    found = []
    read_back(api)
    metrics = api.get("/metrics").content
    found += canaries.search("/metrics", metrics)
    for refusal in api.refusals:
        found += canaries.search("a refusal", refusal)
    assert len(api.refusals) >= 10
    for pid in role_pids(server):
        found += canaries.search("an environment", Path(f"/proc/{pid}/environ").read_bytes())
        found += canaries.search("a command line", Path(f"/proc/{pid}/cmdline").read_bytes())
    server.process.wait_line(lambda line: "backup.written what=all " in line)  # the scheduled one
    for name in ("live.age", "live-keys.age"):
        flag = "--keys-to" if "keys" in name else "--to"
        made = run("backup", flag, backups / name, "--recipient", key[1], "--set", f"data_dir={server.data}")
        assert made.returncode == 0, made.stderr
    # While it runs, with its write-ahead log; then after the end, when all has moved into the file.
    assert (server.data / "kinward.db-wal").stat().st_size > 0
    searched = 0
    for state in ("running", "stopped"):
        for path in files_outside_the_keys(server, backups):
            content = path.read_bytes()
            searched += len(content)
            found += canaries.search(f"{path.name} ({state})", content)
        if state == "running":
            assert server.stop() == 0
    assert searched > 200_000
    with (tmp_path / "opened.db").open("wb") as out:
        subprocess.run(["age", "--decrypt", "--identity", key[0], backups / "live.age"], stdout=out, check=True)
    found += canaries.search("the opened backup of data", (tmp_path / "opened.db").read_bytes())
    log = "\n".join(line for line in server.process.lines if not line.startswith("set-up link: "))
    assert "device.bound" in log
    found += canaries.search("the log", log.encode())
    assert not found, "\n" + "\n".join(found)


def test_the_search_would_find_each_canary(life, tmp_path):
    """The check of the check: each form of each field, planted into a copy of a real file."""
    server, _, canaries = life
    assert server.stop() == 0
    content = (server.data / "kinward.db").read_bytes()
    assert len(canaries.fields) >= 35
    for field, all_forms in canaries.fields.items():
        for form in all_forms:
            hits = canaries.search("x", content[:5000] + form + content[5000:6000])
            assert any(hit.startswith(f"{field} in x") for hit in hits), (field, form)
    assert b"aHVyb24" not in content  # and a form that was not planted is not found
    assert not Canaries().search("x", content)


def test_old_values_do_not_stay_in_free_pages(life):
    """Everything is erased or changed: what was there cannot be read, with no key needed to say so."""
    server, api, canaries = life
    api.ok("PATCH", "/account", json={"name": "Somebody"})
    assert server.stop() == 0
    with sqlite3.connect(server.data / "kinward.db") as db:
        db.execute("VACUUM INTO ?", (str(server.folder / "compact.db"),))
    whole = (server.data / "kinward.db").read_bytes()
    assert canaries.search("the database", whole) == []


@pytest.mark.parametrize("role", ["server", "gateway", "courier"])
def test_a_role_that_aborts_leaves_no_core(make_server, role):
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    before = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))  # cores are wanted, as far as this system allows
    try:
        server = make_server()
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, before)
    for pid in role_pids(server):
        [limits] = [line for line in Path(f"/proc/{pid}/limits").read_text().splitlines() if "core file" in line]
        assert limits.split()[4:6] == ["0", "0"], f"{pid}: {limits}"
    victim = server.roles(role)[0]
    folder = os.readlink(f"/proc/{victim}/cwd")
    os.kill(victim, signal.SIGABRT)
    line = server.process.wait_line(lambda line: f"pid={victim} signal=6" in line)
    assert " core=no" in line
    assert [p.name for p in Path(folder).iterdir() if p.name.startswith("core")] == []
    eventually(lambda: server.roles(role) and victim not in server.roles(role), what="a new role")
