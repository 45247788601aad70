"""`kinward partner`: an operator without the app."""

import subprocess

from kit.partner import Partner


def test_a_partner_is_listed_stopped_started_and_deleted(api, server, kinward):
    def run(*words):
        command = [kinward, "partner", *words, "--set", f"data_dir={server.data}"]
        return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)

    with Partner.register(api) as partner:
        partner.sign_in()
        listed = run("list")
        assert listed.returncode == 0, listed.stderr
        assert partner.id in listed.stdout and "Acme Care" in listed.stdout and "active" in listed.stdout
        assert run("stop", partner.id).returncode == 0
        partner.refused(401, "token_invalid", "GET", "/wearers")
        assert "stopped" in run("list").stdout
        assert run("start", partner.id).returncode == 0
        partner.sign_in().ok("GET", "/wearers")
        assert run("stop", "0" * 32).returncode != 0
        assert run("stop", "nobody").returncode != 0
        assert run("delete", partner.id).returncode == 0
        partner.refused(401, "token_invalid", "GET", "/wearers")
        assert run("list").stdout == ""
