"""Passkeys: adding, signing in, stepping up; and everything that must be refused."""

import pytest
from kit.passkey import EDDSA, ES256, RS256, Authenticator, add_passkey, b64, sign_in_with, step_up_with
from kit.server import PASSWORD


@pytest.mark.parametrize("algorithm", [ES256, EDDSA, RS256])
def test_a_passkey_is_added_and_signs_in(server, api, algorithm):
    key = add_passkey(api, PASSWORD, Authenticator(algorithm), name="Telephone")
    security = api.ok("GET", "/account/security")
    assert [k["name"] for k in security["passkeys"]] == ["Telephone"]
    assert "last_used" not in security["passkeys"][0]
    with server.api() as other:
        answer = sign_in_with(other, key)
        assert answer.status_code == 201, answer.text
        session = answer.json()
        assert session["account"]["login"] == "maria"
        assert session["account"]["has_second_factor"] is True
        assert "stepped_up_until" in session
        assert other.ok("GET", "/session")["session_id"] == session["session_id"]
    assert "last_used" in api.ok("GET", "/account/security")["passkeys"][0]


def test_a_passkey_without_a_counter_and_with_an_own_attestation_works(server, api):
    key = add_passkey(api, PASSWORD, Authenticator(ES256, counts=False), attestation="packed")
    for _ in range(2):
        with server.api() as other:
            assert sign_in_with(other, key).status_code == 201


BENT_USES = {
    "another origin": {"origin": "https://evil.example"},
    "an origin that looks alike": {"origin": "http://localhost.evil.example"},
    "another site": {"rp_id": "evil.example"},
    "nobody present": {"flags": 0x04},
    "nobody recognised": {"flags": 0x01},
    "another type": {"kind": "webauthn.create"},
    "another challenge": {"challenge": b64(bytes(32))},
    "a short challenge": {"challenge": "AAAA"},
    "a wrong signature": {"spoil": True},
    "inside of another site": {"crossOrigin": True},
    "below another site": {"topOrigin": "https://evil.example"},
    "another user": {"user": b64(bytes(16))},
}


@pytest.mark.parametrize("what", BENT_USES)
def test_a_bent_answer_does_not_sign_in(server, api, what):
    key = add_passkey(api, PASSWORD)
    with server.api() as other:
        answer = sign_in_with(other, key, **BENT_USES[what])
        assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_failed")
        assert sign_in_with(other, key).status_code == 201  # nothing else was wrong


BENT_KEYS = {
    "another origin": {"origin": "https://evil.example"},
    "another site": {"rp_id": "evil.example"},
    "nobody recognised": {"flags": 0x01},
    "another type": {"kind": "webauthn.get"},
    "another challenge": {"challenge": b64(bytes(32))},
    "an attestation that we do not know": {"attestation": "tpm"},
    "nonsense": {"attestation_object": b"\xa0"},
    "a map of 2^62 pairs": {"attestation_object": b"\xbb\x3f\xff\xff\xff\xff\xff\xff\xff\x63fmt"},
    "an array of 2^32 items": {"attestation_object": b"\xa3\x63fmt\x9a\xff\xff\xff\xff"},
    "deeper than it may be": {"attestation_object": b"\x81" * 8000},
    "strings without an end": {"attestation_object": b"\xa3\x63fmt\x7f" + b"\x61a" * 3000},
}


@pytest.mark.parametrize("what", BENT_KEYS)
def test_a_bent_passkey_is_not_taken(server, api, what):
    options = api.ok("POST", "/account/passkeys/options", json={"password": PASSWORD})
    body = Authenticator().create(options, **BENT_KEYS[what])
    api.refused(403, "passkey_wrong", "POST", "/account/passkeys", json=body)
    assert api.ok("GET", "/account/security")["passkeys"] == []


def test_a_challenge_works_once(server, api):
    key = add_passkey(api, PASSWORD)
    with server.api() as other:
        options = other.ok("POST", "/session/passkey/options", json={})
        body = key.get(options)
        assert other.post("/api/v1/session/passkey", json=body).status_code == 201
        # The very same answer again, and a fresh one to the same challenge.
        other.refused(401, "sign_in_failed", "POST", "/session/passkey", json=body)
        other.refused(401, "sign_in_failed", "POST", "/session/passkey", json=key.get(options))
    options = api.ok("POST", "/account/passkeys/options", json={})
    body = Authenticator().create(options)
    assert api.post("/api/v1/account/passkeys", json=body).status_code == 201
    api.refused(403, "passkey_wrong", "POST", "/account/passkeys", json=Authenticator().create(options))


def test_a_challenge_is_for_one_purpose_and_one_session(server, api):
    with server.api() as other, server.api() as stranger:
        other.sign_in()
        key = add_passkey(api, PASSWORD)
        to_sign_in = api.ok("POST", "/session/passkey/options", json={})
        api.refused(403, "passkey_wrong", "POST", "/session/step-up", json=key.get(to_sign_in))
        to_step_up = api.ok("POST", "/session/step-up/options", json={})
        assert to_step_up["allow"] == [b64(key.id)]
        stranger.refused(401, "sign_in_failed", "POST", "/session/passkey", json=key.get(to_step_up))
        other.refused(403, "passkey_wrong", "POST", "/session/step-up", json=key.get(to_step_up))
        api.ok("POST", "/session/step-up", json=key.get(to_step_up))


def test_a_counter_that_goes_back_is_refused_and_told(server, api):
    key = add_passkey(api, PASSWORD)
    key.counter = 100
    with server.api() as other:
        assert sign_in_with(other, key).status_code == 201
        assert sign_in_with(other, key, counter=102).status_code == 201
        for counter in (102, 101, 50, 0):
            answer = sign_in_with(other, key, counter=counter)
            assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_failed"), counter
    assert [k["is_suspect"] for k in api.ok("GET", "/account/security")["passkeys"]] == [True]
    with server.database() as database:
        written = database.execute("SELECT COUNT(*) FROM audit WHERE action = 'passkey.suspect'").fetchone()[0]
    assert written == 4


def test_a_passkey_of_somebody_else_does_not_step_up(server, api, make_member):
    mine = add_passkey(api, PASSWORD)
    ben = make_member(api, "ben")
    theirs = add_passkey(ben, PASSWORD)
    answer = step_up_with(api, theirs)
    assert (answer.status_code, answer.json()["code"]) == (403, "passkey_wrong")
    assert step_up_with(api, mine).status_code == 200
    # It is known already, whoever has it.
    options = ben.ok("POST", "/account/passkeys/options", json={})
    ben.refused(409, "passkey_exists", "POST", "/account/passkeys", json=mine.create(options))


def test_an_unknown_passkey_and_a_wrong_one_are_answered_alike(server, api):
    key = add_passkey(api, PASSWORD)
    with server.api() as other:
        unknown = sign_in_with(other, Authenticator())
        wrong = sign_in_with(other, key, spoil=True)
        assert unknown.status_code == wrong.status_code == 401
        assert unknown.json() == wrong.json()


def test_the_password_alone_is_not_enough_beside_a_passkey(server, api):
    key = add_passkey(api, PASSWORD)
    assert step_up_with(api, key).status_code == 200
    code = api.ok("POST", "/account/recovery-codes")["recovery_codes"][0]
    right = {"login": "maria", "password": PASSWORD}
    with server.api() as other:
        other.refused(401, "passkey_needed", "POST", "/session", json=right)
        other.refused(401, "sign_in_failed", "POST", "/session", json={**right, "password": "not this one at all"})
        other.refused(403, "code_wrong", "POST", "/session", json={**right, "code": "000000"})
        assert other.post("/api/v1/session", json={**right, "code": code}).status_code == 201
    with server.api() as again:
        again.refused(403, "code_wrong", "POST", "/session", json={**right, "code": code})


def test_further_factors_need_a_fresh_proof(server, api):
    api.refused(403, "password_needed", "POST", "/account/passkeys/options", json={})
    api.refused(403, "password_wrong", "POST", "/account/passkeys/options", json={"password": "not this one"})
    with server.api() as other:
        other.sign_in()
        key = add_passkey(api, PASSWORD)
        passkey = other.ok("GET", "/account/security")["passkeys"][0]["id"]
        for body in ({}, {"password": PASSWORD}):
            other.refused(403, "step_up_needed", "POST", "/account/passkeys/options", json=body)
        other.refused(403, "step_up_needed", "POST", "/account/totp", json={"password": PASSWORD})
        other.refused(403, "step_up_needed", "DELETE", f"/account/passkeys/{passkey}")
        assert step_up_with(other, key).status_code == 200
        other.ok("DELETE", f"/account/passkeys/{passkey}")
        other.refused(404, "not_found", "DELETE", f"/account/passkeys/{passkey}")
    assert api.ok("GET", "/session")["account"]["has_second_factor"] is False


def test_an_account_has_at_most_twenty_passkeys(server, api):
    add_passkey(api, PASSWORD)
    for _ in range(19):
        add_passkey(api, None)
    options = api.ok("POST", "/account/passkeys/options", json={})
    assert len(options["exclude"]) == 20
    api.refused(409, "too_many_passkeys", "POST", "/account/passkeys", json=Authenticator().create(options))


def test_passkeys_belong_to_the_public_address(make_server, make_api):
    server = make_server(public_url="http://Kin.Example:80")
    api = make_api(server)
    options = api.ok("POST", "/account/passkeys/options", json={"password": PASSWORD})
    assert options["rp_id"] == "kin.example"
    body = Authenticator().create(options)
    api.refused(403, "passkey_wrong", "POST", "/account/passkeys", json=body)
    key = Authenticator(origin="http://kin.example")
    api.ok("POST", "/account/passkeys", json=key.create(options))
