"""The operator's side: accounts and bans from the command line beside the running service, health, networks."""

import os
import socket
import stat
import subprocess

import pytest
from kit.family import accept, invite, protect, step_up
from kit.process import eventually
from kit.server import PASSWORD

NOWHERE = "0f6c2d1e9b8a47538e1d2c3b4a596877"


@pytest.fixture
def run(kinward, server):
    def run(*words):
        return subprocess.run(
            [kinward, *words, "--set", f"data_dir={server.data}"], capture_output=True, text=True, timeout=60
        )

    return run


def test_the_control_socket_is_for_the_own_user_alone(server):
    path = server.data / "kinward.sock"
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


def test_users_are_listed_without_names(run, api):
    api.ok("PATCH", "/account", json={"name": "Zanzibar Quillfeather"})
    listed = run("user", "list")
    assert listed.returncode == 0 and listed.stdout.startswith("maria\t"), listed.stderr
    assert "operator" in listed.stdout and "Zanzibar" not in listed.stdout
    assert run("user", "list", "ARI").stdout == listed.stdout
    assert run("user", "list", "nobody").stdout == ""


def test_sessions_end_at_once(run, api):
    api.ok("GET", "/session")
    ended = run("user", "end-sessions", "Maria")
    assert (ended.returncode, ended.stdout) == (0, "Maria: all sessions ended\n")
    assert api.request("GET", "/api/v1/session").status_code == 401


def test_the_last_operator_stays_one_and_is_not_banned(run, api):
    for words in (["ban", "maria"], ["operator", "maria", "no"]):
        refused = run("user", *words)
        assert refused.returncode == 1 and "last_operator" in refused.stderr
    api.ok("GET", "/session")


def test_what_is_asked_wrongly_is_answered_with_the_usage(run, api):
    for words in (["user"], ["user", "ban"], ["user", "frob", "x"], ["device", "list", "x"], ["user", "ban", "a\tb"]):
        wrong = run(*words)
        assert wrong.returncode == 2 and "kinward " + words[0] in wrong.stderr, words
    unknown = run("user", "ban", "nobody")
    assert unknown.returncode == 1 and "nobody has this login" in unknown.stderr


def test_without_a_service_the_command_says_so(run, server):
    assert server.stop() == 0
    assert not (server.data / "kinward.sock").exists()
    refused = run("user", "list")
    assert refused.returncode == 1 and "no service runs" in refused.stderr


def test_a_crashed_server_answers_again(run, server, api):
    server.kill_role("server")
    eventually(lambda: run("user", "list").returncode == 0, what="the control socket of the new server")


@pytest.mark.parametrize(
    "sent",
    [b"", b"\n", b"user\n", b"user\tlist", b"x" * 2000, b"user\tlist\n" * 50, b"\t" * 900 + b"\n", b"user\tban\t\xff\xfe\n", b"\0\n"],
)
def test_a_client_that_talks_nonsense_does_no_harm(run, server, api, sent):
    client = socket.socket(socket.AF_UNIX)
    client.connect(str(server.data / "kinward.sock"))
    client.sendall(sent)
    client.shutdown(socket.SHUT_WR)
    client.settimeout(20)
    try:
        client.recv(65536)
    except ConnectionResetError:
        pass
    client.close()
    assert run("user", "list").returncode == 0


def test_a_client_that_hangs_does_not_stop_the_service(run, server, api):
    hung = socket.socket(socket.AF_UNIX)
    hung.connect(str(server.data / "kinward.sock"))
    api.ok("GET", "/session")
    hung.close()
    assert run("user", "list").returncode == 0


def test_devices_are_listed_masked(run, api, server):
    from kit.watch import RawWatch

    watch = RawWatch(server.watch_port, "8800000170")
    watch.heartbeat()
    listed = eventually(lambda: (r := run("device", "list")).stdout.count("frames") and r, what="the unknown watch")
    assert "8800000170" not in listed.stdout
    watch.close()


def test_health_says_what_runs_and_nothing_of_people(api):
    health = eventually(
        lambda: (h := api.ok("GET", "/operator/health")) and all(r["is_up"] for r in h["roles"]) and h,
        what="all roles are heard",
    )
    assert {"server", "gateway-0", "courier"} <= {r["name"] for r in health["roles"]}
    assert 0 < health["disk"]["free_bytes"] <= health["disk"]["total_bytes"]
    assert health["disk"]["database_bytes"] > 0
    assert health["writer"]["failed"] == 0 and health["audit"]["lost"] == 0
    assert health["certificate"] == {"is_own": False, "is_https": False}
    assert health["mail"] == {"is_set_up": False}
    assert isinstance(api.ok("GET", "/operator/limits")["limits"], list)
    [account] = api.ok("GET", "/operator/accounts")["accounts"]
    assert account["login"] == "maria" and "name" not in account
    assert api.ok("GET", "/operator/accounts", params={"q": "zzz"})["accounts"] == []


def test_operator_changes_want_a_second_factor(api):
    me = api.ok("GET", "/session")["account"]["id"]
    body = {"reason": "x"}
    api.refused(403, "second_factor_missing", "POST", f"/operator/accounts/{me}/ban", json=body)
    api.refused(403, "second_factor_missing", "POST", f"/operator/accounts/{me}/unban")
    api.refused(403, "second_factor_missing", "POST", f"/operator/accounts/{me}/operator", json={"is_operator": False})
    api.refused(403, "second_factor_missing", "POST", "/operator/bans", json=body | {"network": "192.0.2.0/24", "hours": 1})
    api.refused(403, "second_factor_missing", "DELETE", f"/operator/bans/{NOWHERE}")


def test_security_txt_stands_where_it_is_looked_for(make_server):
    settings = {
        "security_contact": "mailto:security@kinward.example",
        "security_policy_url": "https://kinward.example/policy",
        "security_languages": "en, de",
        "public_url": "https://kinward.example",
    }
    server = make_server(**settings)
    with server.api() as api:
        answer = api.get("/.well-known/security.txt", headers={"Host": "kinward.example"})
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        fields = dict(line.split(": ", 1) for line in answer.text.splitlines())
        assert fields["Contact"] == settings["security_contact"]
        assert fields["Policy"] == settings["security_policy_url"]
        assert fields["Preferred-Languages"] == "en, de"
        assert fields["Canonical"] == "https://kinward.example/.well-known/security.txt"
        from datetime import datetime, timedelta, timezone

        left = datetime.fromisoformat(fields["Expires"].replace("Z", "+00:00")) - datetime.now(timezone.utc)
        assert timedelta(days=170) < left < timedelta(days=365), "RFC 9116 2.5.5: less than a year"


def test_without_a_contact_there_is_no_security_txt(server, api):
    answer = api.get("/.well-known/security.txt")
    assert answer.status_code == 404 and answer.json()["code"] == "not_found"




def test_health_counts_the_starts_of_a_role(server, api):
    def role(name):
        return next(r for r in api.ok("GET", "/operator/health")["roles"] if r["name"] == name)

    assert eventually(lambda: role("gateway-0")["is_up"] and role("gateway-0"), what="the gateway")["starts"] == 1
    server.kill_role("gateway")
    eventually(lambda: any(r["starts"] == 2 and r["is_up"] for r in api.ok("GET", "/operator/health")["roles"]), what="it again")


# ---- with a fresh second factor ----


@pytest.fixture
def two(server, api):
    """An operator with a fresh proof, and a second person."""
    step_up(protect(api))
    eve = accept(server, invite(api, "viewer"), "eve")
    yield api, eve
    eve.close()


def test_a_banned_account_is_out_at_once_and_stays_out(server, two, run):
    api, eve = two
    path = f"/operator/accounts/{eve.account}"
    stream = eve.events()
    api.ok("POST", path + "/ban", json={"reason": "was taken over"})
    assert eve.request("GET", "/api/v1/session").status_code == 401
    stream.wait_end()
    with server.api() as again:
        again.refused(403, "account_banned", "POST", "/session", json={"login": "eve", "password": PASSWORD})
        again.refused(401, "sign_in_failed", "POST", "/session", json={"login": "eve", "password": "not " + PASSWORD})
        banned = [a["is_banned"] for a in api.ok("GET", "/operator/accounts", params={"q": "eve"})["accounts"]]
        assert banned == [True]
        assert "banned" in run("user", "list", "eve").stdout
        api.ok("POST", path + "/unban")
        again.sign_in("eve")


def test_a_ban_may_end_by_itself_but_not_lie_in_the_past(two):
    api, eve = two
    path = f"/operator/accounts/{eve.account}/ban"
    body = {"reason": "for a while"}
    api.refused(400, "field_range", "POST", path, json=body | {"until": "2020-01-01T00:00:00Z"})
    api.ok("POST", path, json=body | {"until": "2036-01-01T00:00:00Z"})
    api.refused(404, "not_found", "POST", f"/operator/accounts/{NOWHERE}/ban", json=body)


def test_operators_are_made_and_unmade_and_the_last_one_stays(server, two):
    api, eve = two
    me = api.ok("GET", "/session")["account"]["id"]
    api.refused(409, "own_account", "POST", f"/operator/accounts/{me}/operator", json={"is_operator": False})
    api.ok("POST", f"/operator/accounts/{eve.account}/operator", json={"is_operator": True})
    assert eve.request("GET", "/api/v1/session").status_code == 401, "it holds from the next sign-in on"
    eve.sign_in("eve")
    assert eve.ok("GET", "/session")["account"]["is_operator"] is True
    step_up(protect(eve))
    eve.refused(409, "own_account", "POST", f"/operator/accounts/{eve.account}/ban", json={"reason": "x"})
    eve.ok("POST", f"/operator/accounts/{me}/ban", json={"reason": "left"})
    assert api.request("GET", "/api/v1/session").status_code == 401


def test_what_operators_do_is_in_the_audit_log(server, two, kinward):
    api, eve = two
    api.ok("POST", f"/operator/accounts/{eve.account}/ban", json={"reason": "was taken over"})
    assert server.stop() == 0
    out = subprocess.run([kinward, "audit", "export", "--set", f"data_dir={server.data}"], capture_output=True, text=True)
    [line] = [line for line in out.stdout.splitlines() if '"operator.ban"' in line]
    assert eve.account in line and '"done"' in line and '"was taken over"' in line and '"127.0.0.1"' in line


def test_a_banned_network_gets_nothing(make_server, make_api):
    server = make_server(trusted_proxy="127.0.0.1", metrics_from="127.0.0.1")
    api = step_up(protect(make_api(server)))
    body = {"network": "198.51.100.77/24", "hours": 2, "reason": "guesses passwords"}
    ban = api.ok("POST", "/operator/bans", json=body)
    assert ban["network"] == "198.51.100.0/24"
    api.ok("POST", "/operator/bans", json=body | {"network": "2001:db8:7::/48"})
    with server.api() as other:
        for address, is_out in [
            ("198.51.100.1", True),
            ("198.51.100.255", True),
            ("198.51.101.1", False),
            ("2001:db8:7:1::5", True),
            ("2001:db8:8::5", False),
            ("127.0.0.1", False),
        ]:
            for path in ("/api/v1/status", "/", "/healthz", "/api/v1/session"):
                answer = other.get(path, headers={"X-Forwarded-For": address})
                code = answer.json().get("code") if "json" in answer.headers.get("content-type", "") else None
                assert (answer.status_code == 403 and code == "network_banned") == is_out, f"{address} {path}: {answer.text}"
        assert {b["network"] for b in api.ok("GET", "/operator/bans")["bans"]} == {"198.51.100.0/24", "2001:db8:7::/48"}
        api.ok("DELETE", f"/operator/bans/{ban['id']}")
        assert other.get("/api/v1/status", headers={"X-Forwarded-For": "198.51.100.1"}).status_code == 200
        server.restart()
        assert other.get("/api/v1/status", headers={"X-Forwarded-For": "2001:db8:7:1::5"}).status_code == 403
    assert api.metric("kinward_banned_requests_total") >= 1


@pytest.mark.parametrize(
    "network",
    ["0.0.0.0/0", "10.0.0.0/7", "::/0", "2000::/16", "::/31", "127.0.0.1", "127.0.0.0/8", "::1", "::ffff:0:0/96", "xx", "1.2.3.4/33", "1.2.3.4, 5.6.7.8", "1.2.3.4 5.6.7.8", "1.2.3"],
)
def test_nobody_shuts_out_everybody_or_himself(two, network):
    api, _ = two
    api.refused(400, "network_invalid", "POST", "/operator/bans", json={"network": network, "hours": 1, "reason": "x"})
