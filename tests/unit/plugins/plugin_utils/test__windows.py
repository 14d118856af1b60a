# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When an instance may start anything, over zones, daylight saving, midnight, and whatever may be written wrongly.

In Berlin the clocks go from 02:00 to 03:00 on 2026-03-29 and from 03:00 back to 02:00 on 2026-10-25. On Lord Howe
Island they are set by half an hour, in Cairo midnight itself is skipped on 2026-04-24, and Kathmandu is 5:45 ahead of
UTC.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.plugin_utils._windows import Wait, calendar

BERLIN, SYDNEY, HOWE, CAIRO = "Europe/Berlin", "Australia/Sydney", "Australia/Lord_Howe", "Africa/Cairo"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


def window(begin: str, end: str, zone: str = "UTC", *days: str) -> dict[str, object]:
    return {"from": begin, "to": end, "timezone": zone, **({"days": list(days)} if days else {})}


def opens(given: list[dict[str, object]], now: str) -> str:
    """Return when one of the windows opens, or that one is open."""
    wait = calendar(given, []).wait(utc(now))
    return f"{wait.until:%Y-%m-%dT%H:%M}" if wait else "open"


WORK = window("09:00", "17:00", BERLIN, "mon", "tue", "wed", "thu", "fri")
NIGHT = window("22:00", "06:00", BERLIN, "fri")
SPRING, AUTUMN = "2026-03-29", "2026-10-25"  # in Berlin


@pytest.mark.parametrize(
    ("given", "now", "expected"),
    [
        ([], "2026-11-29T12:00", "open"),
        ([window("12:00", "13:00")], "2026-11-29T11:59:59.999999", "2026-11-29T12:00"),
        ([window("12:00", "13:00")], "2026-11-29T12:00", "open"),
        ([window("12:00", "13:00")], "2026-11-29T12:59:59.999999", "open"),
        ([window("12:00", "13:00")], "2026-11-29T13:00", "2026-11-30T12:00"),
        ([window("12:00", "13:00"), window("15:00", "16:00")], "2026-11-29T13:30", "2026-11-29T15:00"),
        ([window("12:00", "13:00"), window("15:00", "16:00")], "2026-11-29T15:30", "open"),
        ([{}], "2026-11-29T23:59:59.9", "open"),
        ([dict.fromkeys(("days", "from", "to", "timezone"))], "2026-11-29T23:59:59.9", "open"),
        ([{"days": ["mon"]}], "2026-11-29T23:59:59.9", "2026-11-30T00:00"),
        ([{"days": ["mon"]}], "2026-11-30T23:59:59.9", "open"),
        ([{"days": ["mon"]}], "2026-12-01T00:00", "2026-12-07T00:00"),
        ([{"from": "18:00"}], "2026-11-29T17:00", "2026-11-29T18:00"),
        ([{"to": "06:00"}], "2026-11-29T06:00", "2026-11-30T00:00"),
        # Another zone, summer and winter
        ([WORK], "2026-11-27T07:59", "2026-11-27T08:00"),
        ([WORK], "2026-11-27T15:59", "open"),
        ([WORK], "2026-11-27T16:00", "2026-11-30T08:00"),
        ([WORK], "2026-07-03T06:59", "2026-07-03T07:00"),
        ([WORK], "2026-03-27T16:00", "2026-03-30T07:00"),
        ([window("00:00", "01:00", SYDNEY, "mon")], "2026-11-29T13:30", "open"),
        ([window("23:30", "23:45", "Asia/Kathmandu")], "2026-11-29T17:44", "2026-11-29T17:45"),
        ([window("09:00", "10:00", "Pacific/Kiritimati", "mon")], "2026-11-29T19:30", "open"),
        # Over midnight: the day is the one on which it opens
        ([NIGHT], "2026-11-27T20:59", "2026-11-27T21:00"),
        ([NIGHT], "2026-11-27T23:30", "open"),
        ([NIGHT], "2026-11-28T04:59", "open"),
        ([NIGHT], "2026-11-28T05:00", "2026-12-04T21:00"),
        ([NIGHT], "2026-11-27T04:00", "2026-11-27T21:00"),
        ([window("22:00", "00:00", "UTC", "fri")], "2026-11-27T23:59", "open"),
        ([window("22:00", "00:00", "UTC", "fri")], "2026-11-28T00:00", "2026-12-04T22:00"),
        ([window("10:00", "09:59", "UTC", "fri")], "2026-11-28T09:59", "2026-12-04T10:00"),
        # The clocks are set forward: what they skip begins, and ends, when they are
        ([window("02:30", "04:00", BERLIN)], f"{SPRING}T00:59", f"{SPRING}T01:00"),
        ([window("02:30", "04:00", BERLIN)], f"{SPRING}T01:00", "open"),
        ([window("02:30", "04:00", BERLIN)], f"{SPRING}T02:00", "2026-03-30T00:30"),
        ([window("01:00", "02:30", BERLIN)], f"{SPRING}T00:59", "open"),
        ([window("01:00", "02:30", BERLIN)], f"{SPRING}T01:00", "2026-03-29T23:00"),
        ([window("02:15", "02:45", BERLIN)], f"{SPRING}T01:00", "2026-03-30T00:15"),
        ([window("02:15", "02:45", BERLIN, "sun")], "2026-03-22T03:00", "2026-04-05T00:15"),
        ([window("22:00", "06:00", BERLIN)], f"{SPRING}T03:59", "open"),
        ([window("22:00", "06:00", BERLIN)], f"{SPRING}T04:00", f"{SPRING}T20:00"),
        ([window("02:15", "03:00", HOWE)], "2026-10-03T15:29", "2026-10-03T15:30"),
        ([window("00:30", "02:00", CAIRO, "fri")], "2026-04-23T21:59", "2026-04-23T22:00"),
        ([window("00:00", "24:00", CAIRO, "thu")], "2026-04-23T21:59", "open"),
        ([window("00:00", "24:00", CAIRO, "thu")], "2026-04-23T22:00", "2026-04-29T21:00"),
        # The clocks are set back: of what they show twice the first counts
        ([window("02:15", "02:45", BERLIN)], f"{AUTUMN}T00:14", f"{AUTUMN}T00:15"),
        ([window("02:15", "02:45", BERLIN)], f"{AUTUMN}T00:44", "open"),
        ([window("02:15", "02:45", BERLIN)], f"{AUTUMN}T00:45", "2026-10-26T01:15"),
        ([window("02:15", "02:45", BERLIN)], f"{AUTUMN}T01:20", "2026-10-26T01:15"),
        ([window("01:00", "02:30", BERLIN)], f"{AUTUMN}T01:00", "2026-10-26T00:00"),
        ([window("02:30", "03:00", BERLIN)], f"{AUTUMN}T01:59", "open"),
        ([window("22:00", "06:00", BERLIN)], f"{AUTUMN}T04:59", "open"),
        ([window("22:00", "06:00", BERLIN)], f"{AUTUMN}T05:00", f"{AUTUMN}T21:00"),
    ],
)
def test_windows(given: list[dict[str, object]], now: str, expected: str) -> None:
    assert opens(given, now) == expected


@pytest.mark.parametrize("zone", ["UTC", BERLIN, SYDNEY, HOWE, CAIRO, "America/St_Johns", "Asia/Kathmandu"])
def test_whole_days_leave_no_gap(zone: str) -> None:
    found = calendar([window("00:00", "24:00", zone)], [])
    begin = utc("2026-01-01T00:00")
    assert [moment for hours in range(0, 24 * 365, 5) if found.wait(moment := begin + timedelta(hours=hours))] == []


@pytest.mark.parametrize("zone", [BERLIN, SYDNEY, HOWE, CAIRO])
@pytest.mark.parametrize(("begin", "end"), [("02:15", "02:45"), ("23:30", "00:30"), ("00:00", "02:30")])
def test_what_is_told_is_the_first_moment_at_which_it_is_open(zone: str, begin: str, end: str) -> None:
    found = calendar([window(begin, end, zone)], [])
    moment = utc("2026-01-01T00:00")
    while moment.date() < date(2027, 1, 1):
        wait = found.wait(moment)
        if wait:
            assert found.wait(wait.until) is None
            assert found.wait(wait.until - timedelta(microseconds=1))
        moment += timedelta(hours=11)


HOLIDAY = {"from": "2026-12-24T18:00:00+01:00", "until": "2026-12-27T00:00Z", "reason": "Christmas"}
SALE = {"from": "2026-12-26T00:00Z", "until": "2027-01-02T00:00Z"}


@pytest.mark.parametrize(
    ("windows", "freezes", "now", "until", "because"),
    [
        ([], [HOLIDAY], "2026-12-24T16:59:59", "", ""),
        ([], [HOLIDAY], "2026-12-24T17:00", "2026-12-27T00:00", "flant_gitops_freezes says: Christmas"),
        ([], [HOLIDAY], "2026-12-27T00:00", "", ""),
        ([], [SALE], "2026-12-27T00:00", "2027-01-02T00:00", "flant_gitops_freezes says"),
        ([], [HOLIDAY, SALE], "2026-12-25T00:00", "2027-01-02T00:00", "flant_gitops_freezes says: Christmas"),
        ([], [SALE, HOLIDAY], "2026-12-26T01:00", "2027-01-02T00:00", "flant_gitops_freezes says"),
        ([WORK], [HOLIDAY], "2026-12-25T10:00", "2026-12-28T08:00", "flant_gitops_freezes says: Christmas"),
        ([WORK], [HOLIDAY], "2026-12-24T10:00", "", ""),
        ([WORK], [HOLIDAY], "2026-12-24T16:30", "2026-12-28T08:00", "flant_gitops_windows says"),
        ([WORK], [HOLIDAY, SALE], "2026-12-23T17:00", "2026-12-24T08:00", "flant_gitops_windows says"),
    ],
)
def test_freezes(windows: list[object], freezes: list[object], now: str, until: str, because: str) -> None:
    expected = Wait(utc(until), because) if until else None
    assert calendar(windows, freezes).wait(utc(now)) == expected


@pytest.mark.parametrize(
    ("windows", "freezes", "sentence"),
    [
        ("daily", [], "flant_gitops_windows: it must be a list."),
        (["daily"], [], "flant_gitops_windows[0]: it must be a dictionary."),
        ([{}, {"day": ["mon"]}], [], "flant_gitops_windows[1]: 'day' is not one of days, from, to, timezone."),
        ([{"days": "mon"}], [], "flant_gitops_windows[0]: days: it must be a list."),
        ([{"days": []}], [], "flant_gitops_windows[0]: days: [] must be days, of mon, tue"),
        ([{"days": ["mon", "Mon"]}], [], "flant_gitops_windows[0]: days: ['Mon'] must be days, of mon, tue"),
        ([{"from": 1320}], [], "flant_gitops_windows[0]: from: '1320' is not a time of day; write it in quotes"),
        ([{"from": "24:00"}], [], "flant_gitops_windows[0]: from: a day begins at 00:00."),
        ([{"from": "9:00"}], [], "flant_gitops_windows[0]: from: '9:00' is not a time of day"),
        ([{"from": "\u0660\u0669:00"}], [], "flant_gitops_windows[0]: from: "),
        ([{"to": "24:01"}], [], "flant_gitops_windows[0]: to: '24:01' is not a time of day"),
        ([{"to": "23:59:59"}], [], "flant_gitops_windows[0]: to: '23:59:59' is not a time of day"),
        ([{"to": True}], [], "flant_gitops_windows[0]: to: it must be a text"),
        ([{"from": "09:00", "to": "09:00"}], [], "flant_gitops_windows[0]: from and to are the same"),
        ([{"timezone": "Europe/Atlantis"}], [], "timezone: the controller does not know 'Europe/Atlantis'; name one"),
        ([{"timezone": "CEST"}], [], "flant_gitops_windows[0]: timezone: the controller does not know 'CEST'"),
        ([{"timezone": "Europe"}], [], "flant_gitops_windows[0]: timezone: the controller does not know 'Europe'"),
        ([{"timezone": "../../etc/passwd"}], [], "timezone: the controller does not know '../../etc/passwd'"),
        ([{"timezone": "/etc/localtime"}], [], "timezone: the controller does not know '/etc/localtime'"),
        ([{"timezone": "tzdata.zi"}], [], "timezone: the controller does not know 'tzdata.zi'"),
        ([], {"from": "x"}, "flant_gitops_freezes: it must be a list."),
        ([], [{**SALE, "to": "x"}], "flant_gitops_freezes[0]: 'to' is not one of from, until, reason."),
        ([], [{"from": SALE["from"]}], "flant_gitops_freezes[0]: until: '' is not a time of this century"),
        (
            [],
            [{**SALE, "from": "1999-12-24T00:00Z"}],
            "flant_gitops_freezes[0]: from: '1999-12-24T00:00Z' is not a time of",
        ),
        ([], [{**SALE, "from": "2026-12-24"}], "flant_gitops_freezes[0]: from: '2026-12-24' is not a time of"),
        ([], [{**SALE, "from": "2026-12-24T18:00:00"}], "flant_gitops_freezes[0]: from: '2026-12-24T18:00:00' is no"),
        ([], [{**SALE, "from": "2026-02-30T00:00Z"}], "flant_gitops_freezes[0]: from: '2026-02-30T00:00Z' is no"),
        ([], [{**SALE, "from": datetime.now(timezone.utc)}], "flant_gitops_freezes[0]: from: it must be a text"),
        ([], [HOLIDAY, {**SALE, "until": SALE["from"]}], "flant_gitops_freezes[1]: until: it must be after from."),
        ([], [{**SALE, "reason": ["x"]}], "flant_gitops_freezes[0]: reason: it must be a text"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(windows: object, freezes: object, sentence: str) -> None:
    with pytest.raises(Failure) as refused:
        calendar(windows, freezes)
    assert sentence in str(refused.value)
