# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ratios between what the code takes and what the least that could do takes, measured side by side."""

from __future__ import annotations

import resource
import statistics
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def ratio(ours: Callable[[], object], floor: Callable[[], object], rounds: int) -> float:
    """Return the median of ``ours`` over ``floor``, run in turns, so that a busy machine is busy for both."""
    return _ratio(ours, floor, rounds, _seconds)


def ratio_of_work(ours: Callable[[], object], floor: Callable[[], object], rounds: int) -> float:
    """Return likewise what the processors of this machine do, for processes that are waited for."""
    return _ratio(ours, floor, rounds, _work)


def row(name: str, measured: float, goal: float) -> str:
    """Return a line of the table: what was measured, the ratio, the goal, and whether it is reached."""
    return f"{name}  {measured:.2f}  {goal:.2f}  {'ok' if measured <= goal else 'MISSED'}"


def _ratio(
    ours: Callable[[], object],
    floor: Callable[[], object],
    rounds: int,
    measure: Callable[[Callable[[], object]], float],
) -> float:
    floor()
    ours()
    return statistics.median(measure(ours) / measure(floor) for _round in range(rounds))


def _work(function: Callable[[], object]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    function()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def _seconds(function: Callable[[], object]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start
