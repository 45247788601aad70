"""What sealing costs: the same server with and without it, turn by turn in one run; and how long one decision
about a right takes. No report writes an entry into the audit log, so that auditing costs nothing here."""

import json
import subprocess
from statistics import median

from kit import proc
from kit.reports import STORED_WITHIN_S, Arm, frames_of, load_for
from kit.server import Server
from kit.table import Row

RATES = {"3,000/s": 3000, "20,000/s": 20000, "saturated": 0}
RATIO_MAX = 1.15
DECISION_US_MAX = 5


def arm_of(name, server, load):
    def stored(least, within_s):
        return server.await_metric("kinward_reports_stored_total", least, within_s)

    arm = Arm(name, load, server.cpu_s, stored)
    spread = load.ask("spread 72", "done ")
    stored(spread["reports"], STORED_WITHIN_S)
    return arm


def measure_sealing(tools, quick):
    connections, rounds, seconds = (500, 1, 1) if quick else (5000, 7, 3)
    with Server(tools("kinward"), watches=connections) as sealing, \
            Server(tools("kinward_plain"), watches=connections) as plain, \
            load_for(tools, sealing.watch_port, 1, connections) as load, \
            load_for(tools, plain.watch_port, 8, connections) as plain_load:
        arms = arm_of("kinward", sealing, load), arm_of("without sealing", plain, plain_load)
        for turn in range(rounds):
            for name, rate in RATES.items():
                for arm in arms if turn % 2 else arms[::-1]:
                    arm.results[name].append(arm.send(rate, frames_of(rate, seconds)))
        return arms


def rows_of(sealing, plain):
    rows = []
    for name in RATES:
        ours, floor = sealing.results[name], plain.results[name]
        ratio = median(a["us"] / b["us"] for a, b in zip(ours, floor))
        us, floor_us = median(r["us"] for r in ours), median(r["us"] for r in floor)
        rows.append(Row(f"server CPU per report with sealing and auditing, {name}", f"{us:.2f} µs",
                        f"without: {floor_us:.2f} µs", ratio, f"≤ {RATIO_MAX} ×", ratio <= RATIO_MAX))
    return rows


def measure_rights(tools, quick):
    with Server(tools("kinward"), watches=200 if quick else 2000) as server:
        server.stop_process()
        done = subprocess.run(
            [tools("rights_bench"), server.data, server.data + "-keys", f"rounds={5 if quick else 200}"],
            capture_output=True, text=True, timeout=120, check=False)
        if done.returncode != 0:
            raise proc.Failed(f"rights_bench: {done.stderr}")
        seen = json.loads(done.stdout)
    if not 0 < seen["allowed"] < seen["asked"]:
        raise proc.Failed(f"rights_bench: {seen}")
    return [Row(f"one decision about a right, warm ({seen['asked']:,} wearers, median)", f"{seen['us']:.2f} µs", "",
                None, f"≤ {DECISION_US_MAX} µs", seen["us"] <= DECISION_US_MAX)]


def measure(tools, quick):
    return rows_of(*measure_sealing(tools, quick)) + measure_rights(tools, quick)
