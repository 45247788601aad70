"""The simulator takes every command of the catalogue, shows it, and says all that a watch can say."""

import json

import pytest
from kit.sim import content_of

SETTINGS = {
    "alarm_clocks": ("REMIND,08:10-1-1,07:00-0-3-0111110", {"alarm": [
        {"time": "08:10", "is_on": True, "repeat": "once"},
        {"time": "07:00", "is_on": False, "repeat": "days", "days": [1, 2, 3, 4, 5]}]}),
    "quiet_times": ("SILENCETIME,08:00-12:00", {"window": [{"from": "08:00", "to": "12:00"}]}),
    "quiet_times_days": ("SILENCETIME2,21:10-07:30-1000001", {"window": [
        {"from": "21:10", "to": "07:30", "days": [6, 7]}]}),
    "walk_times": ("WALKTIME,08:00-12:00", {"window": [{"from": "08:00", "to": "12:00"}]}),
    "step_counter": ("PEDO,1", {"on": True}),
    "allowed_1": ("WHITELIST1,112,,,,", {"number": ["112", "", "", "", ""]}),
    "removed_alarm": ("REMOVE,1", {"on": True}),
    "fall_alarm": ("FALLDOWN,1,0", {"alarm": True, "dial": False}),
    "alarm_delivery": ("MOD,2", {"mode": 2}),
    "pill_reminder": ("TAKEPILLS,11:25-1-2,1,006F0077", {
        "alarm": [{"time": "11:25", "is_on": True, "repeat": "daily"}], "slot": 1, "text": "ow", "bytes": 0}),
    "sound_profile": ("profile,3", {"mode": 3}),
    "timetable": ("SCHEDULE,07000800" + "-00000000" * 7 + ",0031005F0031005F0041", None),
    "step_goal": ("STEPS,8000", {"goal": 8000}),
    "body": ("DEVICE_BODY,120,30", {"height": 120, "weight": 30}),
    "apps": ("APP,2-0,7-1", {"switch": [{"app": 2, "is_on": False}, {"app": 7, "is_on": True}]}),
    "family_calls": ("FAMILY,1", {"on": True}),
    "long_life": ("LONG,1", {"on": True}),
    "power_times": ("BOOTOFF,1,07:00,22:00,0111110", {
        "on": True, "on_at": "07:00", "off_at": "22:00", "days": [1, 2, 3, 4, 5]}),
    "gps_switch": ("APPLOCK,DW-1", {"on": True}),
    "night_saving": ("APPLOCK,YJ-1", {"on": True}),
    "dial_pad": ("APPLOCK,PH-0", {"on": False}),
    "temperature_limits": ("BTWARNSET,35.0,38.5,1,0,112", {
        "low": 35, "high": 38.5, "on": True, "type": 0, "number": "112"}),
    "home_wifi": ("WIFIFENCE,1,0a:00:00:00:00:01,2,0a:00:00:00:00:02,3,0a:00:00:00:00:03", None),
    "apn": ("APN,internet,,,26201", {"name": "internet", "user": "", "mccmnc": "26201"}),
    "wifi_join": ("WIFISET,1,secret,home", {"id": "1", "ssid": "home"}),
}  # fmt: skip
ANSWERS = {"pill_reminder": "TAKEPILLS,1"}


@pytest.fixture
def online(plain, make_sim):
    sim = make_sim(plain.port, upload=600)
    sim.wait_event(sim.id(), "online")
    return sim


def said(sim, test):
    return content_of(sim.wait(lambda e: e["dir"] == "up" and test(content_of(e["frame"])))["frame"])


def settings(sim):
    return json.loads(sim.ask(f"settings {sim.id()}"))


def test_every_setting_is_kept_shown_and_wiped_by_factory(plain, online):
    sim = online
    for name, (content, _) in SETTINGS.items():
        plain.command(sim.id(), content)
        said(sim, lambda c, a=ANSWERS.get(name, content.split(",")[0]): c == a)
        sim.wait(lambda e, n=name: e["dir"] == "event" and e["event"] == "setting" and e["detail"] == n)
    shown = settings(sim)
    for name, (_, values) in SETTINGS.items():
        assert name in shown and (values is None or shown[name] == values), name
    assert "secret" not in json.dumps(shown)
    assert sim.stats()["bad"] == 0
    plain.command(sim.id(), "FACTORY")
    sim.wait_event(sim.id(), "factory")
    sim.wait_event(sim.id(), "reboot")
    assert set(settings(sim)) == {"rewards", "updates", "voice"}
    sim.wait(lambda e: e["dir"] == "event" and e["event"] == "online" and e is not sim.events[0]
             and sim.events.index(e) > [x.get("event") for x in sim.events].index("reboot"))  # fmt: skip


@pytest.mark.parametrize("content", ["REMIND,8:10-1", "LSSET,9+8", "SCHEDULE,0700,", "TK,no sound at all 123456", "BODYTEMP,1,99"])
def test_what_a_watch_cannot_read_is_counted(plain, online, content):
    plain.command(online.id(), content)
    online.wait_event(online.id(), "malformed command")
    assert online.stats()["bad"] == 1


def test_measures_when_asked_and_in_intervals(plain, make_sim):
    sim = make_sim(plain.port, upload=600, speed=1000)
    sim.wait_event(sim.id(), "online")
    plain.command(sim.id(), "hrtstart,1")
    assert said(sim, lambda c: c.startswith("bphrt,")).endswith(",,,,")
    plain.command(sim.id(), "bodytemp2")
    assert 35 < float(said(sim, lambda c: c.startswith("btemp2,")).split(",")[2]) < 38
    plain.command(sim.id(), "PULSE")
    assert 40 < int(said(sim, lambda c: c.startswith("PULSE,")).split(",")[1]) < 140
    plain.command(sim.id(), "HEALTHAUTOSET,1,1,300")
    for _ in range(2):  # again and again: 300 s of life are 0.3 s
        seen = len(sim.events)
        sim.wait(lambda e, s=seen: e["dir"] == "up" and "*oxygen,1," in e["frame"] and e not in sim.events[:s])
    for what, wanted in (("heart 0", "heart,0"), ("temperature 1", "btemp2,1,1"), ("pressure 120,80", "BLOOD,120,80")):
        sim.ask(f"measure {sim.id()} {what}")
        said(sim, lambda c, w=wanted: c == w)


def test_speaks_and_listens(plain, online):
    sim = online
    sim.ask(f"voice {sim.id()} 2")
    sound = sim.wait(lambda e: e["dir"] == "up" and "*TK,#!AMR" in e["frame"])["frame"]
    assert len(sound) > 2 * 50 * 13
    plain.command(sim.id(), "TK,1")
    assert sim.wait_event(sim.id(), "voice answered")["detail"] == "stored"
    plain.command(sim.id(), "TK,#!AMR\n" + ("\x04" + "a" * 12) * 50)
    assert sim.wait_event(sim.id(), "voice")["detail"] == "1000 ms, 656 bytes"
    said(sim, lambda c: c == "TK,1")
    said(sim, lambda c: c == "TKQ2")
    plain.command(sim.id(), "TK,#!AMR\n" + "\x04" + "a" * 13)
    sim.wait_event(sim.id(), "voice refused")
    said(sim, lambda c: c == "TK,0")
    assert settings(sim)["voice"] == {"heard": 1, "refused": 1, "spoken": 1, "heard_ms": [1000]}


def test_sends_a_voice_message_in_parts(plain, online):
    sim = online
    sim.ask(f"voice {sim.id()} 4 parts")
    for part in (1, 2, 3):
        frame = sim.wait(lambda e, p=part: e["dir"] == "up" and f",{p},3," in e["frame"][:90])["frame"]
        assert "*JXTK,0,rec_7_20" in frame
        plain.command(sim.id(), "JXTKR,1")
    assert sim.wait_event(sim.id(), "voice answered")["detail"] == "all parts"


def test_asks_and_reads_answers_strictly(plain, online):
    sim = online
    for what, start in (("weather", "WT,"), ("address", "WAD,EN,"), ("place", "WG,"), ("friend", "PP,"), ("book", "PHLQ")):
        sim.ask(f"ask {sim.id()} {what}")
        said(sim, lambda c, s=start: c.startswith(s))
    for answer, event in (
        ("WT,2026-11-22,10:00:00,436c6f756479,1,5,-2,8,004F0073006C006F", "weather"),
        ("RG,BASE,22.571707,N,-113.861396,E", "place"),
        ("RAD,GPS,416d20477275656e2031", "address"),
        ("8800000016", "friend"),
        ("DEVPWDCHECKBIND,1,1", "bound"),
    ):
        plain.command(sim.id(), answer)
        sim.wait_event(sim.id(), event)
    for answer in ("WT,2026-11-22,10:00,43,1,5,-2,8,004F", "RG,BASE,x,N,1,E", "RAD,GPS,4", "WT_FUTR,2026-11-22"):
        bad = sim.stats()["bad"]
        plain.command(sim.id(), answer)
        sim.wait(lambda e, n=bad: e["dir"] == "event" and e["event"] == "malformed answer" and sim.stats()["bad"] > n)
    sim.ask(f"call {sim.id()} in +4930123 42 Öma")
    assert said(sim, lambda c: c.startswith("calllog,")).startswith("calllog,+4930123,00D6006D0061,1,1,")


def test_models_say_and_lack_what_they_do(plain, make_sim):
    sim = make_sim(plain.port, manners="model=c405", upload=600)
    sim.wait_event(sim.id(), "online")
    assert said(sim, lambda c: c.startswith("CONFIG,")).startswith("CONFIG,TY:g36f,UL:60000,")
    said(sim, lambda c: c == "APPANDFNREPORT")
    sim.ask(f"refuse {sim.id()} TAKEPILLS")
    plain.command(sim.id(), "TAKEPILLS,11:25-1-2,1,006F")
    said(sim, lambda c: c == "TAKEPILLS,0")
    sim.ask(f"lack {sim.id()} PEDO")
    plain.command(sim.id(), "PEDO,1")
    assert sim.wait_event(sim.id(), "not understood")["detail"] == "PEDO"
    sim.ask(f"has {sim.id()} PEDO")
    plain.command(sim.id(), "PEDO,1")
    said(sim, lambda c: c == "PEDO")


def test_a_tracker_without_a_screen_ignores_texts(plain, make_sim):
    sim = make_sim(plain.port, manners="model=tk905,vendor=3G", upload=600)
    sim.wait_event(sim.id(), "online")
    said(sim, lambda c: c == "INIT")
    plain.command(sim.id(), "MESSAGE,0041")
    assert sim.wait_event(sim.id(), "not understood")["detail"] == "tk905"


def test_yisai_asks_for_its_settings_after_login(plain, make_sim):
    sim = make_sim(plain.port, manners="model=yisai", upload=600)
    for keyword in ("SCHEDULEQ", "TIME", "PHLQ", "SOSQ", "REMINDQ", "PPQ", "TKQ", "TKQ2"):
        said(sim, lambda c, k=keyword: c == k)
