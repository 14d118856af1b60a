# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from datetime import datetime, timezone

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.plugin_utils._cron import check, events

NOW = datetime(2026, 11, 29, 23, 58, 30, tzinfo=timezone.utc)  # a Sunday


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("*/5 * * * *", ["11-30 00:00", "11-30 00:05", "11-30 00:10"]),
        ("59 23 * * *", ["11-29 23:59", "11-30 23:59", "12-01 23:59"]),
        ("30 4 * * Mon", ["11-30 04:30", "12-07 04:30", "12-14 04:30"]),
        ("0 0 * * 7", ["12-06 00:00", "12-13 00:00", "12-20 00:00"]),
        ("0 12 * * fri-sun", ["12-04 12:00", "12-05 12:00", "12-06 12:00"]),
        ("0 0 1 * Mon", ["11-30 00:00", "12-01 00:00", "12-07 00:00"]),
        ("0 0 */20 * Mon", ["12-21 00:00", "02-01 00:00", "03-01 00:00"]),
        ("0 8-20/12 10 JAN-FEB *", ["01-10 08:00", "01-10 20:00", "02-10 08:00"]),
        ("15 6 24 12 *", ["12-24 06:15"]),
    ],
)
def test_cron_runs_when_its_five_fields_say(fields: str, expected: list[str]) -> None:
    assert [moment.strftime("%m-%d %H:%M") for moment in events(fields, NOW, 3)] == expected


@pytest.mark.parametrize(
    "fields",
    ["60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8", "*/0 * * * *", "9-3 * * * *", "a * * * *"],
)
def test_what_cron_would_not_read_is_refused(fields: str) -> None:
    for asked in (lambda: check(fields), lambda: events(fields, NOW, 1)):
        with pytest.raises(Failure, match=r"^schedule_cron: "):
            asked()
