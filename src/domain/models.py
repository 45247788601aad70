"""Turns share/models.json into a C table: models.py INPUT OUTPUT. A file of another form stops the build."""

import json
import re
import sys

LISTS = ("vendors", "versions", "types", "has", "lacks", "notes", "forms")
KEYS = {"id", "name", "sources", *LISTS}
FORMS = {"fall_switch"}


def check(models):
    ids = [m["id"] for m in models]
    assert len(ids) == len(set(ids)), "an id stands twice"
    for m in models:
        assert set(m) == KEYS, f"{m['id']}: other members than {sorted(KEYS)}"
        assert m["sources"], f"{m['id']}: without a source"
        assert all(re.fullmatch(r"[a-z0-9_]{1,32}", w) for w in [m["id"], *m["has"], *m["lacks"], *m["notes"]]), m["id"]
        assert all(re.fullmatch(r"[0-9A-Za-z]{2,6}", v) for v in m["vendors"]), m["id"]
        assert all(re.fullmatch(r"[0-9A-Za-z_.-]{2,24}", v) for v in m["versions"] + m["types"]), m["id"]
        assert set(m["forms"]) <= FORMS, m["id"]
        assert not set(m["has"]) & set(m["lacks"]), m["id"]
        assert all(m[k] == sorted(set(m[k])) for k in ("has", "lacks", "notes")), f"{m['id']}: not sorted"


def text(value):
    assert value.isascii() and '"' not in value and "\\" not in value, value
    return f'"{value}"'


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        models = json.load(f)["models"]
    check(models)
    with open(sys.argv[2], "w", encoding="ascii") as out:
        out.write('#include "domain/model.h"\n\n')
        for i, m in enumerate(models):
            for key in LISTS[:-1]:
                words = "".join(f"{text(w)}, " for w in m[key])
                out.write(f"static const char *const {key}_{i}[] = {{{words}NULL}};\n")
        out.write("\nconst struct model models[] = {\n")
        for i, m in enumerate(models):
            lists = ", ".join(f"{key}_{i}" for key in LISTS[:-1])
            has_switch = "true" if "fall_switch" in m["forms"] else "false"
            out.write(f"\t{{{text(m['id'])}, {text(m['name'])}, {lists}, {has_switch}}},\n")
        out.write("};\nconst size_t models_n = sizeof models / sizeof models[0];\n")


main()
