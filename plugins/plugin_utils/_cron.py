# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""When a cron job runs. Format: crontab(5), without the extensions of single implementations."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOOKS_AHEAD = 366  # days
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


class _Field(NamedTuple):
    """A field: its least and its greatest value, and names of values, the first of which is the least."""

    least: int
    greatest: int
    names: tuple[str, ...] = ()


_WEEKDAY = _Field(0, 7, _DAYS)
_FIELDS = (_Field(0, 59), _Field(0, 23), _Field(1, 31), _Field(1, 12, _MONTHS), _WEEKDAY)


def check(fields: str) -> None:
    """Refuse five ``fields`` that cron would not read.

    Raises:
        Failure: as it says.
    """
    _read(fields)


def events(fields: str, now: datetime, most: int) -> list[datetime]:
    """Return when a job with these five ``fields`` runs next: ``most`` times, or those within a year.

    Raises:
        Failure: cron would not read them.
    """
    return [moment for moment, _index in zip(_events(fields, now), range(most))]


def _events(fields: str, now: datetime) -> Iterator[datetime]:
    minutes, hours, days, months, weekdays = _read(fields)
    texts = fields.split()
    either = not texts[2].startswith("*") and not texts[4].startswith("*")  # then one of the two is enough
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    for day in (today + timedelta(days=number) for number in range(_LOOKS_AHEAD)):
        fits = [day.day in days, day.isoweekday() % 7 in {number % 7 for number in weekdays}]
        if day.month in months and (any(fits) if either else all(fits)):
            moments = (day.replace(hour=hour, minute=minute) for hour in sorted(hours) for minute in sorted(minutes))
            yield from (moment for moment in moments if moment > now)


def _read(fields: str) -> list[set[int]]:
    return [_values(*each) for each in zip(fields.split(), _FIELDS)]


def _values(text: str, field: _Field) -> set[int]:
    found: set[int] = set()
    for part in text.split(","):
        span, slash, step = part.partition("/")
        first, dash, last = span.partition("-")
        begin = field.least if span == "*" else _number(first, field)
        end = field.greatest if span == "*" or (slash and not dash) else _number(last if dash else first, field)
        if field is _WEEKDAY and dash and not end:
            end = field.greatest  # Sunday, at the end of a week
        if begin > end or (slash and not (step.isdigit() and int(step))):
            raise _refused(part)
        found.update(range(begin, end + 1, int(step) if slash else 1))
    return found


def _number(text: str, field: _Field) -> int:
    if text.lower() in field.names:
        return field.least + field.names.index(text.lower())
    if not text.isdigit() or not field.least <= int(text) <= field.greatest:
        raise _refused(text)
    return int(text)


def _refused(text: str) -> Failure:
    return Failure(f"schedule_cron: {text!r} is nothing that cron reads there.")
