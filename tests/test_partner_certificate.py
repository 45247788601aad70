"""Tokens bound to a client certificate (RFC 8705): behind a proxy, and with TLS of our own."""

import base64
import ssl
from datetime import datetime, timedelta, timezone
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwcrypto import jwk
from kit.partner import Partner, new_key
from kit.server import Api


def make_certificate(name, key=None):
    """(certificate, its private key)"""
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, name)])
    now = datetime.now(timezone.utc)
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=9))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    return builder.sign(key, hashes.SHA256()), key


def pem_of(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def key_pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def thumbprint(certificate):
    return base64.urlsafe_b64encode(certificate.fingerprint(hashes.SHA256())).rstrip(b"=").decode()


def header_forms(certificate):
    der = base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()
    return [f":{der}:", der, quote(pem_of(certificate), safe="")]


def register(api, certificate, key, **more):
    partner = Partner.register(api, certificate_pem=pem_of(certificate), **more)
    partner.key = jwk.JWK.from_pem(key_pem(key).encode())
    return partner


def assertion(partner, certificate):
    return partner.assertion(header={"kid": thumbprint(certificate)})


@pytest.fixture
def behind(make_server, make_api):
    """A client of a server whose proxy (this test) gives certificates in a header."""
    return make_api(make_server(trusted_proxy="127.0.0.1", partner_certificate_header="X-Client-Cert"))


def test_a_stolen_token_is_refused_without_its_certificate(behind):
    certificate, key = make_certificate("acme")
    other, _ = make_certificate("thief")
    with register(behind, certificate, key, is_bound=True) as partner:
        for form in header_forms(certificate):
            mine = {"X-Client-Cert": form}
            assert partner.ask_token(assertion(partner, certificate)).status_code == 401
            for foreign in header_forms(other):
                headers = {"X-Client-Cert": foreign}
                assert partner.ask_token(assertion(partner, certificate), headers=headers).status_code == 401
            answer = partner.ask_token(assertion(partner, certificate), headers=mine)
            assert answer.status_code == 200, answer.text
            bearer = {"Authorization": "Bearer " + answer.json()["access_token"]}
            assert partner.get("/partner/v1/wearers", headers=bearer | mine).status_code == 200
            assert partner.get("/partner/v1/wearers", headers=bearer).status_code == 401
            for foreign in header_forms(other):
                stolen = partner.get("/partner/v1/wearers", headers=bearer | {"X-Client-Cert": foreign})
                assert (stolen.status_code, stolen.json()["code"]) == (401, "token_invalid")


def test_a_certificate_that_was_shown_binds_the_token(behind):
    certificate, key = make_certificate("acme")
    with Partner.register(behind) as partner:
        mine = {"X-Client-Cert": header_forms(certificate)[0]}
        answer = partner.ask_token(headers=mine)
        bearer = {"Authorization": "Bearer " + answer.json()["access_token"]}
        assert partner.get("/partner/v1/wearers", headers=bearer).status_code == 401
        assert partner.get("/partner/v1/wearers", headers=bearer | mine).status_code == 200
        # One that was given without a certificate works with and without.
        bearer = {"Authorization": "Bearer " + partner.ask_token().json()["access_token"]}
        assert partner.get("/partner/v1/wearers", headers=bearer).status_code == 200


def test_malformed_and_doubled_certificates_are_refused(behind):
    certificate, key = make_certificate("acme")
    good = header_forms(certificate)[0]
    with register(behind, certificate, key, is_bound=True) as partner:
        for bad in ("x", "::", ":" + good, good[:-8] + ":", good[1:-1] + "AAAA", "%zz", "A" * 4000):
            answer = partner.ask_token(assertion(partner, certificate), headers={"X-Client-Cert": bad})
            assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client"), bad
        request = partner.build_request("GET", "/partner/v1/wearers")
        request.headers = type(request.headers)([*request.headers.multi_items(), ("X-Client-Cert", good), ("x-client-cert", good)])
        assert partner.send(request).status_code == 400


def test_nobody_but_the_proxy_is_believed(make_server, make_api):
    api = make_api(make_server(partner_certificate_header="X-Client-Cert"))
    certificate, key = make_certificate("acme")
    with register(api, certificate, key, is_bound=True) as partner:
        for form in header_forms(certificate):
            answer = partner.ask_token(assertion(partner, certificate), headers={"X-Client-Cert": form})
            assert answer.status_code == 401


def client_context(folder, name, certificate, key):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if certificate is not None:
        path = folder / f"{name}.pem"
        path.write_text(pem_of(certificate) + key_pem(key))
        context.load_cert_chain(path)
    return context


class TlsApi(Api):
    """The tests' client without looking at the server's certificate."""

    def __init__(self, server, context):
        super().__init__(server)
        self._transport = type(self._transport)(verify=context)


def test_with_tls_of_our_own_the_connection_shows_the_certificate(make_server, tmp_path):
    own, own_key = make_certificate("server")
    (tmp_path / "tls.pem").write_text(pem_of(own))
    (tmp_path / "tls.key").write_text(key_pem(own_key))
    server = make_server(
        tls_cert=tmp_path / "tls.pem",
        tls_key=tmp_path / "tls.key",
        tls_client_certificates="yes",
        public_url="https://localhost",
    )
    server.url = server.url.replace("http:", "https:")
    certificate, key = make_certificate("acme")
    other, other_key = make_certificate("thief")
    plain = client_context(tmp_path, "none", None, None)
    with TlsApi(server, plain) as api:
        api.setup()  # people have no certificate
        body = {"name": "Acme Care", "contact": "c", "purpose": "p", "algorithm": "ES256"}
        info = api.ok("POST", "/operator/partners", json=body | {"certificate_pem": pem_of(certificate), "is_bound": True})
    private = jwk.JWK.from_pem(key_pem(key).encode())

    def client(context):
        return Partner(server, info, private, "ES256", base_url="https://localhost", verify=context)

    with (
        client(client_context(tmp_path, "acme", certificate, key)) as mine,
        client(client_context(tmp_path, "thief", other, other_key)) as thief,
        client(plain) as nobody,
    ):
        assert nobody.ask_token(assertion(nobody, certificate)).status_code == 401
        assert thief.ask_token(assertion(thief, certificate)).status_code == 401
        answer = mine.ask_token(assertion(mine, certificate))
        assert answer.status_code == 200, answer.text
        bearer = {"Authorization": "Bearer " + answer.json()["access_token"]}
        assert mine.get("/partner/v1/wearers", headers=bearer).status_code == 200
        assert thief.get("/partner/v1/wearers", headers=bearer).status_code == 401
        assert nobody.get("/partner/v1/wearers", headers=bearer).status_code == 401


def test_keys_of_a_certificate_must_fit_the_algorithm(behind):
    certificate, _ = make_certificate("acme")
    body = {"name": "Acme", "contact": "c", "purpose": "p", "certificate_pem": pem_of(certificate)}
    for algorithm in ("RS256", "EdDSA"):
        behind.refused(400, "partner_keys_invalid", "POST", "/operator/partners", json=body | {"algorithm": algorithm})
    made = behind.ok("POST", "/operator/partners", json=body | {"algorithm": "ES256"})
    assert made["keys"] == [thumbprint(certificate)] and made["is_bound"] is False
    assert new_key() is not None
