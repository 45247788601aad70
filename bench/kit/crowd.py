"""Memory and work of idle watches, and all of them coming back at once."""

import time

from kit import proc
from kit.server import Server
from kit.table import Row

SETTLE_S = 2
BYTES_TARGET = 400
STORM_TARGET_S = 60


class Crowd:
    """A server with `count` bound watches, all of which can connect."""

    def __init__(self, tools, count, gateways):
        self.count = count
        self.server = Server(tools("kinward"), watches=count, gateways=gateways)
        try:
            time.sleep(SETTLE_S)
            self.before = self.server.memory_bytes()
            self.watches = proc.Talker(
                tools("crowd"), f"port={self.server.watch_port}", f"connections={count}",
                f"processes={max(1, count // 15000)}")
        except BaseException:
            self.server.stop()
            raise

    def round(self, order):
        result = self.watches.ask(order)
        if result["answered"] != self.count:
            raise proc.Failed(f"{order}: {result['answered']} of {self.count} answered")
        return result

    def connect(self):
        """Returns the bytes a connection."""
        self.round("connect")
        time.sleep(SETTLE_S)
        self.after = self.server.memory_bytes()
        return (self.after - self.before) / self.count

    def idle(self, seconds):
        """CPU and sleeps of all roles while nothing comes: nobody walks over the watches."""
        cpu, switches = self.server.cpu_s(), proc.voluntary_switches(self.server.pids)
        time.sleep(seconds)
        return ((self.server.cpu_s() - cpu) / seconds,
                (proc.voluntary_switches(self.server.pids) - switches) / seconds)

    def close(self):
        try:
            self.watches.close()
        finally:
            self.server.stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def memory_row(what, measured):
    return Row(what, f"{measured:.0f} bytes", "", None, f"≤ {BYTES_TARGET}", measured <= BYTES_TARGET)


def measure(tools, quick):
    small, large, gateways = (500, 1000, 2) if quick else (30000, 60000, 4)
    idle_s = 2 if quick else 20
    rows = []
    with Crowd(tools, small, gateways) as crowd:
        rows.append(memory_row(f"memory per idle watch, {small:,} connected", crowd.connect()))
        small_before, small_after = crowd.before, crowd.after
    with Crowd(tools, large, gateways) as crowd:
        rows.append(memory_row(f"memory per idle watch, {large:,} connected", crowd.connect()))
        rows.append(memory_row(f"memory per further watch, bound and connected ({small:,} → {large:,})",
                               (crowd.after - small_after) / (large - small)))
        bound = (crowd.before - small_before) / (large - small)
        rows.append(Row("… of it while it is not connected", f"{bound:.0f} bytes"))
        load, sleeps = crowd.idle(idle_s)
        rows.append(Row(f"CPU while {large:,} are idle for {idle_s} s",
                        f"{load * 100:.2f} % of a core, {sleeps:.0f} wake-ups/s", "", None,
                        "no walk over all", load <= 0.01))
        crowd.round("check")
        storm = crowd.round("storm")
        crowd.round("check")
        rows.append(Row(
            f"{large:,} reconnect at once, LK answered: p50, p99, last",
            f"{storm['p50_ms'] / 1000:.1f} s, {storm['p99_ms'] / 1000:.1f} s, {storm['max_ms'] / 1000:.1f} s",
            "", None, f"≤ {STORM_TARGET_S} s", storm["max_ms"] <= STORM_TARGET_S * 1000))
        rows.append(Row("… accepted and answered", f"{large / storm['max_ms'] * 1000:,.0f}/s"))
    return rows
