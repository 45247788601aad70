"""The courier alone: whom it calls and whom never, what it sends, how it ends. No address outside this machine is
used: receivers stand on loopback addresses that the test's settings allow."""

import struct
import threading
from email.header import decode_header, make_header

import pytest
from kit.courier import MAIL, WELCOME, Authority, Canary, Courier, MailServer, Receiver, message, packed
from kit.process import eventually


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


@pytest.fixture
def canary():
    one = Canary()
    yield one
    one.close()


@pytest.fixture
def hosts(tmp_path):
    """hosts({name: [address, …]}): written in place, so that the running courier sees it."""
    path = tmp_path / "hosts"
    path.write_text("", encoding="ascii")

    def write(names):
        with open(path, "r+", encoding="ascii") as f:
            f.truncate(0)
            f.write("".join(f"{address} {name}\n" for name, all_of_it in names.items() for address in all_of_it))

    write.path = path
    return write


@pytest.fixture
def make_courier(kinward, tmp_path, authority, hosts):
    made = []

    def make(env=None, **settings):
        basic = {"courier_ca_file": authority.pem, "courier_hosts_file": hosts.path, "webhook_timeout_s": 10}
        one = Courier(kinward, tmp_path, basic | settings, env)
        made.append(one)
        return one.ready()

    yield make
    for one in made:
        one.close()


@pytest.fixture
def receiver(authority):
    one = Receiver(authority.context("hook.example", "127.0.0.2"))
    yield one
    one.close()


LOOPBACK = {"courier_allow": "127.0.0.2/32"}


# ---- whom it never calls ----

PRIVATE = {
    "loop.example": ["127.0.0.1"],
    "loop-end.example": ["127.255.255.254"],
    "ten.example": ["10.0.0.1"],
    "carrier.example": ["100.64.0.1"],
    "carrier-end.example": ["100.127.255.254"],
    "link.example": ["169.254.1.1"],
    "metadata.example": ["169.254.169.254"],
    "b.example": ["172.16.0.1"],
    "b-end.example": ["172.31.255.254"],
    "c.example": ["192.168.1.1"],
    "null.example": ["0.0.0.0"],
    "this.example": ["0.1.2.3"],
    "documentation.example": ["192.0.2.1"],
    "benchmark.example": ["198.18.0.1"],
    "multicast.example": ["224.0.0.1"],
    "broadcast.example": ["255.255.255.255"],
    "reserved.example": ["240.0.0.1"],
    "six.example": ["::1"],
    "six-null.example": ["::"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "mapped-ten.example": ["::ffff:10.0.0.1"],
    "compatible.example": ["::127.0.0.1"],
    "nat64.example": ["64:ff9b::7f00:1"],
    "nat64-local.example": ["64:ff9b:1::7f00:1"],
    "sixtofour.example": ["2002:7f00:1::"],
    "teredo.example": ["2001:0:7f00:1::"],
    "local-six.example": ["fe80::1"],
    "site.example": ["fec0::1"],
    "unique.example": ["fd00::1"],
    "multicast-six.example": ["ff02::1"],
    "mixed.example": ["8.8.8.8", "127.0.0.1"],
    "mixed-back.example": ["127.0.0.1", "8.8.8.8"],
    "mixed-six.example": ["2606:4700:4700::1111", "::1"],
}
LITERALS = [
    "https://127.0.0.1:{port}/", "https://10.0.0.1/", "https://100.64.0.1:{port}/", "https://169.254.169.254/latest/",
    "https://192.168.0.1:{port}/", "https://172.16.0.1/", "https://0.0.0.0:{port}/", "https://255.255.255.255/",
    "https://[::1]:{port}/", "https://[::]:{port}/", "https://[::ffff:127.0.0.1]:{port}/", "https://[::127.0.0.1]:{port}/",
    "https://[64:ff9b::7f00:1]:{port}/", "https://[2002:7f00:1::]:{port}/", "https://[fe80::1]:{port}/",
    "https://[fd00::1]:{port}/", "https://[ff02::1]:{port}/", "https://[fe80::1%25lo]:{port}/",
    "https://2130706433:{port}/", "https://0x7f000001:{port}/", "https://0x7f.0.0.1:{port}/", "https://0177.0.0.1:{port}/",
    "https://017700000001:{port}/", "https://127.1:{port}/", "https://127.0.1:{port}/", "https://127.0.0.1.:{port}/",
    "https://127.0.0.01:{port}/", "https://0:{port}/", "https://localhost:{port}/", "https://localhost.localdomain:{port}/",
    "https://LOCALHOST:{port}/", "https://user@127.0.0.1:{port}/", "https://example.org:443@127.0.0.1:{port}/",
    "https://example.org@127.0.0.1:{port}/", "https://127.0.0.1:{port}\\@example.org/",
    "https://example.org\\@127.0.0.1:{port}/", "https://example.org#@127.0.0.1:{port}/",
    "https://example.org?@127.0.0.1:{port}/", "https://①②⑦.0.0.1:{port}/", "https://127。0。0。1:{port}/",
    "http://127.0.0.1:{port}/", "http://loop.example:{port}/", "//127.0.0.1:{port}/", "https:127.0.0.1:{port}/",
    "https:/127.0.0.1:{port}/", "file:///etc/passwd", "gopher://127.0.0.1:{port}/_x", "ftp://127.0.0.1:{port}/",
    "dict://127.0.0.1:{port}/x", "smtp://127.0.0.1:{port}/", "https://127.0.0.1:22/", "https://loop.example:25/",
]


def test_private_addresses_are_never_called_in_whatever_form_they_stand(make_courier, hosts, canary):
    hosts(PRIVATE)
    courier = make_courier()
    urls = [f"https://{name}:{canary.port}/" for name in PRIVATE] + [url.format(port=canary.port) for url in LITERALS]
    assert len(urls) >= 60
    items = [(url, courier.post_webhook(url)) for url in urls[:40]]
    outcomes = {url: courier.result(item)[0] for url, item in items}
    items = [(url, courier.post_webhook(url)) for url in urls[40:]]
    outcomes |= {url: courier.result(item)[0] for url, item in items}
    for url, outcome in outcomes.items():
        assert outcome in ("bad_url", "forbidden_address", "no_name"), (url, outcome)
    for name in PRIVATE:
        assert outcomes[f"https://{name}:{canary.port}/"] == "forbidden_address", name
    assert canary.hits == []


def test_the_canary_sings(make_courier, hosts, canary):
    """The test above would notice: with the prefix allowed, the listener is reached."""
    hosts({"loop.example": ["127.0.0.1"]})
    courier = make_courier(courier_allow="127.0.0.1/32")
    assert courier.webhook(f"https://loop.example:{canary.port}/")[0] in ("no_trusted_tls", "broken")
    eventually(lambda: len(canary.hits) == 1)


def test_a_redirect_is_not_followed(make_courier, hosts, receiver, canary):
    hosts({"hook.example": ["127.0.0.2"]})
    courier = make_courier(**LOOPBACK)
    targets = [f"https://127.0.0.1:{canary.port}/", f"http://localhost:{canary.port}/", f"https://hook.example:{receiver.port}/2"]
    for status in (301, 302, 303, 307, 308):
        for target in targets:
            receiver.answer = lambda handler, _, s=status, t=target: handler.reply(s, [("Location", t)])
            assert courier.webhook(f"https://hook.example:{receiver.port}/1") == ("refused", status)
    assert canary.hits == []
    assert {path for _, path, _, _ in receiver.requests} == {"/1"}


def test_a_name_that_turns_to_a_private_address_is_not_called(make_courier, hosts, receiver, canary):
    courier = make_courier(**LOOPBACK)
    for turn in range(10):
        hosts({"hook.example": ["127.0.0.2"]})
        assert courier.webhook(f"https://hook.example:{receiver.port}/") == ("done", 204)
        hosts({"hook.example": ["127.0.0.1"] if turn % 2 else ["127.0.0.2", "127.0.0.1"]})
        assert courier.webhook(f"https://hook.example:{canary.port}/") == ("forbidden_address", 0)
    assert canary.hits == []


def test_what_was_judged_is_what_is_called(make_courier, hosts, receiver, canary):
    """The name is asked for once: while a delivery is under way the answer changes, and nothing follows it."""
    hosts({"hook.example": ["127.0.0.2"]})
    courier = make_courier(**LOOPBACK)

    def answer(handler, _):
        hosts({"hook.example": ["127.0.0.1"]})
        handler.reply(503, [("Connection", "close"), ("Retry-After", "0")])

    receiver.answer = answer
    assert courier.webhook(f"https://hook.example:{receiver.port}/") == ("refused", 503)
    assert canary.hits == []


def test_proxies_of_the_environment_are_not_used(make_courier, hosts, receiver, canary):
    hosts({"hook.example": ["127.0.0.2"]})
    proxy = f"http://127.0.0.1:{canary.port}"
    env = {name: proxy for name in ("https_proxy", "HTTPS_PROXY", "http_proxy", "all_proxy", "ALL_PROXY")}
    courier = make_courier(env=env, **LOOPBACK)
    assert courier.webhook(f"https://hook.example:{receiver.port}/") == ("done", 204)
    assert canary.hits == []


# ---- what it sends ----


def test_a_webhook_arrives_as_it_was_given(make_courier, hosts, receiver):
    hosts({"hook.example": ["127.0.0.2"]})
    courier = make_courier(**LOOPBACK)
    event = bytes(range(16))
    body = '{"type":"alarm.raised","ä":"\\n"}'.encode()
    assert courier.webhook(f"https://hook.example:{receiver.port}/a/../b?x=%2F&y=1", body, event) == ("done", 204)
    [(method, path, headers, got)] = receiver.requests
    assert (method, path, got) == ("POST", "/a/../b?x=%2F&y=1", body)
    assert headers == {
        "Host": f"hook.example:{receiver.port}",
        "User-Agent": "Kinward",
        "Content-Type": "application/json",
        "Content-Digest": "sha-256=:AA==:",
        "Signature-Input": 'kinward=("@method")',
        "Signature": "kinward=:AA==:",
        "Kinward-Event-Id": event.hex(),
        "Content-Length": str(len(body)),
    }


def test_an_address_in_the_place_of_a_name_is_called_when_it_is_allowed(make_courier, receiver):
    courier = make_courier(**LOOPBACK)
    assert courier.webhook(f"https://127.0.0.2:{receiver.port}/") == ("done", 204)


@pytest.mark.parametrize("status,outcome", [(200, "done"), (299, "done"), (400, "refused"), (410, "refused"), (500, "refused")])
def test_only_2xx_is_taken(make_courier, hosts, receiver, status, outcome):
    hosts({"hook.example": ["127.0.0.2"]})
    receiver.answer = lambda handler, _: handler.reply(status, body=b"x")
    assert make_courier(**LOOPBACK).webhook(f"https://hook.example:{receiver.port}/") == (outcome, status)


def test_certificates_are_checked(make_courier, hosts, authority, tmp_path, receiver):
    other = tmp_path / "other"
    other.mkdir()
    strange = Receiver(Authority(other).context("hook.example"))
    wrong = Receiver(authority.context("else.example"))
    hosts({"hook.example": ["127.0.0.2"]})
    courier = make_courier(**LOOPBACK)
    for one in (strange, wrong):
        assert courier.webhook(f"https://hook.example:{one.port}/") == ("no_trusted_tls", 0)
        assert one.requests == []
        one.close()
    assert courier.webhook(f"https://hook.example:{receiver.port}/") == ("done", 204)


def test_the_systems_certificates_do_not_know_the_tests_authority(kinward, tmp_path, hosts, receiver):
    hosts({"hook.example": ["127.0.0.2"]})
    courier = Courier(kinward, tmp_path, {"courier_hosts_file": hosts.path, **LOOPBACK}).ready()
    assert courier.webhook(f"https://hook.example:{receiver.port}/") == ("no_trusted_tls", 0)
    courier.close()


# ---- receivers that do harm ----


def test_a_receiver_that_does_not_answer_is_left_and_others_are_not_kept_waiting(make_courier, hosts, receiver, authority):
    hosts({"hook.example": ["127.0.0.2"]})
    release = threading.Event()
    slow = Receiver(authority.context("hook.example"))
    slow.answer = lambda handler, _: release.wait(60)
    courier = make_courier(webhook_timeout_s=3, **LOOPBACK)
    waiting = [courier.post_webhook(f"https://hook.example:{slow.port}/") for _ in range(3)]
    slow.wait(3)
    assert courier.webhook(f"https://hook.example:{receiver.port}/") == ("done", 204)
    assert not any(item in courier.results for item in waiting)
    assert {courier.result(item)[0] for item in waiting} == {"timeout"}
    release.set()
    slow.close()


def test_an_endless_answer_is_not_read_to_its_end(make_courier, hosts, receiver):
    hosts({"hook.example": ["127.0.0.2"]})
    sent = []

    def answer(handler, _):
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        block = b"4000\r\n" + b"x" * 0x4000 + b"\r\n"
        try:
            for _ in range(10000):
                handler.wfile.write(block)
                sent.append(len(block))
        except OSError:
            pass

    receiver.answer = answer
    courier = make_courier(**LOOPBACK)
    assert courier.webhook(f"https://hook.example:{receiver.port}/") == ("done", 200)
    assert courier.webhook(f"https://hook.example:{receiver.port}/") == ("done", 200)
    eventually(lambda: sum(sent) < 10000 * 0x4000)


def test_an_endless_head_is_not_read_to_its_end(make_courier, hosts, receiver):
    hosts({"hook.example": ["127.0.0.2"]})

    def answer(handler, _):
        handler.send_response(200)
        try:
            for n in range(100000):
                handler.send_header(f"X-{n}", "y" * 100)
                handler.flush_headers()
        except OSError:
            pass

    receiver.answer = answer
    assert make_courier(**LOOPBACK).webhook(f"https://hook.example:{receiver.port}/")[0] == "refused"


def test_nobody_there_is_told(make_courier, hosts, authority):
    hosts({"hook.example": ["127.0.0.2"]})
    gone = Receiver(authority.context("hook.example"))
    gone.close()
    courier = make_courier(**LOOPBACK)
    assert courier.webhook(f"https://hook.example:{gone.port}/") == ("no_connection", 0)
    assert courier.webhook("https://no-such-name.invalid/") == ("no_name", 0)


# ---- mail ----


def mail_settings(mail_server, tmp_path, scheme="smtp", user=True):
    settings = {"smtp_url": f"{scheme}://mail.example:{mail_server.port}", "mail_from": "kinward@example.org"}
    if user:
        secret = tmp_path / "smtp-password"
        secret.write_text("open sesame\n", encoding="ascii")
        secret.chmod(0o600)
        settings |= {"smtp_user": "kinward", "smtp_password_file": secret}
    return settings


@pytest.fixture
def make_mail_server(authority):
    made = []

    def make(**more):
        one = MailServer(authority.context("mail.example"), **more)
        made.append(one)
        return one

    yield make
    for one in made:
        one.close()


def test_a_mail_goes_by_tls_with_the_password_and_no_other_header(make_courier, hosts, make_mail_server, tmp_path):
    hosts({"mail.example": ["127.0.0.2"]})
    server = make_mail_server(password="open sesame")
    courier = make_courier(**mail_settings(server, tmp_path))
    text = "Grüße\n.\nBcc: eve@example.org\r\n.\r\nQUIT\n"
    item = courier.post_mail("maria@example.net", "Änderung an Ihrem Konto, die sehr lange beschrieben wird", text)
    assert courier.result(item) == ("done", 250)
    [(sender, receivers, mail, is_tls, credentials)] = server.mails
    assert is_tls and credentials == [b"kinward", b"open sesame"]
    assert sender.startswith(b"MAIL FROM:<kinward@example.org>")
    assert [line.strip() for line in receivers] == [b"RCPT TO:<maria@example.net>"]
    assert sorted(mail.keys()) == sorted([
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
        "Content-Transfer-Encoding",
    ])
    assert str(make_header(decode_header(mail["Subject"]))) == "Änderung an Ihrem Konto, die sehr lange beschrieben wird"
    assert mail["To"] == "<maria@example.net>" and mail["Message-ID"] == f"<{item.hex()}@example.org>"
    assert mail.get_payload(decode=True).decode() == text
    assert server.lines[0].strip() == b"EHLO example.org"  # not the name of this machine


def test_addresses_that_hold_more_than_one_are_refused(make_courier, hosts, make_mail_server, tmp_path):
    hosts({"mail.example": ["127.0.0.2"]})
    server = make_mail_server(password="open sesame")
    courier = make_courier(**mail_settings(server, tmp_path))
    for to in ("a@example.org,b@example.org", "a@example.org> <b@example.org", "a", "a@b@example.org", "a b@example.org"):
        assert courier.mail(to) == ("bad_url", 0)
    assert server.lines == []


def test_without_tls_neither_mail_nor_password_leaves(make_courier, hosts, make_mail_server, tmp_path):
    hosts({"mail.example": ["127.0.0.2"]})
    server = make_mail_server(offers_tls=False, password="open sesame")
    courier = make_courier(**mail_settings(server, tmp_path))
    assert courier.mail("maria@example.net")[0] == "no_trusted_tls"
    assert server.mails == []
    assert not any(line.startswith((b"AUTH", b"MAIL", b"RCPT", b"DATA")) for line in server.lines)


def test_a_mail_server_with_a_strange_certificate_gets_nothing(make_courier, hosts, tmp_path):
    hosts({"mail.example": ["127.0.0.2"]})
    other = tmp_path / "other"
    other.mkdir()
    server = MailServer(Authority(other).context("mail.example"), password="open sesame")
    courier = make_courier(**mail_settings(server, tmp_path))
    assert courier.mail("maria@example.net")[0] == "no_trusted_tls"
    assert server.mails == [] and not any(line.startswith((b"AUTH", b"MAIL")) for line in server.lines)
    server.close()


def test_what_the_mail_server_says_is_told(make_courier, hosts, make_mail_server, tmp_path):
    hosts({"mail.example": ["127.0.0.2"]})
    full = make_mail_server(password="open sesame", reply_to_rcpt=b"550 no such mailbox")
    assert make_courier(**mail_settings(full, tmp_path)).mail("maria@example.net") == ("refused", 550)
    strict = make_mail_server(password="another one")
    assert make_courier(**mail_settings(strict, tmp_path)).mail("maria@example.net")[0] == "sign_in"
    assert make_courier().mail("maria@example.net") == ("not_set_up", 0)


def test_more_mails_than_an_hour_may_have_wait(make_courier, hosts, make_mail_server, tmp_path):
    hosts({"mail.example": ["127.0.0.2"]})
    server = make_mail_server(password="open sesame")
    courier = make_courier(mail_per_hour=3, **mail_settings(server, tmp_path))
    outcomes = [courier.mail("maria@example.net")[0] for _ in range(5)]
    assert outcomes == ["done", "done", "done", "quota", "quota"]
    assert len(server.mails) == 3


# ---- the link ----


def test_what_was_meant_for_another_process_is_left_alone(kinward, tmp_path, authority, hosts, receiver):
    hosts({"hook.example": ["127.0.0.2"]})
    settings = {"courier_ca_file": authority.pem, "courier_hosts_file": hosts.path, **LOOPBACK}
    courier = Courier(kinward, tmp_path, settings)
    url = f"https://hook.example:{receiver.port}/"
    early = courier.post_webhook(url)  # queued for the process before
    courier.ready()
    assert courier.webhook(url) == ("done", 204)
    courier.send(message(WELCOME, struct.pack("<Q", courier.epoch ^ 1)))  # a new server: it does not know us yet
    late = courier.post_webhook(url)
    epoch, _ = struct.unpack("<QH", courier.receive(64))
    assert epoch == courier.epoch
    courier.send(message(WELCOME, struct.pack("<Q", courier.epoch)))
    assert courier.webhook(url) == ("done", 204)
    assert early not in courier.results and late not in courier.results
    assert len(receiver.requests) == 2
    courier.close()


def test_malformed_packets_end_it_and_it_says_so(make_courier):
    bad = [
        b"\xff\x00\x00", b"\x50\x07\x00" + b"x" * 7, message(MAIL, b"x" * 10),
        message(MAIL, b"x" * 16 + struct.pack("<I", 1) + packed("a\r\nb@example.org") + packed("s") + packed("t")),
        message(3, b""), b"\x50", message(81, b"\x00" * 200), message(65, b"\x00" * 23),
    ]
    for packet in bad:
        courier = make_courier()
        for _ in range(3):
            courier.send(packet)
        assert courier.child.wait(20) == 0
        courier.reader.join(10)
        assert sum("courier.bad_packet" in line for line in courier.lines) == 3


def test_it_takes_a_bounded_number_of_tries_and_tells_the_rest_to_wait(make_courier, hosts, authority):
    hosts({"hook.example": ["127.0.0.2"]})
    release = threading.Event()
    slow = Receiver(authority.context("hook.example"))
    slow.answer = lambda handler, _: (release.wait(60), handler.reply(204))
    courier = make_courier(webhook_timeout_s=60, **LOOPBACK)
    items = [courier.post_webhook(f"https://hook.example:{slow.port}/") for _ in range(8)]
    slow.wait(8)  # every worker has one
    items += [courier.post_webhook(f"https://hook.example:{slow.port}/") for _ in range(64 + 18)]
    busy = [courier.result(item) for item in items[72:]]
    assert busy == [("busy", 0)] * 18
    release.set()
    assert {courier.result(item) for item in items[:72]} == {("done", 204)}
    slow.close()


def test_it_stops_soon_although_a_receiver_does_not_answer(make_courier, hosts, authority):
    hosts({"hook.example": ["127.0.0.2"]})
    release = threading.Event()
    slow = Receiver(authority.context("hook.example"))
    slow.answer = lambda handler, _: release.wait(60)
    courier = make_courier(webhook_timeout_s=60, **LOOPBACK)
    item = courier.post_webhook(f"https://hook.example:{slow.port}/")
    slow.wait(1)
    assert courier.stop(timeout=10) == 0
    assert courier.result(item) == ("lost", 0)
    release.set()
    slow.close()
