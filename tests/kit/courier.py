"""The courier alone, played with over its link; receivers of webhooks and a mail server with TLS; a listener that must
never be reached."""

import base64
import datetime
import email
import ipaddress
import socket
import ssl
import struct
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from kit.role import Role, message

HELLO, RESULT, WELCOME, WEBHOOK, MAIL = 64, 65, 80, 81, 82
OUTCOMES = [
    "none", "done", "bad_url", "no_name", "forbidden_address", "no_connection", "no_trusted_tls", "timeout", "refused",
    "sign_in", "not_set_up", "quota", "busy", "lost", "broken",
]


# ---- certificates ----


class Authority:
    """A certificate authority in a folder; `pem` is its certificate."""

    def __init__(self, folder):
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Kinward test authority")])
        self.certificate = self._sign(self.name, self.key.public_key(), [], is_authority=True)
        self.pem = folder / "authority.pem"
        self.pem.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def _sign(self, subject, public_key, names, is_authority=False):
        now = datetime.datetime(2020, 1, 1)
        builder = (
            x509.CertificateBuilder().subject_name(subject).issuer_name(self.name).public_key(public_key)
            .serial_number(x509.random_serial_number()).not_valid_before(now)
            .not_valid_after(now + datetime.timedelta(days=36500))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def context(self, *names):
        """A server's TLS context for these host names and addresses."""
        key = ec.generate_private_key(ec.SECP256R1())
        alternatives = []
        for name in names:
            try:
                alternatives.append(x509.IPAddress(ipaddress.ip_address(name)))
            except ValueError:
                alternatives.append(x509.DNSName(name))
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        certificate = self._sign(subject, key.public_key(), alternatives)
        path = self.folder / f"{uuid.uuid4().hex}.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


# ---- who is called ----


class Canary:
    """Listens on IPv4 and IPv6 of this machine, and counts who comes."""

    def __init__(self):
        self.hits = []
        self.sockets = []
        self.port = None
        while self.port is None:
            first = self._listen(socket.AF_INET, "0.0.0.0", 0)
            port = first.getsockname()[1]
            try:
                self._listen(socket.AF_INET6, "::1", port)
                self.port = port
            except OSError:
                first.close()
        for one in self.sockets:
            threading.Thread(target=self._serve, args=(one,), daemon=True).start()

    def _listen(self, family, host, port):
        one = socket.socket(family, socket.SOCK_STREAM)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.bind((host, port))
        one.listen(50)
        self.sockets.append(one)
        return one

    def _serve(self, one):
        while True:
            try:
                connection, peer = one.accept()
            except OSError:
                return
            self.hits.append(peer)
            connection.close()

    def close(self):
        for one in self.sockets:
            one.close()


class Receiver:
    """An HTTPS server for webhooks on its own loopback address. `answer(handler, body)` may be replaced."""

    def __init__(self, context, host="127.0.0.2"):
        self.host = host
        self.requests = []
        self.arrived = threading.Condition()
        self.answer = None
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with receiver.arrived:
                    receiver.requests.append((self.command, self.path, dict(self.headers.items()), body))
                    receiver.arrived.notify_all()
                if receiver.answer is not None:
                    receiver.answer(self, body)
                else:
                    self.reply(204)

            def do_GET(self):
                with receiver.arrived:
                    receiver.requests.append((self.command, self.path, dict(self.headers.items()), b""))
                    receiver.arrived.notify_all()
                receiver.answer(self, b"")

            def reply(self, status, headers=(), body=b""):
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def get_request(self):
                connection, peer = super().get_request()
                return context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), peer

            def handle_error(self, *_):
                pass

        self.server = Server((host, 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait(self, count=1, timeout=30):
        """Until so many requests came; all of them."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.requests) >= count, timeout), self.requests
            return list(self.requests)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class MailServer:
    """An SMTP server that offers STARTTLS and AUTH PLAIN; `mails` holds (from, to, message, was it by TLS, credentials)."""

    def __init__(self, context, host="127.0.0.2", offers_tls=True, password=None, reply_to_rcpt=b"250 ok"):
        self.context = context
        self.offers_tls = offers_tls
        self.password = password
        self.reply_to_rcpt = reply_to_rcpt
        self.before_taken = None
        self.mails = []
        self.lines = []
        self.arrived = threading.Condition()
        self.socket = socket.create_server((host, 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            self._talk(connection)
        except (OSError, ValueError):
            pass
        connection.close()

    def _talk(self, connection):
        stream = connection.makefile("rb")
        sender = receivers = credentials = None
        is_tls = False
        connection.sendall(b"220 mail.example ESMTP\r\n")
        while line := stream.readline():
            self.lines.append(line)
            word = line[:4].upper()
            if word == b"EHLO":
                offers = [b"250-mail.example"]
                if is_tls and self.password:
                    offers.append(b"250-AUTH PLAIN")
                elif self.offers_tls and not is_tls:
                    offers.append(b"250-STARTTLS")
                connection.sendall(b"\r\n".join(offers + [b"250 8BITMIME", b""]))
            elif word == b"STAR" and self.offers_tls:
                connection.sendall(b"220 go\r\n")
                connection = self.context.wrap_socket(connection, server_side=True)
                stream = connection.makefile("rb")
                is_tls = True
            elif word == b"AUTH":
                parts = line.split()
                if len(parts) == 2:  # the credentials come in a line of their own
                    connection.sendall(b"334 \r\n")
                    parts.append(stream.readline().strip())
                credentials = base64.b64decode(parts[2]).split(b"\0")[1:]
                is_right = credentials[1].decode() == self.password
                connection.sendall(b"235 ok\r\n" if is_right else b"535 no\r\n")
            elif word == b"MAIL":
                sender, receivers = line, []
                connection.sendall(b"250 ok\r\n")
            elif word == b"RCPT":
                receivers.append(line)
                connection.sendall(self.reply_to_rcpt + b"\r\n")
            elif word == b"DATA":
                connection.sendall(b"354 go\r\n")
                data = b""
                while not data.endswith(b"\r\n.\r\n"):
                    data += stream.readline()
                if self.before_taken is not None:
                    self.before_taken()
                with self.arrived:
                    self.mails.append((sender, receivers, email.message_from_bytes(data[:-3]), is_tls, credentials))
                    self.arrived.notify_all()
                connection.sendall(b"250 taken\r\n")
            elif word == b"QUIT":
                connection.sendall(b"221 bye\r\n")
                return
            else:
                connection.sendall(b"500 what\r\n")

    def wait(self, count=1, timeout=30):
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.mails) >= count, timeout), self.lines
            return list(self.mails)

    def close(self):
        self.socket.close()


# ---- the courier ----


def packed(text, bytes_of_length=2):
    data = text.encode() if isinstance(text, str) else text
    return len(data).to_bytes(bytes_of_length, "little") + data


class Courier(Role):
    """`kinward role courier` with the test at the other end of its link, as server and supervisor."""

    def __init__(self, kinward, folder, settings, env=None):
        super().__init__("courier", kinward, folder, settings, env)
        self.results = {}
        self.epoch = None

    def ready(self):
        self.wait_ready()
        self.epoch, busy = struct.unpack("<QH", self.receive(HELLO))
        assert busy == 0
        self.send(message(WELCOME, struct.pack("<Q", self.epoch)))
        return self

    def post_webhook(self, url, body=b"{}", event=None):
        item = uuid.uuid4().bytes
        self.send(
            message(
                WEBHOOK,
                item + struct.pack("<I", 1) + (event or item) + packed(url) + packed("sha-256=:AA==:")
                + packed('kinward=("@method")') + packed("kinward=:AA==:") + packed(body),
            )
        )
        return item

    def post_mail(self, to, subject="Hello", text="Text"):
        item = uuid.uuid4().bytes
        self.send(message(MAIL, item + struct.pack("<I", 1) + packed(to) + packed(subject) + packed(text)))
        return item

    def result(self, item):
        """(outcome, code) of an item."""
        while item not in self.results:
            body = self.receive(RESULT)
            attempt, outcome, code = struct.unpack("<IBH", body[16:])
            assert attempt == 1
            self.results[body[:16]] = (OUTCOMES[outcome], code)
        return self.results[item]

    def webhook(self, url, body=b"{}", event=None):
        return self.result(self.post_webhook(url, body, event))

    def mail(self, to, subject="Hello", text="Text"):
        return self.result(self.post_mail(to, subject, text))
