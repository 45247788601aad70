#!/usr/bin/python3
"""`make soak`: a long campaign. A server, claimed and unclaimed simulated watches of all families; roles are
killed, watches lose their network, SOS is pressed, commands are given, all at random from a printed seed. At
the end: every answered alarm is stored once, no watch got a frame that it could not take or a command that
does not exist, memory did not grow, and no role died of itself."""

import argparse
import json
import random
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import httpx  # noqa: E402
from kit.process import eventually, rss_kb  # noqa: E402
from kit.server import Server, code_in  # noqa: E402
from kit.sim import Sim, content_of  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
CLAIMED = 12
GROWTH_KB_MAX = 20 * 1024
KINDS = {0x01: "sos", 0x02: "low_battery", 0x10: "removed", 0x20: "fall"}


class Campaign:
    def __init__(self, arguments, folder):
        self.random = random.Random(arguments.seed)
        self.server = Server(arguments.kinward, folder, {"gateways": 2, "reports_per_device_interval_s": 1}).start()
        self.api = self.server.api()
        self.api.setup()
        self.claimed = Sim(
            arguments.kinward,
            folder,
            self.server.watch_port,
            watches=CLAIMED,
            first_id="3707800000",
            begin="busy",
            upload=5,
            blind=3,
            heartbeat=20,
            alarm_retry=3,
            manners="mixed,oddnames",
            locate_every=5,
        )
        self.strangers = Sim(
            arguments.kinward,
            folder,
            self.server.watch_port,
            watches=arguments.watches,
            first_id="5550000000",
            begin="busy",
            upload=20,
            heartbeat=30,
            manners="mixed",
        )
        self.wearers = {}
        self.kills = 0
        self.pressed = 0
        self.given = 0

    def claim_all(self):
        for n, watch in enumerate(json.loads(self.claimed.ask("list"))):
            claim = self.api.start_claim(watch["imei"], name=f"Wearer {n}")
            shown = self.claimed.wait_event(watch["id"], "message", timeout=60)["detail"]
            bound = self.api.ok("POST", f"/claims/{claim['id']}/code", json={"code": code_in(shown)})
            self.wearers[watch["id"]] = bound["wearer"]

    def press(self):
        kind = self.random.choice(["sos", "fall", "takeoff"])
        self.claimed.ask(f"{kind} {self.random.choice(list(self.wearers))}")
        self.pressed += 1

    def lose_network(self):
        wire_id = self.random.choice(list(self.wearers))
        self.claimed.ask(f"{self.random.choice(['offline', 'online', 'online', 'hangup'])} {wire_id}")

    def give(self):
        kind = self.random.choice(["locate", "find", "message"])
        body = {"type": kind} | ({"text": f"soak {self.given} 😀"} if kind == "message" else {})
        answer = self.api.post(f"/api/v1/wearers/{self.random.choice(list(self.wearers.values()))}/commands", json=body)
        assert answer.status_code in (202, 429, 503), answer.text
        self.given += 1

    def kill(self):
        role = self.random.choice(["gateway", "server"])
        self.server.kill_role(role, self.random.randrange(len(self.server.roles(role))))
        self.kills += 1

    def step(self):
        try:
            self.random.choices([self.press, self.lose_network, self.give, self.kill], [10, 6, 6, 1])[0]()
        except httpx.TransportError:
            pass  # the server was just killed

    def memory(self):
        return {f"{role}{i}": rss_kb(pid) for role in ("gateway", "server") for i, pid in enumerate(self.server.roles(role))}

    def finish(self):
        """All watches on line again, all alarms answered; then the invariants."""
        self.claimed.ask("start")
        eventually(lambda: self.is_up() and all_answered(self.claimed, self.wearers), 180, "answers to all alarms")
        answered = alarms_answered(self.claimed)
        stored = stored_alarms(self.api, self.wearers)
        assert max(stored.values(), default=0) <= 1, "an alarm is stored twice"
        for alarm in answered:
            assert any(holds(row, alarm) for row in stored), f"{alarm} was answered and is not stored"
        for sim in (self.claimed, self.strangers):
            stats = sim.stats()
            assert stats["forbidden"] == 0 and stats["bad"] == 0, stats
        died = [line for line in self.server.process.lines if "role_killed" in line and "signal=9" not in line]
        assert not died, "\n".join(died)
        return len(answered)

    def is_up(self):
        try:
            return self.api.get("/healthz").status_code == 200
        except httpx.TransportError:
            return False


def all_answered(sim, wearers):
    return all(sim.where(wire_id)["alarms_waiting"] == 0 for wire_id in wearers)


def alarm_key(frame):
    """Time (UTC, as the API writes it) and alarm bits of an AL: what makes it one alarm."""
    fields = content_of(frame).split(",")
    if frame.startswith("[YS*"):  # local time of the town and of Europe/Berlin in winter
        moment = datetime.strptime(fields[1] + fields[2], "%y%m%d%H%M%S") - timedelta(hours=1)
    else:
        moment = datetime.strptime(fields[1] + fields[2], "%d%m%y%H%M%S")
    bits = int(fields[16], 16) >> 16
    return f"{moment:%Y-%m-%dT%H:%M:%S}.000Z", tuple(sorted(name for bit, name in KINDS.items() if bits & bit))


def holds(row, alarm):
    """The stored row is this alarm, or one of the same kinds before it into which it was folded."""
    return row[0] == alarm[0] and row[1] <= alarm[1] and set(row[2]) >= set(alarm[2])


def alarms_answered(sim):
    """Alarms whose answer the watch received, by its transcript."""
    waiting, answered = {}, set()
    for line in sim.transcript():
        if line["dir"] == "up" and content_of(line["frame"]).startswith("AL"):
            waiting[line["id"]] = (line["id"], *alarm_key(line["frame"]))
        elif line.get("event") == "alarm answered" and line["id"] in waiting:
            answered.add(waiting.pop(line["id"]))
    return answered


def stored_alarms(api, wearers):
    """How often each alarm stands in the store."""
    watch_of = {wearer: wire_id for wire_id, wearer in wearers.items()}
    found = Counter()
    before = None
    while True:
        params = {"state": "all"} | ({"before": before} if before else {})
        page = api.ok("GET", "/alarms", params=params)["alarms"]
        if not page:
            return found
        for alarm in page:
            found[(watch_of[alarm["wearer"]], alarm["time"], tuple(sorted(alarm["kinds"])))] += 1
        before = page[-1]["id"]


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--watches", type=int, default=2000, help="unclaimed ones besides the twelve claimed")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--kinward", type=Path, default=ROOT / "build/kinward")
    parser.add_argument("--no-clone", action="store_true", help="leave the check of a clean clone out")
    return parser.parse_args()


def run(arguments, folder):
    campaign = Campaign(arguments, folder)
    try:
        campaign.claim_all()
        campaign.strangers.wait(lambda e: e.get("event") == "online")
        before = campaign.memory()
        end = time.monotonic() + arguments.minutes * 60
        print(f"soak: seed {arguments.seed}, {arguments.minutes} min, {CLAIMED + arguments.watches} watches", flush=True)
        while time.monotonic() < end:
            campaign.step()
            select.select([], [], [], campaign.random.uniform(0.05, 0.5))  # the pace of the campaign
        answered = campaign.finish()
        after = campaign.memory()
        for role, kb in after.items():
            assert kb - before[role] < GROWTH_KB_MAX, f"{role} grew from {before[role]} to {kb} KB"
        print(
            f"soak: passed: {answered} alarms answered and stored once, {campaign.pressed} pressed, "
            f"{campaign.given} commands, {campaign.kills} roles killed, memory {after} KB",
            flush=True,
        )
    finally:
        campaign.claimed.stop()
        campaign.strangers.stop()
        assert campaign.server.stop() == 0


def main():
    arguments = read_arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="kinward-soak-") as folder:
        run(arguments, Path(folder))
    if arguments.no_clone:
        return 0
    return subprocess.run([ROOT / "scripts/check-clean-clone"], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
