# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The time by two clocks: one that may be set, and one that only ever goes on, and begins anew at each boot."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")  # see random(4)
_SLACK = 1.0  # seconds
_SLEWED = 0.001  # of the time that has passed: twice as much as a clock is set straight by bit by bit


class Moment(NamedTuple):
    """A moment; ``wall`` is in seconds since the epoch, ``running`` in seconds since the ``boot``, sleep included."""

    boot: str
    wall: float
    running: float

    def doubt(self, now: Moment, most: float) -> str:
        """Return why it cannot be told that at most so many seconds have passed until ``now``; empty if it can."""
        if self.boot != now.boot:
            return "the host was started anew"
        passed, by_wall = now.running - self.running, now.wall - self.wall
        if not (passed >= 0 and abs(passed - by_wall) <= _SLACK + _SLEWED * passed):
            return "the clock was set"
        if max(passed, by_wall) >= most:
            return "the last whole run was too long ago"
        return ""


def now() -> Moment:
    """Return this moment.

    Raises:
        OSError: the kernel does not tell which boot this is.
    """
    return Moment(_BOOT_ID.read_text("ascii").strip(), time.time(), time.clock_gettime(time.CLOCK_BOOTTIME))
