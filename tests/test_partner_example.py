"""docs/examples/partner.py and the curl lines of docs/partner.md against a real server."""

import importlib.util
import json
import re
import subprocess
import sys
import threading
import queue
from datetime import datetime, timedelta, timezone

import pytest
from kit.process import eventually
from kit.watch import position


@pytest.fixture
def script(root):
    return root / "docs/examples/partner.py"


@pytest.fixture
def example(script):
    spec = importlib.util.spec_from_file_location("partner_example", script)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def call(script, *words):
    done = subprocess.run([sys.executable, script, *words], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if done.stdout.strip() else None


def register(api, script, folder, algorithm="ES256"):
    """(the partner, words of its command line) with a key that the example made."""
    key = folder / "partner.key"
    jwks = call(script, "--alg", algorithm, "keygen", str(key))
    assert key.stat().st_mode & 0o777 == 0o600
    body = {"name": "Acme Care", "contact": "c", "purpose": "p", "algorithm": algorithm, "jwks": jwks}
    info = api.ok("POST", "/operator/partners", json=body)
    audience = f"http://localhost:{api.server.web_port}/partner/v1/token"
    return info, ["--server", api.server.url, "--client", info["id"], "--key", str(key), "--audience", audience]


@pytest.mark.parametrize("algorithm", ["EdDSA", "RS256"])
def test_the_example_signs_by_each_algorithm(api, script, tmp_path, algorithm):
    _, common = register(api, script, tmp_path, algorithm)
    assert call(script, *common, "wearers") == []


def test_the_example_does_everything_that_there_is(api, script, tmp_path):
    wearer, watch = api.claim_raw("3707900002")
    info, common = register(api, script, tmp_path)
    until = (datetime.now(timezone.utc) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    rights = ["view_position", "view_history", "view_health", "alarms", "locate", "message", "propose_plan"]
    consent = {"partner": info["id"], "wearers": [wearer], "rights": rights, "until": until}
    api.ok("POST", f"/groups/{api.group}/consents", json=consent)

    def partner(*words):
        return call(script, *common, *words)

    assert [w["id"] for w in partner("wearers")] == [wearer]
    watch.send(position(lat=50.5, lon=11.5))
    eventually(lambda: api.ok("GET", f"/wearers/{wearer}")["fix"], what="a position")
    fix = partner("position", wearer)["fix"]
    assert (fix["lat"], fix["lon"]) == (50.5, 11.5)
    span = [(datetime.now(timezone.utc) + timedelta(hours=h)).strftime("%Y-%m-%dT%H:%M:%SZ") for h in (-1, 1)]
    assert partner("history", wearer, *span)["fixes"]
    assert partner("health", wearer, *span)["truncated"] is False
    assert partner("alarms", wearer) == {"alarms": []}
    assert partner("locate", wearer)["type"] == "locate"
    watch.receive_keyword("CR")
    watch.send("CR")
    assert partner("message", wearer, "Hello")["type"] == "message"
    shown = watch.receive_keyword("MESSAGE").split(b",")[1].decode()
    assert bytes.fromhex(shown).decode("utf-16-be") == "Acme Care: Hello"
    assert partner("propose", wearer, "Aspirin", "1", "08:00,20:00")["plan"]["times"] == ["08:00", "20:00"]


def test_the_example_reads_events(api, server, make_sim, example):
    sim = make_sim(server.watch_port)
    wearer = api.claim_sim(sim)
    key = example.new_key("ES256")
    body = {"name": "Acme", "contact": "c", "purpose": "p", "algorithm": "ES256"}
    info = api.ok("POST", "/operator/partners", json=body | {"jwks": {"keys": [example.public_jwk(key, "key-1")]}})
    until = (datetime.now(timezone.utc) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    consent = {"partner": info["id"], "wearers": [wearer], "rights": ["alarms"], "until": until}
    api.ok("POST", f"/groups/{api.group}/consents", json=consent)
    client = example.Partner(server.url, info["id"], key, audience=f"http://localhost:{server.web_port}/partner/v1/token")
    seen = queue.Queue()

    def read():
        for event in client.events("0"):
            seen.put(event)

    sim.ask(f"sos {sim.id()}")
    threading.Thread(target=read, daemon=True).start()
    number, event = seen.get(timeout=30)
    assert (number, event["type"], event["wearer"]) == ("1", "alarm.raised", wearer)
    with pytest.raises(example.Refused) as refused:
        client.get("/wearers/" + "0" * 32 + "/position")
    assert refused.value.status == 404


def test_the_documented_verbs_are_those_of_the_table(kinward, root):
    """The worst that full credentials can reach is what docs/partner.md says, and what its test says once more."""
    routes = json.loads(subprocess.run([kinward, "routes"], capture_output=True, check=True, timeout=20).stdout)["routes"]
    table = {(r["method"], re.sub(r"^/partner/v1", "", r["path"])): r["right"] for r in routes if r["access"] == "partner"}
    text = (root / "docs/partner.md").read_text(encoding="utf-8")
    documented = {}
    for line in re.findall(r"^\| (`(?:GET|POST).*)$", text, flags=re.M):
        verbs, right = line.split(" | ")[:2]
        for method, path in re.findall(r"`(GET|POST) ([^`]+)`", verbs):
            path = path.removeprefix("/partner/v1")
            path = path.replace("…", "/wearers/{wearer}")
            documented[method, path] = right.strip("`").replace("any", "")
    documented["GET", "/events"] = ""
    assert documented == table
    assert set(table.values()) - {""} == {
        "view_position", "view_history", "view_health", "alarms", "locate", "message", "propose_plan",
    }  # fmt: skip
