#!/usr/bin/env python3
"""Receives webhooks of a Kinward server: checks who signed them (RFC 9421, RFC 9530) and folds repeats.

Python's standard library and `cryptography` are all that it needs.

    webhook.py --server https://kinward.example --own https://hook.example:8443/kinward \\
        --listen 0.0.0.0:8443 --certificate hook.pem

`--own` is the address that was registered, byte by byte: it is part of what is signed. See docs/webhooks.md.
"""

import argparse
import base64
import collections
import hashlib
import hmac
import json
import re
import ssl
import sys
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

REQUIRED = ("@method", "@target-uri", "content-digest", "content-type", "kinward-event-id")
CLOCK_S = 60  # what two clocks may differ
BODY_MAX = 65536
SEEN_MAX = 100_000  # events are repeated for three days at most
INPUT = re.compile(
    r'kinward=(?P<params>\((?P<components>"[a-z@-]+"(?: "[a-z@-]+")*)\)'
    r';created=(?P<created>[0-9]{1,15});expires=(?P<expires>[0-9]{1,15});keyid="(?P<keyid>[!#-\[\]-~]+)";alg="ed25519")'
)
SIGNATURE = re.compile(r"kinward=:([A-Za-z0-9+/]{86}==):")
DIGEST = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):")


class Refused(Exception):
    """Not from our server, changed on the way, or too old."""


class Repeated(Exception):
    """A repeat of an event that was taken before: answer with 2xx and do nothing."""


class Keys:
    """The server's public keys, by id; asked for again when a signature names another one, at most once a minute."""

    def __init__(self, server):
        self.address = server.rstrip("/") + "/.well-known/jwks.json"
        self.known = {}
        self.asked = None
        self.lock = threading.Lock()

    def take(self, jwks):
        self.known = {
            key["kid"]: Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(key["x"] + "="))
            for key in jwks["keys"]
            if (key.get("kty"), key.get("crv"), key.get("use", "sig")) == ("OKP", "Ed25519", "sig")
        }

    def get(self, keyid):
        with self.lock:
            may_ask = self.asked is None or time.monotonic() - self.asked > 60
            if keyid not in self.known and may_ask:
                self.asked = time.monotonic()
                with urllib.request.urlopen(self.address, timeout=10) as answer:
                    self.take(json.loads(answer.read(BODY_MAX)))
            return self.known.get(keyid)


class Verifier:
    def __init__(self, keys, own):
        self.keys = keys
        self.own = own
        self.seen = collections.OrderedDict()
        self.lock = threading.Lock()

    def check(self, method, headers, body, now=None):
        """headers: a mapping with lower-case names. The event's id; Refused or Repeated else."""
        now = time.time() if now is None else now
        given = INPUT.fullmatch(headers.get("signature-input", ""))
        signature = SIGNATURE.fullmatch(headers.get("signature", ""))
        digest = DIGEST.fullmatch(headers.get("content-digest", ""))
        if not given or not signature or not digest:
            raise Refused("no signature of the form that is wanted")
        components = [name.strip('"') for name in given["components"].split(" ")]
        if len(set(components)) != len(components) or not set(REQUIRED) <= set(components):
            raise Refused("the signature does not cover what it must")
        if not int(given["created"]) - CLOCK_S <= now <= int(given["expires"]) + CLOCK_S:
            raise Refused("signed at another time")
        if not hmac.compare_digest(base64.b64decode(digest[1]), hashlib.sha256(body).digest()):
            raise Refused("the body is not the one that was signed")
        key = self.keys.get(given["keyid"])
        if key is None:
            raise Refused("signed with an unknown key")
        values = {"@method": method, "@target-uri": self.own}
        lines = [f'"{name}": {values[name] if name in values else headers.get(name, "").strip()}' for name in components]
        lines.append(f'"@signature-params": {given["params"]}')
        try:
            key.verify(base64.b64decode(signature[1]), "\n".join(lines).encode())
        except InvalidSignature:
            raise Refused("the signature is wrong") from None
        return self._take(headers["kinward-event-id"])

    def _take(self, event):
        with self.lock:
            if event in self.seen:
                raise Repeated(event)
            self.seen[event] = True
            if len(self.seen) > SEEN_MAX:
                self.seen.popitem(last=False)
        return event


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > BODY_MAX:
            self.answer(400)
            return
        body = self.rfile.read(int(length))
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            self.server.verifier.check(self.command, headers, body)
        except Repeated:
            self.answer(204)
        except Refused as why:
            print(f"refused: {why}", file=sys.stderr)
            self.answer(401)
        else:
            print(body.decode("utf-8", "replace"), flush=True)  # here is where your own work begins
            self.answer(204)

    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--server", required=True, help="address of the Kinward server")
    words.add_argument("--own", required=True, help="the registered address of this receiver")
    words.add_argument("--listen", default="127.0.0.1:8443", help="HOST:PORT")
    words.add_argument("--certificate", help="file with key and certificate (PEM); without it a proxy must add TLS")
    given = words.parse_args()
    host, port = given.listen.rsplit(":", 1)
    server = ThreadingHTTPServer((host, int(port)), Handler)
    server.verifier = Verifier(Keys(given.server), given.own)
    if given.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(given.certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
