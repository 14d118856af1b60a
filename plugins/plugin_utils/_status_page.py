# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""How instances stand, as a table of text, as a page and as JSON: the same in each."""

from __future__ import annotations

import html
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.plugin_utils._status import age

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from ansible_collections.flant.gitops.plugins.plugin_utils._status import Standing

COLUMNS = ("HOST", "INSTANCE", "STATE", "SINCE", "DEPLOYED", "LAST-RUN", "LAST-POLL", "SIGNERS", "KEY", "REASON")
_SHORT = 12  # digits of a commit's id
# No script and nothing from elsewhere, whatever the page is taken for: see https://www.w3.org/TR/CSP3/
_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>flant.gitops</title>
<style>
body {{ font-family: sans-serif }}
table {{ border-collapse: collapse }}
th, td {{ border: 1px solid #999; padding: 0.3em 0.6em; text-align: left; vertical-align: top }}
td {{ overflow-wrap: anywhere }}
</style>
</head>
<body>
<p>{now}</p>
<table>
{rows}
</table>
</body>
</html>
"""


def as_lines(standings: Sequence[Standing], now: datetime) -> list[str]:
    """Return a table with a line of headings, columns as wide as they need to be."""
    rows = [COLUMNS, *(_cells(each, now, _SHORT) for each in standings)]
    widths = [max(map(len, column)) for column in zip(*rows)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]


def as_page(standings: Sequence[Standing], now: datetime) -> str:
    """Return a page of HTML in which all words stand between tags, and none in one."""
    head = "".join(f"<th>{name}</th>" for name in COLUMNS)
    rows = ["".join(f"<td>{html.escape(cell)}</td>" for cell in _cells(each, now, None)) for each in standings]
    table = "\n".join(f"<tr>{row}</tr>" for row in (head, *rows))
    return _PAGE.format(now=now.strftime("%Y-%m-%dT%H:%M:%SZ"), rows=table)


def as_json(standings: Sequence[Standing]) -> str:
    """Return a list of objects, one an instance."""
    objects = [{**asdict(each), "last_run": each.last_run._asdict() if each.last_run else None} for each in standings]
    return json.dumps(objects, indent=2) + "\n"


def _cells(each: Standing, now: datetime, digits: int | None) -> tuple[str, ...]:
    run = each.last_run
    last_run = f"{run.commit[:digits]} rc {run.rc}" if run else ""
    if run and run.finished_at:
        last_run += f" {age(run.finished_at, now)} ago"
    signers = ", ".join(each.signers)
    cells = (each.since, each.deployed[:digits], last_run, each.last_poll, signers, each.key, each.reason)
    return (each.host, each.instance, each.state, *(cell or "-" for cell in cells))
