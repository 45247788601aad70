"""`make demo`: three watches that are claimed and move within ten seconds of the greeting."""

import re
import time

from kit.ports import free_port
from kit.process import Process, eventually
from kit.server import Server


def test_the_demo_shows_three_moving_watches(root, kinward, tmp_path):
    web, watch = free_port(), free_port()
    demo = Process(
        [root / "scripts/demo", "--data", tmp_path / "demo", "--web-port", web]
        + ["--watch-port", watch, "--kinward", kinward],
        tmp_path,
    )
    try:
        password = re.search(r"password\s+(\S+)", demo.wait_line(lambda line: "password" in line, timeout=60))[1]
        greeted = time.monotonic()
        server = Server(kinward, tmp_path)
        server.url = f"http://127.0.0.1:{web}"
        with server.api() as api:
            api.sign_in("demo", password)
            places = {}

            def moved():
                for w in api.ok("GET", "/wearers")["wearers"]:
                    if w["fix"]:
                        places.setdefault(w["name"], set()).add((w["fix"]["lat"], w["fix"]["lon"]))
                return len(places) == 3 and all(len(p) >= 2 for p in places.values())

            eventually(moved, timeout=20, what="three moving watches")
            assert time.monotonic() - greeted < 10
    finally:
        assert demo.stop() == 0, "\n".join(demo.lines[-20:])
