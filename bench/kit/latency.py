"""From the watch's SOS to its answer (which comes after the commit), and from the API to the watch."""

import socket
import time
from statistics import median

from kit import proc
from kit.seed import FIRST_ID, OWN
from kit.server import Server
from kit.table import Row

PLACE = "A,22.571707,N,113.8613968,E,0.1,0.0,100,7,60,90,1000,50"
CELLS = "4,1,460,0,9360,4082,131,9360,4092,148,9360,4091,143,9360,4153,141"
ANSWER_S = 20


class Watch:
    def __init__(self, port, number):
        self.id = str(FIRST_ID + number)
        self.socket = socket.create_connection(("127.0.0.1", port), ANSWER_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.rest = b""
        self.say("LK")
        self.hear("LK")

    def say(self, content):
        self.socket.sendall(f"[3G*{self.id}*{len(content):04X}*{content}]".encode())

    def hear(self, keyword):
        """Waits for a frame with the keyword; others are dropped."""
        while True:
            frame, found, rest = self.rest.partition(b"]")
            if not found:
                chunk = self.socket.recv(4096)
                if not chunk:
                    raise proc.Failed("the server closed the connection of a watch")
                self.rest += chunk
                continue
            self.rest = rest
            if frame.decode().split("*")[3].split(",")[0] == keyword:
                return

    def sos(self, at):
        date = time.strftime("%d%m%y,%H%M%S", time.gmtime(at))
        self.say(f"AL,{date},{PLACE},00010000,{CELLS}")

    def close(self):
        self.socket.close()


def part(values, p):
    values = sorted(values)
    return values[round(p * (len(values) - 1))]


def sos_ms(watches, count, nth):
    """Each SOS has a time of its own, so that each makes a new alarm."""
    took = []
    base = time.time() - 7200 * (nth + 1)
    for i in range(count):
        watch = watches[i % len(watches)]
        start = time.monotonic()
        watch.sos(base + i)
        watch.hear("AL")
        took.append((time.monotonic() - start) * 1000)
    return took


def commands_ms(server, watches):
    took = []
    for watch, wearer in zip(watches, server.wearers):
        start = time.monotonic()
        status, body, _ = server.request("POST", f"/api/v1/wearers/{wearer}/commands", {"type": "find"})
        if status != 202:
            raise proc.Failed(f"command answered {status}: {body}")
        watch.hear("FIND")
        took.append((time.monotonic() - start) * 1000)
        watch.say("FIND")
    return took


def row(what, took, target_ms):
    p99 = part(took, 0.99)
    return Row(f"{what}: p50, p99, worst of {len(took)}",
               f"{median(took):.1f} ms, {p99:.1f} ms, {max(took):.1f} ms", "", None,
               f"p99 ≤ {target_ms} ms" if target_ms else "", p99 <= target_ms if target_ms else None)


def measure(tools, quick):
    connections, seconds, count = (500, 2, 50) if quick else (10000, 6, 300)
    with Server(tools("kinward"), watches=OWN + connections) as server:
        watches = [Watch(server.watch_port, i) for i in range(OWN)]
        rows = [row("SOS to its answer (after the commit), else idle", sos_ms(watches, count, 0), 0),
                row("API command to the watch", commands_ms(server, watches), 0)]
        with proc.Talker(tools("load"), f"port={server.watch_port}", f"connections={connections}",
                         f"first_id={OWN}", "net=1") as load:
            load.say(f"send 20000 {20000 * seconds}")
            rows.append(row("SOS to its answer, with 20,000 reports/s", sos_ms(watches, count, 1), 1000))
            load.expect("done ", 60)
            load.say(f"send 0 {60000 * seconds}")
            rows.append(row("SOS to its answer, saturated", sos_ms(watches, count, 2), 1000))
            load.expect("done ", 60)
        for watch in watches:
            watch.close()
    return rows
