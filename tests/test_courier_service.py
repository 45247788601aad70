"""Mail and its failures through the whole service: the operator's view, restarts of both sides, refused settings."""

import os
import re
import signal
import subprocess

import httpx
import pytest
from kit.courier import Authority, MailServer
from kit.ports import free_port
from kit.process import eventually


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


@pytest.fixture
def mail_server(authority):
    one = MailServer(authority.context("mail.example"), password="open sesame")
    yield one
    one.close()


@pytest.fixture
def settings(mail_server, authority, tmp_path):
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.2 mail.example\n", encoding="ascii")
    secret = tmp_path / "smtp-password"
    secret.write_text("open sesame\n", encoding="ascii")
    secret.chmod(0o600)
    return {
        "courier_ca_file": authority.pem, "courier_hosts_file": hosts, "smtp_url": f"smtp://mail.example:{mail_server.port}",
        "smtp_user": "kinward", "smtp_password_file": secret, "mail_from": "kinward@example.org",
    }


@pytest.fixture
def api(make_server, make_api, settings):
    return make_api(make_server(**settings))


def send_test(api, to="ops@example.org"):
    assert api.post("/api/v1/operator/mail/test", json={"to": to}).status_code == 202


def mail_state(api):
    return api.ok("GET", "/operator/mail")


def test_the_operator_sends_a_test_mail_and_sees_that_it_arrived(api, mail_server):
    before = mail_state(api)
    assert before == {"is_set_up": True, "from": "kinward@example.org", "waiting": 0, "dead": 0, "delivered": 0}
    send_test(api)
    [(_, receivers, mail, is_tls, credentials)] = mail_server.wait()
    assert is_tls and credentials == [b"kinward", b"open sesame"]
    assert b"<ops@example.org>" in receivers[0] and mail["Subject"] == "Kinward: test"
    state = eventually(lambda: (s := mail_state(api))["delivered"] == 1 and s)
    assert state["waiting"] == 0 and state["last"]["outcome"] == "done" and state["last"]["status"] == 250
    assert api.metric("kinward_courier_connected") == 1
    assert 'kinward_courier_tries_total{outcome="done"} 1' in api.get("/metrics").text


def test_an_address_that_is_none_is_refused(api, mail_server):
    for to in ("nobody", "a@b", "a@example.org, b@example.org", "a@example.org\r\nBcc: b@example.org"):
        assert api.post("/api/v1/operator/mail/test", json={"to": to}).status_code == 400
    assert mail_server.lines == []


def test_without_a_mail_server_the_operator_is_told(make_server, make_api):
    api = make_api(make_server())
    assert mail_state(api)["is_set_up"] is False
    api.refused(409, "mail_not_set_up", "POST", "/operator/mail/test", json={"to": "ops@example.org"})


def test_nobody_but_the_operator_sees_any_of_it(api):
    with httpx.Client(base_url=api.server.url) as stranger:
        for method, path in (
            ("GET", "operator/mail"), ("POST", "operator/mail/test"), ("GET", "operator/dead-letters"),
            ("POST", "operator/dead-letters/" + "0" * 32 + "/retry"),
        ):
            assert stranger.request(method, "/api/v1/" + path, json={"to": "a@example.org"} if method == "POST" else None).status_code == 401


def test_a_refused_mail_is_a_dead_letter_that_can_be_tried_again(api, mail_server):
    mail_server.reply_to_rcpt = b"550 no such mailbox"
    send_test(api, "gone@example.org")
    letters = eventually(lambda: api.ok("GET", "/operator/dead-letters")["dead_letters"])
    [letter] = letters
    assert (letter["kind"], letter["outcome"], letter["status"], letter["tries"]) == ("mail", "refused", 550, 1)
    assert "gone@example.org" not in api.get("/api/v1/operator/dead-letters").text  # contents are nobody's business
    assert mail_state(api)["dead"] == 1
    assert api.ok("GET", "/operator/dead-letters", params={"before": letter["ended"]})["dead_letters"] == []
    mail_server.reply_to_rcpt = b"250 ok"
    retry = f"/operator/dead-letters/{letter['id']}/retry"
    api.ok("POST", retry)
    mail_server.wait()
    eventually(lambda: mail_state(api)["delivered"] == 1)
    assert mail_state(api)["dead"] == 0
    api.refused(404, "not_found", "POST", retry)
    api.refused(404, "not_found", "POST", "/operator/dead-letters/" + "0" * 32 + "/retry")


def test_a_courier_that_is_killed_in_the_middle_loses_nothing_and_repeats_with_the_same_id(api, mail_server):
    server = api.server

    def kill():
        mail_server.before_taken = None
        server.kill_role("courier")

    mail_server.before_taken = kill
    send_test(api)
    mails = mail_server.wait(2)
    assert mails[0][2]["Message-ID"] == mails[1][2]["Message-ID"]
    state = eventually(lambda: (s := mail_state(api))["delivered"] == 1 and s)
    assert state["waiting"] == 0 and state["dead"] == 0


def test_a_server_that_is_killed_in_the_middle_takes_the_result_when_it_is_back(api, mail_server):
    server = api.server

    def kill():
        mail_server.before_taken = None
        start = len(server.process.lines)
        server.kill_role("server")
        server.process.wait_line(lambda line: "role_ready role=server" in line, start=start)

    mail_server.before_taken = kill
    send_test(api)
    mail_server.wait(1)
    state = eventually(lambda: (s := mail_state(api))["delivered"] == 1 and s)
    assert state["waiting"] == 0
    assert len(mail_server.mails) == 1


def test_what_waits_survives_the_whole_service(api, mail_server, settings):
    server = api.server
    courier = server.roles("courier")[0]
    os.kill(courier, signal.SIGSTOP)  # it takes nothing
    send_test(api)
    eventually(lambda: mail_state(api)["waiting"] == 1)
    server.kill()
    server.start()
    mail_server.wait(1)
    eventually(lambda: mail_state(api)["delivered"] == 1)
    assert mail_state(api)["waiting"] == 0


def test_nothing_of_a_mail_stands_in_database_or_log(api, mail_server):
    mail_server.reply_to_rcpt = b"450 later"
    send_test(api, "secret-reader@example.org")
    eventually(lambda: mail_state(api).get("last"))
    data = b"".join(path.read_bytes() for path in api.server.data.iterdir() if path.is_file())
    assert b"secret-reader" not in data
    assert not any("secret-reader" in line or "sesame" in line for line in api.server.process.lines)


def test_the_key_of_webhooks_is_public_and_stays(api):
    first = api.get("/.well-known/jwks.json")
    assert first.headers["content-type"].startswith("application/jwk-set+json")
    [key] = first.json()["keys"]
    assert (key["kty"], key["crv"], key["alg"], key["use"]) == ("OKP", "Ed25519", "EdDSA", "sig")
    api.server.restart()
    assert api.get("/.well-known/jwks.json").json() == first.json()
    with httpx.Client(base_url=api.server.url) as stranger:
        assert stranger.get("/.well-known/jwks.json").json() == first.json()


# ---- settings ----


def serve(kinward, tmp_path, **settings):
    words = [kinward, "serve", "--set", f"data_dir={tmp_path / 'data'}", "--set", f"watch_listen=127.0.0.1:{free_port()}"]
    words += ["--set", f"web_listen=127.0.0.1:{free_port()}"]
    for name, value in settings.items():
        words += ["--set", f"{name}={value}"]
    return subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)


def test_a_password_that_others_can_read_is_refused(kinward, tmp_path, settings):
    for mode in (0o604, 0o644, 0o602, 0o660, 0o777):
        settings["smtp_password_file"].chmod(mode)
        refused = serve(kinward, tmp_path, **settings)
        assert refused.returncode == 1 and "smtp_password_file: others can read" in refused.stderr, oct(mode)
    assert not any("sesame" in text for text in (refused.stderr, refused.stdout))


def test_a_password_in_the_settings_is_refused(kinward, tmp_path, settings):
    for url in ("smtp://kinward:sesame@mail.example:25", "smtp://kinward@mail.example"):
        refused = serve(kinward, tmp_path, **(settings | {"smtp_url": url}))
        assert refused.returncode == 1 and "smtp_url: neither user nor password stand here" in refused.stderr
        assert "sesame" not in refused.stderr
    refused = serve(kinward, tmp_path, **(settings | {"smtp_password": "sesame"}))
    assert refused.returncode == 2 and "no setting is named smtp_password" in refused.stderr


@pytest.mark.parametrize(
    "name,value,words",
    [
        ("smtp_url", "http://mail.example", "smtp_url: smtp://HOST:PORT or smtps://HOST:PORT is wanted"),
        ("smtp_url", "smtp://mail.example/path", "only host and port"),
        ("mail_from", "nobody", "mail_from: an e-mail address is wanted"),
        ("smtp_password_file", "", "smtp_password_file: is wanted with smtp_user"),
        ("smtp_password_file", "/nowhere/at/all", "smtp_password_file: cannot read"),
        ("courier_allow", "10.0.0.0/33", "courier_allow: "),
        ("courier_allow", "example.org", "courier_allow: not an IP address or prefix"),
        ("courier_ca_file", "/nowhere/at/all", "courier_ca_file: cannot read"),
        ("courier_hosts_file", "/nowhere/at/all", "courier_hosts_file: cannot read"),
    ],
)
def test_settings_that_cannot_work_are_refused_at_once(kinward, tmp_path, settings, name, value, words):
    refused = serve(kinward, tmp_path, **(settings | {name: value}))
    assert refused.returncode == 1 and words in refused.stderr
    doctor = subprocess.run(
        [kinward, "doctor", "--set", f"data_dir={tmp_path / 'data'}", "--set", f"watch_listen=127.0.0.1:{free_port()}",
         "--set", f"web_listen=127.0.0.1:{free_port()}"]
        + [word for item in (settings | {name: value}).items() for word in ("--set", f"{item[0]}={item[1]}")],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
    )
    assert doctor.returncode == 1 and re.search(r"^BAD +courier ", doctor.stdout, re.M)
