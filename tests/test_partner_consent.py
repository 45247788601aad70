"""What partners may do: a family's consent, its life, limits, and everything else refused."""

import json
import threading
import time
import uuid
from datetime import datetime, timedelta, timezone

import pytest
from kit.events import Events
from kit.partner import RIGHTS, Partner, check_event, new_key, public_set
from kit.process import eventually


def at(**delta):
    return (datetime.now(timezone.utc) + timedelta(**delta)).strftime("%Y-%m-%dT%H:%M:%SZ")


def grant(api, partner, wearers, rights=RIGHTS, **until):
    body = {"partner": partner.id, "wearers": wearers, "rights": list(rights), "until": at(**(until or {"days": 30}))}
    return api.ok("POST", f"/groups/{api.group}/consents", json=body)


def texts_down(sim, wire_id):
    """What the watch was shown."""
    return [e["detail"] for e in sim.events if e["dir"] == "event" and e["id"] == wire_id and e["event"] == "message"]


@pytest.fixture
def partner(api):
    with Partner.register(api, requests_per_min=60000) as client:
        yield client.sign_in()


@pytest.fixture
def watched(server, api, make_sim):
    """(wearer, sim, wire id) of a claimed watch."""
    sim = make_sim(server.watch_port)
    return api.claim_sim(sim), sim, sim.id()


VERBS = [
    ("GET", "/position", "view_position", {}),
    ("GET", "/history", "view_history", {"params": {"from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z"}}),
    ("GET", "/health", "view_health", {"params": {"from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z"}}),
    ("GET", "/alarms", "alarms", {}),
    ("POST", "/locates", "locate", {}),
    ("POST", "/messages", "message", {"json": {"text": "Hello"}}),
    ("POST", "/plan-proposals", "propose_plan", {"json": {"medicine": "Aspirin", "dose": "1", "times": ["08:00"]}}),
]


def test_each_right_opens_its_verbs_and_no_other(api, partner, watched):
    wearer = watched[0]
    for method, path, _, more in VERBS:
        partner.refused(404, "not_found", method, f"/wearers/{wearer}{path}", **more)
    for right in RIGHTS:
        consent = grant(api, partner, [wearer], [right])
        assert partner.ok("GET", "/wearers")["wearers"][0]["rights"] == [right]
        for method, path, needed, more in VERBS:
            answer = partner.ask(method, f"/wearers/{wearer}{path}", **more)
            assert (answer.status_code < 300) == (needed == right), f"{right}: {method} {path} {answer.text}"
            if needed != right:
                assert answer.status_code == 404
        assert api.delete(f"/api/v1/consents/{consent['id']}").status_code == 204
        for method, path, _, more in VERBS:
            partner.refused(404, "not_found", method, f"/wearers/{wearer}{path}", **more)


def test_unknown_foreign_and_withdrawn_answer_alike(api, partner, watched, make_server, make_api):
    wearer = watched[0]
    consent = grant(api, partner, [wearer])
    partner.ok("GET", f"/wearers/{wearer}/position")
    api.ok("DELETE", f"/consents/{consent['id']}")
    withdrawn = partner.refused(404, "not_found", "GET", f"/wearers/{wearer}/position")
    unknown = partner.refused(404, "not_found", "GET", f"/wearers/{uuid.uuid4().hex}/position")
    assert withdrawn.text == unknown.text
    assert partner.ok("GET", "/wearers") == {"wearers": [], "more": False}
    listed = api.ok("GET", f"/groups/{api.group}/consents")["consents"][0]
    assert listed["state"] == "withdrawn" and "withdrawn" in listed


def test_everybody_in_the_group_sees_who_can_see_the_wearer(api, partner, watched):
    path = f"/wearers/{watched[0]}/watchers"
    assert [w["kind"] for w in api.ok("GET", path)["watchers"]] == ["member"]
    consent = grant(api, partner, [watched[0]], ["view_position", "propose_plan"])
    [found] = [w for w in api.ok("GET", path)["watchers"] if w["kind"] == "partner"]
    assert (found["name"], sorted(found["rights"])) == ("Acme Care", ["propose_plan", "view_position"])
    assert found["until"] == consent["until"]
    api.ok("DELETE", f"/consents/{consent['id']}")
    assert [w["kind"] for w in api.ok("GET", path)["watchers"]] == ["member"]


def test_a_consent_ends_by_itself(api, partner, watched):
    wearer = watched[0]
    grant(api, partner, [wearer], ["view_position"], seconds=3)
    partner.ok("GET", f"/wearers/{wearer}/position")
    eventually(lambda: partner.ask("GET", f"/wearers/{wearer}/position").status_code == 404, 10)
    assert api.ok("GET", f"/groups/{api.group}/consents")["consents"][0]["state"] == "ended"


def test_consents_name_what_may_be_named(api, partner, watched):
    wearer = watched[0]
    path = f"/groups/{api.group}/consents"
    good = {"partner": partner.id, "wearers": [wearer], "rights": ["locate"], "until": at(days=1)}
    for right in ("call", "photo", "contacts", "power", "medication", "members", "see_group", "ring", "settings", "", "LOCATE"):
        assert api.post("/api/v1" + path, json=good | {"rights": [right]}).status_code == 400, right
    api.refused(400, "consent_rights_invalid", "POST", path, json=good | {"rights": []})
    api.refused(400, "consent_until_invalid", "POST", path, json=good | {"until": at(days=367)})
    api.refused(400, "consent_until_invalid", "POST", path, json=good | {"until": at(days=-1)})
    for wearers in ([], [uuid.uuid4().hex], [wearer, uuid.uuid4().hex]):
        api.refused(409, "consent_wearer_unknown", "POST", path, json=good | {"wearers": wearers})
    api.refused(409, "consent_partner_unknown", "POST", path, json=good | {"partner": uuid.uuid4().hex})
    api.ok("POST", f"/operator/partners/{partner.id}/stop")
    api.refused(409, "consent_partner_unknown", "POST", path, json=good)
    assert api.ok("GET", "/partners")["partners"] == []


def test_the_family_sees_every_use(api, partner, watched):
    wearer, sim, wire_id = watched
    consent = grant(api, partner, [wearer])
    for _ in range(3):
        partner.ok("GET", f"/wearers/{wearer}/position")
    partner.ok("POST", f"/wearers/{wearer}/locates")
    partner.ok("POST", f"/wearers/{wearer}/messages", json={"text": "Tea is ready"})
    path = f"/consents/{consent['id']}/uses"
    uses = eventually(lambda: len(u := api.ok("GET", path)["uses"]) >= 3 and sum(x["times"] for x in u) == 5 and u, 20)
    counted = {(u["action"], u["times"]) for u in uses}
    assert counted == {("position", 3), ("locate", 1), ("message", 1)}
    assert all(u["wearer"] == wearer for u in uses)
    assert "last_used" in api.ok("GET", f"/groups/{api.group}/consents")["consents"][0]
    entries = eventually(
        lambda: len(e := [x for x in api.ok("GET", f"/groups/{api.group}/audit")["entries"] if x["actor"]["kind"] == "partner"]) >= 3
        and e,
        20,
    )
    assert {"partner.position", "partner.locate", "partner.message"} <= {e["action"] for e in entries}
    assert {e["actor"]["id"] for e in entries} == {partner.id}


def test_messages_carry_the_registered_name_and_no_other(api, partner, watched):
    wearer, sim, wire_id = watched
    grant(api, partner, [wearer], ["message"])
    answer = partner.ok("POST", f"/wearers/{wearer}/messages", json={"text": "Maria: come to the gate"})
    shown = sim.wait(lambda e: e["dir"] == "event" and e["id"] == wire_id and e["event"] == "message" and "gate" in e["detail"])
    assert shown["detail"] == "Acme Care: Maria: come to the gate"
    eventually(lambda: partner.ok("GET", f"/wearers/{wearer}/messages/{answer['id']}")["state"] == "confirmed", 20)
    for bad in ("a\nMaria: x", "a\r\nx", "x" * 201, "", "\u202eevil", "a\u0000"):
        assert partner.ask("POST", f"/wearers/{wearer}/messages", json={"text": bad}).status_code == 400, repr(bad)
    for extra in ({"from": "Maria"}, {"sender": "Maria"}, {"name": "Maria"}, {"by": "Maria"}):
        assert partner.ask("POST", f"/wearers/{wearer}/messages", json={"text": "x"} | extra).status_code == 400
    assert partner.ask("POST", f"/wearers/{wearer}/messages", json={"text": "x" * 195}).status_code == 400  # with the name
    command = next(c for c in api.ok("GET", f"/wearers/{wearer}/commands")["commands"] if c["id"] == answer["id"])
    assert command["by"] == {"id": partner.id, "name": "Acme Care"}


def test_locating_works_and_is_capped_for_each_watch(api, partner, watched):
    wearer, sim, wire_id = watched
    grant(api, partner, [wearer], ["locate", "view_position"])
    first = partner.ok("POST", f"/wearers/{wearer}/locates")
    assert first["type"] == "locate"
    sim.wait_down(wire_id, "CR")
    eventually(lambda: partner.ok("GET", f"/wearers/{wearer}/locates/{first['id']}")["state"] == "confirmed", 20)
    for _ in range(5):
        partner.ok("POST", f"/wearers/{wearer}/locates")
    answer = partner.refused(429, "too_many_commands", "POST", f"/wearers/{wearer}/locates")
    assert int(answer.headers["retry-after"]) > 0
    with Partner.register(api, name="Second") as second:
        second.sign_in()
        grant(api, second, [wearer], ["locate"])
        second.refused(429, "too_many_commands", "POST", f"/wearers/{wearer}/locates")
        # Another's commands are unknown.
        second.refused(404, "not_found", "GET", f"/wearers/{wearer}/locates/{first['id']}")
    assert sum(1 for c in api.ok("GET", f"/wearers/{wearer}/commands")["commands"] if c["type"] == "locate") == 6


def test_the_same_key_does_it_once_and_answers_the_same(api, partner, watched):
    wearer, sim, wire_id = watched
    grant(api, partner, [wearer], ["message", "locate", "propose_plan"])
    path = f"/wearers/{wearer}/messages"
    body = {"text": "Once"}
    answers = []

    def send():
        with Partner(api.server, {"id": partner.id, "name": partner.name}, partner.key, partner.algorithm) as one:
            one.headers["Authorization"] = partner.headers["Authorization"]
            answers.append(one.ask("POST", path, key="k-1", json=body))

    threads = [threading.Thread(target=send) for _ in range(25)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {a.status_code for a in answers} == {202}, {(a.status_code, a.text) for a in answers}
    assert len({a.json()["id"] for a in answers}) == 1
    again = partner.ask("POST", path, key="k-1", json=body)
    assert again.text == partner.ask("POST", path, key="k-1", json=body).text
    sent = [c for c in api.ok("GET", f"/wearers/{wearer}/commands")["commands"] if c["type"] == "message"]
    assert len(sent) == 1
    partner.refused(422, "key_reused", "POST", path, key="k-1", json={"text": "Other"})
    partner.refused(422, "key_reused", "POST", f"/wearers/{wearer}/locates", key="k-1")
    missing = partner.post(f"/partner/v1{path}", json=body)
    assert (missing.status_code, missing.json()["code"]) == (400, "key_missing")
    partner.refused(400, "key_invalid", "POST", path, key="x" * 65, json=body)
    partner.refused(400, "key_invalid", "POST", path, key="a b", json=body)
    # What was refused may be tried again with the same key.
    partner.refused(400, "text_too_long", "POST", path, key="k-2", json={"text": "x" * 195})
    assert partner.ask("POST", path, key="k-2", json={"text": "short"}).status_code == 202
    # A plan that waits already is not proposed twice, with any key.
    plan = {"medicine": "Aspirin", "dose": "1 tablet", "times": ["08:00", "20:00"], "days": ["mon"], "note": "after meals"}
    ids = {partner.ok("POST", f"/wearers/{wearer}/plan-proposals", json=plan)["id"] for _ in range(3)}
    assert len(ids) == 1


def test_a_withdrawal_ends_open_streams_within_two_seconds(api, partner, watched):
    wearer, sim, wire_id = watched
    consent = grant(api, partner, [wearer], ["alarms"])
    stream = PartnerEvents(partner)
    sim.ask(f"sos {wire_id}")
    event = stream.next()
    check_event(event)
    assert (event["type"], event["wearer"], event["kinds"]) == ("alarm.raised", wearer, ["sos"])
    uses = f"/consents/{consent['id']}/uses"
    eventually(lambda: [u["times"] for u in api.ok("GET", uses)["uses"] if u["action"] == "events"] == [1], 10)
    alarm = partner.ok("GET", f"/wearers/{wearer}/alarms")["alarms"][0]
    assert alarm["id"] == event["alarm"] and "fix" not in alarm
    api.ok("POST", f"/alarms/{alarm['id']}/take")
    assert stream.next()["type"] == "alarm.taken"
    begin = time.monotonic()
    api.ok("DELETE", f"/consents/{consent['id']}")
    stream.wait_end()
    assert time.monotonic() - begin < 2
    partner.refused(404, "not_found", "GET", f"/wearers/{wearer}/alarms")
    # What happens now is not told later either.
    quiet = PartnerEvents(partner, last_event_id="1")
    api.ok("POST", f"/alarms/{alarm['id']}/close", json={})
    grant(api, partner, [wearer], ["alarms"])
    quiet.wait_end()
    again = PartnerEvents(partner, last_event_id="1")
    assert again.next()["type"] == "alarm.taken"  # what was told once may be asked again under the new consent


def test_streams_end_when_the_partner_is_stopped_and_are_few(api, partner, watched):
    grant(api, partner, [watched[0]], ["alarms"])
    streams = [PartnerEvents(partner) for _ in range(3)]
    partner.refused(429, "too_many_streams", "GET", "/events")
    api.ok("POST", f"/operator/partners/{partner.id}/stop")
    for stream in streams:
        stream.wait_end()


def test_proposals_are_decided_by_members(api, partner, watched):
    wearer = watched[0]
    grant(api, partner, [wearer], ["propose_plan"])
    plan = {"medicine": "Aspirin", "dose": "1 tablet", "times": ["08:00"], "first_day": "2026-12-01"}
    path = f"/wearers/{wearer}/plan-proposals"
    for bad in ({"times": ["8:00"]}, {"times": ["24:00"]}, {"days": ["monday"]}, {"first_day": "2026-02-30"}, {"medicine": ""}, {"ring": True}):
        assert partner.ask("POST", path, json=plan | bad).status_code == 400, bad
    made = partner.ok("POST", path, json=plan)
    assert (made["state"], made["plan"]) == ("waiting", plan)
    listed = api.ok("GET", f"/groups/{api.group}/plan-proposals")["proposals"]
    assert [(p["id"], p["partner"]["name"], p["plan"]) for p in listed] == [(made["id"], "Acme Care", plan)]
    # Nothing of it goes to the watch, and accepting is class D.
    api.refused(403, "second_factor_missing", "POST", f"/plan-proposals/{made['id']}/accept")
    assert api.ok("POST", f"/plan-proposals/{made['id']}/reject")["state"] == "rejected"
    api.refused(409, "already_decided", "POST", f"/plan-proposals/{made['id']}/reject")
    assert partner.ok("GET", f"{path}/{made['id']}")["state"] == "rejected"
    assert not any("Aspirin" in text for text in texts_down(watched[1], watched[2]))


def test_walking_through_wearers_stops_the_partner(api, partner):
    for _ in range(100):
        partner.refused(404, "not_found", "GET", f"/wearers/{uuid.uuid4().hex}/position")
    partner.ask("GET", f"/wearers/{uuid.uuid4().hex}/position")
    eventually(lambda: partner.ask("GET", "/wearers").status_code == 401, 5)
    info = api.ok("GET", "/operator/partners")["partners"][0]
    assert (info["state"], info["reason"]) == ("stopped_by_server", "too_many_missing")
    api.ok("POST", f"/operator/partners/{partner.id}/start")
    partner.sign_in().ok("GET", "/wearers")


def test_asking_on_after_a_withdrawal_is_not_unusual(api, partner, watched):
    consent = grant(api, partner, [watched[0]], ["view_position"])
    api.ok("DELETE", f"/consents/{consent['id']}")
    for _ in range(102):
        partner.refused(404, "not_found", "GET", f"/wearers/{watched[0]}/position")
    partner.ok("GET", "/wearers")


def test_too_many_different_wearers_stop_the_partner(api, server, make_sim):
    sim = make_sim(server.watch_port, watches=3)
    wearers = [api.claim_sim(sim, n, f"Mia {n}") for n in range(3)]
    with Partner.register(api, wearers_per_hour=2) as partner:
        partner.sign_in()
        grant(api, partner, wearers, ["view_position"])
        for wearer in wearers[:2] * 2:
            partner.ok("GET", f"/wearers/{wearer}/position")
        partner.refused(403, "partner_stopped", "GET", f"/wearers/{wearers[2]}/position")
        eventually(lambda: partner.ask("GET", f"/wearers/{wearers[0]}/position").status_code == 401, 5)
        info = api.ok("GET", "/operator/partners")["partners"][0]
        assert (info["state"], info["reason"]) == ("stopped_by_server", "too_many_wearers")


def test_requests_a_minute_are_limited_for_each_partner(api, watched):
    with Partner.register(api, requests_per_min=8) as slow, Partner.register(api, name="Other") as other:
        slow.sign_in()
        answers = [slow.ask("GET", "/wearers") for _ in range(4)]
        assert answers[0].status_code == 200
        assert answers[-1].status_code == 429 and int(answers[-1].headers["retry-after"]) >= 1
        other.sign_in().ok("GET", "/wearers")


def test_ranges_are_at_most_31_days(api, partner, watched):
    wearer = watched[0]
    grant(api, partner, [wearer], ["view_history", "view_health"])
    long = {"from": "2026-01-01T00:00:00Z", "to": "2026-02-02T00:00:00Z"}
    for path in ("history", "health"):
        partner.refused(400, "range_too_long", "GET", f"/wearers/{wearer}/{path}", params=long)
        partner.refused(400, "range_invalid", "GET", f"/wearers/{wearer}/{path}", params={"from": long["to"], "to": long["from"]})


def test_health_is_what_the_watch_told(api, partner, server):
    wearer, watch = api.claim_raw("3707900001")
    grant(api, partner, [wearer], ["view_health"])
    api.ok("PUT", f"/wearers/{wearer}/health-rule", json={"is_allowed": True, "keep_days": 7})
    watch.send("heart,72", "LK,130,0,80")

    def read():
        params = {"from": at(hours=-1), "to": at(hours=1)}
        health = partner.ok("GET", f"/wearers/{wearer}/health", params=params)
        return [v for v in health["values"] if v.get("value") == 72] and health

    health = eventually(read, 20)
    assert [(v["kind"], "by" in v) for v in health["values"]] == [("heart", False)]
    assert health["days"][-1]["steps"] == 30 and "distance_m" not in health["days"][-1]


def test_a_stolen_token_does_not_open_another_group(api, partner, watched, server):
    """Nothing but the documented verbs: every path of the app with a partner's full credentials."""
    wearer = watched[0]
    grant(api, partner, [wearer])
    before = len(watched[1].events)
    routes = [
        ("GET", f"/api/v1/wearers/{wearer}"),
        ("POST", f"/api/v1/wearers/{wearer}/commands"),
        ("PUT", f"/api/v1/wearers/{wearer}/settings/zone"),
        ("DELETE", f"/api/v1/wearers/{wearer}"),
        ("GET", f"/api/v1/groups/{api.group}/consents"),
        ("POST", f"/api/v1/groups/{api.group}/consents"),
        ("GET", "/api/v1/operator/partners"),
    ]
    for method, path in routes:
        answer = partner.request(method, path, **({"json": {}} if method in ("POST", "PATCH") else {}))
        assert answer.status_code == 401, f"{method} {path}"
    for verb in ("call", "contacts", "photo", "power_off", "reset", "settings", "medication", "members", "commands", "find"):
        assert partner.ask("POST", f"/wearers/{wearer}/{verb}").status_code == 404
    assert [e for e in watched[1].events[before:] if e["dir"] == "down"] == []


def test_erasing_the_wearer_leaves_nothing_for_the_partner(api, partner, watched, server):
    wearer = watched[0]
    grant(api, partner, [wearer])
    partner.ok("GET", f"/wearers/{wearer}/position")
    partner.ok("POST", f"/wearers/{wearer}/plan-proposals", json={"medicine": "A", "dose": "1", "times": ["08:00"]})
    api.prove().ok("DELETE", f"/wearers/{wearer}")
    partner.refused(404, "not_found", "GET", f"/wearers/{wearer}/position")
    assert partner.ok("GET", "/wearers")["wearers"] == []
    with server.database() as db:
        for table in ("consent_wearer", "partner_use", "plan_proposal", "partner_event", "partner_answer"):
            assert db.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] == 0, table


def test_accepting_a_proposal_needs_a_proof_and_a_second_admin(api, partner, watched):
    wearer = watched[0]
    grant(api, partner, [wearer], ["propose_plan"])
    path = f"/wearers/{wearer}/plan-proposals"

    def propose(medicine):
        return partner.ok("POST", path, json={"medicine": medicine, "dose": "1", "times": ["08:00"]})["id"]

    first = propose("Aspirin")
    api.prove()
    assert api.ok("POST", f"/plan-proposals/{first}/accept")["state"] == "accepted"
    api.refused(409, "already_decided", "POST", f"/plan-proposals/{first}/accept")
    ben = api.invite("admin", "ben")
    second = propose("Ibuprofen")
    waiting = api.request("POST", f"/api/v1/plan-proposals/{second}/accept")
    assert waiting.status_code == 202
    approval = waiting.json()
    assert approval["summary"]["plan"]["medicine"] == "Ibuprofen"
    assert partner.ok("GET", f"{path}/{second}")["state"] == "waiting"
    ben.prove().ok("POST", f"/approvals/{approval['id']}/approve")
    assert partner.ok("GET", f"{path}/{second}")["state"] == "accepted"
    third = propose("Paracetamol")
    approval = api.request("POST", f"/api/v1/plan-proposals/{third}/accept").json()
    ben.ok("POST", f"/approvals/{approval['id']}/object")
    assert partner.ok("GET", f"{path}/{third}")["state"] == "waiting"
    ben.close()


class PartnerEvents(Events):
    """A partner's event stream; only the head differs."""

    def __init__(self, partner, last_event_id=None):
        import queue
        import socket
        from urllib.parse import urlsplit

        url = urlsplit(partner.server.url)
        self.socket = socket.create_connection((url.hostname, url.port), timeout=60)
        head = [f"GET /partner/v1/events HTTP/1.1\r\nHost: {url.netloc}"]
        head.append("Authorization: " + partner.headers["Authorization"])
        if last_event_id is not None:
            head.append(f"Last-Event-ID: {last_event_id}")
        self.socket.sendall(("\r\n".join(head) + "\r\n\r\n").encode())
        self.file = self.socket.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        assert self.status == 200
        self.headers = {}
        while (line := self.file.readline().strip()) != b"":
            name, _, value = line.decode().partition(":")
            self.headers[name.lower()] = value.strip()
        assert self.headers["content-type"] == "text/event-stream"
        while not self.file.readline().startswith(b"id:"):  # greeted: it listens
            pass
        self.seen = []
        self._new = queue.Queue()
        self.socket.settimeout(None)
        threading.Thread(target=self._read, daemon=True).start()

    def next(self, timeout=20):
        event = self._new.get(timeout=timeout)
        assert event is not None, "the stream ended"
        assert event.kind == event.data["type"]
        return event.data


def test_the_events_are_json_of_the_described_form():
    check_event(json.loads('{"id":"%s","type":"alarm.raised","time":"2026-11-22T10:55:00.000Z","wearer":"%s","alarm":"%s","kinds":["sos"]}' % (("0" * 32,) * 3)))


def test_plans_are_shown_to_whom_the_health_is(api, partner, watched):
    wearer = watched[0]
    api.prove()
    grant(api, partner, [wearer], ["propose_plan"])
    plan = {"medicine": "Haloperidol", "dose": "1", "times": ["08:00"]}
    made = partner.ok("POST", f"/wearers/{wearer}/plan-proposals", json=plan)
    carl = api.invite("carer", "carl")
    terms = {"given": [], "taken": ["view_health"], "windows": []}
    api.ok("PUT", f"/groups/{api.group}/members/{carl.account}/wearers/{wearer}", json=terms)
    assert carl.ok("GET", f"/groups/{api.group}/plan-proposals")["proposals"] == []
    waits = api.ok("POST", f"/plan-proposals/{made['id']}/accept")
    assert waits["summary"]["plan"]["medicine"] == "Haloperidol"
    approvals = carl.get(f"/api/v1/groups/{api.group}/approvals")
    assert approvals.json()["approvals"][0]["kind"] == "plan_proposal.accept" and "Haloperidol" not in approvals.text
    carl.close()


def test_families_are_told_when_the_operator_puts_other_keys_there(api, partner, watched):
    """Whoever holds the keys reads what families allowed the partner."""
    api.prove()
    grant(api, partner, [watched[0]], ["view_position"])
    body = {"algorithm": "ES256", "jwks": public_set(new_key())}
    api.ok("POST", f"/operator/partners/{partner.id}/keys", json=body)
    [told] = [n for n in api.ok("GET", "/notices")["notices"] if n["action"] == "partner.keys"]
    assert told["group"] == api.group and told["actor"]["name"] == "Maria"
    partner.refused(401, "token_invalid", "GET", "/wearers")
