"""The media role alone, played with over its link."""

import struct

from kit.role import Role, message

HELLO, OUTPUT, DONE, WELCOME, INPUT = 96, 97, 98, 112, 113
AMR_TO_WAV, WAV_TO_AMR, JPEG = 0, 1, 2
OUTCOMES = ["done", "unreadable", "limit", "crashed", "too_slow", "no_memory", "broken"]
PART_MAX = 12000


def parts(job, kind, data):
    """The messages of one job."""
    return [
        message(INPUT, struct.pack("<BQIIH", kind, job, at, len(data), len(data[at : at + PART_MAX])) + data[at : at + PART_MAX])
        for at in range(0, len(data), PART_MAX)
    ]


class Media(Role):
    def __init__(self, kinward, folder, env=None):
        super().__init__("media", kinward, folder, {}, env)
        self.jobs = 0
        self.epoch = None

    def ready(self):
        self.wait_ready()
        (self.epoch,) = struct.unpack("<Q", self.receive(HELLO))
        self.welcome(self.epoch)
        return self

    def welcome(self, epoch):
        self.send(message(WELCOME, struct.pack("<Q", epoch)))

    def post(self, kind, data):
        self.jobs += 1
        for part in parts(self.jobs, kind, data):
            self.send(part)
        return self.jobs

    def result(self, job):
        """(outcome, bytes) of the job."""
        made = b""
        while True:
            kind, body = self.receive_any()
            if kind == DONE:
                done, outcome = struct.unpack("<QB", body)
                assert done == job
                assert (outcome == 0) == (made != b"")
                return OUTCOMES[outcome], made
            assert kind == OUTPUT
            of, at, total, n = struct.unpack("<QIIH", body[:18])
            assert (of, at, n) == (job, len(made), len(body) - 18)
            made += body[18:]
            assert len(made) <= total

    def convert(self, kind, data):
        return self.result(self.post(kind, data))
