"""What the API stores and gives back: names, pictures, history, settings, erasing; and streams at their limits."""

import re
import socket
import time

import httpx
from kit.bad_media import JPEG as PICTURES, bad_media, disarmed, picture, segment
from kit.process import eventually
from kit.watch import DISTINCT, RawWatch, position

PICTURE_MAX = 200 * 1024


def iso(unix):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(unix))


def cookie_of(api):
    return "; ".join(f"{k}={v}" for k, v in api.session_cookies().items())


def put_picture(api, wearer, data, kind="image/png"):
    return api.put(f"/api/v1/wearers/{wearer}/picture", content=data, headers={"Content-Type": kind})


def test_a_picture_comes_back_made_anew(server, api):
    wearer, watch = api.claim_raw("8800000015")
    assert api.get(f"/api/v1/wearers/{wearer}/picture").status_code == 404
    version = 0
    for name, data in disarmed():
        changed = put_picture(api, wearer, data, "application/octet-stream")
        assert changed.status_code == 200, (name, changed.text)
        assert changed.json()["has_picture"] and changed.json()["picture_version"] > version
        version = changed.json()["picture_version"]
        answer = api.get(f"/api/v1/wearers/{wearer}/picture", params={"v": version})
        assert answer.headers["content-type"] == "image/jpeg"
        assert answer.content[:2] == b"\xff\xd8" and answer.content[-2:] == b"\xff\xd9"
        assert b"CANARY" not in answer.content and b"Exif" not in answer.content, name
        assert answer.headers["x-content-type-options"] == "nosniff" and answer.headers["cache-control"] == "no-store"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    api.ok("DELETE", f"/wearers/{wearer}/picture")
    assert api.get(f"/api/v1/wearers/{wearer}/picture").status_code == 404
    assert not api.ok("GET", f"/wearers/{wearer}")["has_picture"]
    watch.close()


def test_what_is_no_picture_is_refused_whatever_it_says_it_is(server, api):
    wearer, watch = api.claim_raw("8800000015")
    for data in [b""] + [data for job, _, data in bad_media() if job == PICTURES][::4]:
        answer = put_picture(api, wearer, data)
        assert (answer.status_code, answer.json()["code"]) == (415, "picture_type"), data
    assert api.get(f"/api/v1/wearers/{wearer}/picture").status_code == 404
    watch.close()


def test_the_size_of_a_picture_is_limited(server, api):
    wearer, watch = api.claim_raw("8800000015")
    notes = b"".join(segment(0xFE, bytes(50000)) for _ in range(4))
    full = picture(before=notes)
    full += bytes(PICTURE_MAX - len(full))
    assert put_picture(api, wearer, full).status_code == 200
    answer = put_picture(api, wearer, full + b"x")
    assert (answer.status_code, answer.json()["code"]) == (413, "picture_too_large")
    assert len(api.get(f"/api/v1/wearers/{wearer}/picture").content) < 1000  # nothing but the picture
    watch.close()


def test_history_is_told_in_order_and_bounded_in_time(server, api):
    wearer, watch = api.claim_raw("8800000015")
    now = int(time.time())
    times = [now - 300, now - 200, now - 100]
    for n, when in enumerate(times):
        watch.send(position(when=when, lat=50.98 + n / 1000))
    start, end = iso(now - 3600), iso(now + 60)
    fixes = eventually(lambda: len(f := api.fixes(wearer, start, end)) == 3 and f, what="three fixes")
    assert [f["time"][:19] + "Z" for f in fixes] == [iso(t) for t in times]
    assert [round(f["lat"], 3) for f in fixes] == [50.98, 50.981, 50.982]
    assert len(api.fixes(wearer, iso(times[1]), iso(times[2]))) == 1, "from is in the span, to is not"
    watch.close()


def test_spans_that_are_no_spans_are_refused(server, api):
    wearer, watch = api.claim_raw("8800000015")
    for start, end, code in (
        ("2026-01-01T00:00:00Z", "2026-02-01T00:00:01Z", "range_too_long"),
        ("2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z", "range_invalid"),
        ("2026-01-01", "2026-01-02", "query_bad"),
        ("2026-13-01T00:00:00Z", "2026-01-02T00:00:00Z", "query_bad"),
        ("", "2026-01-02T00:00:00Z", "query_bad"),
    ):
        api.refused(400, code, "GET", f"/wearers/{wearer}/history", params={"from": start, "to": end})
    api.refused(400, "query_bad", "GET", f"/wearers/{wearer}/history", params={"from": "2026-01-01T00:00:00Z"})
    assert api.fixes(wearer, "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z") == []
    watch.close()


def test_a_long_history_is_compressed_for_who_takes_it(make_server, make_api):
    server = make_server(reports_per_device_burst=2000, reports_per_device_interval_s=0)
    api = make_api(server)
    wearer, watch = api.claim_raw("8800000015")
    now = int(time.time())
    for n in range(200):
        watch.send(position(when=now - 400 + n, lat=50.98 + n / 100000))
    span = {"from": iso(now - 3600), "to": iso(now + 60)}
    path = f"/api/v1/wearers/{wearer}/history"
    eventually(lambda: len(api.get(path, params=span).json()["fixes"]) == 200, what="200 fixes")
    packed = api.get(path, params=span, headers={"Accept-Encoding": "gzip"})
    plain = api.get(path, params=span, headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip" and "content-encoding" not in plain.headers
    assert int(packed.headers["content-length"]) * 4 < int(plain.headers["content-length"])
    assert packed.json() == plain.json()
    watch.close()


def test_names_and_colours_are_changed_and_hostile_ones_refused(server, api):
    wearer, watch = api.claim_raw("8800000015")
    changed = api.ok("PATCH", f"/wearers/{wearer}", json={"name": " Zoë <b>&\"' ", "color": "#12ab9f"})
    assert (changed["name"], changed["color"]) == ("Zoë <b>&\"'", "#12ab9f")
    for name in ("", " ", "a\nb", "a\u202eb", "a\u0000b", "x" * 81):
        answer = api.patch(f"/api/v1/wearers/{wearer}", json={"name": name})
        assert answer.status_code == 400, name
    assert api.ok("GET", f"/wearers/{wearer}")["name"] == "Zoë <b>&\"'"
    watch.close()


def test_settings_of_a_watch_are_wanted_until_it_confirms_them(server, api):
    wearer, watch = api.claim_raw("8800000015")
    changed = api.put_setting(wearer, "upload_interval", seconds=300)
    assert (changed["wanted"], changed["state"], changed["confirmed"]) == ({"seconds": 300}, "wanted", {"seconds": 600})
    assert watch.receive_keyword("UPLOAD") == b"UPLOAD,300"
    watch.send("UPLOAD")
    eventually(lambda: api.settings(wearer)["upload_interval"]["state"] == "confirmed", what="confirmed")
    path = f"/wearers/{wearer}/settings/"
    api.refused(400, "zone_unknown", "PUT", path + "zone", json={"zone": "Mars/Olympus"})
    api.refused(400, "field_range", "PUT", path + "upload_interval", json={"seconds": 59})
    api.refused(404, "not_found", "PUT", path + "no_such_thing", json={"is_on": True})
    api.refused(404, "not_found", "PUT", path + "control_numbers", json={})
    watch.close()


def test_nobody_erases_a_wearer_without_a_second_factor(server, api):
    wearer, watch = api.claim_raw("8800000015")
    api.refused(403, "second_factor_missing", "DELETE", f"/wearers/{wearer}")
    assert [w["id"] for w in api.ok("GET", "/wearers")["wearers"]] == [wearer]
    watch.close()


def test_alarms_come_in_pages(server, api):
    watches = [api.claim_raw(wire_id)[1] for wire_id in ("8800000015", "8800000016")]
    now = int(time.time())
    for watch in watches:
        for n, status in enumerate(DISTINCT):
            watch.send(position("AL", when=now - 60 + n, status=status))
            assert watch.receive_keyword("AL") == b"AL"
    first = eventually(lambda: len(a := api.alarms()) == 50 and a, what="a full page")
    rest = api.ok("GET", "/alarms", params={"state": "all", "before": first[-1]["id"]})["alarms"]
    told = [a["id"] for a in first + rest]
    assert len(set(told)) == 2 * len(DISTINCT) == len(told)
    assert [a["received"] for a in first + rest] == sorted((a["received"] for a in first + rest), reverse=True)
    unknown = api.get("/api/v1/alarms", params={"before": "0f6c2d1e9b8a47538e1d2c3b4a596877"})
    assert unknown.status_code == 404
    for watch in watches:
        watch.close()


def test_an_account_and_a_group_are_renamed_at_once_for_all_sessions(server, api):
    with server.api() as phone:
        phone.sign_in()
        assert phone.ok("GET", "/session")["account"]["name"] == "Maria"
        api.ok("PATCH", "/account", json={"name": "Marie", "language": "es-MX"})
        api.ok("PATCH", f"/groups/{api.group}", json={"name": "Home"})
        session = phone.ok("GET", "/session")
        assert (session["account"]["name"], session["account"]["language"]) == ("Marie", "es-MX")
        assert session["groups"][0]["name"] == "Home"


def test_an_ended_session_ends_on_a_connection_that_is_kept(server, api):
    with server.api() as phone:
        phone.sign_in()
        for _ in range(3):
            phone.ok("GET", "/session")
        mine = phone.ok("GET", "/session")["session_id"]
        api.ok("DELETE", f"/sessions/{mine}")
        phone.refused(401, "sign_in_needed", "GET", "/session")


def test_a_quiet_stream_gets_a_comment_now_and_then(server, api):
    with httpx.stream("GET", f"{server.url}/api/v1/events", headers={"Cookie": cookie_of(api)}, timeout=30) as stream:
        lines = stream.iter_lines()
        assert next(lines).strip() == ": hello"
        start = time.monotonic()
        assert next(line for line in lines if line.strip() == ":")
        assert time.monotonic() - start < 22


def test_streams_of_an_account_are_limited_by_the_account(make_server, make_api):
    server = make_server(sse_per_account_max=2)
    api = make_api(server)
    api.events()
    api.events()
    answer = api.get("/api/v1/events")
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_streams")
    assert int(answer.headers["retry-after"]) >= 1
    api.streams[0].close()
    eventually(lambda: (api.metric("kinward_event_streams") or 0) < 2, what="a stream that ended")
    api.events()


def test_metrics_are_well_formed(server, api):
    with RawWatch(server.watch_port) as watch:
        watch.send("LK")
        watch.receive()
    text = api.get("/metrics").text
    helped = re.findall(r"^# HELP (\w+) \S", text, flags=re.M)
    typed = re.findall(r"^# TYPE (\w+) (?:counter|gauge)$", text, flags=re.M)
    assert helped == typed and len(helped) == len(set(helped)), "each metric is told once"
    samples = [line for line in text.splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r'[a-z_0-9]+(\{[a-z_]+="[^"\\]*"\})? -?[0-9.e+]+', s) for s in samples)
    assert {s.split("{")[0].split(" ")[0] for s in samples} == set(helped)
    assert all(name.startswith("kinward_") for name in helped)
