"""What the README tells people to type exists."""

import re
import subprocess

import pytest


def commands(root):
    text = (root / "README.md").read_text(encoding="utf-8")
    return re.findall(r"^(make \w+|build/kinward \w+)", text, re.M) + re.findall(r"`(make \w+|build/kinward \w+)", text)


def test_every_make_command_of_the_readme_is_a_target(root):
    targets = set(re.findall(r"^(\w+):", (root / "Makefile").read_text(encoding="utf-8"), re.M))
    wanted = {c.split()[1] for c in commands(root) if c.startswith("make ")}
    assert {"run", "test", "demo"} <= wanted <= targets


def test_every_subcommand_of_the_readme_is_there(root, kinward):
    usage = subprocess.run([kinward], capture_output=True, text=True, check=False)
    for word in {c.split()[1] for c in commands(root) if c.startswith("build/")}:
        assert re.search(rf"^\s+{word}\s", usage.stdout + usage.stderr, re.M), word


@pytest.mark.parametrize("name", ["README.md", "docs/architecture.md", "docs/development.md"])
def test_links_of_the_manuals_lead_somewhere(root, name):
    page = root / name
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{name} links to {target}"
