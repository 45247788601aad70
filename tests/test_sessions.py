"""Unknown watches, second connections, half-open sockets, two talkers."""

from kit.process import eventually
from kit.watch import FALL, SOS, RawWatch, frame, position


def test_unknown_watches_get_only_their_heartbeat_answered(server, api):
    with RawWatch(server.watch_port, "8800000015") as watch:
        watch.send("CONFIG,TY:x", position("UD"), position("AL", status=SOS), "RYIMEI,863788000000154", "LK", "LK")
        assert [watch.receive(), watch.receive()] == [b"LK", b"LK"]
    assert api.alarms() == []


def test_the_operator_sees_unknown_watches_masked(server, api):
    with RawWatch(server.watch_port, "8800000015") as watch:
        watch.send("LK")
        watch.receive()
        devices = eventually(lambda: api.ok("GET", "/operator/devices")["unknown"], what="the unknown watch")
    assert len(devices) == 1
    assert devices[0]["vendor"] == "3G" and "8800000015" not in devices[0]["id_masked"]


def test_unknown_numbers_are_bounded(make_server, make_api):
    server = make_server(unknown_ids_max=50, unknown_ids_per_address_max=20)
    api = make_api(server)
    watches = []
    for n in range(60):
        watch = RawWatch(server.watch_port, f"{8800000000 + n}", source=f"127.0.{n // 15 + 1}.1")
        watch.send("LK")
        watches.append(watch)
    for watch in watches:
        assert watch.receive() == b"LK"  # served all the same
    eventually(lambda: api.limit("unknown_ids_max") >= 1, what="the limit")
    assert len(api.ok("GET", "/operator/devices")["unknown"]) <= 50
    for watch in watches:
        watch.close()


def test_unknown_numbers_of_one_address_are_bounded(make_server, make_api):
    server = make_server(unknown_ids_per_address_max=5)
    api = make_api(server)
    watches = [RawWatch(server.watch_port, f"{8800000000 + n}") for n in range(10)]
    for watch in watches:
        watch.send("LK")
        assert watch.receive() == b"LK"
    eventually(lambda: api.limit("unknown_ids_per_address_max") >= 1, what="the limit")
    assert len(api.ok("GET", "/operator/devices")["unknown"]) <= 5
    for watch in watches:
        watch.close()


def test_foreign_protocols_are_named_to_the_operator(server, api):
    for first in (b"\xffAQSH\x00\x2b\x01\x1e\x00\x00", b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x00\xa5\x01\x00\x00"):
        with RawWatch(server.watch_port) as watch:
            watch.send_bytes(first)
            assert watch.wait_closed() == b""
    found = eventually(
        lambda: len(f := api.ok("GET", "/operator/devices")["foreign"]) == 3 and f, what="three foreign protocols"
    )
    assert {f["protocol"] for f in found} == {"aqsh", "http", "tls"}
    assert all(f["count"] == 1 and f["advice"] for f in found)


def take_over(port, wire_id="8800000015"):
    """A second connection; answers the query that it gets."""
    watch = RawWatch(port, wire_id)
    watch.send("LK")
    watch.receive_keyword("VERNO")
    watch.send("VERNO,TEST_V1.0")
    return watch


def test_after_a_network_change_the_new_connection_serves_within_one_heartbeat(server, api):
    wearer, old = api.claim_raw("8800000015")
    new = take_over(server.watch_port)  # the old socket hangs half open and says nothing
    events = api.events()
    command = api.ok("POST", f"/wearers/{wearer}/commands", json={"type": "find"})
    new.receive_keyword("FIND")
    new.send("FIND")
    events.wait("command", lambda c: c["id"] == command["id"] and c["state"] == "confirmed")
    assert old.wait_closed() is not None
    assert api.ok("GET", f"/wearers/{wearer}")["device"]["conflict"] is False
    assert api.alarms() == []


def test_a_second_talker_gets_no_command_before_it_answered(server, api):
    wearer, old = api.claim_raw("8800000015")
    intruder = RawWatch(server.watch_port, "8800000015")
    intruder.send("LK")
    intruder.receive_keyword("VERNO")  # and does not answer it
    api.ok("POST", f"/wearers/{wearer}/commands", json={"type": "message", "text": "for the real one"})
    old.receive_keyword("MESSAGE")
    old.send("MESSAGE")
    intruder.send("LK")
    assert intruder.receive_keyword("LK") == b"LK"
    assert not intruder.received.count(b"MESSAGE")


def test_two_who_both_keep_talking_are_one_conflict_and_no_alarm_is_lost(server, api):
    wearer, one = api.claim_raw("8800000015")
    events = api.events()
    with RawWatch(server.watch_port, "8800000015") as two:
        two.send("LK")
        two.receive_keyword("VERNO")  # not answered; and the first one is no half-open socket:
        for _ in range(4):
            one.heartbeat()
            two.heartbeat()
        told = events.wait("alarm", lambda a: a["kind"] == "conflict").data
        assert told["wearer"] == wearer
        events.wait("wearer", lambda w: w["device"]["conflict"])
        for n in range(5):
            one.heartbeat()
            two.send(position("UD", lat=50.9 + n / 1000), "LK")
            two.receive_keyword("LK")
        two.send(position("AL", status=SOS))
        two.receive_keyword("AL")
        one.send(position("AL", status=FALL))
        one.receive_keyword("AL")
    assert sorted(a["kind"] for a in api.alarms()) == ["conflict", "fall", "sos"]
    assert "unverified" in next(a for a in api.alarms() if a["kind"] == "sos")["fix"]["marks"]
    one.close()


def test_two_who_replace_each_other_again_and_again_are_one_conflict(server, api):
    wearer, newest = api.claim_raw("8800000015")
    events = api.events()
    for _ in range(2):
        older, newest = newest, take_over(server.watch_port)
        older.wait_closed()
    older, newest = newest, take_over(server.watch_port)  # the older one stays: it would talk on
    assert events.wait("alarm", lambda a: a["kind"] == "conflict").data["wearer"] == wearer
    newest.send(position("AL", status=SOS))
    newest.receive_keyword("AL")
    assert sorted(a["kind"] for a in api.alarms()) == ["conflict", "sos"]
    older.close()
    newest.close()


def test_another_number_on_the_same_connection_closes_it(server, api):
    with RawWatch(server.watch_port, "8800000015") as watch:
        watch.heartbeat()
        watch.send_bytes(frame("LK", "8800000016"))
        watch.wait_closed()
    eventually(lambda: api.limit("id_changed") == 1, what="the count")
