# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""When AWX is to run something: a rule as its API takes it, checked before anything is written there.

AWX finds most of this out by itself, in the midst of it; what it does not find out keeps its scheduler busy for ever.
"""

from __future__ import annotations

import re
import zoneinfo
from datetime import datetime, timedelta, timezone

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure

_START = re.compile(r"DTSTART(?:;TZID=(?P<zone>[A-Za-z0-9_+/-]+))?:(?P<at>[0-9]{8}T[0-9]{6})(?P<utc>Z?)", re.ASCII)
_MOMENT = "%Y%m%dT%H%M%S"
_UNITS = {
    "MINUTELY": timedelta(minutes=1),
    "HOURLY": timedelta(hours=1),
    "DAILY": timedelta(days=1),
    "WEEKLY": timedelta(weeks=1),
    "MONTHLY": None,
    "YEARLY": None,
}
_PARTS = frozenset(
    (
        *("FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYDAY"),
        *("BYHOUR", "BYMINUTE", "BYSECOND", "BYSETPOS"),
    )
)
_MOST_RUNS = 999
_EXAMPLE = "such as DTSTART:20260101T000000Z RRULE:FREQ=MINUTELY;INTERVAL=5"


def check(rule: str, now: datetime) -> None:
    """Refuse a rule that AWX would not take, would never follow, or would never be done with.

    Args:
        rule: ``DTSTART`` and at least one ``RRULE``, with spaces in between.
        now: the time, in UTC.

    Raises:
        Failure: so it is; the sentence says why, and does not name the variable.
    """
    first, *rest = rule.split() or [""]
    start, zone = _start(first)
    rules = [_parts(word) for word in rest]
    if not any(kind == "RRULE" for kind, _parts_of in rules):
        raise Failure(f"it has no RRULE; write it as AWX does, {_EXAMPLE}.")
    ends = [_end(parts, start, zone) for kind, parts in rules if kind == "RRULE"]
    if all(end is not None and end < now for end in ends):
        raise Failure("its last time is over, so that AWX would never run it.")


def _start(word: str) -> tuple[datetime, timezone | zoneinfo.ZoneInfo]:
    match = _START.fullmatch(word)
    if not match:
        raise Failure(f"it does not begin with a DTSTART; write it as AWX does, {_EXAMPLE}.")
    if bool(match["zone"]) == bool(match["utc"]):
        raise Failure("its DTSTART needs either a Z at its end or ;TZID= with a time zone, and not both.")
    zone = _zone(match["zone"]) if match["zone"] else timezone.utc
    return _moment(match["at"], "DTSTART").replace(tzinfo=zone), zone


def _zone(name: str) -> timezone | zoneinfo.ZoneInfo:
    known = zoneinfo.available_timezones()
    if known and name not in known:
        raise Failure(f"its time zone {name} is not known.")
    return zoneinfo.ZoneInfo(name) if known else timezone.utc


def _moment(text: str, where: str) -> datetime:
    try:
        return datetime.strptime(text, _MOMENT)  # noqa: DTZ007 -- the zone is not in it
    except ValueError:
        raise Failure(f"its {where} {text} is not a date and time.") from None


def _parts(word: str) -> tuple[str, dict[str, str]]:
    """Return whether a word is a rule or an exception, and what is said in it."""
    kind, _colon, said = word.partition(":")
    if kind not in ("RRULE", "EXRULE"):
        raise Failure(f"AWX does not take {kind or word} in it.")
    parts = dict(part.partition("=")[::2] for part in said.split(";"))
    unknown = sorted(set(parts) - _PARTS)
    if unknown or len(parts) != len(said.split(";")):
        raise Failure(f"{word} has {unknown[0] if unknown else 'something'} that is not known, or stands there twice.")
    if parts.get("FREQ") not in _UNITS:
        raise Failure(f"its FREQ must be one of {', '.join(_UNITS)}.")
    if not _is_positive(parts.get("INTERVAL", "")):
        raise Failure("its INTERVAL must be there, and a whole number from 1 on.")
    if "COUNT" in parts and not (_is_positive(parts["COUNT"]) and int(parts["COUNT"]) <= _MOST_RUNS):
        raise Failure(f"its COUNT must be a whole number from 1 to {_MOST_RUNS}.")
    if "COUNT" in parts and "UNTIL" in parts:
        raise Failure("it cannot have both COUNT and UNTIL.")
    if re.search(r"[0-9]", parts.get("BYDAY", "")):
        raise Failure("its BYDAY must be days without numbers.")
    return kind, parts


def _is_positive(text: str) -> bool:
    return bool(re.fullmatch(r"0*[1-9][0-9]{0,8}", text, re.ASCII))


def _end(parts: dict[str, str], start: datetime, zone: timezone | zoneinfo.ZoneInfo) -> datetime | None:
    """Return when a rule is over, None where it never is or nobody can tell without following it."""
    if "UNTIL" in parts:
        text = parts["UNTIL"]
        moment = _moment(text.rstrip("Z") if "T" in text else f"{text}T235959", "UNTIL")
        return moment.replace(tzinfo=timezone.utc if text.endswith("Z") else zone)
    unit = _UNITS[parts["FREQ"]]
    if "COUNT" not in parts or unit is None or any(name.startswith("BY") for name in parts):
        return None
    try:
        return start + unit * int(parts["INTERVAL"]) * (int(parts["COUNT"]) - 1)
    except OverflowError:
        return None
