# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Points in time by which something has to be over."""

from __future__ import annotations

import time


class Deadline:
    """A point in time on this machine's monotonic clock."""

    def __init__(self, seconds: float) -> None:
        """Lie ``seconds`` ahead, or behind where they are negative."""
        self._at = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """The seconds that are left, 0 where it has passed."""
        return max(self._at - time.monotonic(), 0.0)

    @property
    def passed(self) -> bool:
        """Whether nothing is left."""
        return not self.left
