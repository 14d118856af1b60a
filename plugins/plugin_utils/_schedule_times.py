# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""How long a run of a schedule may take, and how far apart the hosts' turns lie.

They are spread over the whole time between two runs, so that no second has more load than another, and each host has
its own second within that time. systemd 247 and newer keeps to one by itself; elsewhere the program of the schedule
waits for it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._duration import parse_duration
from ansible_collections.flant.gitops.plugins.plugin_utils import _cron

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

_LONGEST = 3600  # seconds: the longest delay where the operator chose none
_UNKNOWN = 30  # seconds: the delay where systemd cannot tell the time between two runs, and the operator chose none
_LOOKING = 120  # seconds that the program may take to ask whether anything has changed
_ENDING = 120  # seconds that the program has for itself: to end ansible-pull, and for all else
_EVENTS = 10
_LISTS_EVENTS = 242  # the version of systemd whose systemd-analyze knows --iterations
_KEEPS_TO_A_SECOND = 247  # the version of systemd that knows FixedRandomDelay
_VERSION = re.compile(r"systemd ([0-9]+)")
_ELAPSES = re.compile(r"(?:Next elapse|Iter\. #[0-9]+): \w{3} ([0-9-]{10} [0-9:]{8})")


@dataclass(frozen=True)
class Times:
    """All in seconds.

    ``run`` is after how long the program ends ansible-pull, ``unit`` after how long systemd ends the program.
    ``timer_delay`` is the longest delay as a timer's own and ``program_delay`` as the program's; one of them is 0.
    ``full_every`` is after how long a run is not skipped, 0 also where nobody has said so.
    """

    run: int
    unit: int
    timer_delay: int
    program_delay: int
    full_every: int


def schedule_times(
    *, config: Mapping[str, Any], manager: str, steps: Mapping[str, Mapping[str, Any]], now: str
) -> Times:
    """Return what follows from variables that were checked, and from what systemd has said.

    Args:
        config: the schedule's variables without their prefix; where ``schedule_randomized_delay`` is an empty text, the
            runs are put off for as long as is good.
        manager: ``systemd`` or ``cron``.
        steps: what ``systemd-analyze --version`` has returned as ``version``, and
            ``systemd-analyze calendar --iterations=10``, or without that option, in UTC, as ``calendar``; empty where
            cron runs the job.
        now: the controller's clock, in UTC as ISO 8601 without a fraction.
    """
    found = _VERSION.match(str(steps["version"].get("stdout", "")))
    version = int(found[1]) if found else 0
    run = _seconds(config, "schedule_timeout")
    if config["schedule_randomized_delay"] != "":
        delay = _seconds(config, "schedule_randomized_delay")
    elif manager == "cron":
        moment = datetime.strptime(now, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
        delay = _least_distance(_cron.events(config["schedule_cron"], moment, _EVENTS))
    elif version < _LISTS_EVENTS:
        delay = _UNKNOWN
    else:
        delay = _between_events(str(steps["calendar"].get("stdout", "")))
    keeps = manager != "cron" and version >= _KEEPS_TO_A_SECOND
    timer, program = (delay, 0) if keeps else (0, delay)
    runs = 2 if config["schedule_trigger"] else 1  # if somebody asks for another one during the first
    full_every = _seconds(config, "schedule_full_every") if config["schedule_full_every"] != "" else 0
    return Times(run, runs * (_LOOKING + run + program) + _ENDING, timer, program, full_every)


def _seconds(config: Mapping[str, Any], name: str) -> int:
    return int(parse_duration(str(config[name]), f"flant_gitops_{name}"))


def _between_events(calendar: str) -> int:
    return _least_distance(
        [
            datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=timezone.utc)
            for text in _ELAPSES.findall(calendar)
        ]
    )


def _least_distance(events: Sequence[datetime]) -> int:
    """Return the least number of seconds between two of the ``events``, which are in order, and at most `_LONGEST`."""
    distances = [later - earlier for earlier, later in zip(events, events[1:])]
    return int(min([*distances, timedelta(seconds=_LONGEST)]).total_seconds())
