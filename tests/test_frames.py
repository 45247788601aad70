"""Every frame of the catalogue through real sockets and real roles: alone, merged, and byte by byte."""

import json
import re
import select
from itertools import groupby
from pathlib import Path

import pytest
from kit.process import eventually
from kit.watch import RawWatch

LINES = [
    json.loads(line)
    for line in (Path(__file__).parent / "data" / "frames.jsonl").read_text(encoding="utf-8").splitlines()
    if line
]
BOUND_ID = "8800000015"
VALID = [x for x in LINES if x["dir"] == "up" and not x.get("invalid") and "stream" not in x]
STREAMS = [x for x in LINES if "stream" in x]
INVALID = [x for x in LINES if x.get("invalid")]

# What this version answers where the catalogue shows data of a server that knows more: friends, phone book,
# alarm clocks and time tables are not there yet (no answer is right then).
OTHERWISE = {
    "PP": None,
    "PHLQ": None,
    "SOSQ": None,
    "REMINDQ": None,
    "SCHEDULEQ": None,
    "DEVPWDCHECKBIND": "DEVPWDCHECKBIND,1,1",
}


def raw(line):
    return bytes.fromhex(line["hex"]) if line.get("frame") is None else line["frame"].encode()


def own(line):
    """The frame with the number of a bound watch in place of its own: only those get all answers."""
    return raw(line).replace(line["means"]["id"].encode(), BOUND_ID.encode(), 1)


def word_of(frame):
    """Its keyword."""
    return re.match(rb"\[[^*]*\*[^*]*\*(?:[0-9A-F]{4}\*)?[0-9A-F]{4}\*([^*,\]]*)", frame)[1]


# All words with which the catalogue answers. Others are what the server says of itself to a watch of somebody: it
# tells who can see the watch, and sends the settings that are wanted.
ANSWER_WORDS = {
    word_of(w.encode()) for x in VALID if x.get("reply") for w in [x["reply"], *x.get("reply_alt", [])]
} | {b"LK"}


def device_of(line):
    means = line["means"]
    return means["vendor"], means.get("index") or ""


def frame_of(line, content):
    vendor, index = device_of(line)
    return f"[{vendor}*{BOUND_ID}*{index + '*' if index else ''}{len(content):04X}*{content}]".encode()


def answers_of(line):
    """The frames that are right answers; empty: nothing may come."""
    kind = line["means"]["type"]
    if line.get("reply") is None:
        return []  # also TK,1: about a voice message of ours
    if kind in OTHERWISE:
        return [] if OTHERWISE[kind] is None else [frame_of(line, OTHERWISE[kind])]
    return [w.replace(line["means"]["id"], BOUND_ID, 1).encode() for w in [line["reply"], *line.get("reply_alt", [])]]


def is_right(line, got):
    if line["means"]["type"] == "TIME":
        return re.fullmatch(rb"\[YS\*8800000015\*000F\*TIME,[0-9]{10}\]", got) is not None
    return got in answers_of(line)


def split(data):
    """Frames of what the server sent; their lengths are checked by taking them apart."""
    found = []
    while data:
        head = re.match(rb"\[[0-9A-Za-z]+\*[0-9]+\*(?:[0-9A-F]{4}\*(?=[0-9A-F]{4}\*))?([0-9A-F]{4})\*", data)
        assert head, f"no frame: {data[:80]!r}"
        end = head.end() + int(head[1], 16)
        assert data[end : end + 1] == b"]", f"wrong length: {data[:80]!r}"
        found.append(data[: end + 1])
        data = data[end + 1 :]
    return found


@pytest.fixture
def bound(make_server, make_api):
    """Makes connections to a server to which the watch BOUND_ID belongs, one after the other: a second one would be
    asked who it is before its voices and pictures are taken."""
    server = make_server(reports_per_device_burst=60000, replays_per_device_burst=60000, frames_per_s_max=60000)
    api = make_api(server)
    wearer, watch = api.claim_raw(BOUND_ID)
    watch.close()

    def connect(line):
        eventually(lambda: not api.ok("GET", f"/wearers/{wearer}")["device"]["connected"], what="the last one is gone")
        return Connection(server.watch_port, line)

    return connect


class Connection:
    """Asks frame by frame. A heartbeat behind each frame marks the end of what it made the server say."""

    def __init__(self, port, line):
        self.vendor, self.index = device_of(line)
        self.watch = RawWatch(port, BOUND_ID, self.vendor)
        self.mark = frame_of(line, "LK")

    def ask(self, pieces, answers_n):
        """The answers that came besides that to the heartbeat; see ANSWER_WORDS."""
        for piece in pieces:
            self.watch.send_bytes(piece)
        self.watch.send_bytes(self.mark)
        data = b""
        while True:
            data += self.watch.socket.recv(65536)
            assert data, f"closed after {pieces!r}"
            if data[-1:] != b"]":
                continue
            got = [f for f in split(data) if word_of(f) in ANSWER_WORDS]
            if self.mark in got and len(got) > answers_n:
                got.remove(self.mark)
                return got


def run_alone(connect, lines, cut):
    """cut(bytes) gives the pieces in which a frame is sent."""
    for _, group in groupby(sorted(lines, key=device_of), device_of):
        group = list(group)
        connection = connect(group[0])
        for line in group:
            got = connection.ask(cut(own(line)), 1 if answers_of(line) or line["means"]["type"] == "TIME" else 0)
            if line.get("reply") is None and not got:
                continue
            wanted = [] if not answers_of(line) and line["means"]["type"] != "TIME" else [line]
            assert len(got) == len(wanted), f"{raw(line)[:120]!r}: {got!r}, right is {answers_of(line)!r}"
            for answer in got:
                assert is_right(line, answer), f"{raw(line)[:120]!r}: {answer!r}, right is {answers_of(line)!r}"
        connection.watch.close()


def test_every_frame_gets_exactly_its_answer(bound):
    run_alone(bound, VALID, lambda data: [data])


def test_every_frame_byte_by_byte_gets_the_same_answer(bound):
    short = [line for line in VALID if len(raw(line)) < 300]
    run_alone(bound, short, lambda data: [data[i : i + 1] for i in range(len(data))])


def test_all_frames_in_one_piece_get_the_same_answers(bound):
    for _, group in groupby(sorted(VALID, key=device_of), device_of):
        group = list(group)
        connection = bound(group[0])
        asked = [line for line in group if answers_of(line) or line["means"]["type"] == "TIME"]
        got = connection.ask([b"".join(own(line) for line in group)], len(asked))
        for line in asked:
            hits = [answer for answer in got if is_right(line, answer)]
            assert hits, f"no answer to {raw(line)[:120]!r} in {got!r}"
            got.remove(hits[0])
        assert got == []
        connection.watch.close()


@pytest.mark.parametrize("line", STREAMS, ids=lambda line: line["note"])
def test_streams_are_cut_into_the_same_frames_however_they_are_split(server, line):
    data = line["stream"].encode()
    answer = re.sub(r"\*[0-9A-F]{4}\*LK.*", "*0002*LK]", line["frames"][0]).encode()
    pieces = [[data], [data[i : i + 1] for i in range(len(data))]]
    pieces += [[data[:i], data[i:]] for i in range(1, len(data))]
    wire_id = re.match(r"\[\w+\*(\w+)", line["frames"][0])[1]
    with RawWatch(server.watch_port, wire_id, line["frames"][0][1:3]) as watch:
        for parts in pieces:
            for part in parts:
                watch.send_bytes(part)
            got = b""
            while len(got) < len(answer) * len(line["frames"]):
                got += watch.socket.recv(65536)
            assert got == answer * len(line["frames"])


def test_after_every_bad_frame_the_next_heartbeat_is_answered_or_the_connection_is_closed(server):
    """All at once, each on its own connection: some wrong lengths end only by silence."""
    answer = b"[3G*8800000015*0002*LK]"
    waiting = {}
    for line in INVALID:
        watch = RawWatch(server.watch_port, BOUND_ID)
        watch.send_bytes(raw(line))
        if line["action"] != "close":
            watch.send_bytes(answer)
        waiting[watch.socket] = (line, watch, bytearray())
    while waiting:
        ready, _, _ = select.select(list(waiting), [], [], 25)
        assert ready, f"nothing came after {[w[0]['why'] for w in waiting.values()]}"
        for one in ready:
            line, watch, got = waiting[one]
            try:
                data = one.recv(65536)
            except ConnectionResetError:
                data = b""
            got += data
            if line["action"] == "close":
                assert data == b"", f"{line['why']}: {data!r} instead of the end"
            else:
                assert data, f"{line['why']}: closed"
                if answer not in got:  # what the bad frame itself is answered may come later
                    continue
            del waiting[one]
            watch.close()
