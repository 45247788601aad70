"""The simulator against a small server of our own: does it behave as real watches do?"""

import subprocess
import time

import pytest
from kit.process import eventually
from kit.sim import content_of
from kit.watch import luhn

# Seconds until somebody who goes round and round has surely walked on: the rests are up to a minute each.
RESTED = 240


def ups(sim, keyword):
    """Contents that the watches sent so far, by keyword."""
    sim.ask("stats")
    return [
        content_of(e["frame"])
        for e in sim.transcript()
        if e["dir"] == "up" and content_of(e["frame"]).split(",")[0] == keyword
    ]


def test_starts_with_config_iccid_imei_and_heartbeat(plain, make_sim):
    sim = make_sim(plain.port)
    sim.wait_event(sim.id(), "online")
    first = [content_of(e["frame"]).split(",")[0] for e in sim.events if e["dir"] == "up"][:4]
    assert first == ["CONFIG", "ICCID", "RYIMEI", "LK"]
    imei = sim.where(sim.id())["imei"]
    assert imei[4:14] == sim.id() and luhn(imei[:14]) == imei[14]


def test_says_nothing_but_heartbeats_until_one_is_answered_and_reboots_after_five(plain, make_sim):
    plain.silent.add("LK")
    sim = make_sim(plain.port, answer_timeout=1, begin="busy", upload=1)
    sim.ask(f"sos {sim.id()}")
    sim.wait_event(sim.id(), "reboot")
    said = [content_of(e["frame"]).split(",")[0] for e in sim.events if e["dir"] == "up"]
    assert said == ["CONFIG", "ICCID", "RYIMEI", "LK", "LK", "LK", "LK", "LK"]
    assert sim.stats()["reboots"] == 1


def test_repeats_an_alarm_until_it_is_answered(plain, make_sim):
    plain.silent.add("AL")
    sim = make_sim(plain.port, alarm_retry=1)
    sim.wait_event(sim.id(), "online")
    sim.ask(f"sos {sim.id()}")
    is_alarm = lambda e: e["dir"] == "up" and content_of(e["frame"]).startswith("AL,")  # noqa: E731
    first = sim.wait(is_alarm)
    again = sim.wait(lambda e: is_alarm(e) and e is not first)
    assert again["frame"] == first["frame"]
    assert ",00010010," in first["frame"] or ",00010000," in first["frame"]
    plain.silent.clear()
    sim.wait_event(sim.id(), "alarm answered")
    assert sim.where(sim.id())["alarms_waiting"] == 0


def test_answers_commands(plain, make_sim):
    sim = make_sim(plain.port, locate_every=1, upload=600)
    sim.wait_event(sim.id(), "online")
    for content in ("FIND", "MESSAGE,00480069D83DDE00", "LZ,5,+5.75", "UPLOAD,120", "PW,12345678", "VERNO", "CR"):
        plain.command(sim.id(), content)
    sim.wait_event(sim.id(), "ring")
    assert sim.wait_event(sim.id(), "message")["detail"] == "Hi😀"
    sim.wait(lambda e: e["dir"] == "up" and content_of(e["frame"]) == "CR")
    seen = len(sim.events)
    for _ in range(2):  # positions after CR
        sim.wait(lambda e: e["dir"] == "up" and content_of(e["frame"]).startswith("UD,") and e not in sim.events[:seen])
        seen = len(sim.events)
    said = [content_of(e["frame"]) for e in sim.events if e["dir"] == "up"]
    for acknowledged in ("FIND", "MESSAGE", "LZ", "UPLOAD", "PW"):
        assert acknowledged in said
    assert any(s.startswith("VERNO,") for s in said)
    where = sim.where(sim.id())
    assert (where["zone_min"], where["upload_s"], where["shown"]) == (345, 120, "Hi😀")


def test_takes_no_frame_with_a_wrong_length_or_another_id(plain, make_sim):
    sim = make_sim(plain.port)
    sim.wait_event(sim.id(), "online")
    for wrong in (b"[3G*%s*0005*FIND]", b"[3G*%s*0003*FIND]", b"[3G*9999999999*0004*FIND]"):
        plain.connections[-1].sendall(wrong.replace(b"%s", sim.id().encode()))
    plain.command(sim.id(), "PW,123456")
    sim.wait(lambda e: e["dir"] == "up" and content_of(e["frame"]) == "PW")
    assert not [e for e in sim.events if e.get("event") == "ring"]
    assert sim.stats()["bad"] == 3


@pytest.mark.parametrize(
    ("manners", "length_of"),
    [
        ("exact", lambda n: f"{n:04X}"),
        ("minus3", lambda n: f"{n - 3:04X}"),
        ("decimal", lambda n: f"{n:04d}"),
        ("plus1", lambda n: f"{n + 1:04X}"),
        ("minus1", lambda n: f"{n - 1:04X}"),
        ("lowhex", lambda n: f"{n:04x}"),
    ],
)
def test_families_declare_lengths_in_their_own_way(plain, make_sim, manners, length_of):
    sim = make_sim(plain.port, manners=manners, begin="busy", upload=1)
    sent = sim.wait(lambda e: e["dir"] == "up" and content_of(e["frame"]).startswith("UD,"), RESTED)["frame"]
    content = content_of(sent)
    assert sent.split("*")[-2] == length_of(len(content))
    eventually(lambda: sent.encode() in plain.data, what="the frame as written")


def test_index_family_counts_and_wants_its_index(plain, make_sim):
    sim = make_sim(plain.port, manners="index")
    sim.wait(lambda e: e["dir"] == "event" and e["event"] == "online")
    indexes = [int(e["frame"].split("*")[2], 16) for e in sim.events if e["dir"] == "up"]
    assert indexes == list(range(1, len(indexes) + 1))


def test_yisai_writes_local_time_and_positive_levels(plain, make_sim):
    sim = make_sim(plain.port, manners="yisai", begin="busy", upload=1, zone=480)
    sent = sim.wait(lambda e: e["dir"] == "up" and content_of(e["frame"]).startswith("UD,"), RESTED)["frame"]
    local = time.gmtime(time.time() + 480 * 60)
    assert content_of(sent).split(",")[1] == time.strftime("%y%m%d", local)
    assert sent.startswith("[YS*8637")


def test_pieces_and_merged_change_segments_only(plain, make_sim):
    pieces = make_sim(plain.port, manners="pieces", first_id="3707800000")
    merged = make_sim(plain.port, manners="merged", first_id="3707900000")
    pieces.wait_event(pieces.id(), "online")
    merged.wait_event(merged.id(), "online")
    assert any(segment.count(b"[") >= 4 for segment in plain.segments)
    assert all(segment.count(b"[") <= 2 for segment in plain.segments if b"37079" not in segment)
    for sim in (pieces, merged):
        for event in sim.events:
            if event["dir"] == "up":
                eventually(lambda e=event: sim is pieces or e["frame"].encode() in plain.data)


def test_deaf_watch_acknowledges_nothing_and_slow_one_later(plain, make_sim):
    deaf = make_sim(plain.port, manners="deaf", first_id="3707800000")
    deaf.wait_event(deaf.id(), "online")
    plain.command(deaf.id(), "FIND")
    deaf.wait_event(deaf.id(), "ring")
    slow = make_sim(plain.port, manners="slow=1", first_id="3707900000")
    slow.wait_event(slow.id(), "online")
    plain.command(slow.id(), "FIND")
    ring = slow.wait_event(slow.id(), "ring")
    ack = slow.wait(lambda e: e["dir"] == "up" and content_of(e["frame"]) == "FIND")
    assert ack["t"] >= ring["t"]
    assert not ups(deaf, "FIND")


def test_keeps_positions_without_network_and_tells_them_later(plain, make_sim):
    sim = make_sim(plain.port, begin="busy", upload=1, blind=0)
    sim.wait(lambda e: e["dir"] == "up" and content_of(e["frame"]).startswith("UD,"), RESTED)
    sim.ask(f"offline {sim.id()}")
    sim.wait_event(sim.id(), "disconnected")
    before = len(plain.connections)
    eventually(lambda: sim.where(sim.id())["stored"] >= 2, RESTED, "stored positions")
    sim.ask(f"online {sim.id()}")
    sim.wait(lambda e: e["dir"] == "up" and content_of(e["frame"]).startswith("UD2,"))
    assert len(plain.connections) == before + 1
    assert plain.connections[0].fileno() >= 0  # the old one hangs half open


def test_two_watches_with_one_seed_live_the_same(plain, make_sim):
    a = make_sim(plain.port, first_id="3707800000", seed=5, begin="02:00")
    b = make_sim(plain.port, first_id="3707900000", seed=5, begin="02:00")
    one, two = a.where(a.id()), b.where(b.id())
    assert (one["activity"], one["lat"], one["lon"]) == (two["activity"], two["lat"], two["lon"])


def test_forbidden_commands_are_counted(plain, make_sim):
    sim = make_sim(plain.port)
    sim.wait_event(sim.id(), "online")
    for content in ("MONITOR", "RECORD", "IP,1.2.3.4,80", "ACALL,5551234", "ACALL,0"):
        plain.command(sim.id(), content)
    sim.wait(lambda e: e["dir"] == "up" and content_of(e["frame"]) == "ACALL")
    assert sim.stats()["forbidden"] == 4


@pytest.mark.parametrize(
    "arguments",
    [
        ["--watches", "0"],
        ["--watches", "15001"],
        ["--manners", "polite"],
        ["--id", "123"],
        ["--place", "91,0"],
        ["--speed", "0"],
        ["--begin", "25:00"],
        ["extra"],
    ],
)
def test_wrong_use_is_told(kinward, tmp_path, arguments):
    done = subprocess.run(
        [kinward, "sim", "--server", "127.0.0.1:1", *arguments], capture_output=True, text=True, timeout=20, cwd=tmp_path
    )
    assert done.returncode == 2
    assert done.stderr.startswith("kinward sim: ")
