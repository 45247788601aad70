"""Codes of an authenticator app (RFC 6238), made by an implementation of our own."""

import base64
import hmac
import time


def totp(secret, step=0, now=None):
    """The code of now; `step` steps later (or before)."""
    key = base64.b32decode(secret)
    counter = int((time.time() if now is None else now) // 30) + step
    digest = hmac.new(key, counter.to_bytes(8, "big"), "sha1").digest()
    at = digest[-1] & 15
    return f"{(int.from_bytes(digest[at : at + 4], 'big') & 0x7FFFFFFF) % 10**6:06d}"


def add_totp(api, password):
    """Sets an authenticator app up; its secret and the recovery codes."""
    secret = api.ok("POST", "/account/totp", json={"password": password} if password else {})["secret"]
    codes = api.ok("POST", "/account/totp/confirm", json={"code": totp(secret, -1)})["recovery_codes"]
    return secret, codes
