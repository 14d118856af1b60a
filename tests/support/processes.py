# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What other users of the machine see of processes, and their end, all at once."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def command_lines(parent: int) -> Iterator[bytes]:
    """Yield the command line of each process that ``parent`` has started, and of those that these have started."""
    for child in _children(parent):
        with contextlib.suppress(FileNotFoundError):  # it has just ended
            yield Path(f"/proc/{child}/cmdline").read_bytes()
        yield from command_lines(child)


def kill_all(parent: int) -> None:
    """Kill ``parent`` and what it has started, in whichever sessions; each stands still first, and starts no more."""
    for process in [*_stopped(parent)]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def _stopped(process: int) -> Iterator[int]:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGSTOP)
        yield process
    for child in _children(process):
        yield from _stopped(child)


def _children(parent: int) -> Iterator[int]:
    for children in Path(f"/proc/{parent}/task").glob("*/children"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # the parent has just ended
            yield from map(int, children.read_text().split())
