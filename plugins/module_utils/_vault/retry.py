# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Which calls may be sent again, and after how long."""

from __future__ import annotations

import random
import re

_READS = frozenset({"GET", "LIST"})
_NOT_DONE = frozenset({412, 429, 503})  # not replicated yet, too many requests, sealed or standby
_MAYBE_DONE = frozenset({500, 502, 504})  # the server, or a proxy before it, failed at an unknown point
_SHORTEST_PAUSE = 0.5


def may_repeat(method: str, status: int | None) -> bool:
    """Say whether a call that ended in ``status`` (None: its reply was lost) may be sent again.

    A call that writes is repeated only where the server says that it was not carried out.
    """
    if status in _NOT_DONE:
        return True
    return method in _READS and (status is None or status in _MAYBE_DONE)


def pause(attempt: int, retry_after: str | None, longest: float) -> float:
    """Return the seconds to wait after ``attempt`` (from 0): what the server asks for, else twice as long each time.

    Spread at random, so that calls which failed together do not come back together; never more than ``longest``.
    """
    if retry_after and re.fullmatch(r"\d{1,9}", retry_after.strip(), re.ASCII):
        wanted = float(retry_after)
    else:
        wanted = _SHORTEST_PAUSE * 2**attempt
    return min(wanted * random.uniform(1, 1.25), longest)  # noqa: S311 -- nothing secret hangs on it
