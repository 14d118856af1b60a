# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""R28: what AWX takes, and what it would refuse, never run, or never be done with."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.plugin_utils import _recurrence

NOW = datetime(2026, 11, 29, 12, tzinfo=timezone.utc)
START = "DTSTART:20260101T000000Z"


@pytest.mark.parametrize(
    "rule",
    [
        f"{START} RRULE:FREQ=MINUTELY;INTERVAL=5",
        f"{START} RRULE:INTERVAL=1;FREQ=YEARLY",
        f"{START} RRULE:FREQ=WEEKLY;INTERVAL=1;BYDAY=MO,TU;BYHOUR=3",
        f"{START} RRULE:FREQ=DAILY;INTERVAL=1;COUNT=999",
        f"{START} RRULE:FREQ=DAILY;INTERVAL=1;UNTIL=20261129T120000Z",
        f"{START} RRULE:FREQ=DAILY;INTERVAL=1;UNTIL=20261129",
        f"{START} RRULE:FREQ=HOURLY;INTERVAL=99999999;COUNT=999",
        "DTSTART;TZID=Europe/Berlin:20260101T000000 RRULE:FREQ=HOURLY;INTERVAL=1",
        f"{START} RRULE:FREQ=DAILY;INTERVAL=1 EXRULE:FREQ=WEEKLY;INTERVAL=1;BYDAY=SU",
        f"{START} RRULE:FREQ=DAILY;INTERVAL=1;COUNT=1 RRULE:FREQ=DAILY;INTERVAL=1",
        f"{START} RRULE:FREQ=DAILY;INTERVAL=1;COUNT=2;BYMONTH=12",  # nobody can tell without following it
    ],
)
def test_r28_what_awx_takes(rule: str) -> None:
    _recurrence.check(rule, NOW)


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("", "it does not begin with a DTSTART; write it as AWX does, such as DTSTART:"),
        ("RRULE:FREQ=DAILY;INTERVAL=1", "it does not begin with a DTSTART"),
        ("DTSTART:20260101T000000 RRULE:FREQ=DAILY;INTERVAL=1", "its DTSTART needs either a Z at its end or ;TZID="),
        ("DTSTART;TZID=UTC:20260101T000000Z RRULE:FREQ=DAILY;INTERVAL=1", "its DTSTART needs either a Z"),
        ("DTSTART:20261301T000000Z RRULE:FREQ=DAILY;INTERVAL=1", "its DTSTART 20261301T000000 is not a date and time."),
        (
            "DTSTART;TZID=Europe/Nowhere:20260101T000000 RRULE:FREQ=DAILY;INTERVAL=1",
            "its time zone Europe/Nowhere is not known.",
        ),
        (START, "it has no RRULE"),
        (f"{START} EXRULE:FREQ=DAILY;INTERVAL=1", "it has no RRULE"),
        (f"{START} {START} RRULE:FREQ=DAILY;INTERVAL=1", "AWX does not take DTSTART in it."),
        (f"{START} RRULE:FREQ=DAILY;INTERVAL=1 RDATE:20260101T000000Z", "AWX does not take RDATE in it."),
        (f"{START} RRULE:FREQ=SECONDLY;INTERVAL=1", "its FREQ must be one of MINUTELY, HOURLY, DAILY, WEEKLY, MONTHLY"),
        (f"{START} RRULE:FREQ=daily;INTERVAL=1", "its FREQ must be one of"),
        (f"{START} RRULE:INTERVAL=1", "its FREQ must be one of"),
        (f"{START} RRULE:FREQ=DAILY", "its INTERVAL must be there, and a whole number from 1 on."),
        (f"{START} RRULE:FREQ=DAILY;INTERVAL=0", "its INTERVAL must be there"),
        (f"{START} RRULE:FREQ=DAILY;INTERVAL=00", "its INTERVAL must be there"),
        (f"{START} RRULE:FREQ=DAILY;INTERVAL=-1", "its INTERVAL must be there"),
        (f"{START} RRULE:FREQ=DAILY;INTERVAL=1;COUNT=1000", "its COUNT must be a whole number from 1 to 999."),
        (f"{START} RRULE:FREQ=DAILY;INTERVAL=1;COUNT=0", "its COUNT must be a whole number from 1 to 999."),
        (f"{START} RRULE:FREQ=DAILY;INTERVAL=1;COUNT=9;UNTIL=20270101T000000Z", "it cannot have both COUNT and UNTIL."),
        (f"{START} RRULE:FREQ=MONTHLY;INTERVAL=1;BYDAY=1MO", "its BYDAY must be days without numbers."),
        (f"{START} RRULE:FREQ=DAILY;INTERVAL=1;UNTIL=soon", "its UNTIL soonT235959 is not a date and time."),
        (f"{START} RRULE:FREQ=DAILY;INTERVAL=1;BYEASTER=0", "RRULE:FREQ=DAILY;INTERVAL=1;BYEASTER=0 has BYEASTER that"),
        (
            f"{START} RRULE:FREQ=DAILY;INTERVAL=1;INTERVAL=0",
            "RRULE:FREQ=DAILY;INTERVAL=1;INTERVAL=0 has something that",
        ),
        (
            f"{START} RRULE:FREQ=DAILY;INTERVAL=1;UNTIL=20261129T115959Z",
            "its last time is over, so that AWX would never",
        ),
        (f"{START} RRULE:FREQ=DAILY;INTERVAL=1;UNTIL=20261128", "its last time is over"),
        (f"{START} RRULE:FREQ=DAILY;INTERVAL=1;COUNT=1", "its last time is over"),
        (f"{START} RRULE:FREQ=HOURLY;INTERVAL=1;COUNT=999", "its last time is over"),
    ],
)
def test_r28_what_awx_would_not_follow(rule: str, why: str) -> None:
    with pytest.raises(Failure) as raised:
        _recurrence.check(rule, NOW)
    assert str(raised.value).startswith(why)
