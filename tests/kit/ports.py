"""Ports that no other test of this run uses, below the range that the system gives to outgoing connections."""

import itertools
import os
import socket

FIRST = 12000
PER_WORKER = 2000

_worker = int("".join(c for c in os.environ.get("PYTEST_XDIST_WORKER", "0") if c.isdigit()) or 0)
_numbers = itertools.count(FIRST + (_worker % 9) * PER_WORKER)


def free_port():
    """A port on which nothing listens now."""
    while True:
        port = next(_numbers)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
