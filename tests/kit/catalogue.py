"""What a server may send to a watch, by the catalogue alone (tests/data/commands.json): independent of the program."""

import json
import re
from pathlib import Path

CATALOGUE = json.loads((Path(__file__).resolve().parent.parent / "data" / "commands.json").read_text(encoding="utf-8"))
PLAIN_PORTS = set()  # of the small servers of our own, which send what they want
ANY_BYTES = r"(?:[^\[\],*}]|}[\x01-\x05])"  # a payload: escaped
# In the catalogue, and yet never sent by this server: moves the watch, speaks for the wearer, needs a third party.
NEVER = {"IP", "SMS", "DOWNVCWW", "DOWNAPPHANGUP", "UPVCALLAPP", "UPGVUL", "PPQ"}
HEAD = re.compile(r"\[(\w{2,6})\*(\w{5,20})\*(?:[0-9A-F]{4}\*)?[0-9A-Fa-f]{4}\*(.*)\]", re.DOTALL)
# Values that the catalogue prints in words.
OWN = {
    "amr_escaped": rf"#!AMR\n{ANY_BYTES}{{13,10200}}",
    "jpeg_escaped": rf"{ANY_BYTES}{{4,10200}}",
}


def of_type(param):
    """The pattern of one value."""
    kind = param["type"]
    if kind == "group":
        return ",".join(of_type(p) for p in param["of"] if not p.get("optional"))
    if kind == "enum":
        pattern = "|".join(re.escape(k) for k in param["values"])
    else:
        pattern = OWN.get(kind) or CATALOGUE["types"][kind].removeprefix("^").removesuffix("$")
    optional = "|" if param.get("optional") or "empty" in param else ""
    return f"(?:{pattern}{optional})"


def repeated(param):
    low, high = param["repeat"]
    return f"{of_type(param)}(?:,{of_type(param)}){{{low - 1},{high - 1}}}"


def pattern_of(row, form=None, changed=None):
    """The whole content as a regular expression, from the printed form."""
    form = form or row["form"]
    params = {p["name"]: p | ({"type": changed[p["name"]]} if changed and p["name"] in changed else {}) for p in row["params"]}
    groups = [p for p in row["params"] if p["type"] in ("group", "app_switch") and "repeat" in p]
    if groups and row["keyword"] != "WT_FUTR":
        return f"{re.escape(row['keyword'])},{repeated(groups[0])}"
    out = ""
    for piece in re.split(r"(\[[^\]]*\.\.\]|\[,?\{\w+\}\]|\{\w+\}(?:x\d+)?)", form):
        name = re.search(r"\{(\w+)\}", piece)
        if piece.endswith("..]"):
            continue  # the repetition of what stands before it
        if name is None:
            out += re.escape(piece)
        elif piece.startswith("["):
            out += f"(?:,{of_type(params[name[1]])})?"
        elif row["keyword"] == "WT_FUTR" and name[1] == "day":
            parts = {p["name"]: of_type(p) for p in params["day"]["of"]}
            day = ",".join(parts[n] for n in ("text", "code", "high", "low"))
            out += f"{day}(?:,[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}},{day}){{3}}"
        elif "repeat" in params[name[1]] and form.count(f"{{{name[1]}}}") == (2 if ".." in form else 1):
            out += repeated(params[name[1]])
        else:
            out += of_type(params[name[1]])
    return out


def patterns():
    made = {}
    for row in CATALOGUE["down"]:
        forms = [(pattern_of(row), row.get("only"))]
        if "alternative" in row:
            forms.append((re.escape(row["alternative"]), None))
        if row.get("class_by_value"):
            forms = [(f"{re.escape(row['keyword'])},{value}", None) for value in row["class_by_value"]]
        for variant in row.get("variants", []):
            changed = variant.get("params_changed")
            only = variant.get("only")
            if changed:
                forms.append((pattern_of(row, changed=changed), only))
            elif row["keyword"] != "pp":
                forms.append((pattern_of(row | {"params": variant["params"]}, variant["form"]), only))
        if row["keyword"] == "pp":
            forms = [("(?:pp,)?(?:[12]|[0-9A-Za-z]{5,20})", None), (r"PP,\w{5,20},(?:[0-9A-F]{4})*,\+?[0-9]*", None)]
        if row["keyword"] in ("CENTER", "SLAVE"):
            forms.append((f"{row['keyword']},", None))  # clears
        if row["class"] == "forbidden" and not row.get("class_by_value") or row["known"] == "name_only":
            forms = []
        if row["keyword"] in NEVER:
            forms = []
        if row["keyword"] == "UPGRADE":
            forms = [("UPGRADE", None)]
        made.setdefault(row["keyword"].upper(), []).extend(forms)
    # what stands in watch.md only: the answers to voice messages of the watch
    made["TK"].append(("TK,[01]", None))
    made["TK2"].append((r"TK2,\w+,[01]", None))
    return made


PATTERNS = patterns()


def problem(frame):
    """None, or why no server may send this."""
    found = HEAD.fullmatch(frame)
    if found is None:
        return "no frame"
    vendor, _, content = found.groups()
    keyword = content.split(",")[0].upper()
    forms = PATTERNS.get(keyword) or (PATTERNS["PP"] if keyword.isalnum() and keyword[0].isdigit() else None)
    if not forms:
        return f"{keyword} is never sent"
    suitable = [form for form, only in forms if only is None or vendor.upper() in only]
    if any(re.fullmatch(form, content, re.DOTALL | re.IGNORECASE) for form in suitable):
        return None
    return f"{content[:80]!r} has none of the forms of {keyword}"
