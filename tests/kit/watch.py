"""A watch made of a bare socket: sends any bytes, takes only frames that a real watch would take."""

import socket
import time
from datetime import datetime, timezone
from itertools import combinations


def frame(content, wire_id, vendor="3G", index=None):
    """One frame with a right length."""
    if isinstance(content, str):
        content = content.encode()
    middle = f"{index}*" if index else ""
    return f"[{vendor}*{wire_id}*{middle}{len(content):04X}*".encode() + content + b"]"


def luhn(digits):
    total = 0
    for i, c in enumerate(reversed(digits)):
        d = int(c)
        if i % 2 == 0:
            d = d * 2 - 9 if d > 4 else d * 2
        total += d
    return str(-total % 10)


def imei_of(wire_id, tac="8637"):
    return tac + wire_id + luhn(tac + wire_id)


def position(
    keyword="UD",
    when=None,
    lat=50.98,
    lon=11.32,
    valid=True,
    status=0,
    battery=80,
    speed=4.0,
    satellites=8,
    tail="0,0",
):
    """Content of a position record. `when` is a Unix time."""
    moment = datetime.fromtimestamp(time.time() if when is None else when, timezone.utc)
    return (
        f"{keyword},{moment:%d%m%y,%H%M%S},{'A' if valid else 'V'},{abs(lat):.6f},{'S' if lat < 0 else 'N'},"
        f"{abs(lon):.6f},{'W' if lon < 0 else 'E'},{speed:.2f},90.0,30.0,{satellites},100,{battery},1234,5,{status:08X},{tail}"
    )


SOS = 0x00010000
FALL = 0x00200000

# 35 status words of which none is part of another: alarms that never fold into one another.
DISTINCT = [sum(1 << bit for bit in bits) for bits in combinations(range(16, 23), 3)]
BIT_NAMES = {
    16: "sos",
    17: "low_battery",
    18: "left_place",
    19: "entered_place",
    20: "removed",
    21: "fall",
    22: "heart_rate",
}


def kinds_of(status):
    return sorted(name for bit, name in BIT_NAMES.items() if status & 1 << bit)


class Closed(Exception):
    """The server ended the connection."""


class RawWatch:
    def __init__(self, port, wire_id="8800000015", vendor="3G", source=None, index=None, receive_buffer=None):
        self.wire_id = wire_id
        self.vendor = vendor
        self.index = index
        self.received = b""
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if source:
            self.socket.bind((source, 0))
        self.socket.settimeout(60)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def reset(self):
        """Goes away with a reset, as a watch whose network changed seems to do."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.close()

    def send_bytes(self, data):
        self.socket.sendall(data)

    def send(self, *contents):
        """One segment with a frame for each content."""
        self.send_bytes(b"".join(frame(c, self.wire_id, self.vendor, self.index) for c in contents))

    def _take(self):
        if not self.received:
            return None
        assert self.received[:1] == b"[", f"no frame at the front of {self.received[:80]!r}"
        parts = 4 if self.index else 3
        head = self.received.split(b"*", parts)
        if len(head) <= parts:
            return None
        length = int(head[parts - 1], 16)
        start = sum(len(p) + 1 for p in head[:parts])
        whole = self.received[: start + length + 1]
        if len(whole) < start + length + 1:
            return None
        assert whole[-1:] == b"]", f"wrong length in {whole!r}"
        assert head[0][1:].decode() == self.vendor, f"other vendor in {whole!r}"
        assert head[1].decode() == self.wire_id, f"other id in {whole!r}"
        self.received = self.received[start + length + 1 :]
        return whole[start:-1]

    def receive(self, timeout=60):
        """Content of the next frame, as bytes. Closed when the server ended it."""
        deadline = time.monotonic() + timeout
        while True:
            content = self._take()
            if content is not None:
                return content
            left = deadline - time.monotonic()
            assert left > 0, f"nothing came in {timeout} s; so far {self.received!r}"
            self.socket.settimeout(left)
            try:
                data = self.socket.recv(65536)
            except TimeoutError:
                continue
            except ConnectionResetError as e:
                raise Closed from e
            if not data:
                raise Closed
            self.received += data

    def receive_keyword(self, keyword, timeout=60):
        """The next frame with this keyword; others before it are left out."""
        deadline = time.monotonic() + timeout
        while True:
            content = self.receive(max(deadline - time.monotonic(), 0.001))
            if content.split(b",")[0].decode().upper() == keyword.upper():
                return content

    def heartbeat(self, timeout=60):
        self.send("LK,100,0,80")
        return self.receive_keyword("LK", timeout)

    def wait_closed(self, timeout=60):
        """Until the server ends the connection; returns what came before."""
        deadline = time.monotonic() + timeout
        got = self.received
        while True:
            left = deadline - time.monotonic()
            assert left > 0, f"not closed in {timeout} s"
            self.socket.settimeout(left)
            try:
                data = self.socket.recv(65536)
            except TimeoutError:
                continue
            except ConnectionResetError:
                return got
            if not data:
                return got
            got += data
