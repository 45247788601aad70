"""`kinward decode` as a command: what it takes from files and standard input, and what it never stops at."""

import json
import subprocess

import pytest

LK = "[3G*8800000015*0002*LK]"
UD = "[3G*9032074659*004A*UD,080123,131944,A,51.219992,N,003.190249,E,0,0,7,9,64,90,0,0,00000008,0,0]"


def run(kinward, data, *options, status=0):
    data = data.encode() if isinstance(data, str) else data
    done = subprocess.run([kinward, "decode", *options], input=data, capture_output=True, check=False, timeout=60)
    assert done.returncode == status, done.stderr
    return done


def decode(kinward, data, *options):
    return [json.loads(line) for line in run(kinward, data, *options).stdout.decode().splitlines()]


def kinds(objects):
    return [o["kind"] for o in objects]


def test_a_position_has_all_its_fields(kinward):
    (shown,) = decode(kinward, UD + "\n")
    assert shown == {
        "vendor": "3G", "id": "9032074659", "keyword": "UD", "length_ok": True, "kind": "position",
        "time": "2023-01-08T13:19:44Z", "valid": True, "lat": 51.219992, "lon": 3.190249, "speed_kmh": 0,
        "course_deg": 0, "altitude_m": 7, "satellites": 9, "signal_percent": 64, "battery_percent": 90,
        "steps": 0, "rolls": 0, "status": "00000008", "flags": ["off_wrist"], "alarms": [], "cells": [],
        "wifi": [],
    }  # fmt: skip


def test_numbers_are_written_without_noise(kinward):
    text = run(kinward, UD.replace("51.219992", "51.1000000").replace("003.190249", "-03.3") + "\n").stdout
    assert b'"lat":51.1,"lon":-3.3,' in text


def test_an_alarm_shows_what_is_readable_and_its_answer(kinward):
    frame = "[3G*8800000015*0041*AL,080123,131944,A,91.0,N,3.1,E,0.0,0,0,9,100,90,0,0,00030000,0,0]"
    (shown,) = decode(kinward, frame)
    assert (shown["kind"], shown["alarms"], shown["reply"]) == (
        "alarm",
        ["sos", "low_battery"],
        "[3G*8800000015*0002*AL]",
    )
    assert "lat" not in shown and shown["error"]
    (bare,) = decode(kinward, "[3G*8800000015*0002*AL]")
    assert (bare["kind"], bare["alarms"], bare["reply"]) == ("alarm", [], "[3G*8800000015*0002*AL]")


def test_bad_lines_give_errors_and_good_ones_go_on(kinward):
    bad = ["[]", "nothing", "[3G*88", "hex:5b3", "hex:zz", "[3G**0002*LK]", "GET / HTTP/1.1", "[3G*8800000015*0000*]"]
    text = "".join(f"{line}\n{LK}\n" for line in bad)
    objects = decode(kinward, text)
    assert kinds(objects) == ["error", "heartbeat"] * len(bad)
    assert all(o["error"] for o in objects[::2])
    assert "http" in objects[12]["error"] and "web" in objects[12]["error"]


def test_a_line_is_complete_whatever_its_length_field_says(kinward):
    lengths = ["0000", "0001", "0005", "00FF", "FFFF"]
    objects = decode(kinward, "\r\n".join(f"[3G*8800000015*{n}*LK]" for n in lengths))
    assert [(o["kind"], o["length_ok"]) for o in objects] == [("heartbeat", False)] * len(lengths)


def test_a_line_may_hold_several_frames_and_junk(kinward):
    objects = decode(kinward, f"2026-11-22 recv: {LK}{UD} {LK} end\n\n   \n")
    assert kinds(objects) == ["heartbeat", "position", "heartbeat"]


def test_hex_lines_are_bytes(kinward):
    voice = "5b33472a383830303030303031352a303032382a544b2c2321414d520a0c101112131415161718191a1b0c7d017d027d037d047d05"
    (shown,) = decode(kinward, "hex:" + voice + "000102030405ff5d\n")
    assert (shown["kind"], shown["reply"]) == ("media", "[3G*8800000015*0004*TK,1]")
    (spaced,) = decode(kinward, "HEX: " + " ".join(f"{b:02X}" for b in LK.encode()) + "\n")
    assert spaced["kind"] == "heartbeat"


def test_raw_bytes_are_one_stream(kinward):
    voice = b"[3G*8800000015*0018*TK,#!AMR\n}\x01}\x02bcdefghijk\nxy]"
    objects = decode(kinward, LK.encode() + voice + b"\0\r\njunk[3G*88" + UD.encode() + b"[3G*8800000015*0020*UD")
    assert kinds(objects) == ["heartbeat", "media", "error", "position", "error"]
    assert decode(kinward, LK + "\n" + LK, "--raw") == decode(kinward, LK + "\n" + LK, "--lines")


def test_a_stream_of_junk_is_read_to_its_end(kinward):
    objects = decode(kinward, b"\x01" + b"y" * 5000 + LK.encode(), "--raw")
    assert kinds(objects)[-1] == "heartbeat"


def test_foreign_streams_are_named(kinward):
    for data, name in [
        (b"\xffAQSH\0\x2b\x01\x1e\0\0", "aqsh"),
        (b"\x16\x03\x01\0\xa5\x01\0\0", "tls"),
        (b"\x78\x78\x0d\x01\x03\x59\x33\x90", "gt06"),
        (b"IWAP00353456789012345#", "thinkrace"),
    ]:
        objects = decode(kinward, data + LK.encode())
        assert objects[0]["kind"] == "error" and name in objects[0]["error"]
        assert objects[-1]["kind"] == "heartbeat"


def test_the_time_of_receipt_decides_between_two_dates(kinward):
    frame = UD.replace("[3G", "[HYK").replace("080123", "231022")
    for at, time in [("2022-10-23T12:00:00Z", "2022-10-23"), ("2023-10-22T12:00:00Z", "2023-10-22")]:
        (shown,) = decode(kinward, frame, "--at", at)
        assert shown["time"] == f"{time}T13:19:44Z"
    (clock,) = decode(kinward, "[YS*801001234567891*0004*TIME]", "--at", "2023-11-14T22:13:20Z")
    assert clock["reply"] == "[YS*801001234567891*000F*TIME,1700000000]"


def test_a_clock_that_was_never_set_is_told(kinward):
    (shown,) = decode(kinward, UD.replace("080123", "080110"), "--at", "2026-11-22T12:00:00Z")
    assert shown["time"].startswith("2010-01-08") and shown["clock_unset"] is True


def test_texts_of_watches_are_safe_json(kinward):
    frame = b'[3G*8800000015*0001*UD,080123,131944,V,51.2,N,3.1,E,0,0,0,9,100,90,0,0,00000000,0,1,a"\\\xff<,aa:bb:cc:dd:ee:ff,-50]'
    (shown,) = decode(kinward, frame, "--lines")
    assert shown["wifi"] == [{"ssid": 'a"\\\ufffd<', "mac": "aa:bb:cc:dd:ee:ff", "rssi": -50}]


def test_endless_lines_are_one_error(kinward):
    objects = decode(kinward, "x" * 1_000_000 + "\n" + LK + "\n")
    assert kinds(objects) == ["error", "heartbeat"]


def test_pieces_of_a_live_capture_are_shown_as_they_come(kinward):
    child = subprocess.Popen([kinward, "decode"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        for _ in range(3):
            child.stdin.write(LK.encode() + b"\n")
            child.stdin.flush()
            assert json.loads(child.stdout.readline())["kind"] == "heartbeat"
        child.stdin.close()
        assert child.wait(timeout=30) == 0
    finally:
        child.kill()
        child.stdout.close()


def test_files_are_read_in_turn(kinward, tmp_path):
    (tmp_path / "a").write_text(LK + "\n", encoding="ascii")
    (tmp_path / "b").write_bytes(b"\0" + UD.encode())
    done = run(kinward, b"", str(tmp_path / "a"), str(tmp_path / "b"))
    assert kinds([json.loads(line) for line in done.stdout.splitlines()]) == ["heartbeat", "position"]


@pytest.mark.parametrize(
    ("options", "status"),
    [(["no/such/file"], 1), (["--at", "yesterday"], 2), (["--nonsense"], 2), (["--help"], 0)],
)
def test_the_exit_status_tells(kinward, options, status):
    done = run(kinward, b"", *options, status=status)
    assert done.stdout if status == 0 else done.stderr


def test_nothing_in_gives_nothing_out(kinward):
    assert decode(kinward, b"") == []
