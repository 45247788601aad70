"""What could be done to the watches of the public case, tried here by everybody who should not be able to: refused, in
the audit log, and nothing of it reaches the watch."""

import json
import re
import sqlite3
import subprocess
from datetime import datetime, timedelta, timezone

import pytest
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
}
# Everybody in the family may know these, or may do them to themselves.
WHO = {
    "a stranger": ("stranger", {401}),
    "another family's admin": ("anna", {404}),
    "an ex-member": ("gone", {404}),
    "a viewer": ("viewer", {400, 403}),
    "the operator": ("operator", {404}),
}


def fill(town, value, person):
    names = {
        "wearer": town.wearer,
        "group": town.eve.group,
        "contact": town.contact,
        "eve": town.eve.account,
        "partner": town.partner.id,
        "me": getattr(person, "account", NOWHERE),
    }
    text = json.dumps(value)
    for name, id_ in names.items():
        text = text.replace("{" + name + "}", id_)
    return json.loads(text)


def attempt(town, person, what, base="/api/v1"):
    method, path, body = fill(town, CAPABILITIES[what], person)
    return person.request(method, base + path, **({} if body is None else {"json": body}))


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("what", CAPABILITIES)
def test_a_capability_of_the_case_is_out_of_reach(town, who, what):
    name, expected = WHO[who]
    answer = attempt(town, getattr(town, name), what)
    assert answer.status_code in expected, f"{who} / {what}: {answer.status_code} {answer.text}"


@pytest.mark.parametrize("what", CAPABILITIES)
def test_a_partner_has_no_verb_for_it(town, what):
    for partner in (town.foreign_partner, town.partner):
        for base in ("/partner/v1", "/api/v1"):
            answer = attempt(town, partner, what, base)
            if base == "/partner/v1" and partner is town.partner and what == "history":
                assert answer.status_code == 200, "granted, and the way to see that it was asked"
                continue
            assert answer.status_code in (401, 404, 405), f"{partner.name} / {what}: {answer.status_code} {answer.text}"


def test_a_partner_without_consent_finds_nobody(town):
    span = "from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z"
    for path in ("position", f"health?{span}", "alarms", f"history?{span}"):
        assert town.foreign_partner.ask("GET", f"/wearers/{town.wearer}/{path}").status_code == 404
    assert town.foreign_partner.ask("POST", f"/wearers/{town.wearer}/locates", json={}).status_code in (400, 404)
    assert town.foreign_partner.ask("POST", f"/wearers/{town.wearer}/messages", json={"text": "Hello"}).status_code == 404
    assert town.foreign_partner.ask("GET", "/wearers").json()["wearers"] == []


def test_no_command_beyond_the_list_exists_for_anybody(town):
    """Not even for the admin of the family, with a fresh second factor."""
    step_up(town.eve)
    for what, (method, path, body) in CAPABILITIES.items():
        if path.endswith("/commands") and body["type"] not in ("message", "find", "locate", "call", "check_in_call", "photo", "power_off", "reset", "new_password"):
            answer = attempt(town, town.eve, what)
            assert answer.status_code == 400, f"{what}: {answer.status_code}"
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
    words = {(r["method"], r["path"]): r["audit"] for r in table}
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
        route = re.sub(r"\{(me|eve)\}", "{account}", path.split("?")[0])
        word = words[method, "/api/v1" + route] or "read"
        wanted |= {(actor, word) for actor in me.values()}
    eventually(lambda: wanted <= town.tried(), what="each attempt in the audit log")
    heard = town.heard()
    keywords = {content.split(",")[0] for content in heard}
    forbidden = {"POWEROFF", "RESET", "FACTORY", "CALL", "MONITOR", "RECORD", "rcapture", "RCAPTURE", "TAKEPILLS", "IP", "SMS", "RELAY"}
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

WRITABLE = """CR FIND MESSAGE LZ LANG ZONE UPLOAD VERNO TS PW ACALL AUTO CPSMS CENTER SLAVE PHB PHB2 PHB3 PHL PHBX DPHBX SOS1 SOS2
    SOS3 SOS CALL rcapture SOSSMS LOWBAT REMOVESMS POWEROFF RESET DEVREFUSEPHONESWITCH REJECT""".split()
# Only the value that switches it off, or an empty number, follows these.
ONLY_OFF = {"ACALL": "FORM_ZERO", "AUTO": "FORM_ZERO", "CPSMS": "FORM_ZERO", "CENTER": "FORM_EMPTY", "SLAVE": "FORM_EMPTY"}
NEVER = "MONITOR RECORD TAKEPILLS IP APN FACTORY UPGRADE RELAY SMS FSMS RSMS MSMS WG STOP START RTALK TK CALLBACK SERVER".split()


def test_no_byte_for_it_can_be_written(root):
    source = (root / "src/watch/command.c").read_text(encoding="utf-8")
    rows = re.findall(r'\[COMMAND_\w+\] = \{\s*"(\w+)",\s*"\w+",\s*(\w+),', source)
    assert sorted(keyword for keyword, _ in rows) == sorted(WRITABLE), "a new keyword: is it one that a person may send?"
    for keyword, form in rows:
        assert ONLY_OFF.get(keyword, form) == form, f"{keyword} could switch something on"
    assert not set(NEVER) & {keyword for keyword, _ in rows}
    encoder = "".join(p.read_text(encoding="utf-8") for p in (root / "src/watch").glob("command*.c") if not p.name.endswith("_test.c"))
    for word in NEVER:
        assert f'"{word}"' not in encoder and f'"{word},' not in encoder, word


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
