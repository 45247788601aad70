"""The parser alone: position frames into typed values, on one core."""

import json
import subprocess

from kit import proc
from kit.table import Row

FRAMES_TARGET = 1000000


def measure(tools, quick):
    out = subprocess.run([tools("watch_bench"), *(["--quick"] if quick else [])], capture_output=True,
                         text=True, check=True, timeout=60).stdout
    rows = []
    for line in out.splitlines():
        if not line.startswith("{"):
            continue
        result = json.loads(line)
        rate = result["frames_per_s"]
        is_target = result.get("target", False)
        rows.append(Row(f"watch/ alone: {result['what']}", f"{rate:,.0f}/s", "", None,
                        f"≥ {FRAMES_TARGET:,}/s" if is_target else "",
                        rate >= FRAMES_TARGET if is_target else None))
    if not rows:
        raise proc.Failed(f"watch_bench printed no result: {out}")
    return rows
