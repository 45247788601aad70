"""The supervisor: starting, refusing to start, starting dead roles again, stopping; and what roles may not do."""

import os
import re
import signal
import subprocess

from kit.ports import free_port
from kit.process import Process, children, eventually
from kit.watch import RawWatch


def run(kinward, *words, timeout=60):
    return subprocess.run(
        [kinward, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout, check=False
    )


def status_of(pid):
    """The fields of /proc/PID/status."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)


def lines_of(server, event):
    return [line for line in server.process.lines if f" {event} " in line]


def is_gone(pid):
    try:
        return status_of(pid)["State"].startswith("Z")
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_a_second_service_on_the_same_data_folder_is_refused(server, kinward):
    second = run(
        kinward, "serve", "--set", f"data_dir={server.data}", "--set", f"watch_listen=127.0.0.1:{free_port()}",
        "--set", f"web_listen=127.0.0.1:{free_port()}",
    )
    assert second.returncode == 1
    assert "another kinward works on the data folder /" in second.stderr
    with RawWatch(server.watch_port) as watch:
        watch.heartbeat()


def test_a_port_that_is_taken_is_named(server, kinward, tmp_path):
    second = run(
        kinward, "serve", "--set", f"data_dir={tmp_path / 'other'}",
        "--set", f"watch_listen=127.0.0.1:{server.watch_port}", "--set", f"web_listen=127.0.0.1:{free_port()}",
    )
    assert second.returncode == 1
    assert f"somebody listens on 127.0.0.1:{server.watch_port} already" in second.stderr


def test_a_wrong_setting_is_named_with_its_place(kinward, tmp_path):
    config = tmp_path / "kinward.conf"
    config.write_text("# limits\nidle_s = 20\nfirst_frame_s = never\n", encoding="ascii")
    refused = run(kinward, "serve", "--config", config)
    assert refused.returncode == 2
    assert "kinward.conf line 3: first_frame_s: a whole number from 1 to 3600 s is wanted" in refused.stderr
    refused = run(kinward, "serve", "--set", "gatways=3")
    assert refused.returncode == 2
    assert "no setting is named gatways; is gateways meant?" in refused.stderr


def test_printed_settings_are_a_settings_file(kinward, tmp_path):
    config = tmp_path / "kinward.conf"
    config.write_text(run(kinward, "settings", "--set", "idle_s=77").stdout, encoding="utf-8")
    again = run(kinward, "settings", "--config", config)
    assert again.returncode == 0
    assert "\nidle_s = 77\n" in again.stdout
    assert again.stdout == config.read_text(encoding="utf-8")


def test_the_documented_settings_are_those_of_the_program(kinward, root):
    assert run(kinward, "settings").stdout == (root / "docs" / "kinward.conf").read_text(encoding="utf-8")


def test_roles_are_not_started_by_hand(kinward):
    for words in (
        ["role"], ["role", "gateway"], ["role", "gateway", "--index", "0", "--links", "1"],
        ["role", "courier", "--index", "0", "--links", "0"],
    ):
        assert run(kinward, *words).returncode == 2


def test_doctor_says_what_is_in_the_way(server, kinward, tmp_path):
    words = ["doctor", "--set", f"data_dir={tmp_path / 'new'}", "--set", f"web_listen=127.0.0.1:{free_port()}"]
    good = run(kinward, *words, "--set", f"watch_listen=127.0.0.1:{free_port()}")
    assert good.returncode == 0, good.stdout
    assert "BAD" not in good.stdout
    assert "landlock" in good.stdout and "seccomp" in good.stdout
    assert re.search(r"^ok +media +.* 64 MB and 2 s ", good.stdout, re.M)
    bad = run(kinward, *words, "--set", f"watch_listen=127.0.0.1:{server.watch_port}")
    assert bad.returncode == 1
    assert re.search(r"^BAD +watch port +somebody listens on", bad.stdout, re.M)


def test_roles_run_with_few_rights(server):
    for name in ("gateway", "courier", "media", "server"):
        for pid in server.roles(name):
            status = status_of(pid)
            assert status["NoNewPrivs"] == "1"
            assert status["CoreDumping"] == "0"
            assert int(status["CapEff"], 16) & ~2 == 0  # at most reading foreign files, as root's server
            if name != "server":
                assert int(status["CapEff"], 16) == 0
                assert "0" not in status["Uid"].split()
                assert status["Groups"].strip() in ("", status["Gid"].split()[0])
            if any("seccomp=yes" in line for line in lines_of(server, f"{name}.ready") + lines_of(server, "server.sandbox")):
                assert status["Seccomp"] == "2"


def test_a_role_that_dies_again_and_again_is_started_later_each_time(server):
    for _ in range(3):
        server.kill_role("gateway")
        with RawWatch(server.watch_port) as watch:
            watch.heartbeat()
    waits = [int(re.search(r"ms=(\d+)", line)[1]) for line in lines_of(server, "supervisor.role_waits")]
    gateways = [re.search(r"role=(\S+)", line)[1] for line in lines_of(server, "supervisor.role_waits")]
    for name in set(gateways):
        own = [wait for wait, gateway in zip(waits, gateways) if gateway == name]
        assert own == [100 * 2**n for n in range(len(own))]


def test_gateways_stop_before_the_server(server):
    with RawWatch(server.watch_port) as watch:
        watch.heartbeat()
        assert server.stop() == 0
    ended = [re.search(r"role=(\S+)", line)[1] for line in lines_of(server, "supervisor.role_ended")]
    assert sorted(ended[:-1]) == ["courier", "gateway-0", "gateway-1", "media"]
    assert ended[-1] == "server"
    assert "supervisor.stopped clean=yes" in server.process.lines[-1]


def test_a_terminals_interrupt_is_a_clean_stop(server):
    with RawWatch(server.watch_port) as watch:
        watch.heartbeat()
        os.killpg(server.process.pid, signal.SIGINT)  # as ^C does: every process gets it
        assert server.process.child.wait(60) == 0


def test_asking_twice_ends_at_once(server):
    stuck = server.roles("server")[0]
    os.kill(stuck, signal.SIGSTOP)
    server.process.signal(signal.SIGTERM)
    server.process.wait_line(lambda line: "supervisor.stopping" in line)
    server.process.signal(signal.SIGTERM)
    assert server.process.child.wait(15) == 1
    assert is_gone(stuck)


def test_hangup_changes_nothing(server):
    server.process.signal(signal.SIGHUP)
    server.process.wait_line(lambda line: "supervisor.hangup" in line)
    with RawWatch(server.watch_port) as watch:
        watch.heartbeat()


def test_roles_end_when_the_supervisor_is_killed(server):
    pids = server.roles("gateway") + server.roles("server")
    os.kill(server.process.pid, signal.SIGKILL)
    for pid in pids:
        eventually(lambda p=pid: is_gone(p), timeout=30, what=f"the end of role {pid}")
    server.process.child.wait(10)


def test_a_server_that_cannot_start_ends_the_service(kinward, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "kinward.db").write_text("this is no database, and was never one " * 40, encoding="ascii")
    process = Process(
        [kinward, "serve", "--set", f"data_dir={data}", "--set", f"watch_listen=127.0.0.1:{free_port()}",
         "--set", f"web_listen=127.0.0.1:{free_port()}"], tmp_path,
    )
    assert process.child.wait(60) == 1
    process.wait_line(lambda line: "supervisor.gave_up role=server" in line)


def test_a_connection_lives_through_a_new_server(server, api):
    _, watch = api.claim_raw("8800000015")
    with watch:
        server.kill_role("server")
        watch.heartbeat()
        watch.send("AL,180916,064153,A,22.570512,N,113.8623267,E,0.00,154.8,0.0,11,100,100,0,0,00010000")
        watch.receive_keyword("AL")  # answered by the new server, after its commit


def test_nothing_else_is_started(server):
    roles = children(server.process.pid)
    assert sorted(words[2] for _, words in roles) == ["courier", "gateway", "gateway", "media", "server"]
