# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""When within a period a host has its turn: always at the same second, and each host at another one."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

_MACHINE = Path("/etc/machine-id")


def host() -> str:
    """Return what tells this host from others: machines that were copied may share the one, but hardly both."""
    try:
        machine = _MACHINE.read_text("ascii", "replace").strip()
    except OSError:
        machine = ""
    return f"{machine} {os.uname().nodename}"


def offset(where: str, instance: str, delay: int) -> int:
    """Return the seconds, less than ``delay``, after which ``instance`` has its turn on the host ``where``."""
    if not delay:
        return 0
    digest = hashlib.sha256(f"{where} {instance}".encode("utf-8", "surrogateescape")).digest()
    return int.from_bytes(digest[:8], "big") % delay
