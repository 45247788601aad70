"""A real `kinward serve` in a folder of its own, with as many bound watches as a measurement needs."""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from kit import proc, seed

START_S = 60
STOP_S = 60
LINK_S = 5  # it is printed when the API answers already
PASSWORD = "a bench signs in with this"


def free_port():
    """A port of the loopback that nobody listens on now."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """`watches` devices are bound before it starts. Settings are given as name=value."""

    def __init__(self, binary, watches=0, **settings):
        self.folder = tempfile.mkdtemp(prefix="kinward-bench-")
        self.data = os.path.join(self.folder, "data")
        self.log = open(os.path.join(self.folder, "log"), "w+b")  # noqa: closed in stop()
        self.binary = binary
        self.process = None
        self.cookie = None
        self.session = None
        self.settings = settings
        os.chmod(self.folder, 0o755)
        try:
            if watches:
                self.start()
                self.sign_in_first()
                self.stop_process()
                self.wearers = seed.bind_watches(binary, self.data, watches)
            self.start()
        except BaseException:
            self.stop()
            raise

    def start(self):
        self.watch_port, self.web_port = free_port(), free_port()
        values = {
            "data_dir": self.data,
            "watch_listen": f"127.0.0.1:{self.watch_port}",
            "web_listen": f"127.0.0.1:{self.web_port}",
            "reports_per_device_interval_s": 0,
            "accepts_per_s": 1000000,
            "http_connections_per_address_max": 0,
            "http_requests_per_s": 10000000,
            **self.settings,
        }
        args = [self.binary, "serve"]
        for name, value in values.items():
            args += ["--set", f"{name}={value}"]
        self.process = subprocess.Popen(
            args, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, cwd=self.folder)
        deadline = time.monotonic() + START_S
        while True:
            if self.process.poll() is not None:
                raise proc.Failed(f"kinward ended with {self.process.returncode}: {self.log_text()}")
            try:
                if self.get("/healthz")[0] == 200:
                    break
            except (OSError, http.client.HTTPException):
                pass
            if time.monotonic() > deadline:
                raise proc.Failed(f"kinward does not answer: {self.log_text()}")
            time.sleep(0.05)
        self.pids = [self.process.pid, *proc.children(self.process.pid)]

    def log_text(self):
        self.log.flush()
        with open(self.log.name, encoding="utf-8", errors="replace") as f:
            return f.read()[-3000:]

    def request(self, method, path, body=None, headers=()):
        connection = http.client.HTTPConnection("127.0.0.1", self.web_port, timeout=30)
        try:
            sent = dict(headers)
            if self.cookie:
                sent["Cookie"] = self.cookie
            if body is not None:
                body = json.dumps(body)
                sent["Content-Type"] = "application/json"
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.headers
        finally:
            connection.close()

    def get(self, path):
        return self.request("GET", path)

    def sign_in_first(self):
        """Makes the first account by the set-up link that the server printed."""
        deadline = time.monotonic() + LINK_S
        while not (found := re.search(r"set-up link: (\S+)\n", self.log_text())):
            if time.monotonic() > deadline:
                raise proc.Failed(f"no set-up link in: {self.log_text()}")
            time.sleep(0.02)
        token = re.split(r"[=/]", found.group(1))[-1]
        status, body, headers = self.request("POST", "/api/v1/setup", {
            "token": token, "login": "bench", "name": "Somebody who measures the speed",
            "password": PASSWORD, "group_name": "The group of the simulated watches",
            "language": "en"})
        if status != 201:
            raise proc.Failed(f"set-up answered {status}: {body}")
        self.session = json.loads(body)
        self.cookie = headers["Set-Cookie"].split(";")[0]
        self.group = self.session["groups"][0]["id"]

    def metrics(self):
        """Sum of each metric over its labels."""
        status, body, _ = self.get("/metrics")
        if status != 200:
            raise proc.Failed(f"/metrics answered {status}")
        sums = {}
        for line in body.decode().splitlines():
            if line and not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                name = name.split("{")[0]
                sums[name] = sums.get(name, 0) + float(value)
        return sums

    def metric(self, name):
        sums = self.metrics()
        if name not in sums:
            raise proc.Failed(f"/metrics has no {name}")
        return sums[name]

    def await_metric(self, name, least, within_s):
        """Waits until the metric has grown to `least`; returns its value then."""
        deadline = time.monotonic() + within_s
        while True:
            value = self.metric(name)
            if value >= least or time.monotonic() > deadline:
                return value
            time.sleep(0.02)

    def cpu_s(self):
        return proc.cpu_s(self.pids)

    def memory_bytes(self):
        return proc.memory_bytes(self.pids)

    def stop_process(self):
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise proc.Failed(f"kinward did not stop: {self.log_text()}") from None
        if self.process.returncode != 0:
            raise proc.Failed(f"kinward ended with {self.process.returncode}: {self.log_text()}")

    def stop(self):
        try:
            self.stop_process()
        finally:
            self.log.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
