"""Setting up once, signing in, sessions."""

from kit.server import PASSWORD


def test_the_setup_link_works_once(server):
    with server.api() as api, server.api() as other:
        assert api.get("/api/v1/status").json()["setup_needed"] is True
        api.refused(
            403,
            "setup_token_wrong",
            "POST",
            "/setup",
            json={
                "token": "x" * 43,
                "login": "maria",
                "name": "Maria",
                "password": PASSWORD,
                "group_name": "Family",
                "language": "en",
            },
        )
        session = api.setup()
        assert session["account"]["is_operator"] is True
        assert session["groups"][0]["name"] == "Family"
        assert api.get("/api/v1/status").json()["setup_needed"] is False
        problem = other.setup(login="eve", expect=409)
        assert problem["code"] == "setup_done"
        other.refused(401, "sign_in_needed", "GET", "/wearers")


def test_a_restarted_server_prints_no_link_after_set_up(server, api):
    server.restart()
    assert server.stop() == 0
    assert not any("set-up link" in line for line in server.process.lines)


def test_short_and_common_passwords_are_refused(server):
    with server.api() as api:
        body = {
            "token": server.setup_token,
            "login": "maria",
            "name": "Maria",
            "group_name": "Family",
            "language": "en",
        }
        api.refused(400, "password_too_short", "POST", "/setup", json=body | {"password": "elevenchars"})
        api.refused(400, "password_common", "POST", "/setup", json=body | {"password": "password1234"})
        api.ok("POST", "/setup", json=body | {"password": "twelve chars"})


def test_sessions_are_listed_and_end_when_revoked(server, api):
    with server.api() as phone:
        phone.sign_in()
        events = phone.events()
        sessions = api.ok("GET", "/sessions")["sessions"]
        assert len(sessions) == 2
        other = next(s for s in sessions if not s["is_current"])
        api.ok("DELETE", f"/sessions/{other['id']}")
        phone.refused(401, "sign_in_needed", "GET", "/wearers")
        events.wait_end(timeout=5)
        api.ok("GET", "/wearers")


def test_a_new_password_ends_the_other_sessions(server, api):
    with server.api() as phone:
        phone.sign_in()
        answer = api.put(
            "/api/v1/account/password", json={"current": PASSWORD, "new": "another good pass phrase"}
        )
        assert answer.status_code == 204, answer.text
        phone.refused(401, "sign_in_needed", "GET", "/wearers")
        api.ok("GET", "/wearers")
        phone.sign_in(password="another good pass phrase")
        assert phone.post("/api/v1/session", json={"login": "maria", "password": PASSWORD}).status_code == 401


def test_unknown_login_and_wrong_password_are_refused_alike(server, api):
    with server.api() as stranger:
        wrong = stranger.post("/api/v1/session", json={"login": "maria", "password": "not this one at all"})
        unknown = stranger.post("/api/v1/session", json={"login": "nobody", "password": "not this one at all"})
        assert wrong.status_code == unknown.status_code == 401
        assert wrong.json() == unknown.json()


def test_guessing_passwords_is_slowed_but_the_owner_still_gets_in(make_server, make_api):
    server = make_server(sign_in_per_account_max=3)
    make_api(server)
    with server.api() as guesser:
        statuses = [
            guesser.post("/api/v1/session", json={"login": "maria", "password": f"guess number {n}"}).status_code
            for n in range(8)
        ]
        assert 429 in statuses
        assert guesser.limit("sign_in_per_account_max") >= 1


def test_foreign_origins_change_nothing(server, api):
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        api.refused(403, "foreign_origin", "PATCH", "/account", json={"name": "X"}, headers=headers)
    assert api.ok("GET", "/session")["account"]["name"] == "Maria"


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(server):
    with server.api() as api:
        api.setup()
        answer = api.sign_in()
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("kinward=") and "HttpOnly" in cookie and "SameSite=Strict" in cookie
        assert answer.headers["cache-control"] == "no-store"


def test_no_token_and_no_password_stands_in_the_database_or_the_log(server, api):
    token = next(iter(api.session_cookies().values()))
    server.stop()
    stored = b"".join(p.read_bytes() for p in server.data.rglob("*") if p.is_file())
    log = "\n".join(server.process.lines)
    for secret in (token, PASSWORD, server.setup_token):
        assert secret.encode() not in stored
    assert token not in log and PASSWORD not in log
