# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Points in time, as the modules tell them, in seconds since the epoch, as Prometheus takes them."""

from __future__ import annotations

import re
from datetime import datetime

_UTC = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?(?:Z|\+00:00)", re.ASCII)


def epoch(moment: str) -> float | None:
    """Return the seconds since the epoch of a UTC time in ISO 8601, with or without a fraction; None for all else."""
    match = _UTC.fullmatch(moment)
    if not match:
        return None
    try:
        whole = datetime.fromisoformat(f"{match[1]}+00:00")
    except ValueError:  # no date of the calendar
        return None
    return whole.timestamp() + float(match[2] or 0)
