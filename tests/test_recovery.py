"""Getting back into an account, its address, and its deletion."""

import subprocess

import pytest
from kit.courier import Authority, MailServer
from kit.passkey import add_passkey, sign_in_with
from kit.server import PASSWORD
from kit.timing import rank_sum_z, times_of

FRESH = "nine blue lanterns hum softly"


@pytest.fixture
def mail_server(tmp_path):
    authority = Authority(tmp_path)
    one = MailServer(authority.context("mail.example"), password="open sesame")
    one.authority = authority
    yield one
    one.close()


@pytest.fixture
def mailing(make_server, mail_server, tmp_path):
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.2 mail.example\n", encoding="ascii")
    secret = tmp_path / "smtp-password"
    secret.write_text("open sesame\n", encoding="ascii")
    secret.chmod(0o600)
    return make_server(
        courier_ca_file=mail_server.authority.pem, courier_hosts_file=hosts,
        smtp_url=f"smtp://mail.example:{mail_server.port}", smtp_user="kinward", smtp_password_file=secret,
        mail_from="kinward@example.org", courier_allow="127.0.0.2/32",
    )


def link_in(mail, page):
    """The token of the link to the page in a mail."""
    text = mail[2].get_payload(decode=True).decode()
    assert f"/#/{page}?token=" in text, text
    return text.partition(f"/#/{page}?token=")[2].split()[0]


def operator_link(server, login="maria"):
    done = subprocess.run(
        [server.binary, "user", "recovery-link", login, "--set", f"data_dir={server.data}"],
        capture_output=True, text=True, timeout=60, check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_an_address_is_confirmed_and_gets_a_recovery_link(mailing, make_api, mail_server):
    api = make_api(mailing)
    api.refused(403, "password_needed", "PUT", "/account/email", json={"email": "maria@example.org"})
    api.refused(400, "email_invalid", "PUT", "/account/email", json={"email": "maria@@example", "password": PASSWORD})
    api.ok("PUT", "/account/email", json={"email": "maria@example.org", "password": PASSWORD})
    security = api.ok("GET", "/account/security")
    assert (security["email"], security["is_email_confirmed"]) == ("maria@example.org", False)
    token = link_in(mail_server.wait(1)[0], "email")
    with mailing.api() as anybody:
        anybody.refused(403, "token_wrong", "POST", "/account/email/confirm", json={"token": "x" * 43})
        anybody.ok("POST", "/account/email/confirm", json={"token": token})
        anybody.refused(403, "token_wrong", "POST", "/account/email/confirm", json={"token": token})
        assert api.ok("GET", "/account/security")["is_email_confirmed"] is True
        assert api.ok("GET", "/session")["account"]["email"] == "maria@example.org"
        # Whoever it is, the same answer.
        answers = [anybody.post("/api/v1/recovery", json={"login": login}) for login in ("nobody", "maria", "Maria")]
        assert [(a.status_code, a.content) for a in answers] == [(202, b"")] * 3
        mails = mail_server.wait(2)
        token = link_in(mails[1], "recovery")
        until = anybody.ok("POST", "/recovery/confirm", json={"token": token})["waits_until"]
        assert anybody.ok("POST", "/recovery/confirm", json={"token": token})["waits_until"] == until
        anybody.refused(409, "recovery_waits", "POST", "/recovery/finish", json={"token": token, "password": FRESH})
        mail_server.wait(3)  # the owner is told
    assert api.ok("GET", "/session")["account"]["frozen_until"] == until
    assert api.ok("GET", "/account/security")["recovery"]["until"] == until


def test_with_a_mail_server_asking_takes_the_same_time_too(mailing, make_api, mail_server):
    api = make_api(mailing)
    api.ok("PUT", "/account/email", json={"email": "maria@example.org", "password": PASSWORD})
    with mailing.api() as anybody:
        anybody.ok("POST", "/account/email/confirm", json={"token": link_in(mail_server.wait(1)[0], "email")})
        known, unknown = times_of(anybody, "/api/v1/recovery", [{"login": "maria"}, {"login": "nobody"}], 150)
    mail_server.wait(2)
    assert abs(rank_sum_z(known, unknown)) < 4.5


def test_a_recovery_freezes_what_is_dangerous_and_the_owner_stops_it(server, api, make_member):
    key = add_passkey(api, PASSWORD)
    ben = make_member(api, "ben")
    stream = ben.events()
    status, out, _ = operator_link(server)
    assert status == 0
    token = out.partition("token=")[2].strip()
    with server.api() as anybody:
        anybody.ok("POST", "/recovery/confirm", json={"token": token})
    stream.wait("notice")
    refused = api.refused(403, "recovery_runs", "POST", f"/groups/{api.group}/invitations", json={"role": "viewer"})
    assert refused["status"] == 403
    told = [n["action"] for n in ben.ok("GET", "/notices")["notices"]]
    assert "recovery.start" in told
    status, _, err = operator_link(server)
    assert status != 0 and "under way" in err
    api.ok("DELETE", "/account/recovery")
    api.refused(404, "not_found", "DELETE", "/account/recovery")
    api.ok("POST", f"/groups/{api.group}/invitations", json={"role": "viewer"})
    with server.api() as anybody:
        anybody.refused(403, "token_wrong", "POST", "/recovery/confirm", json={"token": token})
        anybody.refused(403, "token_wrong", "POST", "/recovery/finish", json={"token": token, "password": FRESH})
        assert sign_in_with(anybody, key).status_code == 201


def test_the_operator_is_told_of_a_login_that_nobody_has(server, api):
    status, _, err = operator_link(server, "nobody")
    assert status != 0 and "no account" in err


def test_an_account_is_deleted_by_its_owner(server, api, make_member):
    add_passkey(api, PASSWORD)
    ben = make_member(api, "ben", role="admin")
    wrong = {"content": b'{"password":"not this one"}', "headers": {"Content-Type": "application/json"}}
    right = {"content": b'{"password":"%s"}' % PASSWORD.encode(), "headers": {"Content-Type": "application/json"}}
    ben.refused(403, "password_wrong", "DELETE", "/account", **wrong)
    ben.ok("DELETE", "/account", **right)
    ben.refused(401, "sign_in_needed", "GET", "/session")
    with server.api() as other:
        other.refused(401, "sign_in_failed", "POST", "/session", json={"login": "ben", "password": PASSWORD})
    members = api.ok("GET", f"/groups/{api.group}")["members"]
    assert [m["name"] for m in members] == ["Maria"]
    carl = make_member(api, "ben", role="viewer")  # the login is free again
    assert carl.ok("GET", "/session")["account"]["login"] == "ben"


def test_the_last_admin_of_others_cannot_go(server, api, make_member):
    add_passkey(api, PASSWORD)
    make_member(api, "ben", role="viewer")
    body = {"content": b"{}", "headers": {"Content-Type": "application/json"}}
    api.refused(409, "last_operator", "DELETE", "/account", **body)


def test_a_stored_hash_is_no_password(server, api):
    """The server hashes what it gets: what stands in the database opens nothing, whatever its form."""
    with server.database() as database:
        stored = database.execute("SELECT password_hash FROM account").fetchone()[0]
    argon = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43
    with server.api() as other:
        for text in (stored.hex(), stored.hex()[:200], argon):
            body = {"login": "maria", "password": text[:256]}
            other.refused(401, "sign_in_failed", "POST", "/session", json=body)
    assert b"argon2" not in stored
