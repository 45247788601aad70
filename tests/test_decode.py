"""`kinward decode` against two others: the catalogue of frames, and the simulator's own writer."""

import json
import subprocess
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from kit.sim import content_of

LINES = [
    json.loads(line)
    for line in (Path(__file__).parent / "data" / "frames.jsonl").read_text(encoding="utf-8").splitlines()
    if line
]


def decode(kinward, text, *options):
    done = subprocess.run([kinward, "decode", *options], input=text.encode(), capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_one_object_comes_for_every_line_and_bad_ones_do_not_stop_it(kinward):
    lines = [("hex:" + x["hex"]) if x.get("frame") is None else x["frame"] for x in LINES if "stream" not in x]
    single = [x for x in lines if "\n" not in x and "\r" not in x]
    objects = decode(kinward, "\n".join(single) + "\n", "--lines")
    assert len(objects) >= len(single)
    assert {o["kind"] for o in objects} <= set("position alarm heartbeat health media answer other error".split())


NAMES = {"gsm_pct": "signal_percent", "battery_pct": "battery_percent", "course": "course_deg", "tumbles": "rolls"}
SAME = ["vendor", "id", "lat", "lon", "speed_kmh", "altitude_m", "satellites", "steps", "accuracy_m", "cells", "wifi"]


def test_what_the_catalogue_means_is_what_is_shown(kinward):
    lines = [x for x in LINES if x["dir"] == "up" and not x.get("invalid") and "stream" not in x]
    text = "\n".join(("hex:" + x["hex"]) if x.get("frame") is None else x["frame"] for x in lines)
    objects = decode(kinward, text + "\n", "--lines")
    assert len(objects) == len(lines)
    compared = 0
    for line, shown in zip(lines, objects, strict=True):
        means = line["means"]
        for name in SAME + list(NAMES):
            wanted = means.get(name)
            own = NAMES.get(name, name)
            if wanted is None or (name == "accuracy_m" and wanted == 0):  # 0: not known
                continue
            assert shown.get(own) == wanted, f"{line.get('frame')}: {own} is {shown.get(own)!r}, not {wanted!r}"
            compared += 1
    assert compared > 700


def test_what_reports_carry_in_their_text_is_typed(kinward):
    lines = {json.dumps(x["means"]): x for x in LINES if x.get("dir") == "up" and not x.get("invalid") and x.get("means")}
    compared = 0
    for line in lines.values():
        means = line["means"]
        kind = means.get("type", "").upper()
        if kind not in ("CALLLOG", "JXTK", "TK", "IMG", "BTEMP2", "OXYGEN", "BPHRT", "ICCID") or "ack_of" in means:
            continue
        (shown,) = decode(kinward, ("hex:" + line["hex"] if line.get("frame") is None else line["frame"]) + "\n", "--lines")
        if kind == "CALLLOG":
            call = shown["call"]
            assert (call["number"], call["name"], call["duration_s"]) == (means["phone"], means["name"], means["duration_s"])
            assert call["direction"] == {1: "in", 2: "out"}[means["call_type"]]
            assert call["connected"] == (means["status"] == 1) and call["started"] == means["started"]
        elif kind == "JXTK":
            media = shown["media"]
            assert [media[k] for k in ("name", "chunk", "chunks")] == [means[k] for k in ("name", "chunk", "chunks")]
            assert media["bytes"] == len(means["payload_hex"]) // 2
        elif kind in ("TK", "IMG"):
            assert shown["media"]["bytes"] >= len(means.get("payload_hex", "")) // 2 > 0
        elif kind == "BTEMP2":
            assert shown["measure_type"] == means["measure_type"]
            assert (means.get("result") or "") in ([""] + shown.get("failed", []))
        elif kind == "OXYGEN":
            assert shown["measure_type"] == means["measure_type"]
        elif kind == "BPHRT":
            for name, own in (("height_cm", "height_cm"), ("age", "age_years"), ("weight_kg", "weight_kg")):
                assert shown.get(own) == means.get(name)
        elif means.get("protocol"):
            assert shown["protocol"] == means["protocol"]
        compared += 1
    assert compared > 12


def test_commands_are_shown_with_their_values_and_without_secrets(kinward):
    down = [x["frame"] for x in LINES if x.get("dir") == "down" and not x.get("invalid") and x.get("frame")]
    shown = decode(kinward, "\n".join(down) + "\n", "--lines", "--down")
    assert len(shown) == len(down) and len({o.get("command") for o in shown}) > 45
    (one,) = decode(kinward, "[3G*8800000015*0016*WIFISET,1,secretPW,home]\n", "--down")
    assert one["command"] == "wifi_join" and one["ssid"] == "home" and "secretPW" not in json.dumps(one)
    (one,) = decode(kinward, "[YS*8800000015*0022*SILENCETIME2,21:10-07:30-1-0111110]\n", "--down")
    assert one["window"] == [{"from": "21:10", "to": "07:30", "days": [1, 2, 3, 4, 5]}]


def expected(frame):
    """What a position frame of the simulator says, read field by field."""
    vendor = frame.lstrip("[").split("*")[0][-3:]
    fields = content_of(frame).split(",")
    order = "%y%m%d%H%M%S" if frame.startswith("[YS") else "%d%m%y%H%M%S"
    moment = datetime.strptime(fields[1] + fields[2], order).replace(tzinfo=timezone.utc)
    sign = {"N": 1, "E": 1, "S": -1, "W": -1}
    return {
        "vendor": vendor,
        "time": moment,
        "valid": fields[3] == "A",
        "lat": float(fields[4]) * sign[fields[5]],
        "lon": float(fields[6]) * sign[fields[7]],
        "signal_percent": int(fields[12]),
        "battery_percent": int(fields[13]),
        "steps": int(fields[14]),
        "status": fields[16],
        "cells": int(fields[17]),
    }


@pytest.mark.parametrize("manners", ["exact", "minus3", "decimal", "plus1", "minus1", "lowhex", "index", "yisai", "lte"])
def test_what_the_simulator_writes_is_what_is_shown(kinward, plain, make_sim, manners):
    sim = make_sim(plain.port, manners=manners + ",lastplace,oddnames", begin="busy", upload=1, speed=10, place="-33.9,18.4")
    wanted = []
    for _ in range(4):
        event = sim.wait(
            lambda e: e["dir"] == "up" and content_of(e["frame"]).startswith("UD") and e["frame"] not in wanted
        )
        wanted.append(event["frame"])
    shown = decode(kinward, "\n".join(wanted) + "\n", "--lines")
    assert len(shown) == len(wanted)
    for frame, got in zip(wanted, shown, strict=True):
        want = expected(frame)
        assert got["kind"] == "position" and got["id"] in frame
        told = datetime.fromisoformat(got["time"].replace("Z", "+00:00"))
        assert abs(told - want["time"]) % timedelta(minutes=15) == timedelta(0)
        for name in ("valid", "lat", "lon", "signal_percent", "battery_percent", "steps", "status"):
            assert got[name] == want[name], f"{frame}: {name}"
        assert len(got["cells"]) == want["cells"]
