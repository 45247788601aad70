"""Each check of scripts/lint finds what it is for: a small repository with one fault each time."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = "rooms = [\n\t['base', []],\n\t['watch', ['base']],\n]\n"
GOOD_HEADER = "/* A number. */\n#pragma once\n\nint base_number(void);\n"
GOOD_SOURCE = '#include "base/number.h"\n\nint base_number(void)\n{\n\treturn 1;\n}\n'


@pytest.fixture
def repository(tmp_path):
    """The checks, and a room in which nothing is wrong."""
    for name in ("scripts/lint", ".clang-format", ".clang-tidy"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    write(tmp_path, "src/meson.build", ROOMS)
    write(tmp_path, "src/base/number.h", GOOD_HEADER)
    write(tmp_path, "src/base/number.c", GOOD_SOURCE)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    return tmp_path


def write(folder, name, text):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def lint(folder, check):
    result = subprocess.run([folder / "scripts/lint", check], cwd=folder, capture_output=True, text=True, check=False)
    return result.returncode, result.stdout


FAULTS = [
    ("format", "src/base/number.c", GOOD_SOURCE.replace("\treturn", "    return")),
    ("banned", "src/base/number.c", GOOD_SOURCE.replace("return 1", "return at" + "oi(\"1\")")),
    ("banned", "src/base/number_test.c", "void f(void)\n{\n\tusl" + "eep(1);\n}\n"),
    ("banned", "src/base/number.c", GOOD_SOURCE.replace("return 1", "ex" + "it(1)")),
    ("banned", "tests/test_x.py", "import time\ntime.sl" + "eep(1)\n"),
    ("banned", "tests/test_x.py", "@pytest.mark.sk" + "ip\ndef test_x():\n    pass\n"),
    ("banned", "web/test/x.test.ts", "it.sk" + "ip('x', () => {});\n"),
    ("banned", "src/base/number.c", GOOD_SOURCE.replace("return 1;", "return 1; /* TO" + "DO */")),
    ("includes", "src/base/number.c", GOOD_SOURCE.replace("\n\n", '\n#include "watch/frame.h"\n\n', 1)),
    ("includes", "src/base/number.c", "#include <stdio.h>\n" + GOOD_SOURCE),
    ("headers", "src/base/number.h", GOOD_HEADER.replace("int base", "size_t base")),
    ("sizes", "src/base/number.c", GOOD_SOURCE.replace("\treturn 1;\n", "\t;\n" * 101 + "\treturn 1;\n")),
    ("secrets", "src/base/number.c", "/* -----BEGIN RSA PRIV" + "ATE KEY----- */\n" + GOOD_SOURCE),
    ("secrets", "tests/x.py", 'api_key = "' + "0123456789abcdef" * 2 + '"\n'),
    ("paths", "docs/x.md", "see /ho" + "me/somebody/x\n"),
    ("scripts", "scripts/x", "#!/bin/sh\nif true; then\n"),
    ("scripts", "tests/x.py", "def f(:\n"),
    ("scripts", "tests/data/x.json", "{'a': 1}\n"),
    ("cppcheck", "src/base/number.c",
     GOOD_SOURCE.replace("return 1", "int a[2] = {1, 2};\n\tint i = 2;\n\treturn a[i]")),
    ("analyze", "src/base/number.c", GOOD_SOURCE.replace("return 1", "int *p = 0;\n\treturn *p")),
    ("tidy", "src/base/number.c", GOOD_SOURCE.replace("return 1", "int *p = 0;\n\treturn *p")),
]


@pytest.mark.parametrize("check", sorted({fault[0] for fault in FAULTS}))
def test_clean_source_passes(repository, check):
    code, output = lint(repository, check)
    assert (code, output.splitlines()[-1]) == (0, "1 passed, 0 failed")


def test_a_call_may_be_allowed_with_a_reason(repository):
    call = "return at" + "oi(\"1\"); /* allowed: "
    write(repository, "src/base/number.c", GOOD_SOURCE.replace("return 1;", call + "the oracle */"))
    assert lint(repository, "banned")[0] == 0
    write(repository, "src/base/number.c", GOOD_SOURCE.replace("return 1;", call + "*/"))
    assert lint(repository, "banned")[0] == 1


@pytest.mark.parametrize(("check", "name", "text"), FAULTS, ids=lambda value: str(value)[:24].strip())
def test_a_fault_is_found(repository, check, name, text):
    write(repository, name, text)
    code, output = lint(repository, check)
    assert code == 1
    assert name in output
    assert output.splitlines()[-1] == "0 passed, 1 failed"
