"""Weather for watches: what leaves the house, what comes back, and what a service cannot do to us."""

import json
import re

import pytest
from kit.courier import Authority, Receiver
from kit.watch import position

FORECAST = {
    "current": {"time": "2026-11-22T18:00", "temperature_2m": 3.6, "weather_code": 61},
    "daily": {
        "weather_code": [61, 71, 3, 0],
        "temperature_2m_max": [5.4, -0.6, 7, 9.4],
        "temperature_2m_min": [1, -4.5, 2.2, 0],
    },
}


@pytest.fixture
def service(tmp_path):
    authority = Authority(tmp_path)
    one = Receiver(authority.context("weather.example"))
    one.answer = lambda handler, _: handler.reply(200, body=json.dumps(FORECAST).encode())
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.2 weather.example\n", encoding="ascii")
    url = f"https://weather.example:{one.port}/v1/forecast?latitude={{lat}}&longitude={{lon}}&forecast_days=4"
    one.settings = {
        "courier_ca_file": authority.pem, "courier_hosts_file": hosts, "courier_allow": "127.0.0.2/32",
        "weather_url": url, "webhook_timeout_s": 5,
    }
    yield one
    one.close()


def claimed(make_server, make_api, settings, wire_id="3707900021", vendor="3G"):
    api = make_api(make_server(**settings))
    return api, *api.claim_raw(wire_id, vendor=vendor)


def where(lat=50.9812345, lon=11.3298765):
    return position("UD", lat=lat, lon=lon).partition(",")[2]


def test_a_watch_that_asks_gets_the_weather_and_a_rounded_place_leaves(make_server, make_api, service):
    _, _, watch = claimed(make_server, make_api, service.settings)
    watch.send("WT," + where())
    told = watch.receive_keyword("WT").decode().split(",")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", told[1]) and re.fullmatch(r"\d\d:\d\d:\d\d", told[2])
    assert bytes.fromhex(told[3]) == b"Rain"
    assert told[4:8] == ["2", "4", "1", "5"]
    assert bytes.fromhex(told[8]).decode("utf-16-be") == "Weimar"
    ((method, path, headers, _),) = service.wait()
    assert (method, path) == ("GET", "/v1/forecast?latitude=51.0&longitude=11.3&forecast_days=4")
    assert not {"cookie", "authorization", "referer"} & {name.lower() for name in headers}
    watch.send("WT_LTE," + where(lat=50.985))
    watch.receive_keyword("WT")
    assert len(service.requests) == 1  # known for an hour
    watch.close()


@pytest.mark.parametrize("answer", [
    lambda h, _: h.reply(500, body=json.dumps(FORECAST).encode()),
    lambda h, _: h.reply(302, headers=[("Location", "https://weather.example/else")]),
    lambda h, _: h.reply(200, body=b"x" * 70000),
    lambda h, _: h.reply(200, body=b"[" * 60000),
    lambda h, _: h.reply(200, body=json.dumps(FORECAST | {"daily": []}).encode()),
    lambda h, _: h.reply(200, body=json.dumps(FORECAST | {"current": {"temperature_2m": 1e9, "weather_code": 1}}).encode()),
], ids=["error", "elsewhere", "long", "deep", "no-days", "too-hot"])
def test_a_service_that_says_nothing_usable_gives_no_answer(make_server, make_api, service, answer):
    service.answer = answer
    _, _, watch = claimed(make_server, make_api, service.settings)
    watch.send("WT," + where())
    service.wait()
    assert watch.heartbeat() == b"LK"  # and nothing before it
    watch.close()


def test_a_private_address_is_not_asked(make_server, make_api, service):
    settings = service.settings | {"courier_allow": ""}
    api, _, watch = claimed(make_server, make_api, settings)
    watch.send("WT," + where())
    api.server.process.wait_line(lambda line: "weather.no_answer" in line and "forbidden_address" in line)
    assert service.requests == []
    watch.close()


def test_without_a_service_nobody_is_asked_and_nothing_is_said(make_server, make_api):
    _, _, watch = claimed(make_server, make_api, {})
    watch.send("WT," + where())
    assert watch.heartbeat() == b"LK"
    watch.close()


def test_a_yisai_watch_gets_four_days(make_server, make_api, service):
    _, _, watch = claimed(make_server, make_api, service.settings, vendor="YS")
    date, _, rest = where().partition(",")
    watch.send(f"WT_FUTR,{date[4:]}{date[2:4]}{date[:2]},{rest}")  # the year first
    told = watch.receive_keyword("WT_FUTR").lower()
    for word in ("Weimar", "Rain", "Snow", "Cloudy", "Clear"):
        assert word.encode("utf-16-be").hex().encode() in told
    watch.close()
