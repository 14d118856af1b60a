# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ratios between what the code takes and what the least that could do takes, measured side by side."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def ratio(ours: Callable[[], object], floor: Callable[[], object], rounds: int) -> float:
    """Return the median of ``ours`` over ``floor``, run in turns, so that a busy machine is busy for both."""
    floor()
    ours()
    return statistics.median(_seconds(ours) / _seconds(floor) for _round in range(rounds))


def row(name: str, measured: float, goal: float) -> str:
    """Return a line of the table: what was measured, the ratio, the goal, and whether it is reached."""
    return f"{name}  {measured:.2f}  {goal:.2f}  {'ok' if measured <= goal else 'MISSED'}"


def _seconds(function: Callable[[], object]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start
