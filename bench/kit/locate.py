"""How far off places without GPS are, after a week of simulated life; Traccar has none for such reports unless it
asks a service on the internet."""

import json
import subprocess

from kit import proc
from kit.table import Row

MEDIAN_TARGET_M = 60
INSIDE_TARGET = 0.68
NAMES = {
    "indoors": "indoors, after a week",
    "outdoors": "outdoors as if without GPS",
    "cells alone": "from cells alone, learned",
    "while learning": "indoors, during the first week",
}


def measure(tools, quick):
    size = ["families=2", "days=2"] if quick else ["families=20", "days=7"]
    out = subprocess.run([tools("locate_bench"), *size], capture_output=True, text=True, check=True, timeout=320).stdout
    rows = []
    for line in out.splitlines():
        r = json.loads(line)
        is_target = r["what"] == "indoors"
        rows.append(Row(
            f"place without GPS, {NAMES[r['what']]}: median error", f"{r['p50']:.0f} m", "Traccar: no place", None,
            f"< {MEDIAN_TARGET_M} m" if is_target else "", r["p50"] < MEDIAN_TARGET_M if is_target else None))
        rows.append(Row(
            "… 68 %, 90 %, 95 % of them within", f"{r['p68']:.0f}, {r['p90']:.0f}, {r['p95']:.0f} m"))
        rows.append(Row(
            "… solved (by Wi-Fi) of all asked", f"{100 * r['solved']:.1f} % ({100 * r['solved'] * r['wifi']:.1f} %)",
            f"{r['asked']:,} asked"))
        rows.append(Row(
            "… truth inside of accuracy_m", f"{100 * r['inside']:.0f} %", "", None,
            f"≥ {100 * INSIDE_TARGET:.0f} %", r["inside"] >= INSIDE_TARGET))
    if not rows:
        raise proc.Failed(f"locate_bench printed no result: {out}")
    return rows
