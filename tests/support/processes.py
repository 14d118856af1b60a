# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What other users of the machine see of processes."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def command_lines(parent: int) -> Iterator[bytes]:
    """Yield the command line of each process that ``parent`` has started, and of those that these have started."""
    for children in Path(f"/proc/{parent}/task").glob("*/children"):
        for child in map(int, children.read_text().split()):
            with contextlib.suppress(FileNotFoundError):  # it has just ended
                yield Path(f"/proc/{child}/cmdline").read_bytes()
            yield from command_lines(child)
