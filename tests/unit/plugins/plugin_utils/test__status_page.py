# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Table, page and JSON hold the same, and nothing of it is more than text."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from html.parser import HTMLParser

from ansible_collections.flant.gitops.plugins.plugin_utils._status import Run, Standing
from ansible_collections.flant.gitops.plugins.plugin_utils._status_page import COLUMNS, as_json, as_lines, as_page

NOW = datetime(2026, 11, 28, 12, tzinfo=timezone.utc)
AT = "2026-11-28T11:00:00Z"
HOSTILE = """</td></table><script>alert("1")</script><img src=x onerror='y'>{{ 7 }} {0} & more"""
KEY = "SHA256:" + "k" * 43
STANDINGS = [
    Standing(
        "web1",
        "default",
        "failing",
        since=AT,
        deployed="a" * 40,
        last_run=Run("b" * 40, 3, AT),
        last_poll=AT,
        signers=("alice", "bob"),
        reason=HOSTILE,
        key=KEY,
    ),
    Standing("web2", "other", "never"),
]


class Reader(HTMLParser):
    """Collects cells, and the tags with attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[tuple[str, tuple[tuple[str, str | None], ...]]] = set()
        self.cells: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add((tag, tuple(attrs)))
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_data(self, data: str) -> None:
        if self.cells:
            self.cells[-1] += data


def test_table_has_a_row_for_each_and_the_last_column_is_whole() -> None:
    head, first, second = as_lines(STANDINGS, NOW)
    assert tuple(head.split()) == COLUMNS
    assert first.startswith(
        "web1  default   failing  2026-11-28T11:00:00Z  aaaaaaaaaaaa  bbbbbbbbbbbb rc 3 1h ago  2026-"
    )
    assert first.endswith(f"alice, bob  {KEY}  {HOSTILE}")
    assert second.split() == ["web2", "other", "never", *"-------"]
    assert first.index("failing") == second.index("never") == head.index("STATE")


def test_page_shows_hostile_words_as_text_and_lets_nothing_in() -> None:
    page = as_page(STANDINGS, NOW)
    reader = Reader()
    reader.feed(page)
    assert {tag for tag, _attributes in reader.tags} == {
        *("html", "head", "meta", "title", "style", "body", "p", "table", "tr", "th", "td")
    }
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    assert {attributes for _tag, attributes in reader.tags if attributes} == {
        (("lang", "en"),),
        (("charset", "utf-8"),),
        (("http-equiv", "Content-Security-Policy"), ("content", policy)),
    }
    cells = [cell.strip() for cell in reader.cells]
    assert cells[:10] == list(COLUMNS)
    first, second = cells[10:20], cells[20:]
    assert first[:8] == ["web1", "default", "failing", AT, "a" * 40, "b" * 40 + " rc 3 1h ago", AT, "alice, bob"]
    assert first[8:] == [KEY, HOSTILE]
    assert second == ["web2", "other", "never", *"-------"]


def test_json_holds_the_same() -> None:
    assert json.loads(as_json(STANDINGS)) == [
        {
            "host": "web1",
            "instance": "default",
            "state": "failing",
            "since": AT,
            "deployed": "a" * 40,
            "last_run": {"commit": "b" * 40, "rc": 3, "finished_at": AT},
            "last_poll": AT,
            "signers": ["alice", "bob"],
            "reason": HOSTILE,
            "key": KEY,
        },
        {
            "host": "web2",
            "instance": "other",
            "state": "never",
            "since": "",
            "deployed": "",
            "last_run": None,
            "last_poll": "",
            "signers": [],
            "reason": "",
            "key": "",
        },
    ]


def test_fifty_hosts_are_one_table() -> None:
    many = [Standing(f"web{number}", "default", "ok") for number in range(50)]
    lines = as_lines(many, NOW)
    assert len(lines) == 51
    assert len({line.index("ok") if number else line.index("STATE") for number, line in enumerate(lines)}) == 1
    assert as_page(many, NOW).count("<tr>") == 51
