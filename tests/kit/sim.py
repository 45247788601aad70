"""`kinward sim` and its control socket."""

import json
import queue
import socket
import threading
import time

from .process import Process


class Control:
    """One connection to the control socket."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))
        self.file = self.socket.makefile("rwb")

    def ask(self, line):
        self.file.write(line.encode() + b"\n")
        self.file.flush()
        answer = self.file.readline().decode().rstrip("\n")
        word, _, rest = answer.partition(" ")
        assert word == "ok", f"{line}: {answer}"
        return rest

    def close(self):
        self.file.close()
        self.socket.close()


class Sim:
    def __init__(self, binary, folder, port, watches=1, first_id="3707800000", **options):
        self.control_path = folder / f"sim-{first_id}.sock"
        self.transcript_path = folder / f"sim-{first_id}.jsonl"
        self.first_id = int(first_id)
        command = [binary, "sim", "--server", f"127.0.0.1:{port}", "--watches", watches, "--id", first_id]
        command += ["--control", self.control_path, "--transcript", self.transcript_path, "--hold"]
        for name, value in ({"blind": 0} | options).items():
            command += ["--" + name.replace("_", "-"), value]
        self.process = Process(command, folder)
        self.process.wait_line(lambda line: line.startswith("sim ready"))
        self.control = Control(self.control_path)
        self.events = []
        self._new = queue.Queue()
        follower = Control(self.control_path)
        follower.ask("follow")
        self._follower = follower
        threading.Thread(target=self._follow, daemon=True).start()
        self.ask("start")  # only now, so that nothing is missed

    def _follow(self):
        try:
            for line in self._follower.file:
                self._new.put(json.loads(line.decode().partition(" ")[2]))
        except (OSError, ValueError):
            pass
        self._new.put(None)

    def id(self, n=0):
        return f"{self.first_id + n:010d}"

    def ask(self, line):
        return self.control.ask(line)

    def where(self, wire_id):
        return json.loads(self.ask(f"where {wire_id}"))

    def stats(self):
        return json.loads(self.ask("stats"))

    def wait(self, test, timeout=60):
        """The first line of the transcript for which test(line) is true; seen ones count too."""
        for event in self.events:
            if test(event):
                return event
        deadline = time.monotonic() + timeout
        while True:
            try:
                event = self._new.get(timeout=max(deadline - time.monotonic(), 0.001))
            except queue.Empty:
                raise AssertionError(f"not in the transcript: {self.events[-20:]}") from None
            assert event is not None, "the simulator ended"
            self.events.append(event)
            if test(event):
                return event

    def wait_down(self, wire_id, keyword, timeout=60):
        """The first frame with this keyword that the watch received."""

        def is_it(e):
            return e["dir"] == "down" and e["id"] == wire_id and content_of(e["frame"]).split(",")[0] == keyword

        return self.wait(is_it, timeout)

    def wait_event(self, wire_id, name, timeout=60):
        return self.wait(lambda e: e["dir"] == "event" and e["id"] == wire_id and e["event"] == name, timeout)

    def transcript(self):
        """All lines so far, from the file; call after the end of the simulator for completeness."""
        with open(self.transcript_path, encoding="utf-8") as f:
            return [json.loads(line) for line in f]

    def stop(self):
        self.control.close()
        self._follower.socket.shutdown(socket.SHUT_RDWR)
        return self.process.stop()


def content_of(frame):
    """What stands between the header and the last bracket."""
    return frame.split("*")[-1][:-1] if frame.count("*") >= 3 else ""
