"""One role of the program alone, with the test at the other ends of its link and its control, as server and
supervisor."""

import os
import socket
import struct
import subprocess
import threading
import uuid


def message(kind, body):
    return struct.pack("<BH", kind, len(body)) + body


class Role:
    """`kinward role NAME`; for roles that have one link and nothing else."""

    def __init__(self, name, kinward, folder, settings, env=None):
        self.name = name
        path = folder / f"{name}-{uuid.uuid4().hex}.conf"
        path.write_text("".join(f"{key} = {value}\n" for key, value in settings.items()), encoding="utf-8")
        self.control, control = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.link, link = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.link.settimeout(60)
        self.control.settimeout(60)
        with open(path, "rb") as config:
            a, b, c = config.fileno(), control.fileno(), link.fileno()
            self.child = subprocess.Popen(
                ["/bin/bash", "-c", f'exec "$0" role {name} --index 0 --links 0 3<&{a} 4<&{b} 5<&{c}', kinward],
                pass_fds=(a, b, c), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                env=os.environ | (env or {}), text=True, errors="replace",
            )
        control.close()
        link.close()
        self.lines = []
        self.reader = threading.Thread(target=lambda: self.lines.extend(self.child.stderr), daemon=True)
        self.reader.start()
        self.waiting = []

    def wait_ready(self):
        assert self.control.recv(1001)[:1] == b"\x01", self.lines

    def send(self, packet):
        self.link.send(packet)

    def receive_any(self):
        """(kind, body) of the next message."""
        while not self.waiting:
            packet = self.link.recv(65536)
            assert packet, f"the {self.name} is gone:\n" + "".join(self.lines)
            while packet:
                one, n = struct.unpack("<BH", packet[:3])
                self.waiting.append((one, packet[3 : 3 + n]))
                packet = packet[3 + n :]
        return self.waiting.pop(0)

    def receive(self, kind):
        """The body of the next message of a kind; the others wait."""
        others = []
        while True:
            one, body = self.receive_any()
            if one == kind:
                self.waiting = others + self.waiting
                return body
            others.append((one, body))

    def stop(self, timeout=20):
        self.control.send(b"\x40")
        return self.child.wait(timeout)

    def close(self):
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait(10)
        self.reader.join(5)
        self.child.stderr.close()
        self.control.close()
        self.link.close()
