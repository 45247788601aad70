"""Events of a wearer reach a partner's own server, signed; checked by the verifier of docs/examples, which is another
implementation of RFC 9421."""

import base64
import copy
import datetime
import hashlib
import importlib.util
import json
import os
import signal
import threading
import time

import pytest
from kit.courier import Authority, Canary, Receiver
from kit.partner import Partner, new_key, public_set
from kit.process import eventually
from kit.watch import RawWatch

ALARM = "AL,{day},{time},A,22.570512,N,113.8623267,E,0.00,154.8,0.0,11,100,100,0,0,00010000"


@pytest.fixture(scope="module")
def example(root):
    spec = importlib.util.spec_from_file_location("webhook", root / "docs" / "examples" / "webhook.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def receiver(tmp_path):
    authority = Authority(tmp_path)
    one = Receiver(authority.context("hook.example"))
    one.authority = authority
    one.hosts = tmp_path / "hosts"
    one.hosts.write_text("127.0.0.2 hook.example\n", encoding="ascii")
    one.url = f"https://hook.example:{one.port}/kinward?from=a"
    yield one
    one.close()


@pytest.fixture
def make_family(make_server, make_api, receiver):
    """make_family(setting=value, …): (the family's client, their watch, the partner)."""
    made = []

    def make(url=None, **settings):
        basic = {"courier_ca_file": receiver.authority.pem, "courier_hosts_file": receiver.hosts, "courier_allow": "127.0.0.2/32"}
        api = make_api(make_server(**(basic | settings)))
        wearer, watch = api.claim_raw("8800000015")
        partner = Partner.register(api, webhook_url=url or receiver.url)
        until = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        body = {"partner": partner.id, "wearers": [wearer], "rights": ["alarms"], "until": until}
        api.ok("POST", f"/groups/{api.group}/consents", json=body)
        made.append((watch, partner))
        return api, watch, partner

    yield make
    for watch, partner in made:
        watch.close()
        partner.close()


def raise_alarm(watch, minutes=0):
    when = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=minutes)
    watch.send(ALARM.format(day=when.strftime("%d%m%y"), time=when.strftime("%H%M%S")))
    watch.receive_keyword("AL")


def verifier_of(example, api, receiver):
    keys = example.Keys(api.server.url)
    return example.Verifier(keys, receiver.url)


def lower(headers):
    return {name.lower(): value for name, value in headers.items()}


def test_an_alarm_arrives_signed(make_family, receiver, example):
    api, watch, _ = make_family()
    raise_alarm(watch)
    [(method, path, headers, body)] = receiver.wait()
    assert path == "/kinward?from=a"
    event = verifier_of(example, api, receiver).check(method, lower(headers), body)
    told = json.loads(body)
    assert told["id"] == event == headers["Kinward-Event-Id"]
    assert told["type"] == "alarm.raised" and told["wearer"] == api.ok("GET", "/wearers")["wearers"][0]["id"]
    state = eventually(lambda: api.metric("kinward_courier_waiting") == 0)
    assert state


def test_what_was_changed_old_or_sent_again_is_refused(make_family, receiver, example):
    api, watch, _ = make_family()
    raise_alarm(watch)
    [(method, _, headers, body)] = receiver.wait()
    headers = lower(headers)
    verifier = verifier_of(example, api, receiver)

    def refused(method=method, headers=headers, body=body, **more):
        with pytest.raises(example.Refused):
            verifier.check(method, headers, body, **more)

    for at in range(len(body)):
        refused(body=body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :])
    refused(body=body + b" ")
    refused(method="PUT")
    refused(now=time.time() + 600)
    refused(now=time.time() - 600)
    other_body = b'{"type":"alarm.raised"}'
    digest = base64.b64encode(hashlib.sha256(other_body).digest()).decode()
    refused(body=other_body, headers=headers | {"content-digest": f"sha-256=:{digest}:"})
    for name, value in (
        ("kinward-event-id", "0" * 32), ("content-type", "text/plain"), ("signature", ""), ("signature-input", ""),
        ("content-digest", ""),
        ("signature-input", headers["signature-input"].replace('"kinward-event-id"', '"content-type"')),
        ("signature-input", headers["signature-input"].replace(' "kinward-event-id"', "")),
        ("signature-input", headers["signature-input"].replace("created=1", "created=2")),
        ("signature-input", headers["signature-input"].replace("expires=1", "expires=9")),
        ("signature-input", headers["signature-input"].replace('keyid="', 'keyid="x')),
        ("signature", "kinward=:" + base64.b64encode(bytes(64)).decode() + ":"),
    ):
        assert headers[name] != value, name
        refused(headers=headers | {name: value})
    elsewhere = example.Verifier(verifier.keys, receiver.url + "&x")
    with pytest.raises(example.Refused):
        elsewhere.check(method, headers, body)
    other_key = copy.copy(verifier.keys)
    other_key.known = {kid: type(key).from_public_bytes(bytes(31) + b"\x01") for kid, key in other_key.known.items()}
    with pytest.raises(example.Refused):
        example.Verifier(other_key, receiver.url).check(method, headers, body)
    assert verifier.check(method, headers, body) == headers["kinward-event-id"]
    with pytest.raises(example.Repeated):
        verifier.check(method, headers, body)


def test_a_courier_killed_in_the_middle_repeats_the_same_event(make_family, receiver, example):
    api, watch, _ = make_family()

    def answer(handler, _):
        receiver.answer = None
        api.server.kill_role("courier")
        handler.reply(204)

    receiver.answer = answer
    raise_alarm(watch)
    first, second = receiver.wait(2)
    assert first[3] == second[3]
    assert first[2]["Kinward-Event-Id"] == second[2]["Kinward-Event-Id"]
    verifier = verifier_of(example, api, receiver)
    verifier.check("POST", lower(first[2]), first[3])
    with pytest.raises(example.Repeated):
        verifier.check("POST", lower(second[2]), second[3])


def test_a_server_killed_in_the_middle_forgets_no_event(make_family, receiver):
    api, watch, partner = make_family()
    server = api.server
    is_back = threading.Event()

    def answer(handler, _):
        receiver.answer = None
        start = len(server.process.lines)
        server.kill_role("server")
        server.process.wait_line(lambda line: "role_ready role=server" in line, start=start)
        is_back.set()
        handler.reply(204)

    receiver.answer = answer
    raise_alarm(watch)
    assert is_back.wait(60)
    eventually(lambda: api.metric("kinward_courier_waiting") == 0)
    assert len(receiver.requests) == 1
    [info] = api.ok("GET", "/operator/partners")["partners"]
    assert info["id"] == partner.id


def test_events_that_wait_survive_the_whole_service(make_family, receiver):
    api, watch, _ = make_family()
    server = api.server
    os.kill(server.roles("courier")[0], signal.SIGSTOP)
    raise_alarm(watch)
    eventually(lambda: api.metric("kinward_courier_waiting") == 1)
    server.kill()
    server.start()
    [(_, _, _, body)] = receiver.wait(1)
    assert json.loads(body)["type"] == "alarm.raised"


def test_by_default_no_private_address_is_called(make_family, receiver):
    canary = Canary()
    receiver.hosts.write_text("127.0.0.1 hook.example\n10.0.0.1 hook.example\n", encoding="ascii")
    api, watch, _ = make_family(url=f"https://hook.example:{canary.port}/", courier_allow="")
    raise_alarm(watch)
    eventually(lambda: 'kinward_courier_tries_total{outcome="forbidden_address"} 1' in api.get("/metrics").text)
    assert canary.hits == []
    canary.close()


def test_a_stopped_partner_is_told_nothing_more(make_family, receiver):
    api, watch, partner = make_family()
    os.kill(api.server.roles("courier")[0], signal.SIGSTOP)
    raise_alarm(watch)
    eventually(lambda: api.metric("kinward_courier_waiting") == 1)
    api.ok("POST", f"/operator/partners/{partner.id}/stop")
    os.kill(api.server.roles("courier")[0], signal.SIGCONT)
    with RawWatch(api.server.watch_port) as other:
        other.heartbeat()
    eventually(lambda: api.server.database().execute("SELECT COUNT(*) FROM courier_item").fetchone() == (0,))
    raise_alarm(watch, minutes=3)
    assert api.server.database().execute("SELECT COUNT(*) FROM courier_item").fetchone() == (0,)


def test_addresses_of_another_form_are_not_registered(api):
    bad = [
        "http://hook.example/", "https://hook.example", "https://user@hook.example/", "https://hook.example:25/",
        "https://hook.example/#x", "https://localhost/", "https://2130706433/", "https://0x7f.0.0.1/", "https://127.1/",
        "https://[fe80::1%25lo]/", "https://hook.example\\@127.0.0.1/", "https://Hook.example/", "ftp://hook.example/",
    ]
    for n, url in enumerate(bad):
        body = {"name": f"Acme {n}", "contact": "c", "purpose": "p", "algorithm": "ES256", "jwks": public_set(new_key()), "webhook_url": url}
        answer = api.post("/api/v1/operator/partners", json=body)
        assert answer.status_code == 400 and answer.json()["field"] == "webhook_url", (url, answer.text)
