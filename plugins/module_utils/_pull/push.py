# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The file that somebody touches to say that there is something to poll for; what it holds is never read."""

from __future__ import annotations

from pathlib import Path


def last(trigger: str) -> int:
    """Return when the file ``trigger`` was touched last, which tells that from the time before; 0 if there is none."""
    try:
        return Path(trigger).stat().st_mtime_ns if trigger else 0
    except OSError:  # it is gone, and with it whoever could have touched it
        return 0
