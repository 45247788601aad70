"""Where a place comes from: GPS, access points, cells; learned, imported, judged."""

import gzip
import itertools
import json
import math
import sqlite3
import subprocess
import time

import pytest
from kit.courier import Authority, Receiver
from kit.family import protect
from kit.process import eventually
from kit.watch import DISTINCT, SOS, position

SCHOOL = (50.980000, 11.320000)
ROOMS = "0,3,School,00:1f:3a:00:00:01,-60,,00:1f:3a:00:00:02,-65,a]b,00:1f:3a:00:00:03,-70"
CELLS = "2,255,262,02,801,86355,150,801,86356,120,0"
_alarms = itertools.cycle(DISTINCT)


def beside(east_m=0, north_m=0):
    lat, lon = SCHOOL
    return {"lat": lat + north_m / 111195, "lon": lon + east_m / 111195 / math.cos(math.radians(lat))}


def metres(fix):
    north = (fix["lat"] - SCHOOL[0]) * 111195
    east = (fix["lon"] - SCHOOL[1]) * 111195 * math.cos(math.radians(SCHOOL[0]))
    return math.hypot(north, east)


def span():
    now = time.time()
    return [time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(t)) for t in (now - 86400, now + 86400)]


def learned(server):
    database = sqlite3.connect(f"file:{server.data / 'kinward.db'}?mode=ro", uri=True)
    try:
        return database.execute("SELECT COUNT(*) FROM radio_learned").fetchone()[0]
    finally:
        database.close()


def teach(api, watch, tail, rows, **place):
    """One lesson, written: what was learned joins the commit of what comes after it."""
    watch.send(position("UD", tail=tail, **place))
    before = api.metric("kinward_locate_lessons_total")

    def is_written():
        watch.send(position("AL", status=next(_alarms), **place))
        watch.receive_keyword("AL")
        return learned(api.server) >= rows

    eventually(is_written, what=f"{rows} learned stations")
    assert api.metric("kinward_locate_lessons_total") >= before


def fix_of(api, wearer, source):
    def look():
        fix = api.ok("GET", f"/wearers/{wearer}")["fix"]
        return fix if fix is not None and fix["source"] == source else None

    return eventually(look, what=f"a place by {source}")


def test_a_blind_watch_gets_its_place_from_what_another_watch_of_the_group_taught(server, api):
    _, teacher = api.claim_raw("8800000015", name="Ben")
    wearer, watch = api.claim_raw("8800000023")
    stream = api.events()
    watch.send(position("UD", valid=False, tail=ROOMS))
    eventually(lambda: api.metric("kinward_locate_unknown_total") >= 1, what="the question")
    assert api.ok("GET", f"/wearers/{wearer}")["fix"] is None
    teach(api, teacher, ROOMS, 3, **beside(12, 5))
    # Another set, so that the answer of before is not the answer now; where V says to be is no matter.
    watch.send(position("UD", valid=False, lat=22.68, lon=113.99, tail="0,2,,00:1f:3a:00:00:01,-60,,00:1f:3a:00:00:03,-65"))
    fix = fix_of(api, wearer, "wifi")
    assert metres(fix) < fix["accuracy_m"] < 150
    assert fix["marks"] == []
    told = stream.wait("wearer", lambda w: w["id"] == wearer and w["fix"] is not None)
    assert told.data["fix"]["source"] == "wifi"
    assert [f["source"] for f in api.fixes(wearer, *span())] == ["wifi"]


def test_an_sos_without_gps_is_answered_and_its_place_follows(server, api):
    _, teacher = api.claim_raw("8800000015", name="Ben")
    wearer, watch = api.claim_raw("8800000023")
    teach(api, teacher, ROOMS, 3, **beside(10, 0))
    watch.send(position("AL", valid=False, lat=0, lon=0, status=SOS, tail=ROOMS))
    watch.receive_keyword("AL")

    def place():
        alarms = [a for a in api.alarms() if a["wearer"] == wearer]
        assert [a["kind"] for a in alarms] == ["sos"]
        return alarms[0].get("fix")

    fix = eventually(place, what="the place of the alarm")
    assert fix["source"] == "wifi" and metres(fix) < 60


def test_access_points_of_a_bus_are_no_place(server, api):
    bus = "0,2,bus,00:1f:3a:00:00:0b,-40,seat,00:1f:3a:00:00:0c,-45"
    for n, wire_id in enumerate(("8800000015", "8800000023", "8800000031", "8800000049")):
        _, teacher = api.claim_raw(wire_id, name=f"P{n}")
        teach(api, teacher, bus, 2, **beside(1500 * n, 0))
        teacher.close()
    wearer, watch = api.claim_raw("8800000064")
    # What the last teacher said is written when a later lesson is: of the place where the blind one is.
    teach(api, watch, ROOMS, 5, **beside(20, 0))
    before = api.metric("kinward_locate_unknown_total")
    watch.send(position("UD", valid=False, tail=bus))
    eventually(lambda: api.metric("kinward_locate_unknown_total") > before, what="no place")
    watch.send(position("UD", valid=False, tail=ROOMS.replace("0,3", "0,4") + ",bus,00:1f:3a:00:00:0b,-40"))
    fix = fix_of(api, wearer, "wifi")
    assert fix["marks"] == ["moving_ap"] and metres(fix) < 60


def test_factory_coordinates_are_not_the_place_but_what_was_heard_is(server, api):
    _, teacher = api.claim_raw("8800000015", name="Ben")
    wearer, watch = api.claim_raw("8800000023")
    teach(api, teacher, ROOMS, 3, **beside(10, 0))
    watch.send(position("UD", lat=22.68, lon=113.99, satellites=0, tail=ROOMS))
    assert metres(fix_of(api, wearer, "wifi")) < 60
    shown = api.fixes(wearer, *span())
    assert {(f["source"], *f["marks"]) for f in shown} == {("gps", "factory_place"), ("wifi",)}


def test_erasing_a_wearer_erases_what_the_group_learned(server, api):
    wearer, watch = api.claim_raw("8800000015")
    teach(api, watch, ROOMS, 3, **beside())
    protect(api)
    api.ok("DELETE", f"/wearers/{wearer}")
    assert learned(server) == 0


def table_of(cells):
    head = "radio,mcc,net,area,cell,unit,lon,lat,range,samples,changeable,created,updated,averageSignal\n"
    return head + "".join(f"LTE,262,2,801,{cid},,{lon:.6f},{lat:.6f},900,5,1,1,1,\n" for cid, lat, lon in cells)


def test_a_table_is_imported_on_the_command_line_while_the_service_runs(server, api, kinward, tmp_path):
    wearer, watch = api.claim_raw("8800000015")
    file = tmp_path / "262.csv.gz"
    file.write_bytes(gzip.compress((table_of([(86355, *SCHOOL)]) + "GSM,262,no\n").encode()))
    done = subprocess.run([kinward, "radio", "import", file, "--set", f"data_dir={server.data}"],
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "1 cells" in done.stdout and "1 bad" in done.stdout and "line 3:" in done.stdout
    watch.send(position("UD", valid=False, tail=CELLS))
    fix = fix_of(api, wearer, "cell")
    assert metres(fix) < fix["accuracy_m"] and fix["accuracy_m"] > 300
    table = api.ok("GET", "/operator/radio")
    assert table["cells"] == 1 and table["is_service_set"] is False
    assert table["imports"][0]["first_bad"][0]["line"] == 3
    missing = subprocess.run([kinward, "radio", "import", tmp_path / "none.csv", "--set", f"data_dir={server.data}"],
                             capture_output=True, text=True, timeout=60, check=False)
    assert missing.returncode == 1 and "none.csv" in missing.stderr


def test_the_operator_imports_a_file_of_the_folder(server, api):
    folder = server.data / "radio-import"
    (folder / "262.csv").write_text(table_of([(n, 50 + n / 1e5, 11) for n in range(1, 2001)]))
    (folder / "link.csv").symlink_to("/etc/passwd")
    assert api.ok("GET", "/operator/radio")["files"] == [{"name": "262.csv", "bytes": (folder / "262.csv").stat().st_size}]
    for name in ("../kinward.db", "/etc/passwd", "link.csv", "none.csv", ".."):
        answer = api.post("/api/v1/operator/radio", json={"file": name})
        assert answer.status_code == 404 and answer.json()["code"] == "file_unknown", name
    assert api.post("/api/v1/operator/radio", json={"file": "262.csv"}).status_code == 202

    def ended():
        imports = api.ok("GET", "/operator/radio")["imports"]
        return imports[0] if imports and imports[0]["state"] != "running" else None

    done = eventually(ended, what="the end of the import")
    assert (done["state"], done["cells"], done["bad"], done["name"]) == ("done", 2000, 0, "262.csv")
    assert api.ok("GET", "/operator/radio")["cells"] == 2000


def test_what_was_learned_survives_a_restart(server, api):
    wearer, watch = api.claim_raw("8800000015")
    teach(api, watch, ROOMS, 3, **beside(10, 0))
    watch.close()
    server.stop()
    server.start()
    _, again = api.claim_raw("8800000023", name="Ben")
    again.send(position("UD", valid=False, tail=ROOMS))
    other = next(w["id"] for w in api.ok("GET", "/wearers")["wearers"] if w["id"] != wearer)
    assert metres(fix_of(api, other, "wifi")) < 60


@pytest.fixture
def oracle(tmp_path):
    """A service that knows two access points, with the settings that lead there."""
    authority = Authority(tmp_path)
    one = Receiver(authority.context("place.example"))

    def answer(handler, body):
        if b"00:1f:3a:00:00:01" in body:
            place = {"location": {"lat": SCHOOL[0], "lng": SCHOOL[1]}, "accuracy": 60}
            handler.reply(200, [("Content-Type", "application/json")], json.dumps(place).encode())
        else:
            handler.reply(404, [], b'{"error":{"code":404}}')

    one.answer = answer
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.2 place.example\n", encoding="ascii")
    one.settings = {
        "radio_url": f"https://place.example:{one.port}/v1/geolocate?key=k", "courier_ca_file": authority.pem,
        "courier_hosts_file": hosts, "courier_allow": "127.0.0.2/32",
    }
    yield one
    one.close()


def test_the_service_gets_numbers_and_nothing_else(make_server, make_api, oracle):
    api = make_api(make_server(**oracle.settings))
    wearer, watch = api.claim_raw("8800000015")
    tail = CELLS.removesuffix(",0") + (
        ",4,Family Heron,00:1f:3a:00:00:01,-60,x_nomap,00:1f:3a:00:00:02,-61,phone,02:1f:3a:00:00:03,-50,,00:1f:3a:00:00:04,-70")
    watch.send(position("UD", valid=False, tail=tail))
    fix = fix_of(api, wearer, "wifi")
    assert metres(fix) < 1 and fix["accuracy_m"] == 60
    [(_, path, headers, body)] = oracle.requests
    assert path == "/v1/geolocate?key=k" and headers["Content-Type"] == "application/json"
    assert json.loads(body) == {
        "considerIp": False,
        "wifiAccessPoints": [
            {"macAddress": "00:1f:3a:00:00:01", "signalStrength": -60}, {"macAddress": "00:1f:3a:00:00:04", "signalStrength": -70}],
        "cellTowers": [
            {"radioType": "lte", "mobileCountryCode": 262, "mobileNetworkCode": 2, "locationAreaCode": 801, "cellId": cid}
            for cid in (86355, 86356)],
        "fallbacks": {"ipf": False, "lacf": True},
    }
    assert set(headers) <= {"Host", "User-Agent", "Accept", "Content-Type", "Content-Length"}
    # What it does not know stays without a place, and is not asked again at once.
    for n in (1, 2):
        watch.send(position("UD", valid=False, battery=70 + n, tail="0,2,,00:1f:3a:00:00:21,-60,,00:1f:3a:00:00:22,-60"))
        eventually(lambda: api.metric("kinward_locate_unknown_total") >= n, what="the answer that there is none")
    assert len(oracle.requests) == 2


def test_a_service_in_the_operators_network_is_not_called_unless_allowed(make_server, make_api, oracle):
    api = make_api(make_server(**(oracle.settings | {"courier_allow": ""})))
    wearer, watch = api.claim_raw("8800000015")
    watch.send(position("UD", valid=False, tail=ROOMS))
    eventually(lambda: api.metric("kinward_locate_unknown_total") >= 1, what="no answer")
    assert api.metric("kinward_locate_asked_total") == 1
    assert oracle.requests == [] and api.ok("GET", f"/wearers/{wearer}")["fix"] is None
