"""A partner's client for tests: signs assertions with any key and any claims, and checks every answer."""

import json
import time
import uuid

import httpx
from jwcrypto import jwk, jwt

from .schema import PARTNER, check_answer, problems

ALGORITHMS = {
    "ES256": {"kty": "EC", "crv": "P-256"},
    "EdDSA": {"kty": "OKP", "crv": "Ed25519"},
    "RS256": {"kty": "RSA", "size": 2048},
}
TOKEN_PATH = "/partner/v1/token"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
RIGHTS = ["view_position", "view_history", "view_health", "alarms", "locate", "message", "propose_plan"]


def new_key(algorithm="ES256", kid="key-1"):
    return jwk.JWK.generate(kid=kid, **ALGORITHMS[algorithm])


def public_set(*keys):
    return {"keys": [json.loads(key.export_public()) for key in keys]}


def read_and_check(answer):
    answer.read()
    check_answer(answer)


class Partner(httpx.Client):
    """A registered partner. The operator's client registers it."""

    def __init__(self, server, info, key, algorithm, base_url=None, **client):
        super().__init__(base_url=server.url, timeout=60, event_hooks={"response": [read_and_check]}, **client)
        self.server = server
        self.id = info["id"]
        self.name = info["name"]
        self.key = key
        self.algorithm = algorithm
        self.audience = (base_url or f"http://localhost:{server.web_port}") + TOKEN_PATH

    @classmethod
    def register(cls, api, name="Acme Care", algorithm="ES256", **more):
        key = new_key(algorithm)
        body = {"name": name, "contact": "ops@acme.example", "purpose": "Emergency calls", "algorithm": algorithm}
        if "certificate_pem" not in more:
            body["jwks"] = public_set(key)
        info = api.ok("POST", "/operator/partners", json=body | more)
        return cls(api.server, info, key, algorithm)

    def claims(self, **changes):
        now = int(time.time())
        claims = {"iss": self.id, "sub": self.id, "aud": self.audience, "iat": now, "exp": now + 120, "jti": uuid.uuid4().hex}
        return {k: v for k, v in (claims | changes).items() if v is not None}

    def assertion(self, key=None, header=None, **changes):
        head = {"alg": self.algorithm, "kid": "key-1"} | (header or {})
        token = jwt.JWT(header=head, claims=self.claims(**changes), algs=["ES256", "EdDSA", "RS256", "HS256"])
        token.make_signed_token(key or self.key)
        return token.serialize()

    def ask_token(self, assertion=None, headers=None, **form):
        body = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE}
        body["client_assertion"] = assertion if assertion is not None else self.assertion()
        data = {k: v for k, v in (body | form).items() if v is not None}
        request = self.build_request("POST", TOKEN_PATH, data=data, headers=headers)
        request.headers.pop("Authorization", None)
        return self.send(request)

    def sign_in(self, headers=None):
        """A fresh token, used from now on."""
        answer = self.ask_token(headers=headers)
        assert answer.status_code == 200, answer.text
        self.headers["Authorization"] = "Bearer " + answer.json()["access_token"]
        return self

    def ask(self, method, path, key=None, **kwargs):
        headers = {"Idempotency-Key": key or uuid.uuid4().hex} if method == "POST" else {}
        return self.request(method, "/partner/v1" + path, headers=headers, **kwargs)

    def ok(self, method, path, **kwargs):
        answer = self.ask(method, path, **kwargs)
        assert answer.status_code < 300, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def refused(self, status, code, method, path, **kwargs):
        answer = self.ask(method, path, **kwargs)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        assert answer.json()["code"] == code, answer.text
        return answer


def check_event(data):
    found = list(problems(data, {"$ref": "#/components/schemas/Event"}, "event", PARTNER))
    assert not found, "; ".join(found[:5])
