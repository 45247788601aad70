"""The table of results: on the terminal, and as Markdown for docs/benchmarks.md."""

from dataclasses import dataclass
from typing import Optional

HEAD = ("what", "measured", "floor in the same run", "ratio", "target", "met")


@dataclass
class Row:
    what: str
    measured: str
    floor: str = ""
    ratio: Optional[float] = None
    target: str = ""
    met: Optional[bool] = None  # None: no target, told for the reader

    def cells(self):
        met = {None: "", True: "yes", False: "NO"}[self.met]
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        return (self.what, self.measured, self.floor, ratio, self.target, met)


def text(rows):
    lines = [HEAD, *(row.cells() for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEAD))]
    out = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines]
    out.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(out)


def markdown(rows):
    lines = [HEAD, ("---",) * len(HEAD), *(row.cells() for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
