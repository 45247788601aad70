"""What could be done to the watches of the public case, tried here by everybody who should not be able to: refused, in
the audit log, and nothing of it reaches the watch."""

import json
import re
import sqlite3
import subprocess
from datetime import datetime, timedelta, timezone

import pytest
import yaml
from kit.family import accept, found_group, invite, protect, step_up
from kit.partner import RIGHTS, Partner
from kit.process import eventually
from kit.server import Server
from kit.sim import Sim, content_of

NOWHERE = "0f6c2d1e9b8a47538e1d2c3b4a596877"


class Town:
    """A server with two families, an operator who belongs to neither, two partners, and a watch that writes down all
    that it hears."""

    def __init__(self, kinward, folder):
        self.kinward = kinward
        self.server = Server(kinward, folder, {"gateways": 1, "http_requests_per_s": 100000, "sign_in_per_address_max": 100000})
        self.server.start()
        self.sim = Sim(kinward, folder, self.server.watch_port)
        self.operator = self.server.api()
        self.operator.setup(login="olga", group_name="Olga's")
        step_up(protect(self.operator))
        doors = [invite(self.operator, "viewer") for _ in range(2)]
        self.eve, self.anna = (accept(self.server, door, login) for door, login in zip(doors, ("eve", "anna")))
        for person, name in ((self.eve, "Eve's"), (self.anna, "Anna's")):
            step_up(protect(found_group(person, name)))
        doors = [invite(self.eve, role) for role in ("viewer", "carer")]
        self.viewer, self.gone = (accept(self.server, door, login) for door, login in zip(doors, ("vera", "xaver")))
        for person in (self.viewer, self.gone):
            step_up(protect(person))
            person.group = self.eve.group
        self.wearer = self.eve.claim_sim(self.sim)
        self.watch = self.sim.id()
        contacts = self.eve.ok("PUT", f"/wearers/{self.wearer}/contacts", json={"contacts": [{"name": "Eve", "number": "+4930123456"}]})
        self.contact = contacts["contacts"][0]["id"]
        eventually(lambda: self.eve.ok("GET", f"/wearers/{self.wearer}/contacts")["contacts"], what="the phone book")
        self.command = self.eve.ok("POST", f"/wearers/{self.wearer}/commands", json={"type": "find"})["id"]
        self.events = self.gone.events()
        answer = self.eve.request("DELETE", f"/api/v1/groups/{self.eve.group}/members/{self.gone.account}")
        assert answer.status_code in (200, 204), answer.text
        self.stranger = self.server.api()
        self.foreign_partner = Partner.register(self.operator, "Curious Ltd").sign_in()
        self.partner = Partner.register(self.operator, "Helpful Ltd").sign_in()
        until = (datetime.now(timezone.utc) + timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
        consent = {"partner": self.partner.id, "wearers": [self.wearer], "rights": RIGHTS, "until": until}
        self.eve.ok("POST", f"/groups/{self.eve.group}/consents", json=consent)
        step_up(self.operator)

    def heard(self):
        """What the watch has heard since the server's own commands of the claim."""
        self.eve.ok("POST", f"/wearers/{self.wearer}/commands", json={"type": "find"})
        seen = len(self.downs("FIND"))
        eventually(lambda: len(self.downs("FIND")) > seen or self.downs("FIND"), what="the watch rings")
        return [content_of(e["frame"]) for e in self.sim.events if e["dir"] == "down" and e["id"] == self.watch]

    def downs(self, keyword):
        try:
            self.sim.wait_down(self.watch, keyword, timeout=10)
        except AssertionError:
            return []
        return [e for e in self.sim.events if e["dir"] == "down" and content_of(e["frame"]).split(",")[0] == keyword]

    def tried(self):
        """(actor, action) of all refusals in the audit log; its plain columns alone."""
        with sqlite3.connect(f"file:{self.server.data / 'kinward.db'}?mode=ro", uri=True) as db:
            rows = db.execute("SELECT lower(hex(actor)), action FROM audit WHERE outcome NOT IN ('done', 'pending')")
            found = {(actor or "", action) for actor, action in rows}
        db.close()
        return found

    def close(self):
        assert self.server.stop() == 0
        self.sim.stop()


@pytest.fixture(scope="module")
def town(kinward, tmp_path_factory):
    town = Town(kinward, tmp_path_factory.mktemp("attacks"))
    yield town
    town.close()


def command(**body):
    return "POST", "/wearers/{wearer}/commands", body


# Each capability that was named in public, in the way that comes closest to it here.
CAPABILITIES = {
    "any command": command(type="raw", text="POWEROFF"),
    "a command as text": command(type="message", text="][3G*8800000015*0008*POWEROFF"),
    "ring": command(type="find"),
    "locate": command(type="locate"),
    "text": command(type="message", text="Come out, I wait for you"),
    "text as somebody else": command(type="message", text="Come out", **{"from": "Eve"}),
    "pills": command(type="take_pills", text="3"),
    "pills by text": command(type="TAKEPILLS"),
    "call": command(type="call", contact="{contact}"),
    "call any number": command(type="call", number="+49900123456"),
    "listen": command(type="check_in_call"),
    "listen unseen": command(type="monitor", number="+4930999999"),
    "record": command(type="record"),
    "camera": command(type="photo"),
    "power off": command(type="power_off"),
    "reset": command(type="reset"),
    "factory": command(type="factory"),
    "engine": command(type="relay", text="1"),
    "send an SMS": command(type="sms", text="+4930999999,hello"),
    "server move": command(type="ip", text="203.0.113.9,8001"),
    "device password": command(type="new_password"),
    "device password by value": command(type="password", text="123456"),
    "interval": ("PUT", "/wearers/{wearer}/settings/upload_interval", {"seconds": 3600}),
    "endless interval": ("PUT", "/wearers/{wearer}/settings/upload_interval", {"seconds": 65535}),
    "phone book": ("PUT", "/wearers/{wearer}/contacts", {"contacts": [{"name": "Mum", "number": "+4930999999"}]}),
    "SOS numbers": ("PUT", "/wearers/{wearer}/sos-numbers", {"numbers": ["+4930999999"]}),
    "SMS alerts": ("PATCH", "/wearers/{wearer}/sms-alerts", {"sos": False}),
    "photos on": ("PUT", "/wearers/{wearer}/photo-rule", {"is_allowed": True, "per_day": 10}),
    "photos": ("GET", "/wearers/{wearer}/photos", None),
    "history": ("GET", "/wearers/{wearer}/history?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z", None),
    "rename": ("PATCH", "/wearers/{wearer}", {"name": "Mallory"}),
    "erase": ("DELETE", "/wearers/{wearer}", None),
    "claim": ("POST", "/claims", {"group": "{group}", "watch": "863712345678905", "name": "Mia", "language": "en", "zone": "Europe/Berlin", "proof": "code"}),
    "invite": ("POST", "/groups/{group}/invitations", {"role": "admin"}),
    "make admin": ("PUT", "/groups/{group}/members/{me}", {"role": "admin"}),
    "throw out": ("DELETE", "/groups/{group}/members/{eve}", None),
    "consent": ("POST", "/groups/{group}/consents", {"partner": "{partner}", "wearers": ["{wearer}"], "rights": ["locate"], "until": "2026-12-01T00:00:00Z"}),
    "rules": ("PATCH", "/groups/{group}", {"wait_hours": 1}),
    "export": ("GET", "/groups/{group}/audit.csv", None),
    "reward": command(type="reward", count=99),
    "pulse": command(type="measure_heart"),
    "temperature": command(type="measure_temperature"),
    "old pulse": command(type="ask_pulse"),
    "networks around": command(type="wifi_search"),
    "network in use": command(type="wifi_current"),
    "into the network of an attacker": command(type="wifi_join", ssid="Mallory", password="12345678"),
    "forget the network": command(type="wifi_forget", network="1"),
    "unfriend": command(type="unfriend"),
    "refresh": command(type="refresh"),
    "firmware": command(type="update"),
    "firmware from anywhere": command(type="update", url="http://203.0.113.9/a.bin"),
    "access point": command(type="apn", apn={"name": "evil.example", "mccmnc": "26201"}),
    "video call": command(type="video_call"),
    "health values": ("GET", "/wearers/{wearer}/health?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z", None),
    "health erased": ("DELETE", "/wearers/{wearer}/health", None),
    "health kept": ("PUT", "/wearers/{wearer}/health-rule", {"is_allowed": True, "keep_days": 3650}),
    "days": ("GET", "/wearers/{wearer}/days?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z", None),
    "call log": ("GET", "/wearers/{wearer}/calls", None),
    "friends": ("GET", "/wearers/{wearer}/friends", None),
    "friends on": ("PUT", "/wearers/{wearer}/friend-rule", {"is_allowed": True}),
    "phone of an attacker": ("POST", "/wearers/{wearer}/ways", {"kind": "traccar", "name": "Mine"}),
    "watch key of an attacker": ("POST", "/wearers/{wearer}/ways", {"kind": "watch_tls", "name": "Mine"}),
    "another watch's key": ("POST", "/wearers/{wearer}/ways/{nothing}/renew", {}),
    "rename a way": ("PATCH", "/wearers/{wearer}/ways/{nothing}", {"name": "Mine"}),
    "end a way": ("DELETE", "/wearers/{wearer}/ways/{nothing}", None),
    "end a friendship": ("DELETE", "/wearers/{wearer}/friends/{nothing}", None),
    "read along": ("GET", "/wearers/{wearer}/thread", None),
    "text in the thread": ("POST", "/wearers/{wearer}/thread/texts", {"text": "I wait for you"}),
    "voice": ("POST", "/wearers/{wearer}/thread/voices", b"RIFF\x24\0\0\0WAVEfmt "),
    "heard": ("POST", "/wearers/{wearer}/thread/heard", {"item": "{nothing}"}),
    "thread away": ("GET", "/wearers/{wearer}/thread/export", None),
    "an item gone": ("DELETE", "/wearers/{wearer}/thread/{nothing}", None),
    "withdraw": ("DELETE", "/wearers/{wearer}/commands/{command}", None),
    "picture": ("PUT", "/wearers/{wearer}/picture", b"no picture"),
    "picture gone": ("DELETE", "/wearers/{wearer}/picture", None),
    "pretend a camera": ("PUT", "/wearers/{wearer}/capabilities/photo", {"has": "yes"}),
    "own rights": ("PUT", "/groups/{group}/members/{me}/wearers/{wearer}", {"given": ["call"], "taken": [], "windows": []}),
    "zone left alone": ("DELETE", "/wearers/{wearer}/settings/zone", None),
}
# The worst, or just any, value of each setting.
WINDOW = {"from": "00:00", "to": "23:59"}
SETTINGS = {
    "language": {"language": "de"},
    "zone": {"zone": "Pacific/Kiritimati"},
    "upload_interval": {"seconds": 65535, "is_understood": True},
    "tracking_mode": {"mode": "careful"},
    "quiet_times": {"windows": [WINDOW | {"days": [1, 2, 3, 4, 5, 6, 7]}]},
    "alarm_clocks": {"alarms": [{"time": "03:00", "is_on": True, "repeat": "daily"}]},
    "timetable": {"periods": [WINDOW], "lessons": []},
    "allowed_callers": {"is_on": False},
    "refuse_strangers": {"is_on": False, "is_understood": True},
    "step_counter": {"is_on": False},
    "walk_times": {"windows": [WINDOW]},
    "sleep_time": WINDOW,
    "fall_alarm": {"is_on": False, "dials": False, "is_understood": True},
    "fall_sensitivity": {"level": 8},
    "removed_alarm": {"is_on": False, "is_understood": True},
    "sound_profile": {"profile": "silent"},
    "step_goal": {"steps": 99999},
    "body": {"height_cm": 250, "weight_kg": 300},
    "apps": dict.fromkeys(("dial", "alarm", "video", "phone_book", "chat", "camera"), False),
    "family_calls": {"is_on": False},
    "long_life": {"is_on": True, "is_understood": True},
    "alarm_delivery": {"delivery": "platform_sms"},
    "home_wifi": {"macs": ["02:00:00:00:00:01"]},
    "power_times": {"is_on": True, "on_at": "23:58", "off_at": "23:59", "days": [1], "is_understood": True},
    "gps_switch": {"is_on": False, "is_understood": True},
    "night_saving": {"is_on": True, "is_understood": True},
    "dial_pad": {"is_on": True},
    "heart_interval": {"is_on": True, "seconds": 300},
    "temperature_interval": {"is_on": True, "hours": 1},
    "temperature_times": {"points": [{"time": "03:00", "is_once": False}]},
    "temperature_limits": {"is_on": True, "low": 30, "high": 45, "warning": "sms", "number": "+4930999999"},
}
CAPABILITIES |= {f"setting {name}": ("PUT", f"/wearers/{{wearer}}/settings/{name}", body) for name, body in SETTINGS.items()}
# What the family can do, with bodies that would be taken from an admin or fail behind the gate of rights.
TRIED = {f"setting {name}" for name in SETTINGS} | {"reward", "pulse", "temperature", "networks around", "refresh", "factory", "firmware", "access point", "text in the thread", "friends on", "health erased", "phone of an attacker"}
# Everybody in the family may know these, or may do them to themselves.
WHO = {
    "a stranger": ("stranger", {401}),
    "another family's admin": ("anna", {404}),
    "an ex-member": ("gone", {404}),
    "a viewer": ("viewer", {400, 403}),
    "the operator": ("operator", {404}),
}


def route_of(path):
    """The path of the table of routes that a capability takes."""
    path = re.sub(r"/settings/\w+$", "/settings/{setting}", path.split("?")[0])
    path = re.sub(r"/capabilities/\w+$", "/capabilities/{capability}", path)
    return "/api/v1" + re.sub(r"\{(me|eve)\}", "{account}", path)


def shape(path):
    return re.sub(r"\{\w+\}", "{}", path)


def fill(town, value, person):
    names = {
        "wearer": town.wearer,
        "group": town.eve.group,
        "contact": town.contact,
        "eve": town.eve.account,
        "partner": town.partner.id,
        "command": town.command,
        "nothing": NOWHERE,
        "me": getattr(person, "account", NOWHERE),
    }
    if isinstance(value, bytes):
        return value
    if isinstance(value, tuple):
        return tuple(fill(town, part, person) for part in value)
    text = json.dumps(value)
    for name, id_ in names.items():
        text = text.replace("{" + name + "}", id_)
    return json.loads(text)


def attempt(town, person, what, base="/api/v1"):
    method, path, body = fill(town, CAPABILITIES[what], person)
    if isinstance(body, bytes):
        kind = "image/png" if path.endswith("/picture") else "audio/wav"
        return person.request(method, base + path, content=body, headers={"Content-Type": kind})
    return person.request(method, base + path, **({} if body is None else {"json": body}))


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("what", CAPABILITIES)
def test_a_capability_of_the_case_is_out_of_reach(town, who, what):
    name, expected = WHO[who]
    answer = attempt(town, getattr(town, name), what)
    if what in TRIED and name == "viewer":
        expected = {403}  # and not for a body that nobody can send
    assert answer.status_code in expected, f"{who} / {what}: {answer.status_code} {answer.text}"


@pytest.mark.parametrize("what", CAPABILITIES)
def test_a_partner_has_no_verb_for_it(town, what):
    for partner in (town.foreign_partner, town.partner):
        for base in ("/partner/v1", "/api/v1"):
            answer = attempt(town, partner, what, base)
            if base == "/partner/v1" and partner is town.partner and what in ("history", "health values"):
                assert answer.status_code == 200, "granted, and the way to see that it was asked"
                continue
            assert answer.status_code in (401, 404, 405), f"{partner.name} / {what}: {answer.status_code} {answer.text}"


def test_the_corpus_knows_every_setting_act_and_change(town, kinward, root):
    """What is new is attacked here, too."""
    told = {s["name"] for s in town.eve.ok("GET", f"/wearers/{town.wearer}/settings")["settings"] if s["fields"]}
    assert told - {"sms_alerts"} == set(SETTINGS), "sms_alerts has its own route"
    spec = yaml.safe_load((root / "docs/openapi.yaml").read_text(encoding="utf-8"))
    acts = set(spec["components"]["schemas"]["CommandBody"]["properties"]["type"]["enum"])
    assert acts <= {body["type"] for _, path, body in CAPABILITIES.values() if path.endswith("/commands")}
    table = json.loads(subprocess.run([kinward, "routes"], capture_output=True, check=True, timeout=20).stdout)["routes"]
    changes = {(r["method"], r["path"]) for r in table if r["method"] != "GET" and "/wearers/{wearer}" in r["path"]}
    changes = {c for c in changes if c[1].startswith("/api/v1/")}
    tried = {(method, shape(route_of(path))) for method, path, _ in CAPABILITIES.values()}
    assert not {(m, p) for m, p in changes if (m, shape(p)) not in tried}


def test_a_partner_without_consent_finds_nobody(town):
    span = "from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z"
    for path in ("position", f"health?{span}", "alarms", f"history?{span}"):
        assert town.foreign_partner.ask("GET", f"/wearers/{town.wearer}/{path}").status_code == 404
    assert town.foreign_partner.ask("POST", f"/wearers/{town.wearer}/locates", json={}).status_code in (400, 404)
    assert town.foreign_partner.ask("POST", f"/wearers/{town.wearer}/messages", json={"text": "Hello"}).status_code == 404
    assert town.foreign_partner.ask("GET", "/wearers").json()["wearers"] == []


# All types that a person can send; the last five are class D.
ACTS = """message find locate call check_in_call photo reward measure_heart measure_temperature ask_pulse wifi_search wifi_current
    wifi_join wifi_forget unfriend refresh power_off reset new_password factory update apn""".split()


def test_no_command_beyond_the_list_exists_for_anybody(town):
    """Not even for the admin of the family, with a fresh second factor."""
    step_up(town.eve)
    tried = 0
    for what, (method, path, body) in CAPABILITIES.items():
        if path.endswith("/commands") and body["type"] not in ACTS:
            answer = attempt(town, town.eve, what)
            assert answer.status_code == 400, f"{what}: {answer.status_code}"
            tried += 1
    assert tried >= 10, "raw, pills, monitor, record, relay, sms, ip, password by value, video call …"
    assert attempt(town, town.eve, "firmware from anywhere").status_code == 400
    assert attempt(town, town.eve, "call any number").status_code == 400
    assert attempt(town, town.eve, "a command as text").status_code == 202, "a text, and the watch shows it as one"
    assert attempt(town, town.eve, "photos").status_code == 200
    assert attempt(town, town.eve, "camera").status_code in (403, 409), "off until the group turns it on"


def test_no_interval_blinds_the_family(town):
    path = f"/wearers/{town.wearer}/settings/upload_interval"
    for seconds in (0, 1, 59, 3601, 65535, -60, 2**31, 2**63, 60.5, "60", None, True):  # none without a second word
        answer = town.eve.request("PUT", "/api/v1" + path, json={"seconds": seconds})
        assert answer.status_code == 400, f"{seconds!r}: {answer.text}"
    for seconds in (0, 59, 65536, 2**63):
        answer = town.eve.request("PUT", "/api/v1" + path, json={"seconds": seconds, "is_understood": True})
        assert answer.status_code == 400, f"{seconds!r}: {answer.text}"
    assert 60 <= town.eve.settings(town.wearer)["upload_interval"]["wanted"]["seconds"] <= 3600


def test_nobody_writes_in_another_name(town):
    for field in ("from", "by", "by_name", "sender", "author", "account", "partner", "name"):
        body = {"type": "message", "text": "Come out", field: "Eve"}
        assert town.eve.request("POST", f"/api/v1/wearers/{town.wearer}/commands", json=body).status_code == 400
        body = {"text": "Come out", field: "Eve"}
        assert town.partner.ask("POST", f"/wearers/{town.wearer}/messages", json=body).status_code == 400
    given = town.eve.ok("POST", f"/wearers/{town.wearer}/commands", json={"type": "message", "text": "Vera: hello"})
    assert given["by"]["id"] == town.eve.account and given["by"]["name"] == "Eve"


def test_what_they_tried_is_in_the_audit_log_and_nothing_reached_the_watch(town, kinward):
    table = json.loads(subprocess.run([kinward, "routes"], capture_output=True, check=True, timeout=20).stdout)["routes"]
    words = {(r["method"], shape(r["path"])): r["audit"] for r in table}
    for name in ("stranger", "anna", "gone", "viewer", "operator"):
        for what in CAPABILITIES:
            attempt(town, getattr(town, name), what)
    me = {
        "stranger": "",
        "anna": town.anna.account,
        "gone": town.gone.account,
        "viewer": town.viewer.account,
        "operator": town.operator.ok("GET", "/session")["account"]["id"],
    }
    wanted = set()
    for what, (method, path, _) in CAPABILITIES.items():
        word = words[method, shape(route_of(path))] or "read"
        wanted |= {(actor, word) for actor in me.values()}
    eventually(lambda: wanted <= town.tried(), what="each attempt in the audit log")
    heard = town.heard()
    keywords = {content.split(",")[0] for content in heard}
    forbidden = {"POWEROFF", "RESET", "FACTORY", "CALL", "MONITOR", "RECORD", "rcapture", "RCAPTURE", "TAKEPILLS", "IP", "SMS", "RELAY"}
    forbidden |= set("APN UPGRADE FLOWER hrtstart bodytemp2 PULSE WIFISEARCH WIFICUR WIFISET WIFIDEL PPR TK BOOTOFF LONG".split())
    forbidden |= set("REMIND SCHEDULE WALKTIME STEPS DEVICE_BODY WIFIFENCE BTWARNSET BTTIMESET HEALTHAUTOSET".split())
    assert not keywords & forbidden, keywords & forbidden
    assert not [c for c in heard if c.startswith("SOS") and "4930999999" in c], "the SOS numbers of an attacker"
    texts = [bytes.fromhex(c.split(",")[1]).decode("utf-16-be") for c in heard if c.startswith("MESSAGE,")]
    assert not [t for t in texts if "wait for you" in t], texts
    assert town.eve.ok("GET", f"/wearers/{town.wearer}")["name"] == "Mia"


def test_joining_is_told_once(town):
    notices = town.eve.ok("GET", "/notices")["notices"]
    joined = [n for n in notices if n["action"] == "member.join" and n["group"] == town.eve.group]
    assert sorted(n["actor"]["name"] for n in joined) == ["Vera", "Xaver"], joined
    assert not [e for e in town.eve.ok("GET", f"/groups/{town.eve.group}/audit")["entries"] if e["action"] == "session.start"]


def test_a_removed_member_hears_nothing_more(town):
    town.events.wait_end(timeout=20)
    assert attempt(town, town.gone, "history").status_code == 404
    assert town.gone.ok("GET", "/wearers")["wearers"] == []
    assert town.gone.request("GET", f"/api/v1/groups/{town.eve.group}/audit").status_code == 404
    fresh = town.gone.events()
    town.eve.ok("PATCH", f"/wearers/{town.wearer}", json={"color": "#112233"})
    town.gone.ok("PATCH", "/account", json={"name": "Xaver"})
    assert not [e for e in fresh.seen if e.kind == "wearer"]
    fresh.close()


def test_nobody_deletes_an_entry_of_the_audit_log(town, kinward):
    before = {e["seq"] for e in town.eve.ok("GET", f"/groups/{town.eve.group}/audit")["entries"]}
    for method in ("DELETE", "PUT", "PATCH", "POST"):
        for path in ("audit", "audit.json", "audit.csv"):
            answer = town.eve.request(method, f"/api/v1/groups/{town.eve.group}/{path}")
            assert answer.status_code == 405, f"{method} {path}: {answer.status_code}"
    after = {e["seq"] for e in town.eve.ok("GET", f"/groups/{town.eve.group}/audit")["entries"]}
    oldest = min(after)
    assert {seq for seq in before if seq >= oldest} <= after
    verify = [kinward, "audit", "verify", "--set", f"data_dir={town.server.data}"]
    assert subprocess.run(verify, capture_output=True, timeout=60).returncode == 0


def test_nothing_of_the_operator_changes_a_membership(town, kinward):
    table = json.loads(subprocess.run([kinward, "routes"], capture_output=True, check=True, timeout=20).stdout)["routes"]
    words = {r["audit"] for r in table if r["access"] == "operator"}
    assert words and not [w for w in words if w.startswith(("member", "group", "invitation", "wearer", "claim"))]
    members = town.eve.ok("GET", f"/groups/{town.eve.group}")["members"]
    for group in (town.eve.group, town.anna.group):
        assert town.operator.request("GET", f"/api/v1/groups/{group}").status_code == 404
        assert town.operator.request("PUT", f"/api/v1/groups/{group}/members/{NOWHERE}", json={"role": "admin"}).status_code == 404
    assert town.eve.ok("GET", f"/groups/{town.eve.group}")["members"] == members


# ---- what the encoder can write ----

# Each keyword that the encoder has. A new one is put here by a person who asked: may it be sent?
WRITABLE = """CR FIND MESSAGE LZ LANG ZONE UPLOAD VERNO TS PW ACALL AUTO CPSMS CENTER SLAVE PHB PHB2 PHB3 PHL PHBX DPHBX SOS1 SOS2
    SOS3 SOS CALL rcapture SOSSMS LOWBAT REMOVESMS POWEROFF RESET DEVREFUSEPHONESWITCH REJECT FLOWER TK TK2 REMIND SILENCETIME
    SILENCETIME2 WALKTIME PEDO SLEEPTIME PHBX2 WHITELIST1 WHITELIST2 REMOVE FALLDOWN FON LSSET MOD TAKEPILLS hrtstart
    HEALTHAUTOSET bodytemp2 bodytemp BTTIMESET BTWARNSET WDSTART PULSE WIFIFENCE profile SCHEDULE STEPS DEVICE_BODY APP FAMILY
    LONG BOOTOFF APPLOCK DEVOWNER APN UPGRADE FACTORY PPR WIFISEARCH WIFICUR WIFISET WIFIDEL""".split()
NEVER = "MONITOR RECORD RE IP SMS FSMS RSMS MSMS RELAY WG STOP START RTALK CALLBACK SERVER FTPIP FTPPWD DOWNVCWW DOWNAPPHANGUP".split()
# The encoder knows these, and nothing that a person or another company can reach makes one.
MADE_BY_NOBODY = ["COMMAND_PILL_REMINDER", "COMMAND_CENTER", "COMMAND_SLAVE", "COMMAND_VOICE_GROUP", "COMMAND_OWNER"]


def test_no_byte_for_it_can_be_written(kinward, root):
    shown = subprocess.run([kinward, "commands"], capture_output=True, text=True, check=True, timeout=20).stdout
    rows = re.findall(r"^(\w+) - .*\n  sends    (.*)\n  class    (\w+)", shown, flags=re.M)
    assert len(rows) == shown.count("\n  sends    ") > 70
    assert {re.match(r"\w+", sends)[0] for _, sends, _ in rows} == set(WRITABLE), "a new keyword: may a person send it?"
    catalogue = json.loads((root / "tests/data/commands.json").read_text(encoding="utf-8"))["down"]
    by_keyword = {row["keyword"].lower(): row for row in catalogue}
    forbidden = 0
    for name, sends, class_ in rows:
        keyword, _, values = sends.partition(",")
        row = by_keyword[re.match(r"\w+", keyword)[0].lower()]
        assert row["known"] != "name_only", f"{name}: what it does is not known"
        if row["class"] == "forbidden":
            assert row["class_by_value"][values] == class_, f"{name} could switch something on"
            forbidden += 1
    assert forbidden == 3, "calls picked up by themselves, twice, and SMS passed on: only off"
    assert dict((name, sends) for name, sends, _ in rows)["update"] == "UPGRADE", "no address of a firmware"
    source = "".join(p.read_text(encoding="utf-8") for p in (root / "src/watch").glob("command*.c") if not p.name.endswith("_test.c"))
    source = re.sub(r"static const struct command_never never\[\] = \{.*?\n\};", "", source, flags=re.S)
    source = re.sub(r'\{\d, "[^"]+"\},', "", source)  # how a value is called, which is not sent
    for word in NEVER:
        assert f'"{word}"' not in source and f'"{word},' not in source, word


def test_nobody_makes_what_only_the_encoder_knows(root):
    texts = {
        path: path.read_text(encoding="utf-8")
        for path in (root / "src").rglob("*.[ch]")
        if path.parts[-2] not in ("watch", "sim") and not path.name.endswith("_test.c")
    }
    assert len(texts) > 200
    for kind in MADE_BY_NOBODY:
        found = [path.name for path, text in texts.items() if re.search(rf"\b{kind}\b", text)]
        # Whether a watch has it is shown; no more.
        assert found == (["capability.c"] if kind == "COMMAND_PILL_REMINDER" else []), f"{kind}: {found}"


def test_what_a_partner_does_stands_in_the_familys_log_with_its_name(town):
    town.partner.ask("GET", f"/wearers/{town.wearer}/position")
    found = eventually(
        lambda: [
            e
            for e in town.eve.ok("GET", f"/groups/{town.eve.group}/audit")["entries"]
            if e["actor"]["kind"] == "partner" and e["actor"].get("id") == town.partner.id and e["outcome"] == "done"
        ],
        what="the partner's look",
    )
    assert {e["actor"]["name"] for e in found} == {"Helpful Ltd"}
    assert {e["wearer"] for e in found} == {town.wearer}
