# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the chart of ``make bench`` is drawn, and that the one in the sources is of the figures in the sources."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from ansible_collections.flant.gitops.docs import chart

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.docs.chart import Benchmarks, Row

COLLECTION = Path(__file__).resolve().parents[3]
SVG = "{http://www.w3.org/2000/svg}"
OUTPUT = """\
compiling ...
whole process / ls-remote  1.10  1.10  MISSED
memory, in MiB  0.25  8.00  ok
that is all
"""


def row(measured: float, goal: float = 1.0, what: str = "ours / theirs") -> Row:
    return {"what": what, "measured": measured, "goal": goal, "reached": measured <= goal}


def drawn(*rows: Row, asks: str = "What it costs.") -> ET.Element:
    benchmarks: Benchmarks = {"machine": "2 processors", "scripts": [{"asks": asks, "rows": list(rows)}]}
    return ET.fromstring(chart.drawing(benchmarks))  # noqa: S314 -- our own


def bars(drawing: ET.Element) -> list[tuple[str, float, float]]:
    """Return what colour each bar has, where it begins and where it ends."""
    _ground, _ok, _missed, *found = drawing.iter(f"{SVG}rect")
    return [
        (each.attrib["class"], float(each.attrib["x"]), float(each.attrib["x"]) + float(each.attrib["width"]))
        for each in found
    ]


def words(drawing: ET.Element) -> list[str]:
    return ["".join(each.itertext()) for each in drawing.iter(f"{SVG}text")]


def test_rows_are_found_among_what_else_a_benchmark_prints() -> None:
    assert chart.rows(OUTPUT) == [
        {**row(1.1, 1.1, "whole process / ls-remote"), "reached": False},
        row(0.25, 8.0, "memory, in MiB"),
    ]


def test_question_is_the_sentence_that_a_script_begins_with(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text('"""What ``true`` costs,\nbare.\n\nNeeds root.\n"""\n', encoding="utf-8")
    assert chart.question(script) == "What true costs, bare."


def test_bar_goes_from_one_to_the_ratio_whichever_is_more() -> None:
    one = chart.place(1)
    (_css, *quick), (_css, *slow) = bars(drawn(row(0.25, 0.5), row(4, 5)))
    assert quick == [chart.place(0.25), pytest.approx(one, abs=0.1)]
    assert slow == [one, pytest.approx(chart.place(4), abs=0.1)]
    assert one - quick[0] == pytest.approx(slow[1] - one, abs=0.2)


@pytest.mark.parametrize(("reached", "css"), [(True, "ok"), (False, "missed")], ids=["reached", "missed"])
def test_goal_that_is_missed_has_another_colour(reached: bool, css: str) -> None:
    rounded: Row = {**row(1.1, 1.1), "reached": reached}
    assert [colour for colour, *_ends in bars(drawn(rounded))] == [css]


@pytest.mark.parametrize("measured", [0, 0.001, 1000])
def test_what_is_beyond_the_scale_ends_with_it(measured: float) -> None:
    ((_css, start, end),) = bars(drawn(row(measured)))
    assert chart.LEFT <= start < end <= chart.RIGHT


def test_what_is_no_ratio_is_told_in_figures_alone() -> None:
    drawing = drawn(row(5.2, 8, "memory, in MiB"))
    assert bars(drawing) == []
    assert {"memory, in MiB", "5.20", "8.00", "What it costs.", "2 processors"} <= set(words(drawing))


def test_words_are_text_whatever_they_are() -> None:
    assert "<b> & / 'x'" in words(drawn(row(1, what="<b> & / 'x'")))


def test_long_words_are_broken_and_push_down_what_follows() -> None:
    short, long = drawn(row(1), row(2)), drawn(row(1, what="word " * 30 + "/ other"), row(2))
    assert float(long.attrib["viewBox"].split()[-1]) > float(short.attrib["viewBox"].split()[-1])
    assert max(map(len, words(long))) <= chart.LABEL_LENGTH + 10


def test_drawing_in_the_sources_is_of_the_figures_there() -> None:
    figures = json.loads((COLLECTION / "docs/benchmarks.json").read_text(encoding="utf-8"))
    drawing = (COLLECTION / "docs/docsite/images/benchmarks.svg").read_text(encoding="utf-8")
    assert drawing == chart.drawing(figures)
