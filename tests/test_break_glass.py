"""Operators have no right on content, but for an emergency access that two of them open and the family sees."""

import pytest
from kit.process import eventually
from kit.server import PASSWORD
from kit.watch import position

REASON = "Missing child, asked by the police, file 12/345"


@pytest.fixture
def service(server, make_api):
    """Two operators, and a family with a watch that neither belongs to."""
    olga = make_api(server, login="olga", group_name="Operators").prove()
    maria = olga.invite("viewer", "maria").prove()
    olga.ok("DELETE", f"/groups/{olga.group}/members/{maria.account}")
    otto = olga.invite("admin", "otto").prove()
    olga.ok("POST", f"/operator/accounts/{otto.account}/operator", json={"is_operator": True})
    body = {"login": "otto", "password": PASSWORD, "code": otto.recovery_codes.pop()}
    otto.ok("POST", "/session", json=body)  # a new operator signs in anew
    otto.prove()
    maria.group = maria.ok("POST", "/groups", json={"name": "Family"})["id"]
    wearer, watch = maria.claim_raw("8800000015")
    watch.send(position("UD"))
    eventually(lambda: maria.ok("GET", f"/wearers/{wearer}")["fix"], what="the position")
    yield olga, otto, maria, wearer
    watch.close()
    for api in (otto, maria):
        for stream in api.streams:
            stream.close()
        api.close()


def told(api):
    return [entry["action"] for entry in api.ok("GET", "/notices")["notices"]]


def test_two_operators_open_a_family_for_a_time_and_it_is_told(service):
    olga, otto, maria, wearer = service
    events = maria.events()
    for operator in (olga, otto):
        operator.refused(404, "not_found", "GET", f"/wearers/{wearer}")
    body = {"group": maria.group, "reason": REASON, "hours": 2}
    asked = olga.ok("POST", "/operator/break-glass", json=body)
    assert asked["reason"] == REASON and "until" not in asked
    events.wait("notice", lambda n: n["group"] == maria.group)
    assert told(maria)[0] == "break_glass.request"
    olga.refused(403, "approval_own", "POST", f"/operator/break-glass/{asked['id']}/approve")
    olga.refused(404, "not_found", "GET", f"/wearers/{wearer}")
    opened = otto.ok("POST", f"/operator/break-glass/{asked['id']}/approve")
    assert opened["approved_by"] == "Otto" and opened["until"] > opened["created"]
    otto.refused(409, "approval_ended", "POST", f"/operator/break-glass/{asked['id']}/approve")
    assert told(maria)[0] == "break_glass.agree"

    seen = olga.ok("GET", f"/wearers/{wearer}")
    assert seen["name"] == "Mia" and seen["fix"] is not None
    assert [w["name"] for w in otto.ok("GET", f"/groups/{maria.group}")["wearers"]] == ["Mia"]
    eventually(lambda: told(maria).count("break_glass.look") == 2, what="a notice of each look")
    kinds = [w["kind"] for w in maria.ok("GET", f"/wearers/{wearer}/watchers")["watchers"]]
    assert kinds == ["member", "operator", "operator"]
    for method, path, body in (
        ("POST", f"/wearers/{wearer}/commands", {"type": "locate"}),
        ("POST", f"/wearers/{wearer}/commands", {"type": "message", "text": "hello"}),
        ("PATCH", f"/wearers/{wearer}", {"name": "X"}),
        ("POST", f"/groups/{maria.group}/invitations", {"role": "admin"}),
    ):
        olga.refused(403, "right_missing", method, path, json=body)
    olga.refused(403, "right_missing", "DELETE", f"/wearers/{wearer}")

    otto.ok("DELETE", f"/operator/break-glass/{asked['id']}")
    assert "break_glass.end" in told(maria)
    for operator in (olga, otto):
        operator.refused(404, "not_found", "GET", f"/wearers/{wearer}")
    assert olga.ok("GET", "/operator/break-glass")["break_glass"][0]["reason"] == REASON


def test_an_emergency_has_limits(service):
    olga, otto, maria, wearer = service
    body = {"group": maria.group, "reason": REASON, "hours": 4}
    olga.refused(400, "field_range", "POST", "/operator/break-glass", json=body | {"hours": 5})
    olga.refused(400, "field_too_short", "POST", "/operator/break-glass", json=body | {"reason": "why not"})
    olga.refused(404, "not_found", "POST", "/operator/break-glass", json=body | {"group": wearer})
    maria.refused(404, "not_found", "POST", "/operator/break-glass", json=body)


def test_an_emergency_access_changes_nothing(service):
    olga, otto, maria, wearer = service
    asked = olga.ok("POST", "/operator/break-glass", json={"group": maria.group, "reason": REASON, "hours": 1})
    otto.ok("POST", f"/operator/break-glass/{asked['id']}/approve")
    maria.invite("viewer", "vera").close()
    waits = maria.ok("POST", f"/groups/{maria.group}/invitations", json={"role": "viewer"})["approval"]
    assert olga.ok("GET", f"/groups/{maria.group}/approvals")["approvals"][0]["id"] == waits["id"]
    olga.refused(403, "right_missing", "POST", f"/approvals/{waits['id']}/object")
    assert maria.ok("GET", f"/groups/{maria.group}/approvals")["approvals"][0]["state"] == "pending"
