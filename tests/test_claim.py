"""Making a watch one's own: the whole way, wrong codes, expiry, brute force."""

import pytest
from kit.server import code_in
from kit.watch import RawWatch, imei_of, position


FIRST_COMMANDS = ["LZ", "VERNO", "UPLOAD", "CENTER", "SLAVE", "ACALL", "DEVREFUSEPHONESWITCH", "PW"]


def message_of(watch):
    return bytes.fromhex(watch.receive_keyword("MESSAGE").split(b",")[1].decode()).decode("utf-16-be")


def test_the_whole_way_with_a_simulated_watch(server, api, make_sim):
    events = api.events()
    sim = make_sim(server.watch_port, begin="busy", upload=1, blind=0, manners="eager")
    wire_id = sim.id()
    sim.wait_event(wire_id, "online")
    assert api.ok("GET", "/wearers")["wearers"] == []
    claim = api.start_claim(sim.where(wire_id)["imei"], name="Mia", sim_number="+491701234567")
    assert any("watch.example.org" in s["text"] and str(server.watch_port) in s["text"] for s in claim["sms"])
    assert sim.id() not in claim["watch_masked"]
    code = code_in(sim.wait_event(wire_id, "message")["detail"])
    events.wait("claim", lambda c: c["state"] == "code_sent")
    bound = api.ok("POST", f"/claims/{claim['id']}/code", json={"code": code})
    assert bound["state"] == "bound"
    for keyword in FIRST_COMMANDS:
        sim.wait_down(wire_id, keyword)
    moving = events.wait("wearer", lambda w: w["fix"] is not None, timeout=240).data
    assert (moving["name"], moving["id"]) == ("Mia", bound["wearer"])
    version = events.wait("wearer", lambda w: (w["device"] or {}).get("version")).data["device"]["version"]
    assert version.startswith("KWSIM")
    assert sim.stats()["bad"] == 0 and sim.stats()["forbidden"] == 0


def test_two_claims_give_two_passwords_and_no_answer_shows_them(server, api):
    passwords = []
    for wire_id in ("8800000015", "8800000016"):
        _, watch = api.claim_raw(wire_id, settle=False)
        passwords.append(watch.receive_keyword("PW").decode().split(",")[1])
    assert passwords[0] != passwords[1]
    assert all(p.isdigit() and 6 <= len(p) <= 8 and p != "123456" for p in passwords)
    shown = str(api.ok("GET", "/wearers")) + "\n".join(server.process.lines)
    assert not any(p in shown for p in passwords)


def test_a_wrong_code_costs_a_try_and_five_lock_the_claim(server, api):
    claim = api.start_claim(imei_of("8800000015"))["id"]
    with RawWatch(server.watch_port, "8800000015") as watch:
        watch.send("LK")
        code = code_in(message_of(watch))
        wrong = f"{(int(code) + 1) % 1000000:06d}"
        for left in (4, 3, 2, 1):
            problem = api.refused(409, "claim_code_wrong", "POST", f"/claims/{claim}/code", json={"code": wrong})
            assert problem["tries_left"] == left
        assert api.post(f"/api/v1/claims/{claim}/code", json={"code": wrong}).status_code == 409
        api.refused(409, "claim_locked", "POST", f"/claims/{claim}/code", json={"code": code})
        assert api.ok("GET", f"/claims/{claim}")["state"] == "locked"
    assert api.ok("GET", "/wearers")["wearers"] == []


def test_ten_thousand_guesses_do_not_help(server, api):
    """No guess after the fifth is even compared: the right code is refused as well."""
    claim = api.start_claim(imei_of("8800000015"))["id"]
    with RawWatch(server.watch_port, "8800000015") as watch:
        watch.send("LK")
        code = code_in(message_of(watch))
        answers = set()
        for n in range(60):
            guess = f"{(int(code) + 1 + n) % 1000000:06d}"
            answers.add(api.post(f"/api/v1/claims/{claim}/code", json={"code": guess}).status_code)
        assert answers <= {409, 429}
        assert api.post(f"/api/v1/claims/{claim}/code", json={"code": code}).status_code in (409, 429)
    assert api.ok("GET", "/wearers")["wearers"] == []


def test_codes_differ_and_do_not_come_from_the_number(server, api):
    codes = []
    for wire_id in ("8800000015", "8800000016", "8800000017"):
        claim = api.start_claim(imei_of(wire_id))["id"]
        with RawWatch(server.watch_port, wire_id) as watch:
            watch.send("LK")
            codes.append(code_in(message_of(watch)))
            assert codes[-1] not in imei_of(wire_id)
        api.ok("DELETE", f"/claims/{claim}")
    assert len(set(codes)) == 3


def test_a_code_is_worth_nothing_after_its_time(make_server, make_api):
    server = make_server(claim_code_s=1)
    api = make_api(server)
    events = api.events()
    claim = api.start_claim(imei_of("8800000015"))["id"]
    with RawWatch(server.watch_port, "8800000015") as watch:
        watch.send("LK")
        code = code_in(message_of(watch))
        watch.send("MESSAGE")
        events.wait("claim", lambda c: c["state"] == "connected" and "code_expires" not in c, timeout=10)
        problem = api.post(f"/api/v1/claims/{claim}/code", json={"code": code})
        assert problem.status_code == 409 and problem.json()["code"] in ("claim_expired", "claim_not_ready")


def test_a_claim_is_forgotten_after_its_time(make_server, make_api):
    server = make_server(claim_life_s=1)
    api = make_api(server)
    events = api.events()
    api.start_claim(imei_of("8800000015"))
    events.wait("claim", lambda c: c["state"] == "expired", timeout=15)


@pytest.mark.parametrize("watch", ["863737078055390", "12", "no blanks 1", "x" * 21, "ÄÖÜäöü"])
def test_wrong_numbers_are_refused(server, api, watch):
    body = {"group": api.group, "watch": watch, "name": "Mia", "language": "en", "zone": "Europe/Berlin", "proof": "code"}
    answer = api.post("/api/v1/claims", json=body)
    assert answer.status_code == 400
    assert answer.json()["code"] in ("watch_invalid", "imei_check_digit", "field_too_short", "field_too_long")


def test_a_claimed_watch_cannot_be_claimed_again(server, api):
    _, watch = api.claim_raw("8800000015")
    body = {
        "group": api.group,
        "watch": imei_of("8800000015"),
        "name": "Eve",
        "language": "en",
        "zone": "Europe/Berlin",
        "proof": "code",
    }
    api.refused(409, "already_yours", "POST", "/claims", json=body)
    watch.heartbeat()


def test_before_the_claim_nothing_of_a_watch_is_kept(server, api):
    with RawWatch(server.watch_port, "8800000015") as watch:
        watch.send(position("UD"), position("AL", status=0x10000), "LK")
        watch.receive_keyword("LK")
    wearer, watch = api.claim_raw("8800000015")
    watch.heartbeat()
    assert api.fixes(wearer, "2026-01-01T00:00:00Z", "2026-01-31T00:00:00Z") == []
    assert api.alarms() == []
    assert api.ok("GET", f"/wearers/{wearer}")["fix"] is None


def test_the_first_commands_are_what_the_manual_says(server, api):
    _, watch = api.claim_raw("8800000015", settle=False)
    seen = {}
    while "PW" not in seen:
        keyword, _, params = watch.receive().decode().partition(",")
        seen[keyword] = params
        watch.send("VERNO,X" if keyword == "VERNO" else keyword)
    assert list(seen) == FIRST_COMMANDS
    assert seen["ACALL"] == "0"
    assert seen["CENTER"] == seen["SLAVE"] == ""
    assert seen["LZ"].split(",")[0] == "0"
    assert 60 <= int(seen["UPLOAD"]) <= 3600


def test_a_yisai_watch_also_gets_its_own_switch_offs(server, api):
    _, watch = api.claim_raw("880000001500003", vendor="YS", settle=False)
    seen = {}
    while "PW" not in seen:
        keyword, _, params = watch.receive().decode().partition(",")
        seen[keyword] = params
        watch.send("VERNO,X" if keyword == "VERNO" else keyword)
    assert seen["AUTO"] == seen["CPSMS"] == seen["ACALL"] == "0"
    assert "SLEEPTIME" not in seen
