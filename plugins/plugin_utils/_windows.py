# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""When an instance may start anything: within windows of the week, if there are any, and never within a freeze.

A window opens once on each of its days, when the clocks of its zone first show its ``from`` or skip it, and closes when
they first show its ``to`` or skip that. Where they are set back it does not open a second time.
"""

from __future__ import annotations

import re
import zoneinfo
from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.plugin_utils import _values

if TYPE_CHECKING:
    from collections.abc import Iterator

WINDOWS, FREEZES = "flant_gitops_windows", "flant_gitops_freezes"
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = 24 * 60
_TIME_OF_DAY = re.compile(r"(?:([01]\d|2[0-3]):([0-5]\d)|24:00)", re.ASCII)
_MOMENT = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d)", re.ASCII)


class Wait(NamedTuple):
    """Until when nothing may be started, and because of what."""

    until: datetime
    because: str


@dataclass(frozen=True)
class Window:
    """A window; ``days`` count from Monday, ``begin`` and ``end`` are minutes of a day, ``end`` perhaps of the next."""

    days: frozenset[int]
    begin: int
    end: int
    zone: tzinfo

    def is_open(self, now: datetime) -> bool:
        """Tell whether ``now`` lies within it."""
        today = now.astimezone(self.zone).date()
        times = (self._on(today + timedelta(days)) for days in (-1, 0))
        return any(begin <= now < end for begin, end in times)

    def opens_after(self, now: datetime) -> datetime:
        """Return when it opens next; no clock skips the same hour two weeks on end."""
        today = now.astimezone(self.zone).date()
        times = (self._on(today + timedelta(days)) for days in count(-1))
        return next(begin for begin, end in times if now < begin < end)

    def _on(self, day: date) -> tuple[datetime, datetime]:
        """Return when it opens and closes on ``day``, or the same moment twice if it does not."""
        begin = _first(day, self.begin, self.zone)
        return begin, _first(day, self.end, self.zone) if day.weekday() in self.days else begin


@dataclass(frozen=True)
class Freeze:
    """A time in which nothing is started."""

    begin: datetime
    end: datetime
    reason: str


@dataclass(frozen=True)
class Calendar:
    """All windows and freezes of an instance."""

    windows: tuple[Window, ...]
    freezes: tuple[Freeze, ...]

    def wait(self, now: datetime) -> Wait | None:
        """Return until when nothing may be started, and why not ``now``; None if it may be."""
        waits = list(self._waits(now))
        return Wait(waits[-1].until, waits[0].because) if waits else None

    def _waits(self, now: datetime) -> Iterator[Wait]:
        """Yield what has to be waited for, one after the other."""
        while True:
            freeze = max((each for each in self.freezes if each.begin <= now < each.end), key=_end, default=None)
            if freeze:
                yield Wait(freeze.end, f"{FREEZES} says{f': {freeze.reason}' if freeze.reason else ''}")
                now = freeze.end
            elif self.windows and not any(window.is_open(now) for window in self.windows):
                now = min(window.opens_after(now) for window in self.windows)
                yield Wait(now, f"{WINDOWS} says")
            else:
                return


def calendar(windows: object, freezes: object) -> Calendar:
    """Return what the variables ``flant_gitops_windows`` and ``flant_gitops_freezes`` say.

    Raises:
        Failure: they cannot be meant so; the sentence names the one and what in it.
    """
    return Calendar(
        tuple(_window(item, f"{WINDOWS}[{index}]") for index, item in enumerate(_values.items(windows, WINDOWS))),
        tuple(_freeze(item, f"{FREEZES}[{index}]") for index, item in enumerate(_values.items(freezes, FREEZES))),
    )


def _window(value: object, name: str) -> Window:
    given = _record(value, ("days", "from", "to", "timezone"), name)
    days = _values.texts(given.get("days", _DAYS), f"{name}: days")
    unknown = [day for day in days if day not in _DAYS]
    if unknown or not days:
        raise Failure(f"{name}: days: {unknown[:1] or days} must be days, of {', '.join(_DAYS)}.")
    begin, end = _minutes(given, "from", "00:00", name), _minutes(given, "to", "24:00", name)
    if begin == _DAY:
        raise Failure(f"{name}: from: a day begins at 00:00.")
    if begin == end:
        raise Failure(f"{name}: from and to are the same; leave both out for the whole day.")
    return Window(
        frozenset(_DAYS.index(day) for day in days),
        begin,
        end if begin < end else end + _DAY,
        _zone(_values.text(given.get("timezone"), f"{name}: timezone") or "UTC", name),
    )


def _freeze(value: object, name: str) -> Freeze:
    given = _record(value, ("from", "until", "reason"), name)
    begin, end = _moment(given, "from", name), _moment(given, "until", name)
    if begin >= end:
        raise Failure(f"{name}: until: it must be after from.")
    return Freeze(begin, end, _values.text(given.get("reason"), f"{name}: reason"))


def _record(value: object, known: tuple[str, ...], name: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise Failure(f"{name}: it must be a dictionary.")
    unknown = [key for key in value if key not in known]
    if unknown:
        raise Failure(f"{name}: {unknown[0]!r} is not one of {', '.join(known)}.")
    return {key: item for key, item in value.items() if item is not None}


def _minutes(given: dict[str, object], key: str, default: str, name: str) -> int:
    text = _values.text(given.get(key, default), f"{name}: {key}")
    match = _TIME_OF_DAY.fullmatch(text)
    if not match:
        raise Failure(f"{name}: {key}: {text!r} is not a time of day; write it in quotes, such as '22:00'.")
    return int(match[1]) * 60 + int(match[2]) if match[1] else _DAY


def _moment(given: dict[str, object], key: str, name: str) -> datetime:
    text = _values.text(given.get(key), f"{name}: {key}")
    try:
        if _MOMENT.fullmatch(text):
            return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)
    except ValueError:  # such as for the 30th of February
        pass
    raise Failure(
        f"{name}: {key}: {text!r} is not a time of this century with its zone; write it in quotes, such as "
        "'2026-12-24T18:00:00+01:00'."
    )


def _zone(text: str, name: str) -> tzinfo:
    if text == "UTC":
        return timezone.utc
    try:
        return zoneinfo.ZoneInfo(text)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise Failure(
            f"{name}: timezone: the controller does not know {text!r}; name one of the IANA time zone database, such "
            "as Europe/Berlin, and see that tzdata is installed."
        ) from None


def _first(day: date, minutes: int, zone: tzinfo) -> datetime:
    """Return when the clocks of ``zone`` first show so many ``minutes`` of the ``day``, or skip them."""
    shown = datetime.combine(day, time(), zone) + timedelta(minutes=minutes)
    first, last = sorted(shown.replace(fold=fold).astimezone(timezone.utc) for fold in (0, 1))
    if first.astimezone(zone).replace(tzinfo=None) == shown.replace(tzinfo=None):
        return first
    seconds = range(int((last - first).total_seconds()))
    before = bisect_right(seconds, _offset(first, zone), key=lambda passed: _offset(first + timedelta(0, passed), zone))
    return first + timedelta(seconds=before)


def _offset(moment: datetime, zone: tzinfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


def _end(freeze: Freeze) -> datetime:
    return freeze.end
