"""Fixtures of the whole-program tests. Each test has its own folder, ports, server and watches."""

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from kit.catalogue import PLAIN_PORTS, problem  # noqa: E402
from kit.people import invite, join  # noqa: E402
from kit.plain import PlainServer  # noqa: E402
from kit.server import Server  # noqa: E402
from kit.sim import Sim  # noqa: E402


@pytest.fixture(scope="session")
def root():
    """The source tree."""
    return ROOT


@pytest.fixture(scope="session")
def kinward():
    """The binary under test: build/kinward, or KINWARD_BINARY."""
    binary = Path(os.environ.get("KINWARD_BINARY", ROOT / "build" / "kinward"))
    assert binary.exists(), f"{binary} is not built: make build"
    return binary


@pytest.fixture
def make_server(kinward, tmp_path):
    """make_server(setting=value, …): a running server; stopped at the end, and it must end cleanly."""
    made = []

    def make(**settings):
        folder = tmp_path / f"server{len(made)}"
        folder.mkdir()
        server = Server(kinward, folder, settings)
        made.append(server)
        return server.start()

    yield make
    for server in made:
        if server.process is not None and server.process.child.poll() is None:
            status = server.stop()
            assert status == 0, "\n".join(server.process.lines[-12:])


@pytest.fixture
def server(make_server):
    return make_server()


@pytest.fixture
def make_api():
    """make_api(server): a client that has set the server up and is signed in."""
    made = []

    def make(server, **kwargs):
        api = server.api()
        made.append(api)
        api.setup(**kwargs)
        return api

    yield make
    for api in made:
        for stream in api.streams:
            stream.close()
        api.close()


@pytest.fixture
def api(server, make_api):
    return make_api(server)


@pytest.fixture
def make_member():
    """make_member(api, login, role=…): a client of a new account that accepted an invitation into the group of `api`,
    whose session must be stepped up."""
    made = []

    def make(api, login, role="viewer", **kwargs):
        one = join(api.server, invite(api, role), login, **kwargs)
        made.append(one)
        return one

    yield make
    for one in made:
        for stream in one.streams:
            stream.close()
        one.close()


@pytest.fixture
def make_sim(kinward, tmp_path):
    """make_sim(port, watches=…, manners=…, …): a running simulator; ended at the end, and then every frame that
    a real server has sent to it must be one of the catalogue."""
    made = []

    def make(port, **options):
        sim = Sim(kinward, tmp_path, port, **options)
        made.append((sim, port))
        return sim

    yield make
    for sim, port in made:
        if sim.process.child.poll() is None:
            assert sim.stop() == 0, "\n".join(sim.process.lines[-20:])
        if port not in PLAIN_PORTS:
            sent = [e["frame"] for e in sim.transcript() if e["dir"] == "down"]
            assert not [p for p in map(problem, sent) if p]


@pytest.fixture
def plain():
    server = PlainServer()
    yield server
    server.close()
