"""Requests of the API, and event streams."""

import os
import re
import shutil
import subprocess
import time
from statistics import median

from kit import proc
from kit.server import Server, free_port
from kit.table import Row

CONNECTIONS = 64
RATIO_TARGET = 0.8
STREAM_BYTES_TARGET = 1536
EVENT_MS_TARGET = 150
SETTLE_S = 1


def requests_per_s(url, seconds, cookie=None):
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s"]
    if cookie:
        command += ["-H", f"Cookie: {cookie}"]
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})  # wrk inherits it
    try:
        out = subprocess.run([*command, url], capture_output=True, text=True, check=True,
                             timeout=seconds + 30).stdout
    finally:
        os.sched_setaffinity(0, before)
    if "Non-2xx" in out or "Socket errors" in out:
        raise proc.Failed(f"wrk: {out}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))


def cpu_per_request(pids, url, seconds, cookie=None):
    before = proc.cpu_s(pids)
    rate = requests_per_s(url, seconds, cookie)
    return rate, (proc.cpu_s(pids) - before) / (rate * seconds) * 1e6


def measure_api(tools, quick):
    rounds, seconds = (1, 1) if quick else (9, 1)
    if not shutil.which("wrk"):
        raise proc.Failed("needs wrk: apt-get install wrk")
    port = free_port()
    with Server(tools("kinward")) as server:
        server.sign_in_first()
        body = server.get("/api/v1/session")[1]
        url = f"http://127.0.0.1:{server.web_port}/api/v1/session"
        with proc.Talker(tools("hello_mhd"), f"port={port}", f"bytes={len(body)}") as hello:
            proc.pin([*server.pids, hello.process.pid], min(os.sched_getaffinity(0)))
            results = [
                (cpu_per_request(server.pids, url, seconds, server.cookie),
                 cpu_per_request([hello.process.pid], f"http://127.0.0.1:{port}/", seconds))
                for _ in range(rounds)]
    ratio = median(ours[0] / floor[0] for ours, floor in results)
    rates = [median(result[arm][0] for result in results) for arm in (0, 1)]
    cpu = [median(result[arm][1] for result in results) for arm in (0, 1)]
    return [
        Row(f"GET /api/v1/session ({len(body)} bytes), session checked", f"{rates[0]:,.0f}/s",
            f"{rates[1]:,.0f}/s", ratio, "≥ 0.80 ×", ratio >= RATIO_TARGET),
        Row("… server CPU a request", f"{cpu[0]:.1f} µs", f"{cpu[1]:.1f} µs", cpu[0] / cpu[1])]


def push(server, streams, count, nth):
    """Renames a wearer; ms from the request to the last byte at the last client."""
    name = f"Qz{nth:04d}"
    streams.say(f"expect {name}")
    streams.expect("armed", 30)
    start = time.monotonic_ns()
    status, body, _ = server.request("PATCH", f"/api/v1/wearers/{server.wearers[0]}", {"name": name})
    result = streams.answer("", 60)
    if status != 200:
        raise proc.Failed(f"PATCH answered {status}: {body}")
    if result["streams"] != count:
        raise proc.Failed(f"{result['streams']} of {count} streams got the event")
    return (result["last_ns"] - start) / 1e6, (result["p50_ns"] - start) / 1e6


def measure_streams(tools, quick):
    count, pushes = (200, 3) if quick else (10000, 9)
    with Server(tools("kinward"), watches=1, sse_streams_max=20000, sse_per_account_max=20000,
                http_connections_max=19000) as server:
        time.sleep(SETTLE_S)
        before = server.memory_bytes()
        with proc.Talker(tools("streams"), f"port={server.web_port}", f"connections={count}",
                         "processes=2", before=("/api/v1/events", server.cookie)) as streams:
            opened = streams.ask("open")
            if opened["streams"] != count:
                raise proc.Failed(f"{opened['streams']} of {count} streams opened")
            time.sleep(SETTLE_S)
            results = [push(server, streams, count, nth) for nth in range(pushes)]
            time.sleep(SETTLE_S)
            each = (server.memory_bytes() - before) / count
    last = median(result[0] for result in results)
    middle = median(result[1] for result in results)
    worst = max(result[0] for result in results)
    return [
        Row(f"memory per open event stream, {count:,} open", f"{each:.0f} bytes", "", None,
            f"≤ {STREAM_BYTES_TARGET}", each <= STREAM_BYTES_TARGET),
        Row(f"one event to {count:,} streams, request to last byte: median, worst of {pushes}",
            f"{last:.0f} ms, {worst:.0f} ms", f"half of them: {middle:.0f} ms", None,
            f"≤ {EVENT_MS_TARGET} ms", last <= EVENT_MS_TARGET)]
