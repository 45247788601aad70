"""Server CPU for each report, from the socket to the durable commit, against a bare reader."""

import time
from statistics import median

from kit import proc
from kit.server import Server, free_port
from kit.table import Row

WINDOW = 5000
RATES = {"3,000/s": 3000, "20,000/s": 20000, "saturated": 0}
STORED_WITHIN_S = 30
COMMITTED_S = 0.3


class Arm:
    """One receiver with its own load: 10,000 connections that stay open for all rounds."""

    def __init__(self, name, load, cpu_s, stored):
        self.name = name
        self.load = load
        self.cpu_s = cpu_s
        self.stored = stored
        self.results = {rate: [] for rate in RATES}

    def send(self, rate, frames):
        stored = self.stored(0, 0)
        before = self.cpu_s()
        done = self.load.ask(f"send {rate} {frames}", "done ")
        time.sleep(COMMITTED_S)  # each look at /metrics costs CPU as well: mostly one is enough
        stored = self.stored(stored + done["reports"], STORED_WITHIN_S) - stored
        used = self.cpu_s() - before
        if done["refused"] or done["answered"] != done["heartbeats"]:
            raise proc.Failed(f"{self.name}: {done}")
        if stored != done["reports"]:
            raise proc.Failed(f"{self.name}: {done['reports']} reports sent, {stored:.0f} stored")
        return {
            "us": used / done["frames"] * 1e6, "rate": done["frames"] / done["seconds"], **done}


def load_for(tools, port, net, connections):
    return proc.Talker(
        tools("load"), f"port={port}", f"connections={connections}", f"window={WINDOW}", f"net={net}")


def frames_of(rate, seconds):
    return rate * seconds if rate else 60000 * seconds


def rows_of(kinward, bare):
    rows = []
    for name in RATES:
        ours, floor = kinward.results[name], bare.results[name]
        ratio = median(a["us"] / b["us"] for a, b in zip(ours, floor))
        us, floor_us = median(r["us"] for r in ours), median(r["us"] for r in floor)
        rows.append(Row(f"server CPU per report, {name}", f"{us:.2f} µs", f"{floor_us:.2f} µs", ratio,
                        "≤ 1.6 ×", ratio <= 1.6))
    for name in ("20,000/s", "saturated"):
        ours, floor = kinward.results[name], bare.results[name]
        p50, p99 = (median(r[key] for r in ours) / 1000 for key in ("lk_p50_us", "lk_p99_us"))
        floor_p99 = median(r["lk_p99_us"] for r in floor) / 1000
        rows.append(Row(f"LK answered, {name}: p50, p99", f"{p50:.1f} ms, {p99:.1f} ms",
                        f"p99 {floor_p99:.1f} ms", None, "≤ 1 s", p99 <= 1000))
    ours, floor = (median(r["rate"] for r in arm.results["saturated"]) for arm in (kinward, bare))
    rows.append(Row("frames taken from the load generator, saturated", f"{ours:,.0f}/s", f"{floor:,.0f}/s",
                    ours / floor))
    return rows


def measure(tools, quick):
    connections, rounds, seconds = (500, 1, 1) if quick else (10000, 5, 3)
    bare_port = free_port()
    with Server(tools("kinward"), watches=connections) as server, \
            proc.Talker(tools("bare_reader"), f"port={bare_port}") as reader, \
            load_for(tools, server.watch_port, 1, connections) as load, \
            load_for(tools, bare_port, 8, connections) as bare_load:

        def stored(least, within_s):
            return server.await_metric("kinward_reports_stored_total", least, within_s)

        def counted(least, _):
            return least  # the answered LK prove that all was read

        kinward = Arm("kinward", load, server.cpu_s, stored)
        bare = Arm("bare reader", bare_load, lambda: proc.cpu_s([reader.process.pid]), counted)
        spread = load.ask("spread 72", "done ")
        stored(spread["reports"], STORED_WITHIN_S)
        for _ in range(rounds):
            for name, rate in RATES.items():
                for arm in (bare, kinward):
                    arm.results[name].append(arm.send(rate, frames_of(rate, seconds)))
        return rows_of(kinward, bare)
