#!/usr/bin/python3
"""A small client of Kinward's partner API: the standard library and `cryptography`.

    partner.py keygen --alg ES256 partner.key            prints the public half, for the operator
    partner.py --server https://kinward.example.org --client ID --key partner.key wearers
    partner.py … position WEARER | history WEARER FROM TO | health WEARER FROM TO | alarms WEARER
    partner.py … locate WEARER | message WEARER TEXT | propose WEARER MEDICINE DOSE HH:MM[,HH:MM…]
    partner.py … events                                  one line of JSON for each alarm, until it ends

The private key never leaves this computer. Every change carries an Idempotency-Key, so that trying again
after a broken connection does not do it twice.
"""

import argparse
import base64
import json
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
TRIES = 4


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(n):
    return base64url(n.to_bytes((n.bit_length() + 7) // 8, "big"))


# ---- keys ----


def new_key(algorithm):
    if algorithm == "ES256":
        return ec.generate_private_key(ec.SECP256R1())
    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(public_exponent=65537, key_size=3072)


def algorithm_of(key):
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return "ES256"
    return "EdDSA" if isinstance(key, ed25519.Ed25519PrivateKey) else "RS256"


def public_jwk(key, kid):
    public = key.public_key()
    if isinstance(public, ec.EllipticCurvePublicKey):
        n = public.public_numbers()
        point = {"kty": "EC", "crv": "P-256", "x": base64url(n.x.to_bytes(32, "big")), "y": base64url(n.y.to_bytes(32, "big"))}
    elif isinstance(public, ed25519.Ed25519PublicKey):
        raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        point = {"kty": "OKP", "crv": "Ed25519", "x": base64url(raw)}
    else:
        n = public.public_numbers()
        point = {"kty": "RSA", "n": number(n.n), "e": number(n.e)}
    return point | {"kid": kid, "use": "sig", "alg": algorithm_of(key)}


def sign(key, data):
    if isinstance(key, ec.EllipticCurvePrivateKey):
        r, s = utils.decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(data)
    return key.sign(data, padding.PKCS1v15(), hashes.SHA256())


# ---- the client ----


class Refused(Exception):
    """What the server answered instead."""

    def __init__(self, status, body):
        super().__init__(f"{status}: {body.get('detail') or body.get('error_description') or body}")
        self.status = status
        self.body = body


class Partner:
    def __init__(self, server, client_id, key, kid="key-1", audience=None, context=None):
        self.server = server.rstrip("/")
        self.client_id = client_id
        self.key = key
        self.kid = kid
        self.audience = audience or self.server + "/partner/v1/token"
        self.context = context  # an ssl.SSLContext with the client certificate, when tokens are bound to it
        self.token = None
        self.token_until = 0

    def assertion(self):
        now = int(time.time())
        header = {"alg": algorithm_of(self.key), "kid": self.kid, "typ": "JWT"}
        claims = {"iss": self.client_id, "sub": self.client_id, "aud": self.audience}
        claims |= {"iat": now, "exp": now + 60, "jti": uuid.uuid4().hex}
        text = base64url(json.dumps(header).encode()) + "." + base64url(json.dumps(claims).encode())
        return text + "." + base64url(sign(self.key, text.encode()))

    def open(self, request):
        try:
            return urllib.request.urlopen(request, timeout=60, context=self.context)
        except urllib.error.HTTPError as error:
            try:
                body = json.loads(error.read())
            except ValueError:
                body = {}
            if error.headers.get("Retry-After"):
                body["retry_after"] = int(error.headers["Retry-After"])
            raise Refused(error.code, body) from None

    def sign_in(self):
        form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE}
        form["client_assertion"] = self.assertion()
        data = urllib.parse.urlencode(form).encode()
        with self.open(urllib.request.Request(self.server + "/partner/v1/token", data)) as answer:
            token = json.loads(answer.read())
        self.token = token["access_token"]
        self.token_until = time.time() + token["expires_in"] - 20

    def request(self, method, path, body=None, key=None, query=None):
        if time.time() >= self.token_until:
            self.sign_in()
        url = self.server + "/partner/v1" + path + ("?" + urllib.parse.urlencode(query) if query else "")
        data = json.dumps(body).encode() if body is not None else b"" if method == "POST" else None
        headers = {"Authorization": "Bearer " + self.token}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if key is not None:
            headers["Idempotency-Key"] = key
        request = urllib.request.Request(url, data, headers, method=method)
        if body is None and data is not None:
            request.add_unredirected_header("Content-Type", "application/json")  # urllib would say it is a form
        return self.open(request)

    def get(self, path, **query):
        with self.request("GET", path, query=query) as answer:
            return json.loads(answer.read())

    def change(self, path, body=None):
        """Does it once, however often the connection breaks."""
        key = uuid.uuid4().hex
        for attempt in range(TRIES):
            try:
                with self.request("POST", path, body, key) as answer:
                    return json.loads(answer.read())
            except Refused as refused:
                if refused.status != 503 or attempt == TRIES - 1:
                    raise
                time.sleep(refused.body.get("retry_after", 2))
            except urllib.error.URLError:
                if attempt == TRIES - 1:
                    raise
                time.sleep(2**attempt)
        raise AssertionError("not reached")

    def wearers(self):
        after = {}
        while True:
            page = self.get("/wearers", **after)
            yield from page["wearers"]
            if not page["more"]:
                return
            after = {"after": page["wearers"][-1]["id"]}

    def events(self, last_id=None):
        """(id, event) until the stream ends, which it does with the token at the latest: begin again with the last id."""
        if time.time() >= self.token_until:
            self.sign_in()
        request = urllib.request.Request(self.server + "/partner/v1/events", headers={"Authorization": "Bearer " + self.token})
        if last_id is not None:
            request.add_header("Last-Event-ID", last_id)
        with self.open(request) as stream:
            fields = {}
            for raw in stream:
                line = raw.decode().rstrip("\r\n")
                if line == "":
                    if "data" in fields:
                        yield fields.get("id"), json.loads(fields["data"])
                    fields = {}
                elif not line.startswith(":"):
                    name, _, value = line.partition(":")
                    fields[name] = value.removeprefix(" ")


# ---- the command line ----


def keygen(algorithm, path, kid):
    key = new_key(algorithm)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = Path(path)
    file.touch(mode=0o600, exist_ok=False)
    file.write_bytes(pem)
    print(json.dumps({"keys": [public_jwk(key, kid)]}, indent=2))


def run(partner, words):
    verb, *rest = words
    if verb == "wearers":
        return list(partner.wearers())
    if verb == "events":
        for _, event in partner.events():
            print(json.dumps(event), flush=True)
        return None
    wearer, *rest = rest
    path = "/wearers/" + wearer
    if verb in ("position", "alarms"):
        return partner.get(f"{path}/{verb}")
    if verb in ("history", "health"):
        return partner.get(f"{path}/{verb}", **{"from": rest[0], "to": rest[1]})
    if verb == "locate":
        return partner.change(path + "/locates")
    if verb == "message":
        return partner.change(path + "/messages", {"text": rest[0]})
    if verb == "propose":
        plan = {"medicine": rest[0], "dose": rest[1], "times": rest[2].split(",")}
        return partner.change(path + "/plan-proposals", plan)
    raise SystemExit(f"{verb}: no such verb; see --help")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", help="https://…, as the operator says it")
    parser.add_argument("--client", help="the id that the operator gave you")
    parser.add_argument("--key", help="file of the private key (PEM)")
    parser.add_argument("--kid", default="key-1")
    parser.add_argument("--audience", help="address of the token endpoint, when it is another than --server says")
    parser.add_argument("--alg", default="ES256", choices=["ES256", "EdDSA", "RS256"], help="with keygen")
    parser.add_argument("words", nargs="+", metavar="VERB …")
    arguments = parser.parse_args()
    if arguments.words[0] == "keygen":
        keygen(arguments.alg, arguments.words[1], arguments.kid)
        return
    key = serialization.load_pem_private_key(Path(arguments.key).read_bytes(), None)
    partner = Partner(arguments.server, arguments.client, key, arguments.kid, arguments.audience)
    try:
        result = run(partner, arguments.words)
    except Refused as refused:
        sys.exit(f"refused: {refused}")
    if result is not None:
        print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
