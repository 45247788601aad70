"""Two watches held together: friends only when the groups of both let them."""

import pytest
from kit.process import eventually
from kit.watch import position


@pytest.fixture
def other(server, api):
    """Another family on the same server, without a right on the first."""
    link = api.prove().ok("POST", f"/groups/{api.group}/invitations", json={"role": "viewer"})["link"]
    one = server.api()
    body = {"token": link.partition("token=")[2], "login": "eve", "name": "Eve", "password": "correct horse battery staple 7", "language": "en"}
    assert one.post("/api/v1/invitations/accept", json=body).status_code == 201
    one.group = one.ok("POST", "/groups", json={"name": "Others"})["id"]
    yield one
    for stream in one.streams:
        stream.close()
    one.close()


def touch(lat=50.98, lon=11.33):
    return "PP,120000," + position("UD", lat=lat, lon=lon).partition(",")[2]


def allow(api, wearer, is_allowed=True):
    assert api.ok("PUT", f"/wearers/{wearer}/friend-rule", json={"is_allowed": is_allowed}) == {"is_allowed": is_allowed}


def friends(api, wearer):
    return [f["name"] for f in api.ok("GET", f"/wearers/{wearer}/friends")["friends"]]


@pytest.fixture
def pair(api, other):
    mia, mias = api.claim_raw("3707900031", name="Mia")
    leo, leos = other.claim_raw("3707900032", name="Leo")
    yield mia, mias, leo, leos
    mias.close()
    leos.close()


def test_both_groups_must_let_them(api, other, pair):
    mia, mias, leo, leos = pair
    assert api.ok("GET", f"/wearers/{mia}/friend-rule") == {"is_allowed": False}
    allow(api, mia)
    mias.send(touch())
    leos.send(touch())
    for watch in (mias, leos):  # nobody is answered: "not found"
        assert watch.heartbeat() == b"LK"
    assert friends(api, mia) == friends(other, leo) == []
    allow(other, leo)
    mias.send(touch())
    leos.send(touch())
    assert mias.receive() == b"3707900032"
    assert leos.receive() == b"3707900031"
    assert friends(api, mia) == ["Leo"] and friends(other, leo) == ["Mia"]
    told = eventually(lambda: [e for e in api.ok("GET", "/notices")["notices"] if e["action"] == "friend.made"], what="the notice")
    assert told[0]["actor"]["kind"] == "watch"


def made(api, other, pair):
    mia, mias, leo, leos = pair
    allow(api, mia)
    allow(other, leo)
    mias.send(touch())
    leos.send(touch())
    assert (mias.receive(), leos.receive()) == (b"3707900032", b"3707900031")


def test_either_side_ends_it_and_both_watches_forget(api, other, pair):
    mia, mias, leo, leos = pair
    made(api, other, pair)
    (friend,) = other.ok("GET", f"/wearers/{leo}/friends")["friends"]
    api.refused(404, "not_found", "DELETE", f"/wearers/{leo}/friends/{friend['id']}")
    other.ok("DELETE", f"/wearers/{leo}/friends/{friend['id']}")
    assert mias.receive_keyword("PPR") == b"PPR,3707900032"
    assert leos.receive_keyword("PPR") == b"PPR,3707900031"
    assert friends(api, mia) == friends(other, leo) == []
    other.refused(404, "not_found", "DELETE", f"/wearers/{leo}/friends/{friend['id']}")


def test_the_rule_off_ends_it(api, other, pair):
    mia, mias, leo, leos = pair
    made(api, other, pair)
    allow(api, mia, False)
    assert mias.receive_keyword("PPR") == b"PPR,3707900032"
    assert friends(api, mia) == friends(other, leo) == []


def test_the_watch_ends_it(api, other, pair):
    mia, mias, leo, leos = pair
    made(api, other, pair)
    mias.send("PPR,3707900099")  # nobody's
    mias.send("PPR,3707900032")
    eventually(lambda: friends(other, leo) == [], what="no friend")
    assert leos.receive_keyword("PPR") == b"PPR,3707900031"


def test_watches_that_are_not_together_and_three_at_once_find_nobody(api, other, pair):
    mia, mias, leo, leos = pair
    allow(api, mia)
    allow(other, leo)
    mias.send(touch())
    leos.send(touch(lat=50.99))
    assert leos.heartbeat() == b"LK"
    tom, toms = api.claim_raw("3707900033", name="Tom")
    allow(api, tom)
    with toms:
        mias.send(touch())
        assert mias.heartbeat() == b"LK"
        leos.send(touch())
        assert {mias.receive(), leos.receive()} == {b"3707900032", b"3707900031"}
        toms.send(touch())
        assert toms.heartbeat() == b"LK"
    assert friends(api, tom) == []
