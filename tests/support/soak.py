# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests that find what chance finds, the longer the more: whole under ``make soak``, a tenth under ``make test``.

Such a test is marked ``soak`` and takes its length, and all that it leaves to chance, from the fixture ``long``::

    @pytest.mark.soak
    def test_any_kill_is_survived(long: Long) -> None:
        for _kill in range(long.times(200)):
            kill_after(long.chance.uniform(0, 3))
"""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Long:
    """How much of a long test is run, and with which chance."""

    share: float
    seed: int

    @classmethod
    def all_of_it(cls) -> Long:
        """Each run with a seed of its own, which the test's output tells."""
        return cls(1, random.SystemRandom().randrange(1 << 32))

    @classmethod
    def a_tenth(cls) -> Long:
        """Each run like the one before."""
        return cls(0.1, 0)

    def times(self, count: int) -> int:
        """Return how many of ``count`` are run, at least one."""
        return max(1, round(count * self.share))

    @property
    def chance(self) -> random.Random:
        """A source of chance that starts anew with each call, so that a test asks once."""
        print(f"seed: {self.seed}")  # noqa: T201 -- pytest shows it where the test fails
        return random.Random(self.seed)  # noqa: S311 -- it shall be repeatable
