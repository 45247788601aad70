"""The TLS port of watches: whoever has no key is not heard, frames are the same, nothing else is let in."""

import datetime
import hashlib
import socket
import ssl
import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from kit.ports import free_port
from kit.process import eventually
from kit.watch import SOS, Closed, RawWatch, frame, imei_of, position


def make_certificate(folder, name, key=None, cn="any watch"):
    """A file with a key and a certificate that it signed for itself."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, cn)])
    now = datetime.datetime.utcnow()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # What stands in it besides the key is not looked at: a watch's clock may say anything.
        .not_valid_before(now - datetime.timedelta(days=3000))
        .not_valid_after(now - datetime.timedelta(days=1000))
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


class TlsWatch(RawWatch):
    """A bare watch that speaks TLS with the key in `pem`; None: with none."""

    def __init__(self, port, pem, wire_id="8800000015", version=None, trusted=None):
        super().__init__(port, wire_id)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_REQUIRED if trusted else ssl.CERT_NONE
        if trusted:
            context.load_verify_locations(trusted)
        if version:
            context.minimum_version = context.maximum_version = version
        if pem:
            context.load_cert_chain(pem)
        self.socket = context.wrap_socket(self.socket)


def is_refused(port, pem, **more):
    """True when the server ends it in the handshake, or right behind it (TLS 1.3 tells a client late)."""
    try:
        with TlsWatch(port, pem, **more) as watch:
            watch.send("LK")
            watch.receive()
    except (ssl.SSLError, ConnectionError, Closed, OSError):
        return True
    return False


@pytest.fixture
def tls(make_server, make_api):
    port = free_port()
    server = make_server(watch_tls_listen=f"127.0.0.1:{port}", gateways=1)
    return server, make_api(server), port


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_watch_is_claimed_and_reports_over_tls(tls, tmp_path, version):
    server, api, port = tls
    pem = make_certificate(tmp_path, "watch")
    claim = api.start_claim(imei_of("8800000015"), "Mia")
    with TlsWatch(port, pem, version=version) as watch:
        watch.send("LK,0,0,80")
        text = bytes.fromhex(watch.receive_keyword("MESSAGE").split(b",")[1].decode()).decode("utf-16-be")
        watch.send("MESSAGE")
        code = "".join(c for c in text if c.isdigit())[:6]
        wearer = api.ok("POST", f"/claims/{claim['id']}/code", json={"code": code})["wearer"]
        # Byte by byte, and many frames at once: the cut of records is none of the frames' business.
        for byte in frame(position(lat=50.5), "8800000015"):
            watch.send_bytes(bytes([byte]))
        watch.send(*["LK,1,0,80"] * 300, position("AL", lat=50.75, status=0x00010000))
        assert watch.receive_keyword("AL") == b"AL"
        eventually(lambda: api.alarms() and api.alarms()[0]["wearer"] == wearer, what="the alarm")
        assert api.metric("kinward_watch_tls_connections") == 1
    eventually(lambda: api.metric("kinward_watch_tls_connections") == 0, what="no connection left")


def test_large_frames_pass_both_ways(tls, tmp_path):
    server, api, port = tls
    pem = make_certificate(tmp_path, "watch", rsa.generate_private_key(65537, 2048))
    with TlsWatch(port, pem) as watch:
        watch.send(b"TK," + b"\x01" * 60000, "LK")
        assert watch.receive_keyword("LK") == b"LK"


def test_who_has_no_good_key_is_not_heard(tls, tmp_path):
    server, api, port = tls
    weak = make_certificate(tmp_path, "weak", rsa.generate_private_key(65537, 1024))
    assert is_refused(port, None)
    with socket.create_connection(("127.0.0.1", port)) as plain:
        plain.settimeout(60)
        plain.sendall(frame("LK", "8800000015"))
        try:
            while answer := plain.recv(4096):  # an alert, then the end
                assert b"LK" not in answer
        except ConnectionError:
            pass
    weak_context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    weak_context.set_ciphers("ALL:@SECLEVEL=0")
    weak_context.check_hostname = False
    weak_context.verify_mode = ssl.CERT_NONE
    weak_context.load_cert_chain(weak)
    try:
        with socket.create_connection(("127.0.0.1", port)) as bare, weak_context.wrap_socket(bare) as secured:
            secured.settimeout(60)
            secured.sendall(frame("LK", "8800000015"))
            assert secured.recv(100) == b""
    except (ssl.SSLError, ConnectionError):
        pass
    eventually(lambda: api.metric("kinward_watch_tls_failed_total") >= 3, what="three that failed are counted")
    assert not is_refused(port, make_certificate(tmp_path, "good"))


def test_the_server_shows_the_same_certificate_after_a_restart(tls, tmp_path):
    server, api, port = tls
    first = _shown(port, make_certificate(tmp_path, "watch"))
    server.restart()
    assert _shown(port, tmp_path / "watch.pem") == first
    kept = server.keys / "watch-tls.pem"
    assert kept.stat().st_mode & 0o777 == 0o600


def _shown(port, pem):
    with TlsWatch(port, pem) as watch:
        watch.heartbeat()
        return watch.socket.getpeercert(binary_form=True)


def test_too_many_are_refused_and_the_plain_port_goes_on(make_server, make_api, tmp_path):
    port = free_port()
    server = make_server(watch_tls_listen=f"127.0.0.1:{port}", gateways=1, watch_tls_connections_max=2, first_frame_s=2)
    api = make_api(server)
    pem = make_certificate(tmp_path, "watch")
    with TlsWatch(port, pem, "8800000015") as one, TlsWatch(port, pem, "8800000016") as two:
        one.heartbeat()
        two.heartbeat()
        assert is_refused(port, pem, wire_id="8800000017")
        eventually(lambda: api.limit("watch_tls_connections_max") >= 1, what="it is counted")
        with RawWatch(server.watch_port, "8800000018") as plain:
            plain.heartbeat()
    # A handshake that is begun and left lying does not keep its place.
    with socket.create_connection(("127.0.0.1", port)) as silent:
        silent.settimeout(60)
        silent.sendall(b"\x16\x03\x01")
        assert silent.recv(100) == b""


def test_a_half_configured_certificate_is_told(kinward, tmp_path):
    pem = make_certificate(tmp_path, "server")
    settings = {
        "data_dir": tmp_path / "data",
        "watch_listen": "127.0.0.1:0",
        "web_listen": "127.0.0.1:0",
        "watch_tls_listen": "127.0.0.1:0",
        "watch_tls_cert": pem,
    }
    words = [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]
    ended = subprocess.run([kinward, "serve", *words], capture_output=True, text=True, timeout=60)
    assert ended.returncode != 0 and "watch_tls_key" in ended.stderr


def ways(wearer, *more):
    return "/".join(["/wearers", wearer, "ways", *more])


def pin(api, wearer, **more):
    """Gives the watch of a wearer a key of its own: what is shown once."""
    return api.ok("POST", ways(wearer), json={"kind": "watch_tls", "name": "Mia's watch"} | more)


def written(folder, name, secret):
    path = folder / f"{name}.pem"
    path.write_text(secret["private_key"] + secret["certificate"])
    return path


def certificate_of(pem):
    text = pem.read_text()
    return text[text.index("-----BEGIN CERT") :]


def claimed(api, wire_id="8800000015"):
    wearer, watch = api.claim_raw(wire_id)
    watch.close()
    api.prove()
    return wearer


def cry(api, watch):
    """An SOS of a watch that does not prove who it is; returns when the server has refused it."""
    before = api.metric("kinward_unproved_total")
    watch.send(position("AL", status=SOS), "LK")
    eventually(lambda: api.metric("kinward_unproved_total") > before, what="it is refused, and counted")
    return watch


def was_not_answered(*watches):
    """Call when something later was answered. They hear nothing about an alarm, or were closed."""
    for watch in watches:
        heard = b""
        try:
            watch.socket.setblocking(False)
            while more := watch.socket.recv(4096):
                heard += more
        except OSError:  # nothing (more) to read, or closed
            pass
        watch.close()
        assert b"AL" not in heard


def sos_is_heard(api, watch):
    watch.send(position("AL", status=SOS))
    assert watch.receive_keyword("AL") == b"AL"
    assert api.alarms()[0]["kind"] == "sos"


def test_a_key_that_was_made_is_the_only_one_that_is_heard(tls, tmp_path):
    server, api, port = tls
    wearer = claimed(api)
    secret = pin(api, wearer)["secret"]
    assert secret["port"] == port and secret["host"] and "token" not in secret
    with TlsWatch(port, written(tmp_path, "made", secret)) as watch:
        shown = hashlib.sha256(watch.socket.getpeercert(binary_form=True)).hexdigest()
        assert secret["fingerprint"].replace(":", "").lower() == shown
    plain = cry(api, RawWatch(server.watch_port, "8800000015"))
    wrong = cry(api, TlsWatch(port, make_certificate(tmp_path, "other")))
    assert api.alarms() == []
    with TlsWatch(port, tmp_path / "made.pem") as watch:
        sos_is_heard(api, watch)
    was_not_answered(plain, wrong)
    assert len(api.alarms()) == 1
    # A watch that nobody gave a key is heard as ever.
    _, plain = api.claim_raw("8800000016")
    sos_is_heard(api, plain)
    plain.close()


def test_a_key_that_the_watch_has_is_pinned_and_holds_over_a_restart(tls, tmp_path):
    server, api, port = tls
    wearer = claimed(api)
    mine = make_certificate(tmp_path, "mine", rsa.generate_private_key(65537, 2048))
    weak = make_certificate(tmp_path, "weak", rsa.generate_private_key(65537, 1024))
    damaged = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    for wrong in ("x", damaged, certificate_of(weak)):
        body = {"kind": "watch_tls", "name": "x", "certificate": wrong}
        api.refused(400, "certificate_invalid", "POST", ways(wearer), json=body)
    made = pin(api, wearer, certificate=certificate_of(mine))
    assert "private_key" not in made["secret"] and "certificate" not in made["secret"]
    api.refused(409, "way_exists", "POST", ways(wearer), json={"kind": "watch_tls", "name": "x"})
    server.restart()
    plain = cry(api, RawWatch(server.watch_port, "8800000015"))
    with TlsWatch(port, mine) as watch:
        sos_is_heard(api, watch)
    was_not_answered(plain)
    assert len(api.alarms()) == 1


def test_another_key_ends_the_old_one_and_none_lets_the_plain_watch_in_again(tls, tmp_path):
    server, api, port = tls
    wearer = claimed(api)
    made = pin(api, wearer)
    old = written(tmp_path, "old", made["secret"])
    with TlsWatch(port, old) as watch:
        watch.heartbeat()
        renewed = api.ok("POST", ways(wearer, made["way"]["id"], "renew"), json={})
        with pytest.raises((Closed, ConnectionError, ssl.SSLError)):
            while watch.receive():
                pass
    wrong = cry(api, TlsWatch(port, old))
    with TlsWatch(port, written(tmp_path, "new", renewed["secret"])) as watch:
        watch.heartbeat()
    was_not_answered(wrong)
    assert api.alarms() == []
    api.ok("DELETE", ways(wearer, made["way"]["id"]))
    with RawWatch(server.watch_port, "8800000015") as watch:
        sos_is_heard(api, watch)


def test_changing_the_key_of_a_watch_wants_a_fresh_proof(tls):
    server, api, port = tls
    wearer, watch = api.claim_raw("8800000015")
    watch.close()
    body = {"kind": "watch_tls", "name": "Mia's watch"}
    api.refused(403, "second_factor_missing", "POST", ways(wearer), json=body)
    with server.api() as other:  # a session that is not stepped up
        other.sign_in()
        api.prove()
        way = pin(api, wearer)["way"]["id"]
        other.refused(403, "step_up_needed", "POST", ways(wearer), json=body)
        other.refused(403, "step_up_needed", "POST", ways(wearer, way, "renew"), json={})
        other.refused(403, "step_up_needed", "DELETE", ways(wearer, way))
        assert [w["id"] for w in other.ok("GET", ways(wearer))["ways"]] == [way]
    cry(api, RawWatch(server.watch_port, "8800000015")).close()
    assert api.alarms() == []
