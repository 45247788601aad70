"""Members of a group: invitations, roles, single rights, leaving and removing, what others must agree to."""

import threading

import pytest
from kit.server import PASSWORD, token_in
from kit.watch import position

CLOSED_WITHIN_S = 2


@pytest.fixture
def family(server, make_api):
    """family("carer", …): Maria and Ben, admins who have stepped up, and one more person for each role."""
    made = []

    def make(*roles):
        maria = make_api(server).prove()
        ben = maria.invite("admin", "ben").prove()
        others = [maria.invite(role, f"{role}{n}", second=ben) for n, role in enumerate(roles)]
        made.extend([ben, *others])
        return maria, ben, *others

    yield make
    for api in made:
        for stream in api.streams:
            stream.close()
        api.close()


def member(api, other):
    members = api.ok("GET", f"/groups/{api.group}")["members"]
    return next((m for m in members if m["account"] == other.account), None)


def pending(api):
    approvals = api.ok("GET", f"/groups/{api.group}/approvals")["approvals"]
    return [a for a in approvals if a["state"] == "pending"]


def path_of(other):
    return f"/groups/{other.group}/members/{other.account}"


def test_an_invitation_lets_one_person_in_once(server, make_api, family):
    maria = make_api(server).prove()
    made = maria.ok("POST", f"/groups/{maria.group}/invitations", json={"role": "carer", "hours": 1})
    token = token_in(made["link"])
    with server.api() as stranger:
        seen = stranger.ok("POST", "/invitations/look", json={"token": token})
        assert (seen["group_name"], seen["role"], seen["invited_by"]) == ("Family", "carer", "Maria")
        body = {"token": token, "login": "carl", "name": "Carl", "password": PASSWORD, "language": "en"}
        stranger.refused(409, "login_taken", "POST", "/invitations/accept", json=body | {"login": "MARIA"})
        session = stranger.ok("POST", "/invitations/accept", json=body)
        assert session["groups"] == [{"id": maria.group, "name": "Family", "role": "carer"}]
        assert stranger.ok("GET", "/session")["groups"] == session["groups"]
        for path, extra in (("look", {}), ("accept", body | {"login": "dora"})):
            stranger.refused(404, "invitation_invalid", "POST", f"/invitations/{path}", json={"token": token} | extra)
        stranger.refused(404, "invitation_invalid", "POST", "/invitations/join", json={"token": token})
    assert [m["name"] for m in maria.ok("GET", f"/groups/{maria.group}")["members"]] == ["Carl", "Maria"]
    told = [n["action"] for n in maria.ok("GET", "/notices")["notices"]]
    assert told.count("member.join") == 1 and told.count("invitation.create") == 1


def test_an_invitation_can_be_ended(server, make_api):
    maria = make_api(server).prove()
    made = maria.ok("POST", f"/groups/{maria.group}/invitations", json={"role": "viewer"})
    listed = maria.ok("GET", f"/groups/{maria.group}/invitations")["invitations"]
    assert [(i["id"], i["role"], i["by"]) for i in listed] == [(made["id"], "viewer", "Maria")]
    maria.ok("DELETE", f"/invitations/{made['id']}")
    with server.api() as stranger:
        stranger.refused(404, "invitation_invalid", "POST", "/invitations/look", json={"token": token_in(made["link"])})


def test_an_account_that_is_there_joins_and_has_two_groups(server, family):
    maria, ben = family()
    own = ben.ok("POST", "/groups", json={"name": "Ward 3"})
    assert [m["role"] for m in own["members"]] == ["admin"]
    made = ben.ok("POST", f"/groups/{own['id']}/invitations", json={"role": "guardian"})
    joined = maria.ok("POST", "/invitations/join", json={"token": token_in(made["link"])})
    assert joined == {"id": own["id"], "name": "Ward 3", "role": "guardian"}
    assert [g["name"] for g in maria.ok("GET", "/session")["groups"]] == ["Family", "Ward 3"]
    again = ben.ok("POST", f"/groups/{own['id']}/invitations", json={"role": "viewer"})
    approval = again["approval"]["id"]
    assert again["approval"]["needs"] == "time"
    maria.refused(403, "right_missing", "POST", f"/approvals/{approval}/approve")
    assert maria.ok("POST", f"/approvals/{approval}/object")["state"] == "objected"


def test_a_new_group_is_there_at_once(server, make_api):
    maria = make_api(server)
    ward = maria.ok("POST", "/groups", json={"name": "Ward 3"})["id"]
    assert [g["name"] for g in maria.ok("GET", "/session")["groups"]] == ["Family", "Ward 3"]
    events = maria.events()
    maria.ok("PATCH", f"/groups/{ward}", json={"zone": "Europe/Berlin"})
    events.wait("group", lambda g: g["group"] == ward)
    maria.start_claim("8800000015", group=ward)
    assert [c["group"] for c in maria.ok("GET", "/claims")["claims"]] == [ward]


def test_a_new_member_waits_for_the_second_admin(server, family):
    maria, ben, vera = family("viewer")
    made = maria.ok("POST", f"/groups/{maria.group}/invitations", json={"role": "admin"})
    token = {"token": token_in(made["link"])}
    with server.api() as stranger:
        stranger.refused(404, "invitation_invalid", "POST", "/invitations/look", json=token)
        maria.refused(403, "approval_own", "POST", f"/approvals/{made['approval']['id']}/approve")
        vera.refused(403, "right_missing", "POST", f"/approvals/{made['approval']['id']}/approve")
        assert ben.ok("POST", f"/approvals/{made['approval']['id']}/approve")["state"] == "done"
        ben.refused(409, "approval_ended", "POST", f"/approvals/{made['approval']['id']}/approve")
        assert stranger.ok("POST", "/invitations/look", json=token)["role"] == "admin"


def test_of_a_hundred_who_agree_at_once_one_acts(server, family):
    maria, ben = family()
    made = maria.ok("POST", f"/groups/{maria.group}/invitations", json={"role": "viewer"})
    path = f"/api/v1/approvals/{made['approval']['id']}/approve"
    answers = []
    gate = threading.Barrier(20)

    def agree():
        with server.api() as own:
            own.cookies = ben.cookies
            gate.wait()
            answers.extend(own.post(path).status_code for _ in range(5))

    threads = [threading.Thread(target=agree) for _ in range(20)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(answers) == 100
    assert sorted(set(answers)) == [200, 409] and answers.count(200) == 1
    assert len(maria.ok("GET", f"/groups/{maria.group}/invitations")["invitations"]) == 1


def test_a_removed_member_is_out_at_once(server, family):
    maria, ben, carl = family("carer")
    stream = carl.events()
    maria.ok("DELETE", path_of(carl))
    stream.wait_end(timeout=CLOSED_WITHIN_S)
    carl.refused(404, "not_found", "GET", f"/groups/{maria.group}")
    assert carl.ok("GET", "/session")["groups"] == []
    assert member(maria, carl) is None


def test_an_admin_is_not_removed_at_once(server, family):
    maria, ben, vera = family("viewer")
    waiting = maria.ok("DELETE", path_of(ben))
    assert (waiting["kind"], waiting["needs"], waiting["state"]) == ("member.remove", "time", "pending")
    maria.refused(409, "approval_exists", "DELETE", path_of(ben))
    assert member(maria, ben) is not None
    assert ben.ok("POST", f"/approvals/{waiting['id']}/object")["state"] == "objected"
    again = maria.ok("DELETE", path_of(ben))
    maria.ok("DELETE", f"/approvals/{again['id']}")
    third = maria.ok("PUT", path_of(ben), json={"role": "viewer"})
    assert third["kind"] == "member.change" and third["summary"]["role"] == "viewer"
    assert ben.ok("POST", f"/approvals/{third['id']}/approve")["state"] == "done"
    assert member(maria, ben)["role"] == "viewer"
    assert vera.ok("GET", f"/groups/{maria.group}")["role"] == "viewer"


def test_the_last_admin_cannot_go(server, family):
    maria, ben = family()
    ben.ok("DELETE", path_of(ben))  # leaving needs nobody
    assert member(maria, ben) is None
    maria.refused(409, "last_admin", "DELETE", path_of(maria))
    maria.refused(409, "last_admin", "PUT", path_of(maria), json={"role": "guardian"})


def test_what_a_member_may_not_see_is_left_out(server, family):
    maria, ben, carl, vera = family("carer", "viewer")
    wearer, watch = maria.claim_raw("8800000015")
    carl_stream = carl.events()
    vera_stream = vera.events()
    watch.send(position("UD"))
    assert vera_stream.wait("wearer", lambda w: w["fix"] is not None).data["fix"]["source"] == "gps"
    maria.ok("PUT", path_of(vera), json={"role": "viewer", "taken": ["view_position"]})
    assert vera.ok("GET", f"/wearers/{wearer}")["fix"] is None
    assert vera.ok("GET", "/wearers")["wearers"][0]["fix"] is None
    assert vera.ok("GET", f"/wearers/{wearer}")["my_rights"] == ["see_group"]
    blind = vera.events()
    watch.send(position("AL", status=0x10000))
    assert carl_stream.wait("alarm").data["fix"] is not None
    assert blind.wait("wearer", lambda w: w["open_alarms"] == 1).data["fix"] is None
    assert all(event.kind != "alarm" for event in blind.seen)
    assert vera.alarms() == []
    watchers = {w["name"]: w["can_now"] for w in vera.ok("GET", f"/wearers/{wearer}/watchers")["watchers"]}
    assert sorted(watchers) == ["Ben", "Carer0", "Maria", "Viewer1"]
    assert watchers["Viewer1"] == ["see_group"] and "view_position" in watchers["Carer0"]
    watch.close()


def test_the_watch_says_who_can_see_it(server, family):
    maria, ben, carl, vera = family("carer", "viewer")
    wearer, watch = maria.claim_raw("8800000015")
    text = bytes.fromhex(watch.receive_keyword("MESSAGE", 30).split(b",")[1].decode()).decode("utf-16-be")
    assert text == "4 people can see where you are: Ben, Carer0, Maria, Viewer1"
    watch.send("MESSAGE")
    joined = maria.ok("POST", f"/groups/{maria.group}/invitations", json={"role": "viewer"})
    ben.ok("POST", f"/approvals/{joined['approval']['id']}/approve")
    with server.api() as nina:
        body = {"login": "nina", "name": "Nina", "password": PASSWORD, "language": "en"}
        nina.ok("POST", "/invitations/accept", json=body | {"token": token_in(joined["link"])})
    text = bytes.fromhex(watch.receive_keyword("MESSAGE", 30).split(b",")[1].decode()).decode("utf-16-be")
    assert text == "5 people can see where you are: Ben, Carer0, Maria, Nina, Viewer1"
    watch.close()


def test_rights_hold_for_one_wearer_and_at_some_times(server, family):
    maria, ben, carl = family("carer")
    one, first = maria.claim_raw("8800000015")
    two, second = maria.claim_raw("8800000016", name="Tom")
    never = {"days": [1, 2, 3, 4, 5, 6, 7], "from": "00:00", "to": "24:00", "mode": "not", "rights": ["locate", "message"]}
    maria.ok("PUT", f"{path_of(carl)}/wearers/{one}", json={"given": [], "taken": ["call"], "windows": [never]})
    assert "locate" in carl.ok("GET", f"/wearers/{two}")["my_rights"]
    carl.refused(403, "not_now", "POST", f"/wearers/{one}/commands", json={"type": "locate"})
    assert carl.ok("POST", f"/wearers/{two}/commands", json={"type": "locate"})["state"] in ("queued", "sent")
    shown = member(maria, carl)["wearers"]
    assert [w["wearer"] for w in shown] == [one]
    assert shown[0]["taken"] == ["call"] and shown[0]["windows"] == [never | {"rights": ["message", "locate"]}]
    for bad in ({"days": []}, {"days": [8]}, {"from": "8:00"}, {"to": "24:01"}, {"days": ["1"]}, {"mode": "x"}, {"x": 1}):
        answer = maria.put(f"/api/v1{path_of(carl)}", json={"role": "carer", "windows": [never | bad]})
        assert answer.status_code == 400, bad
    maria.refused(400, "window_invalid", "PUT", path_of(carl), json={"role": "carer", "windows": [never] * 9})
    maria.refused(400, "rights_invalid", "PUT", path_of(carl), json={"role": "carer", "given": ["members"]})
    maria.refused(400, "until_invalid", "PUT", path_of(carl), json={"role": "carer", "until": "2020-01-01T00:00:00Z"})
    first.close()
    second.close()


def test_only_who_has_proven_himself_changes_members(server, make_api):
    maria = make_api(server)
    maria.refused(403, "second_factor_missing", "POST", f"/groups/{maria.group}/invitations", json={"role": "viewer"})


def test_an_erased_wearer_is_gone_from_every_answer(server, family):
    maria, ben = family()
    wearer, watch = maria.claim_raw("8800000015")
    events = maria.events()
    waiting = maria.ok("DELETE", f"/wearers/{wearer}")
    assert waiting["kind"] == "wearer.erase" and maria.ok("GET", f"/wearers/{wearer}")["name"] == "Mia"
    ben.ok("POST", f"/approvals/{waiting['id']}/approve")
    events.wait("removed", lambda r: r["wearer"] == wearer)
    assert maria.ok("GET", "/wearers")["wearers"] == []
    for path in ("", "/picture", "/commands", "/settings", "/history?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z"):
        assert maria.get(f"/api/v1/wearers/{wearer}{path}").status_code == 404, path
    watch.close()
    again, watch = maria.claim_raw("8800000015")
    assert again != wearer
    watch.close()


def test_the_invitations_of_who_is_no_admin_any_more_are_dead(server, family):
    maria, ben = family()
    made = ben.ok("POST", f"/groups/{ben.group}/invitations", json={"role": "admin"})
    maria.ok("POST", f"/approvals/{made['approval']['id']}/approve")
    token = {"token": token_in(made["link"])}
    with server.api() as stranger:
        assert stranger.ok("POST", "/invitations/look", json=token)["role"] == "admin"
        assert ben.put(f"/api/v1{path_of(ben)}", json={"role": "viewer"}).status_code == 200
        stranger.refused(404, "invitation_invalid", "POST", "/invitations/look", json=token)
        body = {"login": "again", "name": "Ben", "password": PASSWORD, "language": "en"}
        stranger.refused(404, "invitation_invalid", "POST", "/invitations/accept", json=body | token)
    ben.ok("DELETE", path_of(ben))
    ben.refused(404, "invitation_invalid", "POST", "/invitations/join", json=token)
    assert maria.ok("GET", f"/groups/{maria.group}/invitations")["invitations"] == []


def test_giving_back_what_was_given_for_all_wearers_is_a_gain(server, family):
    maria, ben, vera = family("viewer")
    wearer, watch = maria.claim_raw("8800000015")
    watch.close()
    given = maria.ok("PUT", path_of(vera), json={"role": "viewer", "given": ["locate"]})
    ben.ok("POST", f"/approvals/{given['id']}/approve")
    path = f"{path_of(vera)}/wearers/{wearer}"
    assert maria.put(f"/api/v1{path}", json={"given": [], "taken": ["locate"], "windows": []}).status_code == 200
    assert maria.put(f"/api/v1{path}", json={"given": [], "taken": [], "windows": []}).status_code == 202
    vera.refused(403, "right_missing", "POST", f"/wearers/{wearer}/commands", json={"type": "locate"})


def test_the_zone_does_not_move_the_times_of_who_changes_it(server, family):
    """Quiet at the other parent's: a guardian must not walk around the clock."""
    maria, ben, gwen = family("guardian")
    quiet = {"days": [1, 2, 3, 4, 5, 6, 7], "from": "00:00", "to": "12:00", "mode": "not"}
    group = f"/groups/{maria.group}"
    assert gwen.ok("PATCH", group, json={"zone": "Europe/Berlin"})["zone"] == "Europe/Berlin"
    maria.ok("PUT", path_of(gwen), json={"role": "guardian", "windows": [quiet]})
    gwen.refused(403, "right_missing", "PATCH", group, json={"zone": "Pacific/Kiritimati"})
    assert maria.ok("GET", group)["zone"] == "Europe/Berlin"
    assert maria.ok("PATCH", group, json={"zone": "Europe/Paris"})["zone"] == "Europe/Paris"
    assert ben.ok("GET", "/notices")["notices"][0]["action"] == "group.change"
