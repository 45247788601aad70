"""A stream of server-sent events, read as it comes."""

import json
import queue
import socket
import threading
import time
from urllib.parse import urlsplit

from .schema import check_event


class Event:
    def __init__(self, kind, data, id_):
        self.kind = kind
        self.data = data
        self.id = id_

    def __repr__(self):
        return f"{self.kind}{self.data!r}"


class Events:
    """Opened when the head has come; every event is kept in `seen` when somebody waits."""

    def __init__(self, base_url, cookies, last_event_id=None):
        url = urlsplit(base_url)
        self.socket = socket.create_connection((url.hostname, url.port), timeout=60)
        head = [f"GET /api/v1/events HTTP/1.1\r\nHost: {url.netloc}\r\nAccept: text/event-stream"]
        head.append("Cookie: " + "; ".join(f"{k}={v}" for k, v in cookies.items()))
        if last_event_id:
            head.append(f"Last-Event-ID: {last_event_id}")
        self.socket.sendall(("\r\n".join(head) + "\r\n\r\n").encode())
        self.file = self.socket.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        self.headers = {}
        while (line := self.file.readline().strip()) != b"":
            name, _, value = line.decode().partition(":")
            self.headers[name.lower()] = value.strip()
        self.seen = []
        self._new = queue.Queue()
        if self.status == 200:
            self.socket.settimeout(None)
            threading.Thread(target=self._read, daemon=True).start()

    def _chunks(self):
        """Lines of the body, with or without chunked coding."""
        if self.headers.get("transfer-encoding") != "chunked":
            yield from self.file
            return
        rest = b""
        while (size := self.file.readline()) != b"":
            n = int(size, 16)
            if n == 0:
                return
            rest += self.file.read(n)
            self.file.readline()
            *lines, rest = rest.split(b"\n")
            for line in lines:
                yield line + b"\n"

    def _read(self):
        fields = {}
        try:
            for raw in self._chunks():
                line = raw.decode().rstrip("\r\n")
                if line == "" and fields:
                    if "data" in fields:
                        kind = fields.get("event", "message")
                        self._new.put(Event(kind, json.loads(fields["data"]), fields.get("id")))
                    fields = {}
                elif line and not line.startswith(":"):
                    name, _, value = line.partition(":")
                    fields[name] = value.removeprefix(" ")
        except (OSError, ValueError):
            pass
        self._new.put(None)

    def wait(self, kind, test=lambda data: True, timeout=60):
        """The first event of the kind for which test(data) is true; those seen before count too."""
        for event in self.seen:
            if event.kind == kind and test(event.data):
                return event
        deadline = time.monotonic() + timeout
        while True:
            try:
                event = self._new.get(timeout=max(deadline - time.monotonic(), 0.001))
            except queue.Empty:
                raise AssertionError(f"no {kind} like that; came: {self.seen[-8:]}") from None
            assert event is not None, f"the stream ended; came: {self.seen[-8:]}"
            check_event(event.kind, event.data)
            self.seen.append(event)
            if event.kind == kind and test(event.data):
                return event

    def wait_end(self, timeout=60):
        """Until the server ends the stream."""
        deadline = time.monotonic() + timeout
        while True:
            event = self._new.get(timeout=max(deadline - time.monotonic(), 0.001))
            if event is None:
                return
            self.seen.append(event)

    def close(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()
