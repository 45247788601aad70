"""Guessing passwords and finding out who has an account."""

import statistics
import threading
import time

import pytest
from kit.passkey import add_passkey, sign_in_with
from kit.process import eventually
from kit.server import PASSWORD
from kit.timing import rank_sum_z, times_of
from kit.watch import DISTINCT, position


def hashes(api):
    return api.metric("kinward_password_hashes_total")


@pytest.fixture
def patient(make_server):
    """A server that does not hold back, so that only the work itself is seen."""
    return make_server(sign_in_per_account_max=100000, sign_in_per_address_max=100000, sign_in_total_max=1000000)


def test_an_unknown_login_takes_as_long_as_a_wrong_password(patient, make_api):
    api = make_api(patient)
    with patient.api() as stranger:
        bodies = [{"login": login, "password": "seven green kettles"} for login in ("maria", "nobody-here")]
        known, unknown = times_of(stranger, "/api/v1/session", bodies, 40)
        answers = [stranger.post("/api/v1/session", json=body) for body in bodies]
        assert [(a.status_code, a.content) for a in answers] == [(401, answers[0].content)] * 2
    # The same work: one hash each. And times that nobody can tell apart.
    before = hashes(api)
    with patient.api() as stranger:
        stranger.post("/api/v1/session", json=bodies[0])
        middle = hashes(api)
        stranger.post("/api/v1/session", json=bodies[1])
    assert (middle - before, hashes(api) - middle) == (1, 1)
    assert min(min(known), min(unknown)) > 0.01  # both hash
    assert abs(rank_sum_z(known, unknown)) < 4.5, (statistics.median(known), statistics.median(unknown))


def test_a_recovery_is_asked_for_in_the_same_time(patient, make_api):
    make_api(patient)
    with patient.api() as stranger:
        bodies = [{"login": "maria"}, {"login": "nobody-here"}]
        found = []
        for _ in range(3):  # what an answer tells of an account it tells each time; what disturbs a machine does not
            known, unknown = times_of(stranger, "/api/v1/recovery", bodies, 150)
            found.append((rank_sum_z(known, unknown), statistics.median(known), statistics.median(unknown)))
            if abs(found[-1][0]) < 4.5:
                break
    assert abs(found[-1][0]) < 4.5, found


def test_many_guesses_do_not_lock_the_owner_out(make_server, make_api):
    server = make_server(trusted_proxy="127.0.0.1", sign_in_per_account_max=3)
    api = make_api(server)
    key = add_passkey(api, PASSWORD)
    with server.api() as attacker:
        seen = set()
        for n in range(60):
            header = {"X-Forwarded-For": f"198.51.{n}.7"}
            body = {"login": "maria", "password": f"guess number {n}"}
            seen.add(attacker.post("/api/v1/session", json=body, headers=header).json()["code"])
        assert seen == {"sign_in_failed", "too_many_attempts"}
        # A stranger's network is held back now, even with the right password.
        right = {"login": "maria", "password": PASSWORD}
        held = attacker.post("/api/v1/session", json=right, headers={"X-Forwarded-For": "203.0.113.9"})
        assert (held.status_code, held.json()["code"]) == (429, "too_many_attempts")
    with server.api() as owner:  # from the network of the set-up
        owner.refused(401, "passkey_needed", "POST", "/session", json=right)
    with server.api() as owner:  # from anywhere
        owner.headers["X-Forwarded-For"] = "203.0.113.10"
        assert sign_in_with(owner, key).status_code == 201


def test_one_network_cannot_try_many_logins(server, api):
    with server.api() as attacker:
        attacker.headers["X-Forwarded-For"] = "198.51.100.1"  # not believed: no proxy is trusted
        codes = []
        for n in range(40):
            body = {"login": f"person{n}", "password": "the same guess for all"}
            codes.append(attacker.post("/api/v1/session", json=body).json()["code"])
        assert codes[:25] == ["sign_in_failed"] * 25  # the limit is 30, and the set-up counts
        assert codes[-1] == "too_many_attempts"


def test_all_strangers_together_are_slowed(make_server, make_api):
    server = make_server(trusted_proxy="127.0.0.1", sign_in_total_max=20)
    api = make_api(server)
    with server.api() as attacker:
        codes = []
        for n in range(30):
            body = {"login": f"person{n}", "password": "the same guess for all"}
            header = {"X-Forwarded-For": f"198.51.{n}.7"}
            codes.append(attacker.post("/api/v1/session", json=body, headers=header).json()["code"])
        assert "too_many_attempts" in codes
    with server.api() as owner:
        assert owner.post("/api/v1/session", json={"login": "maria", "password": PASSWORD}).status_code == 201
    assert api.limit("sign_in_total_max") > 0


def test_a_flood_of_sign_ins_holds_no_sos_back(make_server, make_api):
    """More passwords than can ever be hashed: the watch is answered all the same."""
    server = make_server(trusted_proxy="127.0.0.1", sign_in_total_max=1000000)
    api = make_api(server)
    _, watch = api.claim_raw("8800000015")
    stop = threading.Event()
    codes = []

    def flood(n):
        with server.api() as attacker:
            tries = 0
            while not stop.is_set():
                tries += 1
                header = {"X-Forwarded-For": f"198.{n}.{tries // 250 % 250}.{tries % 250}"}
                body = {"login": f"person{n}-{tries}", "password": "any guess will do"}
                codes.append(attacker.post("/api/v1/session", json=body, headers=header).status_code)

    floods = [threading.Thread(target=flood, args=(n,), daemon=True) for n in range(12)]
    for one in floods:
        one.start()
    eventually(lambda: len(codes) > 24, what="the flood")
    waits = []
    for n, status in enumerate(DISTINCT[:30]):
        begun = time.monotonic()
        watch.send(position("AL", when=1_790_000_000 + n, status=status))
        assert watch.receive_keyword("AL") == b"AL"
        waits.append(time.monotonic() - begun)
    stop.set()
    for one in floods:
        one.join()
    assert len(codes) > 12 and set(codes) <= {401, 429, 503}
    assert len(api.alarms()) == 30
    assert statistics.median(waits) < 1 and max(waits) < 5, waits
