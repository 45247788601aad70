"""People for tests: accounts by invitation, with an authenticator app and fresh proofs of who they are."""

import base64
import hashlib
import hmac
import struct
import time

from .server import PASSWORD


def totp(secret, at=None):
    """The six digits of RFC 6238 for a secret in base32."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(at or time.time()) // 30), hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 10**6:06d}"


def protect(api):
    """Sets up an authenticator app; api.codes are the recovery codes, each good for one step_up."""
    secret = api.ok("POST", "/account/totp", json={"password": PASSWORD})["secret"]
    api.codes = api.ok("POST", "/account/totp/confirm", json={"code": totp(secret)})["recovery_codes"]
    return api


def step_up(api):
    """A fresh proof: class D is open for five minutes."""
    api.ok("POST", "/session/step-up", json={"code": api.codes.pop()})
    return api


def invite(api, role, group=None):
    """The token of a link that works now."""
    made = api.request("POST", f"/api/v1/groups/{group or api.group}/invitations", json={"role": role})
    assert made.status_code == 201, made.text
    return made.json()["link"].rsplit("token=", 1)[1]


def accept(server, token, login):
    """A new account by an invitation: its client."""
    api = server.api()
    body = {"token": token, "login": login, "name": login.capitalize(), "password": PASSWORD, "language": "en"}
    answer = api.post("/api/v1/invitations/accept", json=body)
    assert answer.status_code == 201, answer.text
    api.group = answer.json()["groups"][0]["id"]
    api.account = answer.json()["account"]["id"]
    return api


def found_group(api, name):
    """A group of one's own; used by this client from now on."""
    made = api.ok("POST", "/groups", json={"name": name})
    api.group = made["id"]
    return api
