"""The media role: what it makes of sounds and pictures, what it makes of what is none, and what is left when it dies."""

import math
import os
import signal
import struct

import pytest
from kit.bad_media import bad_media, disarmed, picture, sound, voice
from kit.media import AMR_TO_WAV, HELLO, JPEG, WAV_TO_AMR, Media
from kit.process import children


@pytest.fixture
def media(kinward, tmp_path):
    role = Media(kinward, tmp_path).ready()
    yield role
    role.close()


def tone(seconds, hertz=440):
    return b"".join(
        struct.pack("<h", int(12000 * math.sin(2 * math.pi * hertz * i / 8000))) for i in range(int(8000 * seconds))
    )


def test_a_sound_goes_to_the_watch_and_back(media):
    outcome, amr = media.convert(WAV_TO_AMR, sound(tone(15)))
    assert (outcome, amr[:6], len(amr)) == ("done", b"#!AMR\n", 6 + 13 * 750)
    outcome, wav = media.convert(AMR_TO_WAV, amr)
    assert (outcome, wav[:4], len(wav)) == ("done", b"RIFF", 44 + 240000)
    samples = struct.unpack("<120000h", wav[44:])
    rises = sum(a < 0 <= b for a, b in zip(samples[40000:80000], samples[40001:80000]))
    assert 2150 < rises < 2250  # five seconds of 440 Hz
    assert 6000 < max(samples) < 20000


def test_at_least_a_hundred_bad_files_give_nothing(media):
    files = bad_media()
    assert len(files) >= 100
    assert files == bad_media()  # the same every time
    taken = [(name, outcome) for job, name, data in files if (outcome := media.convert(job, data)[0]) not in ("unreadable", "limit")]
    assert taken == []
    assert media.convert(JPEG, picture())[0] == "done"


def test_what_stands_beside_a_picture_is_gone(media):
    for name, data in disarmed():
        outcome, made = media.convert(JPEG, data)
        assert outcome == "done", name
        assert b"CANARY" not in made and b"Exif" not in made, name
        assert made[:2] == b"\xff\xd8" and made[-2:] == b"\xff\xd9" and made.count(b"\xff\xd8") == 1, name


def status_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)


def catch_worker(media, act):
    """Posts jobs until act(pid) of a worker that runs is true; the outcome of that job."""
    data = sound(tone(15))
    for _ in range(1000):
        job = media.post(WAV_TO_AMR, data)
        caught = [pid for pid, _ in children(media.child.pid) if act(pid)]
        outcome = media.result(job)[0]
        if caught:
            return outcome
        assert outcome == "done"
    raise AssertionError("no worker was ever seen")


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL])
def test_a_decoder_that_crashes_dies_alone(media, number):
    def crash(pid):
        os.kill(pid, number)
        return True

    assert catch_worker(media, crash) == "crashed"
    assert media.child.poll() is None
    assert media.convert(WAV_TO_AMR, sound(tone(1)))[0] == "done"
    assert media.stop() == 0


def test_a_worker_is_sealed_and_limited(media):
    seen = {}
    has_filter = any("seccomp=yes" in line for line in media.lines)

    def look(pid):
        """Stopped while we look, so that it does not end."""
        os.kill(pid, signal.SIGSTOP)
        try:
            status = status_of(pid)
            with open(f"/proc/{pid}/limits", encoding="ascii") as f:
                limits = {line[:25].strip(): line[26:].split()[:2] for line in f}
            files = os.listdir(f"/proc/{pid}/fd")
        except FileNotFoundError:
            return False
        finally:
            os.kill(pid, signal.SIGCONT)
        is_sealed = files == ["2"] and (not has_filter or status.get("Seccomp_filters", "2") == "2")
        if is_sealed:
            seen.update(status=status, limits=limits)
        return is_sealed

    assert catch_worker(media, look) == "done"
    assert seen["status"]["NoNewPrivs"] == "1"
    assert int(seen["status"]["CapEff"], 16) == 0
    assert seen["limits"]["Max cpu time"] == ["2", "3"]
    assert seen["limits"]["Max core file size"] == ["0", "0"]
    if has_filter:
        assert seen["status"]["Seccomp"] == "2"
        assert seen["limits"]["Max data size"] == [str(64 * 1024 * 1024)] * 2


def test_the_role_takes_nothing_that_was_meant_for_the_one_before(kinward, tmp_path):
    role = Media(kinward, tmp_path)
    try:
        role.wait_ready()
        (epoch,) = struct.unpack("<Q", role.receive(HELLO))
        role.post(JPEG, picture())  # before its welcome
        role.welcome(epoch ^ 1)  # for another, from a new server
        assert struct.unpack("<Q", role.receive(HELLO)) == (epoch,)
        role.post(JPEG, picture())
        role.welcome(epoch)
        job = role.post(JPEG, picture())
        assert role.result(job)[0] == "done"  # and nothing of the others came before it
    finally:
        role.close()


def test_a_server_that_sends_nonsense_is_left(media):
    for _ in range(3):
        media.send(b"\xff\xff\xff")
    assert media.child.wait(30) == 0
