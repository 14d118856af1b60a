# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Amounts of bytes as operators write them: ``4096``, ``512k``, ``1 MiB``, ``2GB``."""

from __future__ import annotations

import re

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure

_WHOLE = re.compile(r"(\d+(?:\.\d+)?)(?: ?(?:([kmgt])(?:i?b)?|b))?", re.ASCII | re.IGNORECASE)
_FACTOR = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


def parse_size(text: str, option: str) -> int:
    """Return the bytes that ``text`` stands for; every unit is a power of 1024, as in ``docker run --memory``.

    Raises:
        Failure: ``text`` is not a size; the sentence names ``option``.
    """
    match = _WHOLE.fullmatch(text)
    if not match:
        raise Failure(f"{option}: {text!r} is not a size; write a number and a unit (k, m, g, t), such as 512m.")
    return int(float(match[1]) * _FACTOR[(match[2] or "").lower()])
