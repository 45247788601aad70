"""The media role: what it makes of sounds and pictures, what it makes of what is none, and what is left when it dies."""

import math
import os
import signal
import struct

import pytest
from kit.bad_media import bad_media, disarmed, picture, sound
from kit.media import AMR_TO_WAV, HELLO, JPEG, WAV_TO_AMR, Media
from kit.process import children, eventually
from kit.talk import escape, send_voice, thread


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


# ---- the whole program ----


@pytest.fixture
def quick_server(make_server):
    """A server that takes reports as fast as they come."""
    return make_server(reports_per_device_interval_s=0)


def test_nothing_bad_from_a_watch_becomes_a_picture_or_a_voice(quick_server, make_api):
    api = make_api(quick_server)
    wearer, watch = api.claim_raw("8800000015")
    before = {name: quick_server.roles(name) for name in ("server", "gateway", "media")}
    for job, name, data in bad_media():
        if job == JPEG and len(data) < 30000:
            watch.send(b"img,6,260101120000," + escape(data))
            assert watch.receive_keyword("img") == b"img", name
        elif job == AMR_TO_WAV and len(data) > 20:
            watch.send(b"TK," + escape(data))
            assert watch.receive_keyword("TK").startswith(b"TK,"), name
    watch.send(b"img,6,260101120000," + escape(picture()))
    assert watch.receive_keyword("img") == b"img"
    items = thread(api, wearer, limit=100)
    assert [item["kind"] for item in items if item["kind"] == "photo"] == ["photo"]
    voices = [item for item in items if item["kind"] == "voice"]
    assert len(voices) > 10 and {(item["state"], item.get("reason")) for item in voices} == {("failed", "unreadable")}
    for item in voices[:5]:
        assert api.get(f"/api/v1/thread/{item['id']}/sound").status_code == 404
    assert before == {name: quick_server.roles(name) for name in before}  # nobody died of it
    watch.close()


def test_nothing_bad_from_a_person_becomes_a_voice(server, api):
    wearer, watch = api.claim_raw("8800000015")
    for job, name, data in bad_media():
        if job == WAV_TO_AMR:
            answer = send_voice(api, wearer, data, expect=400)
            assert answer["code"] in ("voice_invalid", "voice_too_long"), name
    assert thread(api, wearer) == []
    watch.close()


def test_a_role_that_is_killed_loses_one_job_and_nobody_else(server, api):
    """Two pictures are on their way: the role has one when it dies, the other waits."""
    mia, watch = api.claim_raw("8800000015")
    leo, other = api.claim_raw("8800000023", name="Leo")
    before = server.roles("server") + server.roles("gateway")
    (role,) = server.roles("media")
    os.kill(role, signal.SIGSTOP)
    photo = b"img,6,260101120000," + escape(picture())
    watch.send(photo)
    eventually(lambda: api.metric("kinward_media_with_role") == 1, what="the role has it")
    other.send(photo)
    eventually(lambda: api.metric("kinward_media_waiting") == 1, what="the other waits")
    watch.heartbeat()  # all else goes on
    assert api.ok("GET", f"/wearers/{mia}")["name"] == "Mia"
    os.kill(role, signal.SIGKILL)
    assert other.receive_keyword("img") == b"img"
    assert api.metric("kinward_media_lost_total") == 1
    assert [len(api.ok("GET", f"/wearers/{wearer}/photos")["photos"]) for wearer in (mia, leo)] == [0, 1]
    watch.send(photo)  # it was not answered: the watch says it again
    assert watch.receive_keyword("img") == b"img"
    assert len(api.ok("GET", f"/wearers/{mia}/photos")["photos"]) == 1
    assert server.roles("server") + server.roles("gateway") == before
    assert server.roles("media") != [role]
    watch.close()
    other.close()


def test_a_role_that_lives_longer_than_its_server_works_for_the_next(server, api):
    wearer, watch = api.claim_raw("8800000015")
    role = server.roles("media")
    server.kill_role("server")
    watch.heartbeat()
    watch.send(b"img,6,260101120000," + escape(picture()))
    assert watch.receive_keyword("img") == b"img"
    api.sign_in()
    assert len(api.ok("GET", f"/wearers/{wearer}/photos")["photos"]) == 1
    assert server.roles("media") == role
    watch.close()
