# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Who is making a container, so that one that was left half made can be told from one still being filled."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

# A process that has ended and that nobody has asked for its status.
_ENDED = ("Z", "X")
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def current() -> str:
    """Return a label for this process and this call: boot, process id, its start in clock ticks, and a random part."""
    return f"{_boot()}:{os.getpid()}:{_start_of(os.getpid())}:{secrets.token_hex(8)}"


def is_alive(label: str) -> bool:
    """Whether the process that ``label`` stands for still runs on this machine; of another machine's, none does."""
    boot, _separator, rest = label.partition(":")
    pid, _separator, rest = rest.partition(":")
    start = rest.partition(":")[0]
    return bool(boot and start) and boot == _boot() and pid.isdigit() and start == _start_of(int(pid))


def _boot() -> str:
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _start_of(pid: int) -> str:
    """Return field 22 of proc(5)'s ``stat``, which with the process id is never used twice in one boot."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    state, *others = stat.rpartition(")")[2].split()
    return "" if state in _ENDED else others[18]
