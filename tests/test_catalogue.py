"""The catalogue of what may be sent, which all whole-program tests check the server against."""

import json
from pathlib import Path

import pytest
from kit.catalogue import problem

LINES = [
    json.loads(line)
    for line in (Path(__file__).parent / "data" / "frames.jsonl").read_text(encoding="utf-8").splitlines()
    if line
]
# Printed in documents, but not as we send it: unpadded books, blanks, several switches, forbidden ones.
NOT_OURS = ("MONITOR", "IP,", "PHB,110", "PHB2,110", "PHB,31", "PHB2,31", "PHB3,31", "DOWNVCWW", "CPSMS,1", "APPLOCK,WX")


def text_of(line):
    return line.get("frame") or bytes.fromhex(line["hex"]).decode("latin-1")


def test_what_the_documents_print_is_in_the_catalogue():
    down = [x for x in LINES if x.get("dir") == "down" and not x.get("invalid")]
    strange = [text_of(x) for x in down if problem(text_of(x))]
    expected = [text_of(x) for x in down if any(f"*{k}" in text_of(x) for k in NOT_OURS) or " " in text_of(x)]
    padded = [x for x in expected if ",,,,,,,," in x]
    assert sorted(strange) == sorted(x for x in expected if x not in padded)
    replies = [x["reply"] for x in LINES if x.get("dir") == "up" and x.get("reply")]
    assert len(replies) > 50 and not [r for r in replies if problem(r)]


@pytest.mark.parametrize(
    "content",
    ["MONITOR", "MONITOR,112", "RECORD", "IP,1.2.3.4,80", "ACALL,112", "AUTO,1", "CPSMS,1", "UPLOAD,600 ", "SOS1,*21#",
     "MESSAGE,00", "REMIND,8:10-1-1", "SPOF", "TK,[x]", "SILENCETIME2,08:00-09:00", "SOS,1,2", "LK,1", "UNKNOWN"],
)  # fmt: skip
def test_what_must_not_be_sent_is_noticed(content):
    assert problem(f"[3G*8800000015*{len(content):04X}*{content}]")
    assert problem(f"3G*8800000015*{len(content):04X}*{content}]") == "no frame"


@pytest.mark.parametrize("vendor, content", [
    ("3G", "SILENCETIME2,08:00-09:00-0111110"), ("YS", "SILENCETIME2,08:00-09:00-1-0111110"),
    ("YS", "PHB1,,,,,,,,,,"), ("3G", "ACALL,0"), ("3G", "CENTER,"), ("3G", "LK"), ("3G", "8800000016"),
    ("3G", "RYIMEI"), ("3G", "RYIMEI,1"), ("3G", "TK,1"), ("3G", "JXTKR,1"), ("3G", "PPR"), ("3G", "rcapture"),
])  # fmt: skip
def test_what_may_be_sent_passes(vendor, content):
    assert problem(f"[{vendor}*8800000015*{len(content):04X}*{content}]") is None
