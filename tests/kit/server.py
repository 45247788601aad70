"""`kinward serve` in a folder of its own, and a client of its API."""

import os
import re
import shutil
import signal
import sqlite3

import httpx

from .events import Events
from .ports import free_port
from .process import Process, children, eventually
from .schema import check_answer
from .totp import add_totp
from .watch import RawWatch, imei_of

SETUP_LINK = re.compile(r"^set-up link: http\S+/#/setup\?token=([A-Za-z0-9_-]+)$")
PASSWORD = "correct horse battery staple 7"
SETTINGS = {"gateways": 2, "log_level": "info", "public_host": "watch.example.org", "http_requests_per_s": 100000}


def read_and_check(answer):
    answer.read()
    check_answer(answer)


class Api(httpx.Client):
    """A client that keeps its session cookie."""

    def __init__(self, server):
        super().__init__(base_url=server.url, timeout=60, event_hooks={"response": [read_and_check]})
        self.server = server
        self.group = None
        self.streams = []
        self.recovery_codes = []

    def session_cookies(self):
        return dict(self.cookies)

    def setup(self, token=None, login="maria", group_name="Family", expect=201):
        answer = self.post(
            "/api/v1/setup",
            json={
                "token": token or self.server.setup_token,
                "login": login,
                "name": "Maria",
                "password": PASSWORD,
                "group_name": group_name,
                "language": "en",
            },
        )
        assert answer.status_code == expect, answer.text
        if expect == 201:
            self.group = answer.json()["groups"][0]["id"]
            self.account = answer.json()["account"]["id"]
        return answer.json()

    def sign_in(self, login="maria", password=PASSWORD, expect=201):
        answer = self.post("/api/v1/session", json={"login": login, "password": password})
        assert answer.status_code == expect, answer.text
        if expect == 201:
            self.group = answer.json()["groups"][0]["id"]
        return answer

    def prove(self, password=PASSWORD):
        """Steps up; sets an authenticator app up when the account has none yet."""
        if not self.recovery_codes:
            _, self.recovery_codes = add_totp(self, password)
        self.ok("POST", "/session/step-up", json={"code": self.recovery_codes.pop()})
        return self

    def invite(self, role, login, second=None):
        """A new account in this client's group, by an invitation of this client, which has stepped up; `second`, an
        admin who has, too, agrees when somebody must."""
        made = self.ok("POST", f"/groups/{self.group}/invitations", json={"role": role})
        if "approval" in made:
            second.ok("POST", f"/approvals/{made['approval']['id']}/approve")
        other = self.server.api()
        body = {"login": login, "name": login.capitalize(), "password": PASSWORD, "language": "en"}
        session = other.ok("POST", "/invitations/accept", json=body | {"token": token_in(made["link"])})
        other.group, other.account = session["groups"][0]["id"], session["account"]["id"]
        return other

    def ok(self, method, path, **kwargs):
        """A request that must succeed; its JSON."""
        answer = self.request(method, "/api/v1" + path, **kwargs)
        assert answer.status_code < 300, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def refused(self, status, code, method, path, **kwargs):
        """A request that must be refused just so; the problem."""
        answer = self.request(method, "/api/v1" + path, **kwargs)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        problem = answer.json()
        assert problem["code"] == code, problem
        return problem

    def events(self, last_event_id=None):
        stream = Events(str(self.base_url), self.session_cookies(), last_event_id)
        assert stream.status == 200, stream.status
        self.streams.append(stream)
        return stream

    def start_claim(self, watch, name="Mia", **more):
        body = {"group": self.group, "watch": watch, "name": name, "language": "en", "zone": "Europe/Berlin", "proof": "code"}
        return self.ok("POST", "/claims", json=body | more)

    def wait_claim(self, claim, state, timeout=60):
        return eventually(
            lambda: (c := self.ok("GET", f"/claims/{claim}"))["state"] == state and c, timeout, f"claim {state}"
        )

    def claim_raw(self, wire_id, name="Mia", vendor="3G", index=None, source=None, settle=True):
        """Binds a bare socket; returns (wearer id, its connection), with all commands of the claim confirmed."""
        claim = self.start_claim(wire_id if len(wire_id) == 15 else imei_of(wire_id), name)
        watch = RawWatch(self.server.watch_port, wire_id, vendor, index=index, source=source)
        watch.send("LK,0,0,80")
        code = code_in(bytes.fromhex(watch.receive_keyword("MESSAGE").split(b",")[1].decode()).decode("utf-16-be"))
        watch.send("MESSAGE")
        bound = self.ok("POST", f"/claims/{claim['id']}/code", json={"code": code})
        assert bound["state"] == "bound"
        if settle:
            settle_commands(watch)
        return bound["wearer"], watch

    def claim_sim(self, sim, n=0, name="Mia", **more):
        """Binds a simulated watch and waits for the last command of the claim; returns the wearer's id."""
        wire_id = sim.id(n)
        claim = self.start_claim(sim.where(wire_id)["imei"], name, **more)
        shown = sim.wait_event(wire_id, "message")["detail"]
        bound = self.ok("POST", f"/claims/{claim['id']}/code", json={"code": code_in(shown)})
        sim.wait_down(wire_id, "PW")
        return bound["wearer"]

    def metric(self, name):
        """The sum of all lines of a metric; None when there is none."""
        answer = self.get("/metrics")
        assert answer.status_code == 200, answer.text
        values = [
            float(line.rsplit(" ", 1)[1])
            for line in answer.text.splitlines()
            if line.split("{")[0].split(" ")[0] == name
        ]
        return sum(values) if values else None

    def limit(self, name):
        return self.metric(f"kinward_limit_{name}_total") or 0

    def settings(self, wearer):
        """All settings of a wearer's watch by their names."""
        return {s["name"]: s for s in self.ok("GET", f"/wearers/{wearer}/settings")["settings"]}

    def put_setting(self, wearer, setting, **fields):
        return self.ok("PUT", f"/wearers/{wearer}/settings/{setting}", json=fields)

    def fixes(self, wearer, start, end):
        return self.ok("GET", f"/wearers/{wearer}/history", params={"from": start, "to": end})["fixes"]

    def alarms(self, state="all"):
        return self.ok("GET", "/alarms", params={"state": state})["alarms"]


def token_in(link):
    return re.search(r"token=([A-Za-z0-9_-]+)$", link)[1]


def code_in(text):
    """The six digits in what the watch shows."""
    found = re.search(r"(?<!\d)(\d{3}) ?(\d{3})(?!\d)", text)
    assert found, f"no code in {text!r}"
    return found.group(1) + found.group(2)


def settle_commands(watch):
    """Acknowledges what the server sends after a claim; the password comes last."""
    keyword = None
    while keyword != "PW":
        keyword = watch.receive().split(b",")[0].decode()
        watch.send("VERNO,TEST_V1.0" if keyword == "VERNO" else keyword)
    watch.heartbeat()


class Server:
    def __init__(self, binary, folder, settings=None):
        self.binary = binary
        self.folder = folder
        self.data = folder / "data"
        self.keys = folder / "data-keys"
        self.watch_port = free_port()
        self.web_port = free_port()
        self.url = f"http://127.0.0.1:{self.web_port}"
        self.settings = SETTINGS | (settings or {})
        self.process = None
        self.setup_token = None

    def start(self):
        self.is_new = not self.data.exists()
        command = [self.binary, "serve"]
        all_settings = self.settings | {
            "data_dir": self.data,
            "watch_listen": f"127.0.0.1:{self.watch_port}",
            "web_listen": f"127.0.0.1:{self.web_port}",
        }
        for name, value in all_settings.items():
            command += ["--set", f"{name}={value}"]
        self.process = Process(command, self.folder)
        self.wait_ready()
        return self

    def wait_ready(self, start=0):
        roles = ["server", "courier"] + [f"gateway-{n}" for n in range(int(self.settings["gateways"]))]
        for role in roles:
            self.process.wait_line(lambda line, r=role: f"role_ready role={r} " in line, start=start)
        if self.is_new:
            link = self.process.wait_line(lambda line: SETUP_LINK.search(line), start=start)
            self.setup_token = SETUP_LINK.search(link)[1]

    def stop(self):
        return self.process.stop()

    def kill(self):
        self.process.kill()

    def restart(self):
        """A clean stop and a new start on the same data."""
        assert self.stop() == 0
        return self.start()

    def roles(self, name):
        """Process numbers of the running roles of a name."""
        return sorted(pid for pid, words in children(self.process.pid) if "role" in words and name in words)

    def kill_role(self, name, number=0):
        """kill -9; waits until another one runs in its place."""
        victim = self.roles(name)[number]
        count = len(self.roles(name))
        os.kill(victim, signal.SIGKILL)
        eventually(
            lambda: victim not in (now := self.roles(name)) and len(now) == count, what=f"a new {name} after kill -9"
        )

    def api(self):
        return Api(self)

    def database(self):
        """The database, read only. For facts that the API does not tell."""
        return sqlite3.connect(f"file:{self.data / 'kinward.db'}?mode=ro", uri=True)

    def clean(self):
        shutil.rmtree(self.data, ignore_errors=True)
        shutil.rmtree(self.keys, ignore_errors=True)
