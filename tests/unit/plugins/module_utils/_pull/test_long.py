# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that are skipped leave nothing behind, however many there are."""

from __future__ import annotations

import functools
import os
import resource
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._pull import moment, program, tick
from ansible_collections.flant.gitops.tests.support.environment import clean
from ansible_collections.flant.gitops.tests.support.quiet_schedule import QuietSchedule, skipping

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.flant.gitops.plugins.module_utils._pull.moment import Moment
    from ansible_collections.flant.gitops.tests.support.soak import Long

_DAY, _HOUR = 24 * 60 * 60, 3600
_WARM = _HOUR + 600  # seconds until there has been a whole run, which imports more
_GROWTH = 1024  # KiB of memory, and bytes of files, that come and go without anything being kept


@pytest.fixture
def schedule(tmp_path: Path) -> QuietSchedule:
    return skipping(tmp_path)


def _a_tenth_of_a_tenth(long: Long, count: int) -> int:
    return long.times(long.times(count))


def found(folder: Path) -> dict[str, int]:
    """Return the size of each file below ``folder``."""
    return {str(path.relative_to(folder)): path.stat().st_size for path in folder.rglob("*") if path.is_file()}


def children() -> list[str]:
    """Return this process' children."""
    return Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii").split()


@pytest.mark.soak
@pytest.mark.slow
def test_processes_one_after_the_other_leave_nothing(schedule: QuietSchedule, long: Long) -> None:
    before = found(schedule.folder)
    for _tick in range(_a_tenth_of_a_tenth(long, 10_000)):
        assert schedule.tick() == (0, "")
    assert found(schedule.folder) == before
    assert schedule.runs() == 1


@pytest.fixture
def umask() -> Iterator[None]:
    """Undo what the program, in the test's own process, does to all that come after it."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.soak
@pytest.mark.slow
@pytest.mark.usefixtures("umask")
def test_a_day_of_ticks_every_second_makes_nothing_grow(
    schedule: QuietSchedule, long: Long, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock is the test's, and the program runs in the test's own process; whole runs come once an hour.

    A tick comes every second, and every ten where it is not the whole day.
    """
    monkeypatch.chdir(schedule.folder)  # which is undone afterwards, whatever the program does
    start, passed = moment.now(), 0.0

    def later() -> Moment:
        return start._replace(wall=start.wall + passed, running=start.running + passed)

    for name in set(os.environ) - set(clean()):
        monkeypatch.delenv(name)
    for name, value in clean().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(tick, "Schedule", functools.partial(tick.Schedule, now=later))
    before, memory, runs = found(schedule.folder), 0, schedule.runs()
    ticks, seconds = _a_tenth_of_a_tenth(long, _DAY), round(1 / long.share)
    for index in range(ticks):
        passed += seconds
        assert program.main(schedule.folder / "program", ()) == 0
        if index * seconds == _WARM:
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert memory
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < _GROWTH
    assert children() == []
    after = found(schedule.folder)
    assert after.keys() == before.keys()
    assert sum(after.values()) - sum(before.values()) < _GROWTH
    assert schedule.runs() - runs == passed // _HOUR
