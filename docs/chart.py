# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draw what ``make bench`` has measured: each ratio beside the floor or the peer, which is one, and its goal.

    python docs/chart.py    draws docs/benchmarks.json again, after a change to this file

The scale is logarithmic, so that half and twice are as far from one. What is no ratio, such as MiB, is told in figures.
"""

from __future__ import annotations

import ast
import html
import json
import math
import re
import textwrap
from pathlib import Path
from typing import TypedDict

DOCS = Path(__file__).parent
DATA = DOCS / "benchmarks.json"
DRAWING = DOCS / "docsite/images/benchmarks.svg"

WIDTH = 900
LEFT, RIGHT = 470, 760  # where the scale begins and ends
LEAST, MOST = 0.05, 10.0  # what the scale holds
MARKS = (0.1, 0.25, 0.5, 1, 2, 4, 8)
LINE, MARGIN, TOP = 15, 24, 96
BOLD, SMALL, AT_RIGHT = 'font-weight="bold"', 'class="small"', 'text-anchor="end"'
SMALL_AT_RIGHT, SMALL_IN_THE_MIDDLE = f"{SMALL} {AT_RIGHT}", f'{SMALL} text-anchor="middle"'
LABEL_LENGTH = 62  # characters to a line

LICENCE = "\n".join(line.removeprefix("# ") for line in Path(__file__).read_text(encoding="utf-8").splitlines()[:3])
HEAD = """\
<!-- {licence}
Drawn by docs/chart.py from docs/benchmarks.json. -->
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-labelledby="title" \
font-family="Helvetica, Arial, sans-serif" font-size="12">
  <title id="title">How long each job takes, or how much it needs, as a ratio to a floor or a peer</title>
  <style>
    .ground {{ fill: #ffffff; stroke: #d0d7de }} text {{ fill: #1f2328 }} .small {{ fill: #57606a }}
    .ok {{ fill: #2da44e }} .missed {{ fill: #bc4c00 }} .goal {{ stroke: #1f2328; stroke-width: 2 }}
    .scale {{ stroke: #d0d7de }} .one {{ stroke: #57606a }}
    @media (prefers-color-scheme: dark) {{
      .ground {{ fill: #0d1117; stroke: #30363d }} text {{ fill: #e6edf3 }} .small {{ fill: #9da7b1 }}
      .ok {{ fill: #3fb950 }} .missed {{ fill: #f0883e }} .goal {{ stroke: #e6edf3 }}
      .scale {{ stroke: #30363d }} .one {{ stroke: #9da7b1 }}
    }}
  </style>
  <rect class="ground" x="1" y="1" width="{inner_width}" height="{inner_height}" rx="10"/>
"""


class Row(TypedDict):
    """A line of the table that ``make bench`` prints."""

    what: str
    measured: float
    goal: float
    reached: bool  # by the figure itself, which stands here rounded


class Script(TypedDict):
    """What one script has measured, and the question that it answers."""

    asks: str
    rows: list[Row]


class Benchmarks(TypedDict):
    """All that ``make bench`` has measured, and on which machine."""

    machine: str
    scripts: list[Script]


def main() -> None:
    """Draw what is in the data file."""
    DRAWING.write_text(drawing(json.loads(DATA.read_text(encoding="utf-8"))), encoding="utf-8")


def question(script: Path) -> str:
    """Return the sentence that a benchmark's script begins with."""
    said = ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))) or ""
    return said.partition("\n\n")[0].replace("\n", " ").replace("``", "")


def rows(output: str) -> list[Row]:
    """Return the rows of the table in what a benchmark has printed, which may print other things, too."""
    found = [re.split(" {2,}", line) for line in output.splitlines() if line.endswith(("  ok", "  MISSED"))]
    return [
        Row(what=what, measured=float(measured), goal=float(goal), reached=verdict == "ok")
        for what, measured, goal, verdict in found
    ]


def write(benchmarks: Benchmarks) -> None:
    """Write the data file, and draw it."""
    DATA.write_text(json.dumps(benchmarks, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    main()


def drawing(benchmarks: Benchmarks) -> str:
    """Return the chart, as SVG that follows a reader's preference of light or dark."""
    parts, top = [], TOP
    for script in benchmarks["scripts"]:
        top += LINE
        for line in textwrap.wrap(script["asks"], LABEL_LENGTH):
            parts.append(_text(MARGIN, top, line, BOLD))
            top += LINE
        top += 5
        for row in script["rows"]:
            lines = textwrap.wrap(row["what"], LABEL_LENGTH)
            parts += [_text(MARGIN, top + number * LINE, line) for number, line in enumerate(lines)]
            parts += _figures(row, top)
            if is_ratio(row):
                parts += _bar(row, top)
            top += len(lines) * LINE + 4
    height = top + MARGIN
    head = HEAD.format(licence=LICENCE, width=WIDTH, height=height, inner_width=WIDTH - 2, inner_height=height - 2)
    return "\n".join([head, *_legend(benchmarks["machine"]), *_scale(top), *parts, "</svg>", ""])


def is_ratio(row: Row) -> bool:
    """Tell whether a row compares with something else, which its words name behind a slash."""
    return " / " in row["what"]


def place(ratio: float) -> float:
    """Return where a ratio stands between left and right; one beyond the scale stands at its end."""
    share = (math.log(ratio) - math.log(LEAST)) / (math.log(MOST) - math.log(LEAST)) if ratio > 0 else 0
    return round(LEFT + min(max(share, 0), 1) * (RIGHT - LEFT), 1)


def _legend(machine: str) -> list[str]:
    right = RIGHT - 8
    return [
        _text(MARGIN, 30, "ours / the floor or peer that is named behind the slash, which is 1", BOLD),
        _text(MARGIN, 50, machine, SMALL),
        f'  <rect class="ok" x="{LEFT}" y="20" width="18" height="10"/>',
        _text(LEFT + 24, 30, "within its goal"),
        f'  <rect class="missed" x="{LEFT + 120}" y="20" width="18" height="10"/>',
        _text(LEFT + 144, 30, "not yet"),
        f'  <path class="goal" d="M{right - 60} 18v14"/>',
        _text(right - 52, 30, "the goal"),
    ]


def _scale(bottom: int) -> list[str]:
    lines = []
    for mark in MARKS:
        css = "one" if mark == 1 else "scale"
        lines.append(f'  <path class="{css}" d="M{place(mark)} {TOP - 14}V{bottom}"/>')
        lines.append(_text(place(mark), TOP - 20, f"{mark:g}", SMALL_IN_THE_MIDDLE))
    return [*lines, _text(WIDTH - MARGIN, TOP - 20, "measured, goal", SMALL_AT_RIGHT)]


def _bar(row: Row, top: int) -> list[str]:
    start, end = sorted((place(1), place(row["measured"])))
    css = "ok" if row["reached"] else "missed"
    goal = place(row["goal"])
    return [
        f'  <rect class="{css}" x="{start}" y="{top - 9}" width="{round(end - start, 1)}" height="10"/>',
        f'  <path class="goal" d="M{goal} {top - 11}v14"/>',
    ]


def _figures(row: Row, top: int) -> list[str]:
    return [
        _text(WIDTH - MARGIN - 55, top, f"{row['measured']:.2f}", AT_RIGHT),
        _text(WIDTH - MARGIN, top, f"{row['goal']:.2f}", SMALL_AT_RIGHT),
    ]


def _text(left: float, top: float, words: str, attributes: str = "") -> str:
    return f'  <text x="{left}" y="{top}"{attributes and " "}{attributes}>{html.escape(words)}</text>'


if __name__ == "__main__":
    main()
