"""Partners prove who they are: the token endpoint with every wrong thing, against another implementation (jwcrypto)."""

import base64
import json
import time

import httpx
import pytest
from jwcrypto import jwk, jws
from kit.partner import ALGORITHMS, ASSERTION_TYPE, TOKEN_PATH, Partner, new_key, public_set
from kit.process import eventually


def part(value):
    text = value if isinstance(value, str) else json.dumps(value)
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def refused(partner, assertion, error="invalid_client", status=401, **form):
    answer = partner.ask_token(assertion, **form)
    assert answer.status_code == status, answer.text
    assert answer.json()["error"] == error, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()["error_description"]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_each_algorithm_gets_a_token_that_works(api, algorithm):
    with Partner.register(api, algorithm=algorithm) as partner:
        answer = partner.ask_token()
        assert answer.status_code == 200, answer.text
        token = answer.json()
        assert (token["token_type"], token["expires_in"]) == ("Bearer", 300)
        assert partner.ask("GET", "/wearers").status_code == 401
        partner.headers["Authorization"] = "bearer " + token["access_token"]
        assert partner.ok("GET", "/wearers") == {"wearers": [], "more": False}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_only_the_registered_key_and_algorithm_sign(api, algorithm):
    with Partner.register(api, algorithm=algorithm) as partner:
        refused(partner, partner.assertion(key=new_key(algorithm)))
        for other in set(ALGORITHMS) - {algorithm}:
            refused(partner, partner.assertion(key=new_key(other), header={"alg": other}))
        refused(partner, partner.assertion(header={"kid": "key-2"}))
        good = partner.assertion()
        head, claims, signature = good.split(".")
        refused(partner, f"{head}.{part(partner.claims())}.{signature}")
        refused(partner, f"{head}.{claims}.{part('x' * 64)}")
        refused(partner, f"{head}.{claims}.")
        refused(partner, f"{head}.{claims}")
        assert partner.ask_token(good).status_code == 200


def test_no_algorithm_and_shared_secrets_are_refused(api):
    with Partner.register(api, algorithm="RS256") as partner:
        for none in ("none", "None", "NONE", "nOnE", ""):
            for signature in ("", "AA"):
                refused(partner, f"{part({'alg': none, 'kid': 'key-1'})}.{part(partner.claims())}.{signature}")
        pem = partner.key.export_to_pem()
        public = json.dumps(public_set(partner.key)["keys"][0])
        for secret in (pem, public.encode(), partner.id.encode()):
            key = jwk.JWK(kty="oct", k=base64.urlsafe_b64encode(secret).rstrip(b"=").decode())
            for alg in ("HS256", "HS384", "HS512"):
                token = jws.JWS(json.dumps(partner.claims()))
                token.allowed_algs = [alg]
                token.add_signature(key, None, json.dumps({"alg": alg, "kid": "key-1"}))
                refused(partner, token.serialize(compact=True))


def test_an_assertion_counts_once_also_after_a_restart(api, server, make_api):
    with Partner.register(api) as partner:
        assertion = partner.assertion()
        assert partner.ask_token(assertion).status_code == 200
        assert "used before" in refused(partner, assertion)
        server.restart()
        assert "used before" in refused(partner, assertion)
        # The same jti in another assertion is the same as well; another partner's is not.
        used = json.loads(base64.urlsafe_b64decode(assertion.split(".")[1] + "=="))["jti"]
        assert "used before" in refused(partner, partner.assertion(jti=used))
        assert partner.ask_token().status_code == 200


def test_times_are_within_a_minute_and_five(api):
    with Partner.register(api) as partner:
        now = int(time.time())
        refused(partner, partner.assertion(iat=now - 400, exp=now - 120))  # ended
        refused(partner, partner.assertion(iat=now + 120, exp=now + 300))  # of the future
        refused(partner, partner.assertion(nbf=now + 120))
        refused(partner, partner.assertion(exp=now + 301, iat=now))  # too long
        refused(partner, partner.assertion(iat=now - 301, exp=now))
        refused(partner, partner.assertion(exp=now - 10, iat=now))  # ends before it begins
        for broken in (None, "1795000000", 1.5, -1, 10**18, True, [now]):
            refused(partner, partner.assertion(exp=broken))
            refused(partner, partner.assertion(iat=broken))
        # Clocks that are 50 s apart work, in both directions.
        assert partner.ask_token(partner.assertion(iat=now - 300, exp=now - 50)).status_code == 200
        assert partner.ask_token(partner.assertion(iat=now + 50, exp=now + 300, nbf=now + 50)).status_code == 200


def test_claims_must_name_the_client_and_this_endpoint(api):
    with Partner.register(api) as partner, Partner.register(api, name="Other") as other:
        refused(partner, partner.assertion(iss=other.id))
        refused(partner, partner.assertion(sub=other.id))
        refused(partner, partner.assertion(iss=other.id, sub=other.id))  # signed by another client's key
        refused(partner, partner.assertion(iss="0" * 32, sub="0" * 32))
        refused(partner, partner.assertion(iss="x", sub="x"))
        refused(partner, partner.assertion(iss=None))
        refused(partner, partner.assertion(jti=None))
        refused(partner, partner.assertion(jti=""))
        refused(partner, partner.assertion(jti="x" * 257))
        for aud in (None, "", "https://other.example/partner/v1/token", partner.audience + "/", "http://localhost", 7):
            refused(partner, partner.assertion(aud=aud))
        refused(partner, partner.assertion(aud=[partner.audience, "https://other.example"]))
        refused(partner, partner.assertion(aud=[]))
        assert partner.ask_token(partner.assertion(aud=[partner.audience])).status_code == 200
        # Whatever the client says of the host does not change what the audience must be.
        evil = partner.assertion(aud="http://evil.example/partner/v1/token")
        answer = partner.ask_token(evil, headers={"Host": "evil.example"})
        assert answer.status_code == 401


def test_headers_that_bring_their_own_key_are_refused(api):
    with Partner.register(api) as partner:
        own = new_key()
        public = json.loads(own.export_public())
        for extra in (
            {"jwk": public},
            {"jku": "https://evil.example/jwks.json"},
            {"x5u": "https://evil.example/cert.pem"},
            {"x5c": ["AAAA"]},
            {"crit": ["exp"]},
            {"b64": False},
            {"zip": "DEF"},
        ):
            token = jws.JWS(json.dumps(partner.claims()))
            head = {"alg": "ES256", "kid": "key-1"} | extra
            signed = f"{part(head)}.{part(partner.claims())}"
            assert token is not None
            refused(partner, signed + "." + part("x" * 64))


def test_doubled_and_malformed_parts_are_refused(api):
    with Partner.register(api) as partner:
        claims = json.dumps(partner.claims())
        doubled = claims[:-1] + f', "iss": "{partner.id}"' + "}"
        signer = jws.JWS(doubled)
        signer.add_signature(partner.key, None, json.dumps({"alg": "ES256", "kid": "key-1"}))
        refused(partner, signer.serialize(compact=True))  # well signed, but "iss" is there twice
        for text in ("[]", "7", "null", "{", '"a"', "{}", "[" * 1000):
            signer = jws.JWS(text)
            signer.add_signature(partner.key, None, json.dumps({"alg": "ES256", "kid": "key-1"}))
            refused(partner, signer.serialize(compact=True))
        for text in (".", "..", "...", "a.b.c", "=.=.=", partner.assertion() + ".x", partner.assertion() + "="):
            refused(partner, text)
        refused(partner, "A" * 5000)
        refused(partner, partner.assertion(more="x" * 4000))


def test_the_form_is_that_of_the_standard(api):
    with Partner.register(api) as partner:
        good = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE}
        refused(partner, None, "invalid_request", 400, grant_type=None)
        refused(partner, None, "unsupported_grant_type", 400, grant_type="password")
        refused(partner, None, "unsupported_grant_type", 400, grant_type="authorization_code")
        refused(partner, None, client_assertion_type="urn:ietf:params:oauth:client-assertion-type:saml2-bearer")
        refused(partner, "")
        refused(partner, None, "invalid_request", 400, client_secret="secret")
        refused(partner, None, client_id="0" * 32)
        assert partner.ask_token(None, client_id=partner.id, scope="all").status_code == 200
        doubled = "grant_type=client_credentials&grant_type=client_credentials"
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = partner.post(TOKEN_PATH, content=doubled, headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
        answer = partner.post(TOKEN_PATH, content="grant_type=%zz", headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
        answer = partner.post(TOKEN_PATH, json=good | {"client_assertion": partner.assertion()})
        assert answer.status_code == 415
        answer = partner.post(TOKEN_PATH, data=good, headers={"Authorization": "Basic YTpi"})
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
        answer = partner.post(TOKEN_PATH, content="a=" + "x" * 70000, headers=headers)
        assert answer.status_code == 413
        assert partner.get(TOKEN_PATH).status_code == 405


def test_stopped_partners_get_nothing_and_their_tokens_end(api):
    with Partner.register(api) as partner:
        partner.sign_in()
        partner.ok("GET", "/wearers")
        stopped = api.ok("POST", f"/operator/partners/{partner.id}/stop")
        assert (stopped["state"], stopped["reason"]) == ("stopped", "operator")
        partner.refused(401, "token_invalid", "GET", "/wearers")
        refused(partner, None)
        assert api.ok("POST", f"/operator/partners/{partner.id}/start")["state"] == "active"
        partner.refused(401, "token_invalid", "GET", "/wearers")
        partner.sign_in().ok("GET", "/wearers")
        api.ok("DELETE", f"/operator/partners/{partner.id}")
        partner.refused(401, "token_invalid", "GET", "/wearers")
        refused(partner, None)
        api.refused(404, "not_found", "POST", f"/operator/partners/{partner.id}/start")


def test_new_keys_take_the_place_of_old_ones(api):
    with Partner.register(api) as partner:
        partner.sign_in()
        fresh = new_key("EdDSA", "key-1")
        body = {"algorithm": "EdDSA", "jwks": public_set(fresh, new_key("EdDSA", "key-2"))}
        api.refused(403, "second_factor_missing", "POST", f"/operator/partners/{partner.id}/keys", json=body)
        api.prove()
        assert api.ok("POST", f"/operator/partners/{partner.id}/keys", json=body)["keys"] == ["key-1", "key-2"]
        partner.refused(401, "token_invalid", "GET", "/wearers")
        refused(partner, None)
        partner.key, partner.algorithm = fresh, "EdDSA"
        partner.sign_in().ok("GET", "/wearers")


def test_what_is_no_token_is_refused_alike(api, server):
    with Partner.register(api) as partner:
        partner.sign_in()
        token = partner.headers["Authorization"].removeprefix("Bearer ")
        bodies = set()
        for header in (None, "", "Bearer", f"Basic {token}", token, f"Bearer {token}x", f"Bearer {token[:-1]}A", "Bearer " + "A" * 43):
            if header == f"Bearer {token}":
                continue
            answer = httpx.get(server.url + "/partner/v1/wearers", headers={"Authorization": header} if header is not None else {})
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
            bodies.add(answer.text)
        assert len(bodies) == 1
        # A person's session opens nothing here, and a token nothing there.
        assert api.get("/partner/v1/wearers").status_code == 401
        assert partner.get("/api/v1/wearers").status_code == 401


def test_a_registration_holds_public_keys_alone(api, server):
    key = new_key()
    base = {"name": "Acme", "contact": "a@example", "purpose": "p", "algorithm": "ES256"}

    def bad(code, **more):
        return api.refused(400, code, "POST", "/operator/partners", json=base | more)

    bad("partner_keys_invalid")
    private = {"keys": [json.loads(key.export())]}
    assert "private" in bad("partner_keys_invalid", jwks=private)["detail"]
    bad("partner_keys_invalid", jwks=public_set(new_key("EdDSA")))
    bad("partner_keys_invalid", jwks=public_set(key, key))
    bad("partner_keys_invalid", jwks={"keys": []})
    bad("partner_keys_invalid", jwks=public_set(*[new_key(kid=str(n)) for n in range(9)]))
    bad("partner_keys_invalid", jwks=public_set(jwk.JWK.generate(kty="EC", crv="P-384", kid="a")))
    bad("partner_keys_invalid", jwks=public_set(jwk.JWK.generate(kty="RSA", size=1024, kid="a")), algorithm="RS256")
    bad("partner_keys_invalid", certificate_pem="-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    bad("field_value", jwks=public_set(key), algorithm="HS256")
    bad("certificate_missing", jwks=public_set(key), is_bound=True)
    bad("partner_name_invalid", jwks=public_set(key), name="Mum: hello")
    for url in ("http://a.example/", "https://a.example", "https://user@a.example/", "https://a.example/#x", "ftp://a.example/", "https://localhost/"):
        bad("webhook_url_invalid", jwks=public_set(key), webhook_url=url)
    made = api.ok("POST", "/operator/partners", json=base | {"jwks": public_set(key), "webhook_url": "https://hooks.example/k"})
    assert made["webhook_url"] == "https://hooks.example/k"
    api.refused(409, "partner_name_taken", "POST", "/operator/partners", json=base | {"jwks": public_set(key)})
    assert [p["id"] for p in api.ok("GET", "/operator/partners")["partners"]] == [made["id"]]
    with server.database() as db:
        rows = str(db.execute("SELECT * FROM partner").fetchall())
        assert "hooks.example" not in rows and "a@example" not in rows


def test_only_the_operator_registers(server, api):
    body = {"name": "Acme", "contact": "a", "purpose": "p", "algorithm": "ES256", "jwks": public_set(new_key())}
    with server.api() as stranger:
        stranger.refused(401, "sign_in_needed", "POST", "/operator/partners", json=body)
    with Partner.register(api) as partner:
        partner.sign_in()
        assert partner.post("/api/v1/operator/partners", json=body).status_code == 401


def test_tokens_end_after_five_minutes_and_old_ones_make_room(api, server):
    with Partner.register(api) as partner:
        tokens = [partner.ask_token().json()["access_token"] for _ in range(51)]
        with server.database() as db:
            assert db.execute("SELECT COUNT(*), MAX(expires_ms - created_ms) FROM partner_token").fetchone() == (50, 300000)

        def works(token):
            return partner.get("/partner/v1/wearers", headers={"Authorization": f"Bearer {token}"}).status_code == 200

        assert not works(tokens[0]) or not works(tokens[1])
        assert eventually(lambda: works(tokens[-1]), 5)
