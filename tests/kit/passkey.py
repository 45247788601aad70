"""An authenticator of software: makes passkeys and uses them, as a browser would bring them; also bent ones."""

import base64
import hashlib
import json
import os

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

ES256, EDDSA, RS256 = -7, -8, -257
PRESENT, VERIFIED, HAS_CREDENTIAL = 0x01, 0x04, 0x40


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def cbor(value):
    """The little of CBOR that authenticators write."""
    if value is True or value is False:
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(cbor(v) for v in value)
    return head(5, len(value)) + b"".join(cbor(k) + cbor(v) for k, v in value.items())


def head(major, n):
    if n < 24:
        return bytes([major << 5 | n])
    for info, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if n < 1 << 8 * size:
            return bytes([major << 5 | info]) + n.to_bytes(size, "big")
    raise ValueError(n)


class Authenticator:
    """One passkey. What is given to create() and get() by name bends the answer."""

    def __init__(self, algorithm=ES256, origin="http://localhost:8080", counts=True):
        self.algorithm = algorithm
        self.origin = origin
        self.id = os.urandom(32)
        self.user = None
        self.counter = 0 if counts else None
        if algorithm == ES256:
            self.key = ec.generate_private_key(ec.SECP256R1())
        elif algorithm == EDDSA:
            self.key = ed25519.Ed25519PrivateKey.generate()
        else:
            self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def cose(self):
        public = self.key.public_key()
        if self.algorithm == ES256:
            n = public.public_numbers()
            return {1: 2, 3: ES256, -1: 1, -2: n.x.to_bytes(32, "big"), -3: n.y.to_bytes(32, "big")}
        if self.algorithm == EDDSA:
            from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

            return {1: 1, 3: EDDSA, -1: 6, -2: public.public_bytes(Encoding.Raw, PublicFormat.Raw)}
        n = public.public_numbers()
        return {1: 3, 3: RS256, -1: n.n.to_bytes(256, "big"), -2: n.e.to_bytes(3, "big")}

    def sign(self, data):
        if self.algorithm == ES256:
            return self.key.sign(data, ec.ECDSA(hashes.SHA256()))
        if self.algorithm == EDDSA:
            return self.key.sign(data)
        return self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())

    def client_data(self, kind, challenge, origin=None, **more):
        return json.dumps(
            {"type": kind, "challenge": challenge, "origin": origin or self.origin, "crossOrigin": False} | more
        ).encode()

    def next_counter(self):
        if self.counter is None:
            return 0
        self.counter += 1
        return self.counter

    def create(self, options, name="Key", origin=None, rp_id=None, flags=PRESENT | VERIFIED, challenge=None,
               kind="webauthn.create", attestation="none", attestation_object=None, **more):
        """The body of POST account/passkeys."""
        self.user = options.get("user_id")
        client = self.client_data(kind, challenge or options["challenge"], origin, **more)
        data = hashlib.sha256((rp_id or options["rp_id"]).encode()).digest()
        data += bytes([flags | HAS_CREDENTIAL]) + self.next_counter().to_bytes(4, "big")
        data += bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cbor(self.cose())
        statement = {}
        if attestation == "packed":
            signature = self.sign(data + hashlib.sha256(client).digest())
            statement = {"alg": self.algorithm, "sig": signature}
        made = cbor({"fmt": attestation, "attStmt": statement, "authData": data})
        return {
            "challenge_id": options["challenge_id"],
            "name": name,
            "client_data": b64(client),
            "attestation_object": b64(attestation_object or made),
        }

    def get(self, options, origin=None, rp_id=None, flags=PRESENT | VERIFIED, challenge=None, kind="webauthn.get",
            counter=None, spoil=False, user=None, **more):
        """The body of POST session/passkey and session/step-up."""
        client = self.client_data(kind, challenge or options["challenge"], origin, **more)
        data = hashlib.sha256((rp_id or options["rp_id"]).encode()).digest()
        data += bytes([flags]) + (self.next_counter() if counter is None else counter).to_bytes(4, "big")
        signature = self.sign(data + hashlib.sha256(client).digest())
        if spoil:
            signature = self.sign(data + hashlib.sha256(b"something else").digest())
        handle = user or self.user
        return {
            "challenge_id": options["challenge_id"],
            "credential_id": b64(self.id),
            "client_data": b64(client),
            "authenticator_data": b64(data),
            "signature": b64(signature),
        } | ({"user_handle": handle} if handle else {})


def add_passkey(api, password, authenticator=None, name="Key", **bent):
    """Adds a passkey to the account that is signed in; the authenticator."""
    authenticator = authenticator or Authenticator()
    options = api.ok("POST", "/account/passkeys/options", json={"password": password} if password else {})
    api.ok("POST", "/account/passkeys", json=authenticator.create(options, name, **bent))
    return authenticator


def sign_in_with(api, authenticator, **bent):
    options = api.ok("POST", "/session/passkey/options", json={})
    return api.post("/api/v1/session/passkey", json=authenticator.get(options, **bent))


def step_up_with(api, authenticator, **bent):
    options = api.ok("POST", "/session/step-up/options", json={})
    return api.post("/api/v1/session/step-up", json=authenticator.get(options, **bent))
