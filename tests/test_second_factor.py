"""The authenticator app, recovery codes, step-up, sessions, and a server that wants a second factor."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from kit.passkey import Authenticator, add_passkey, sign_in_with, step_up_with
from kit.server import PASSWORD
from kit.totp import add_totp, totp


def sign_in(server, **more):
    with server.api() as other:
        return other.post("/api/v1/session", json={"login": "maria", "password": PASSWORD} | more)


def test_an_app_is_asked_for_its_code(server, api):
    secret, codes = add_totp(api, PASSWORD)
    assert len(set(codes)) == 10
    security = api.ok("GET", "/account/security")
    assert (security["has_totp"], security["recovery_codes_left"]) == (True, 10)
    answer = sign_in(server)
    assert (answer.status_code, answer.json()["code"]) == (401, "code_needed")
    assert (bad := sign_in(server, code="000000")).status_code == 403 and bad.json()["code"] == "code_wrong"
    now = totp(secret)
    answer = sign_in(server, code=now)
    assert answer.status_code == 201 and "stepped_up_until" in answer.json()
    # Neither the same once more nor the older one.
    assert sign_in(server, code=now).json()["code"] == "code_wrong"
    assert sign_in(server, code=totp(secret, -1)).json()["code"] == "code_wrong"


def test_a_wrong_password_says_nothing_about_the_app(server, api):
    secret, _ = add_totp(api, PASSWORD)
    with server.api() as other:
        for code in ({}, {"code": totp(secret)}):
            body = {"login": "maria", "password": "not this one at all"} | code
            other.refused(401, "sign_in_failed", "POST", "/session", json=body)


def test_a_recovery_code_works_once(server, api):
    _, codes = add_totp(api, PASSWORD)
    assert sign_in(server, code=codes[3]).status_code == 201
    assert sign_in(server, code=codes[3]).json()["code"] == "code_wrong"
    assert sign_in(server, code=codes[4].upper().replace("-", " ")).status_code == 201
    assert api.ok("GET", "/account/security")["recovery_codes_left"] == 8
    fresh = api.ok("POST", "/account/recovery-codes")["recovery_codes"]
    assert not set(fresh) & set(codes)
    assert sign_in(server, code=codes[5]).json()["code"] == "code_wrong"


def at_once(server, path, body, count=16):
    """The same request from many clients together; the statuses."""
    clients = [server.api() for _ in range(count)]
    for client in clients:
        client.ok("GET", "/status")  # connected
    with ThreadPoolExecutor(count) as pool:
        statuses = list(pool.map(lambda client: client.post("/api/v1" + path, json=body).status_code, clients))
    for client in clients:
        client.close()
    return statuses


@pytest.mark.parametrize("kind", ["recovery", "app"])
def test_of_many_uses_of_a_code_at_once_one_wins(make_server, make_api, kind):
    server = make_server(sign_in_per_account_max=1000, sign_in_per_address_max=1000, sign_in_queue_max=64)
    secret, codes = add_totp(make_api(server), PASSWORD)
    code = codes[0] if kind == "recovery" else totp(secret, 1)
    # The first few are compared; the limit of wrong codes holds the rest back.
    statuses = at_once(server, "/session", {"login": "maria", "password": PASSWORD, "code": code})
    assert statuses.count(201) == 1 and set(statuses) <= {201, 403, 429}, statuses


def test_of_many_uses_of_a_passkey_at_once_one_wins(make_server, make_api):
    server = make_server(sign_in_per_account_max=1000, sign_in_per_address_max=1000, sign_in_queue_max=64)
    api = make_api(server)
    key = add_passkey(api, PASSWORD)
    proof = key.get(api.ok("POST", "/session/passkey/options", json={}))
    statuses = at_once(server, "/session/passkey", proof)
    assert statuses.count(201) == 1 and set(statuses) == {201, 401}, statuses
    api.ok("POST", "/session/step-up", json=key.get(api.ok("POST", "/session/step-up/options", json={})))
    made = Authenticator().create(api.ok("POST", "/account/passkeys/options", json={}))
    cookies = api.session_cookies()
    with ThreadPoolExecutor(8) as pool:
        send = lambda _: httpx.post(server.url + "/api/v1/account/passkeys", json=made, cookies=cookies).status_code  # noqa: E731
        statuses = list(pool.map(send, range(8)))
    assert statuses.count(201) == 1 and set(statuses) <= {201, 403, 409}, statuses
    assert len(api.ok("GET", "/account/security")["passkeys"]) == 2


def test_a_step_up_is_kept_by_the_session_alone(server, api):
    secret, codes = add_totp(api, PASSWORD)
    with server.api() as other:
        assert other.post(
            "/api/v1/session", json={"login": "maria", "password": PASSWORD, "code": codes[0]}
        ).status_code == 201
    key = add_passkey(api, None)
    with server.api() as other:
        assert sign_in_with(other, key).status_code == 201
        assert "stepped_up_until" in other.ok("GET", "/session")
    server.restart()
    assert "stepped_up_until" in api.ok("GET", "/session")


def test_changes_need_a_step_up(server, api):
    secret, _ = add_totp(api, PASSWORD)
    key = add_passkey(api, None)
    with server.api() as other:
        assert sign_in_with(other, key).status_code == 201
        other.ok("POST", "/account/recovery-codes")
    # An old session of a time before there was a second factor.
    with server.api() as old:
        passkey = api.ok("GET", "/account/security")["passkeys"][0]["id"]
        api.ok("DELETE", f"/account/passkeys/{passkey}")
        api.ok("DELETE", "/account/totp")
        old.sign_in()
        add_totp(api, PASSWORD)
        for method, path in (("DELETE", "/account/totp"), ("POST", "/account/recovery-codes")):
            old.refused(403, "step_up_needed", method, path)
        old.refused(403, "step_up_needed", "DELETE", "/account", content=b"{}", headers={"Content-Type": "application/json"})
        old.refused(403, "step_up_needed", "PATCH", "/account", json={"phone": "+4930123456"})
        old.ok("PATCH", "/account", json={"name": "Maria Luisa"})
        old.refused(403, "code_wrong", "POST", "/session/step-up", json={"code": "000000"})
        old.refused(400, "field_missing", "POST", "/session/step-up", json={"client_data": "AAAA"})
        old.refused(400, "field_missing", "POST", "/session/step-up", json={})


def test_without_a_second_factor_there_is_no_step_up(server, api):
    api.refused(403, "second_factor_missing", "POST", "/session/step-up", json={"code": "123456"})
    api.refused(403, "second_factor_missing", "POST", "/account/recovery-codes")
    assert api.ok("PATCH", "/account", json={"phone": "+4930123456"})["phone"] == "+4930123456"
    api.refused(400, "phone_invalid", "PATCH", "/account", json={"phone": "0800 MARIA"})
    assert "phone" not in api.ok("PATCH", "/account", json={"phone": ""})


def test_the_other_sessions_end_at_once_with_their_streams(server, api):
    with server.api() as other, server.api() as third:
        other.sign_in()
        third.sign_in()
        stream = other.events()
        assert len(api.ok("GET", "/sessions")["sessions"]) == 3
        api.ok("DELETE", "/sessions")
        stream.wait_end(timeout=2)
        for one in (other, third):
            one.refused(401, "sign_in_needed", "GET", "/session")
    assert len(api.ok("GET", "/sessions")["sessions"]) == 1


def test_codes_are_not_to_be_guessed(server, api):
    add_totp(api, PASSWORD)
    tries = []
    while len(tries) < 40 and (not tries or tries[-1].status_code != 429):  # the delays double
        tries.append(api.post("/api/v1/session/step-up", json={"code": f"{len(tries):06d}"}))
    held = tries.pop()
    assert len(tries) >= 5 and {t.json()["code"] for t in tries} == {"code_wrong"}
    assert (held.status_code, held.json()["code"]) == (429, "too_many_attempts")
    assert int(held.headers["Retry-After"]) >= 1
    assert sign_in(server, code="999999").json()["code"] in ("too_many_attempts", "code_wrong")
    # A passkey is not held back by that.
    options = api.ok("POST", "/account/passkeys/options", json={})
    key = Authenticator()
    api.ok("POST", "/account/passkeys", json=key.create(options))
    with server.api() as other:
        assert sign_in_with(other, key).status_code == 201


@pytest.fixture
def strict(make_server):
    return make_server(second_factor="required")


def test_a_server_may_want_a_second_factor(strict, make_api):
    api = make_api(strict)
    assert api.ok("GET", "/status")["second_factor"] == "required"
    for method, path in (("GET", "/wearers"), ("GET", "/alarms"), ("GET", f"/groups/{api.group}"), ("GET", "/operator/devices")):
        api.refused(403, "second_factor_needed", method, path)
    api.ok("GET", "/session")
    api.ok("GET", "/sessions")
    assert api.ok("GET", "/account/security")["passkeys"] == []
    key = add_passkey(api, PASSWORD)
    assert api.ok("GET", "/wearers")["wearers"] == []
    assert step_up_with(api, key).status_code == 200
    passkey = api.ok("GET", "/account/security")["passkeys"][0]["id"]
    api.ok("DELETE", f"/account/passkeys/{passkey}")
    api.refused(403, "second_factor_needed", "GET", "/wearers")


def test_a_password_does_not_add_a_second_factor_beside_another(server, api):
    """Whoever knew the password begins; then the owner adds a passkey; the thief has no proof to finish."""
    with server.api() as thief:
        thief.sign_in()
        secret = thief.ok("POST", "/account/totp", json={"password": PASSWORD})["secret"]
        options = thief.ok("POST", "/account/passkeys/options", json={"password": PASSWORD})
        add_passkey(api, PASSWORD)
        thief.refused(403, "step_up_needed", "POST", "/account/totp/confirm", json={"code": totp(secret)})
        made = Authenticator().create(options)
        thief.refused(403, "step_up_needed", "POST", "/account/passkeys", json=made)
        assert "stepped_up_until" not in thief.ok("GET", "/session")
    security = api.ok("GET", "/account/security")
    assert not security["has_totp"] and len(security["passkeys"]) == 1
