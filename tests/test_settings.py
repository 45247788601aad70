"""Settings of a watch: from the form to the watch's words and back, what a watch cannot do, and what it shows otherwise."""

import json

from kit.process import eventually
from kit.watch import RawWatch

ID = "8800000015"


def path(wearer, setting):
    return f"/wearers/{wearer}/settings/{setting}"


def confirmed(api, wearer, setting):
    return eventually(lambda: (s := api.settings(wearer)[setting])["state"] == "confirmed" and s, what=f"{setting} confirmed")


# setting, form, what the watch is told
FORMS = [
    ("quiet_times", {"windows": [{"from": "08:00", "to": "12:30", "days": [1, 2, 3, 4, 5]}]}, "SILENCETIME2,08:00-12:30-0111110"),
    ("quiet_times", {"windows": []}, "SILENCETIME2,00:00-00:00-0000000"),
    ("alarm_clocks", {"alarms": []}, "REMIND,00:00-0-1"),
    ("timetable", {"periods": [], "lessons": []}, "SCHEDULE,"),
    ("alarm_clocks", {"alarms": [{"time": "07:05", "is_on": True, "repeat": "days", "days": [6, 7]}, {"time": "21:00", "is_on": False, "repeat": "daily"}]}, "REMIND,07:05-1-3-1000001,21:00-0-2"),
    ("sound_profile", {"profile": "vibrate"}, "profile,3"),
    ("fall_alarm", {"is_on": True, "dials": False}, "FALLDOWN,1,0"),
    ("walk_times", {"windows": [{"from": "06:00", "to": "22:00"}]}, "WALKTIME,06:00-22:00"),
    ("step_counter", {"is_on": True}, "PEDO,1"),
    ("removed_alarm", {"is_on": True}, "REMOVE,1"),
    ("body", {"height_cm": 121, "weight_kg": 24}, "DEVICE_BODY,121,24"),
    ("step_goal", {"steps": 8000}, "STEPS,8000"),
    ("family_calls", {"is_on": True}, "FAMILY,1"),
    ("alarm_delivery", {"delivery": "platform_call"}, "MOD,2"),
    ("home_wifi", {"macs": ["aa:bb:cc:00:11:22"]}, "WIFIFENCE,1,aa:bb:cc:00:11:22,2,aa:bb:cc:00:11:22,3,aa:bb:cc:00:11:22"),
    ("gps_switch", {"is_on": True}, "APPLOCK,DW-1"),
    ("dial_pad", {"is_on": False}, "APPLOCK,PH-0"),
    ("night_saving", {"is_on": False}, "APPLOCK,YJ-0"),
    ("heart_interval", {"is_on": True, "seconds": 600}, "hrtstart,600"),
    ("temperature_interval", {"is_on": True, "hours": 2}, "bodytemp,1,2"),
    ("apps", {"dial": True, "alarm": True, "video": False, "phone_book": True, "chat": True, "camera": False}, "APP,2-1,7-1,9-0,12-1,13-1,16-0"),
    ("timetable", {"periods": [{"from": "08:00", "to": "08:45"}], "lessons": []}, "SCHEDULE,"),
    ("refuse_strangers", {"is_on": True}, "DEVREFUSEPHONESWITCH,1"),
    ("tracking_mode", {"mode": "live"}, "UPLOAD,60"),
    ("language", {"language": "es"}, "LZ,4,"),
]


def test_each_form_reaches_the_watch_and_is_confirmed_by_it(server, api):
    wearer, watch = api.claim_raw(ID)
    for setting, form, told in FORMS:
        print(setting)
        wanted = api.put_setting(wearer, setting, **form)
        assert (wanted["state"], wanted["wanted"]) == ("wanted", form), setting
        frame = watch.receive_keyword(told.split(",")[0]).decode()
        assert frame.lower() == told.lower() or (told[-1] == "," and frame.startswith(told)), frame
        watch.send(told.split(",")[0])
        got = confirmed(api, wearer, setting)
        assert got["confirmed"] == form and not got["is_drifted"], setting
    watch.close()


def test_what_can_hide_the_wearer_needs_a_second_word(server, api):
    wearer, watch = api.claim_raw(ID)
    api.prove()
    off = {"is_on": False}
    nights = {"is_on": True, "on_at": "06:30", "off_at": "22:00", "days": [1, 2, 3, 4, 5, 6, 7]}
    cases = [
        ("upload_interval", {"seconds": 7200}, "UPLOAD,7200"),
        ("power_times", nights, "BOOTOFF,1,06:30,22:00,1111111"),
        ("gps_switch", off, "APPLOCK,DW-0"),
        ("fall_alarm", off | {"dials": False}, "FALLDOWN,0,0"),
        ("removed_alarm", off, "REMOVE,0"),
        ("refuse_strangers", off, "DEVREFUSEPHONESWITCH,0"),
        ("long_life", {"is_on": True}, "LONG,1"),
    ]
    for setting, form, told in cases:
        problem = api.refused(400, "understanding_needed", "PUT", path(wearer, setting), json=form)
        assert problem["field"] == "is_understood"
        api.refused(400, "understanding_needed", "PUT", path(wearer, setting), json=form | {"is_understood": False})
        api.refused(400, "field_type", "PUT", path(wearer, setting), json=form | {"is_understood": "yes"})
        api.put_setting(wearer, setting, **form, is_understood=True)
        assert watch.receive_keyword(told.split(",")[0]).decode() == told
        watch.send(told.split(",")[0])
        confirmed(api, wearer, setting)
        assert api.settings(wearer)[setting]["caution"] != "none"
    assert any(n["action"] == "watch.setting" for n in api.ok("GET", "/notices")["notices"])
    watch.close()


WRONG = [
    ("quiet_times", {"windows": [{"from": "8:00", "to": "12:30"}]}, "setting_invalid"),
    ("quiet_times", {"windows": [{"from": "24:00", "to": "12:30"}]}, "setting_invalid"),
    ("quiet_times", {"windows": [{"from": "08:00", "to": "08:00"}]}, "setting_invalid"),
    ("quiet_times", {"windows": [{"from": "08:00", "to": "09:00", "days": []}]}, "setting_invalid"),
    ("quiet_times", {"windows": [{"from": "08:00", "to": "09:00", "days": [1, 1]}]}, "setting_invalid"),
    ("quiet_times", {"windows": [{"from": "08:00", "to": "09:00", "days": [8]}]}, "setting_invalid"),
    ("quiet_times", {"windows": [{"from": "08:00", "to": "09:00", "extra": 1}]}, "setting_invalid"),
    ("quiet_times", {"windows": [{"from": "08:00", "to": "09:00"}] * 5}, "field_range"),
    ("quiet_times", {"windows": "08:00"}, "field_type"),
    ("quiet_times", {}, "field_missing"),
    ("quiet_times", {"windows": [], "more": 1}, "field_unknown"),
    ("alarm_clocks", {"alarms": [{"time": "07:00", "is_on": True, "repeat": "days"}]}, "setting_invalid"),
    ("alarm_clocks", {"alarms": [{"time": "07:00", "is_on": True, "repeat": "daily", "days": [1]}]}, "setting_invalid"),
    ("alarm_clocks", {"alarms": [{"time": "07:00", "is_on": 1, "repeat": "daily"}]}, "setting_invalid"),
    ("sound_profile", {"profile": "loud"}, "setting_invalid"),
    ("sound_profile", {"profile": 1}, "field_type"),
    ("fall_sensitivity", {"level": 9}, "field_range"),
    ("walk_times", {"windows": []}, "field_range"),
    ("walk_times", {"windows": [{"from": "06:00", "to": "22:00", "days": [1]}]}, "setting_invalid"),
    ("timetable", {"periods": [], "lessons": [{"day": 1, "period": 1, "name": "Art"}]}, "setting_invalid"),
    ("timetable", {"periods": [{"from": "08:00", "to": "08:45"}], "lessons": [{"day": 1, "period": 1, "name": "a_b"}]}, "setting_invalid"),
    ("timetable", {"periods": [{"from": "08:00", "to": "08:45"}], "lessons": [{"day": 1, "period": 1, "name": "A"}] * 2}, "setting_invalid"),
    ("home_wifi", {"macs": ["aabbcc001122"]}, "setting_invalid"),
    ("home_wifi", {"macs": []}, "field_range"),
    ("body", {"height_cm": 10, "weight_kg": 24}, "field_range"),
    ("language", {"language": "tlh"}, "language_unsupported"),
    ("tracking_mode", {"mode": "always"}, "setting_invalid"),
    ("step_goal", {"steps": True}, "field_type"),
    ("step_goal", {"steps": 2**63 - 1}, "field_range"),
]


def test_a_form_that_is_wrong_is_refused_with_its_field(server, api):
    wearer, watch = api.claim_raw(ID)
    for name in ("language", "zone", "upload_interval", "refuse_strangers"):
        confirmed(api, wearer, name)
    before = api.settings(wearer)
    for setting, form, code in WRONG:
        problem = api.refused(400, code, "PUT", path(wearer, setting), json=form)
        assert code == "field_unknown" or problem["field"] in {f["name"] for f in before[setting]["fields"]}
    for body in (b"[]", b"1", b'"x"', b'{"is_on":true,"is_on":true}', b"{" * 20, b"\xff"):
        answer = api.put(f"/api/v1{path(wearer, 'step_counter')}", content=body, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["code"]) == (400, "json_bad")
    assert api.settings(wearer) == before
    watch.close()


def test_a_setting_that_is_dropped_is_as_the_watch_has_it(server, api):
    wearer, watch = api.claim_raw(ID)
    api.put_setting(wearer, "step_counter", is_on=True)
    watch.receive_keyword("PEDO")
    watch.send("PEDO")
    confirmed(api, wearer, "step_counter")
    dropped = api.ok("DELETE", path(wearer, "step_counter"))
    assert dropped["state"] == "none" and "wanted" not in dropped and "confirmed" not in dropped
    watch.close()


def test_capabilities_are_learned_and_shown_with_the_reason(server, api):
    wearer, watch = api.claim_raw(ID)
    watch.send("CONFIG,TY:G29,TB:3,LS:3+8,CM:0,TM:0,BW:1,DD:0")
    watch.receive_keyword("CONFIG")

    def all_of():
        able = api.ok("GET", f"/wearers/{wearer}/capabilities")
        return able, {c["name"]: c for c in able["capabilities"]}

    able, by_name = eventually(lambda: (a := all_of())[0].get("model") == "g29" and a, what="the model")
    assert by_name["photo"] == {"name": "photo", "has": "no", "from": "config", "missing": "lacks_config"}
    assert by_name["temperature_times"]["missing"] == "needs_config"
    assert by_name["temperature_limits"]["has"] == "yes"
    assert by_name["fall_sensitivity"] == {"name": "fall_sensitivity", "has": "yes", "from": "config"}
    assert by_name["upload_interval"]["from"] in ("answers", "model") and by_name["upload_interval"]["has"] == "yes"
    assert api.settings(wearer)["temperature_times"]["is_available"] is False
    form = {"points": [{"time": "08:00", "is_once": False}]}
    api.refused(409, "setting_unavailable", "PUT", path(wearer, "temperature_times"), json=form)
    capability = f"/wearers/{wearer}/capabilities/temperature_times"
    changed = api.ok("PUT", capability, json={"has": "yes"})
    assert {"name": "temperature_times", "has": "yes", "from": "member"} in changed["capabilities"]
    api.put_setting(wearer, "temperature_times", **form)
    assert watch.receive_keyword("BTTIMESET") == b"BTTIMESET,1,08:00-0"
    api.ok("PUT", capability, json={"has": "no"})
    assert api.settings(wearer)["temperature_times"]["missing"] == "by_member"
    api.ok("PUT", capability, json={"has": "auto"})
    assert api.settings(wearer)["temperature_times"]["missing"] == "needs_config"
    api.refused(404, "not_found", "PUT", f"/wearers/{wearer}/capabilities/teleport", json={"has": "yes"})
    watch.close()


def test_a_sensitivity_is_told_with_the_levels_of_this_watch(server, api):
    wearer, watch = api.claim_raw(ID)
    watch.send("CONFIG,TY:X1,LS:1+6")
    watch.receive_keyword("CONFIG")
    eventually(lambda: "version" in api.ok("GET", f"/wearers/{wearer}/capabilities") and api.settings(wearer)["fall_sensitivity"]["is_available"], what="it")
    api.put_setting(wearer, "fall_sensitivity", level=2)
    assert watch.receive_keyword("LSSET") == b"LSSET,2+6"
    watch.send("LSSET,2")
    confirmed(api, wearer, "fall_sensitivity")
    watch.close()


def test_what_the_watch_shows_otherwise_is_drift_and_put_right(server, api):
    wearer, watch = api.claim_raw(ID)
    for name in ("upload_interval", "language", "zone"):
        confirmed(api, wearer, name)
    zone = api.settings(wearer)["zone"]["confirmed"]["zone"]
    assert zone == "Europe/Berlin"
    watch.send("TS,ver:X;upload:65535;language:0;zone:+09:30;profile:1")
    told = {}
    while len(told) < 2:
        frame = watch.receive().decode()
        told[frame.split(",")[0]] = frame
        if frame.split(",")[0] not in ("UPLOAD", "LZ"):
            del told[frame.split(",")[0]]
    assert told["UPLOAD"] == "UPLOAD,600"
    assert told["LZ"].startswith("LZ,0,")
    drifted = api.settings(wearer)
    assert drifted["upload_interval"]["is_drifted"] and drifted["zone"]["is_drifted"]
    assert not drifted["language"]["is_drifted"]
    watch.send("UPLOAD", "LZ")
    assert not confirmed(api, wearer, "upload_interval")["is_drifted"]
    watch.close()


def test_questions_of_the_watch_are_answered_from_what_is_stored(server, api):
    wearer, watch = api.claim_raw(ID, vendor="YS")
    watch.send("SOSQ", "SCHEDULEQ", "KA,1,2,3")
    assert watch.receive() == b"KA,1,2,3".split(b",")[0], "nothing is stored, so nothing is said"
    api.ok("PUT", f"/wearers/{wearer}/contacts", json={"contacts": [{"name": "Oma", "number": "112"}]})
    assert watch.receive_keyword("PHL").startswith(b"PHL,112,")
    watch.send("PHL")
    api.ok("PUT", f"/wearers/{wearer}/sos-numbers", json={"numbers": ["110"]})
    for n in (b"SOS1,110", b"SOS2,", b"SOS3,"):
        assert watch.receive() == n
        watch.send(n.split(b",")[0].decode())
    api.put_setting(wearer, "alarm_clocks", alarms=[{"time": "07:00", "is_on": True, "repeat": "daily"}])
    watch.receive_keyword("REMIND")
    watch.send("REMIND")
    confirmed(api, wearer, "alarm_clocks")
    before = len(api.ok("GET", f"/wearers/{wearer}/commands")["commands"])
    watch.send("PHLQ")
    assert watch.receive_keyword("PHL").startswith(b"PHL,112,")
    watch.send("REMINDQ")
    assert watch.receive_keyword("REMIND") == b"REMIND,07:00-1-2"
    watch.send("SOSQ")
    assert watch.receive_keyword("SOS1") == b"SOS1,110"
    assert len(api.ok("GET", f"/wearers/{wearer}/commands")["commands"]) == before
    assert api.settings(wearer)["alarm_clocks"]["state"] == "confirmed"
    watch.close()


def test_allowed_callers_follow_the_phone_book(server, api):
    wearer, watch = api.claim_raw(ID)
    api.put_setting(wearer, "allowed_callers", is_on=True)
    assert watch.receive_keyword("WHITELIST1") == b"WHITELIST1,,,,,"
    watch.send("WHITELIST1")
    assert watch.receive_keyword("WHITELIST2") == b"WHITELIST2,,,,,"
    watch.send("WHITELIST2")
    confirmed(api, wearer, "allowed_callers")
    people = [{"name": f"N{i}", "number": f"+4930{i}"} for i in range(7)]
    api.ok("PUT", f"/wearers/{wearer}/contacts", json={"contacts": people})
    got = {}
    while "WHITELIST2" not in got or "WHITELIST1" not in got:
        frame = watch.receive().decode()
        got[frame.split(",")[0]] = frame
        watch.send(frame.split(",")[0])
    assert got["WHITELIST1"] == "WHITELIST1," + ",".join(p["number"] for p in people[:5])
    assert got["WHITELIST2"] == "WHITELIST2," + ",".join([p["number"] for p in people[5:]] + [""] * 3)
    confirmed(api, wearer, "allowed_callers")
    watch.close()


def test_a_watch_that_was_unbound_or_got_another_sim_is_told_everything_again(server, api):
    wearer, watch = api.claim_raw(ID)
    watch.send("ICCID,89490200001234567890")
    watch.receive_keyword("ICCID")
    watch.send("ICCID,89490200009999999999")
    able = eventually(lambda: "iccid_changed" in (a := api.ok("GET", f"/wearers/{wearer}/capabilities")) and a, what="the other SIM")
    assert able["iccid_changed"]
    db = server.database()
    assert db.execute("SELECT COUNT(*) FROM device WHERE reapply_ms > 0").fetchone()[0] == 1
    watch.close()


def test_the_settings_are_sealed_and_go_with_the_wearer(server, api):
    wearer, watch = api.claim_raw(ID)
    api.put_setting(wearer, "timetable", periods=[{"from": "08:00", "to": "08:45"}], lessons=[{"day": 1, "period": 1, "name": "Schwimmen"}])
    watch.send("CONFIG,TY:SECRETTYPE,XX:SECRETVALUE")
    watch.receive_keyword("CONFIG")
    eventually(lambda: server.database().execute("SELECT config FROM device").fetchone()[0], what="stored")
    dump = "".join(server.database().iterdump())
    for word in ("Schwimmen", "SECRETVALUE"):
        assert word not in dump and word.encode().hex() not in dump.lower()
    api.prove()
    api.ok("DELETE", f"/wearers/{wearer}")
    for table in ("watch_setting", "watch_setting_part", "watch_capability"):
        assert server.database().execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] == 0
    watch.close()


def test_models_are_listed_with_what_to_know(server, api):
    models = {m["id"]: m for m in api.ok("GET", "/models")["models"]}
    assert "YS" in models["yisai"]["vendors"] and "sleep_time" in models["yisai"]["lacks"]
    assert models["beesure_4g"]["notes"] == ["locked_aqsh"]
    wearer, watch = api.claim_raw(ID, vendor="YS")
    assert api.settings(wearer)["sleep_time"]["missing"] == "lacks_model"
    api.refused(409, "setting_unavailable", "PUT", path(wearer, "sleep_time"), json={"from": "21:00", "to": "06:00"})
    watch.close()


def test_the_models_file_speaks_of_capabilities_that_exist(root, server, api):
    wearer, watch = api.claim_raw(ID)
    names = {c["name"] for c in api.ok("GET", f"/wearers/{wearer}/capabilities")["capabilities"]}
    models = json.loads((root / "share/models.json").read_text())["models"]
    for m in models:
        assert set(m["has"]) | set(m["lacks"]) <= names, m["id"]
    words = (root / "docs/watches.md").read_text()
    for note in {n for m in models for n in m["notes"]}:
        assert f"`{note}`" in words, note
    watch.close()


def test_what_can_be_sent_by_hand_never_holds_our_password(server, api):
    wearer, watch = api.claim_raw(ID)
    api.put_setting(wearer, "upload_interval", seconds=300)
    watch.close()
    eventually(lambda: not api.ok("GET", f"/wearers/{wearer}")["device"]["connected"], what="gone")
    assert "sms" not in api.settings(wearer)["upload_interval"], "the watch has our password"
    claim = api.start_claim("490154203237518", "Ben", sim_number="+491701234567")
    other = RawWatch(server.watch_port, "5420323751")
    other.send("LK,0,0,80")
    text = bytes.fromhex(other.receive_keyword("MESSAGE").split(b",")[1].decode()).decode("utf-16-be")
    other.send("MESSAGE")
    code = "".join(c for c in text if c.isdigit())[-6:]
    bound = api.ok("POST", f"/claims/{claim['id']}/code", json={"code": code})["wearer"]
    other.close()  # before it answered anything: it still has the factory's password
    eventually(lambda: not api.ok("GET", f"/wearers/{bound}")["device"]["connected"], what="gone")
    api.put_setting(bound, "upload_interval", seconds=300)
    assert api.settings(bound)["upload_interval"]["sms"] == {"to": "+491701234567", "texts": ["pw,123456,upload,300#"]}


def test_a_simulated_watch_is_as_it_was_told(server, api, make_sim):
    sim = make_sim(server.watch_port)
    wearer = api.claim_sim(sim)
    forms = {
        "quiet_times": {"windows": [{"from": "08:00", "to": "12:30", "days": [1, 2, 3, 4, 5]}]},
        "alarm_clocks": {"alarms": [{"time": "07:05", "is_on": True, "repeat": "daily"}]},
        "sound_profile": {"profile": "silent"},
        "fall_alarm": {"is_on": True, "dials": False},
        "timetable": {"periods": [{"from": "08:00", "to": "08:45"}], "lessons": [{"day": 5, "period": 1, "name": "Kunst"}]},
        "allowed_callers": {"is_on": True},
    }
    for setting, form in forms.items():
        api.put_setting(wearer, setting, **form)
    for setting in forms:
        assert confirmed(api, wearer, setting)["confirmed"] == forms[setting]
    told = json.loads(sim.ask(f"settings {sim.id()}"))
    assert {"quiet_times_days", "alarm_clocks", "sound_profile", "fall_alarm", "timetable", "allowed_1", "allowed_2"} <= set(told)
