# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Durations as operators write them: ``90``, ``30s``, ``5m``, ``1h30m``, ``7d``."""

from __future__ import annotations

import re

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure

_SECONDS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[dhms])", re.ASCII)
_WHOLE = re.compile(rf"(?:{_PART.pattern})+|\d+(?:\.\d+)?", re.ASCII)


def parse_duration(text: str, option: str) -> float:
    """Return the seconds that ``text`` stands for; a bare number counts seconds.

    The form is that of Go's ``time.ParseDuration``, which Vault and Docker use, with ``d`` for days and without signs.

    Raises:
        Failure: ``text`` is not a duration; the sentence names ``option``.
    """
    if not _WHOLE.fullmatch(text):
        raise Failure(f"{option}: {text!r} is not a duration; write a number and a unit (ms, s, m, h, d), such as 90s.")
    parts = _PART.findall(text)
    return sum(float(number) * _SECONDS[unit] for number, unit in parts) if parts else float(text)
