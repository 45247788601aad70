"""A child process whose lines are read as they come, so that tests can wait for one instead of for time."""

import os
import signal
import subprocess
import threading
import time


class Process:
    def __init__(self, command, cwd, env=None):
        self.command = [str(word) for word in command]
        self.lines = []
        self._changed = threading.Condition()
        self._ended = False
        self.child = subprocess.Popen(
            self.command,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.child.stdout:
            with self._changed:
                self.lines.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    @property
    def pid(self):
        return self.child.pid

    def wait_line(self, wanted, timeout=60, start=0):
        """The first line from number `start` for which wanted(line) is true."""
        deadline = time.monotonic() + timeout
        with self._changed:
            seen = start
            while True:
                while seen < len(self.lines):
                    if wanted(self.lines[seen]):
                        return self.lines[seen]
                    seen += 1
                left = deadline - time.monotonic()
                if self._ended or left <= 0:
                    why = "ended" if self._ended else "said nothing like it"
                    raise AssertionError(f"{self.command[:2]} {why}:\n" + "\n".join(self.lines[-40:]))
                self._changed.wait(left)

    def signal(self, number):
        self.child.send_signal(number)

    def stop(self, timeout=60):
        """SIGTERM, and the exit status."""
        if self.child.poll() is None:
            self.child.terminate()
        try:
            status = self.child.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.command[:2]} did not end:\n" + "\n".join(self.lines[-40:])) from None
        self._reader.join(5)
        return status

    def kill(self):
        """Ends the process and all of its session at once."""
        try:
            os.killpg(self.child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.child.wait(10)
        self._reader.join(5)


def children(pid):
    """(pid, command line) of the direct children."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", encoding="ascii", errors="replace") as f:
                parent = int(f.read().rpartition(")")[2].split()[1])
            if parent != pid:
                continue
            with open(f"/proc/{name}/cmdline", "rb") as f:
                found.append((int(name), f.read().decode(errors="replace").split("\0")))
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return found


def rss_kb(pid):
    """Memory of its own and shared, without mapped files."""
    total = 0
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as f:
        for line in f:
            if line.startswith(("RssAnon", "RssShmem")):
                total += int(line.split()[1])
    return total


_never = threading.Event()


def eventually(test, timeout=60, what="it"):
    """Looks fifty times a second until test() is true; its value. Only for what has no event to wait for."""
    deadline = time.monotonic() + timeout
    while True:
        got = test()
        if got:
            return got
        assert time.monotonic() < deadline, f"{what} did not happen in {timeout} s"
        _never.wait(0.02)
