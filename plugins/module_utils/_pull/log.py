# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Where the output goes: to whatever has started the program, or into a file, as cron keeps none.

The file holds the last run, a second one the last run that failed, and the system's log has all.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._private_file import create, open_regular, remove

if TYPE_CHECKING:
    from collections.abc import Iterator

LAST, LAST_FAILED = Path("ansible-pull.log"), Path("ansible-pull.failed.log")


class Log(NamedTuple):
    """A log that is open; ``output`` is a descriptor for what a process prints, None for where this one prints."""

    output: int | None

    def tell(self, sentence: str) -> None:
        """Add a line."""
        os.write(sys.stderr.fileno() if self.output is None else self.output, f"{sentence}\n".encode())


@contextlib.contextmanager
def opened(directory: int, *, keeps: bool) -> Iterator[Log]:
    """Yield a log; one that ``keeps`` anything lies in ``directory``, a descriptor, in place of the one before."""
    if not keeps:
        yield Log(None)
        return
    remove(LAST, dir_fd=directory)
    descriptor = create(LAST, dir_fd=directory)
    try:
        yield Log(descriptor)
    finally:
        os.close(descriptor)


def keep_failed(directory: int) -> None:
    """Keep the last log beyond the next run that goes well."""
    import shutil

    with os.fdopen(open_regular(LAST, dir_fd=directory), "rb") as source:
        remove(LAST_FAILED, dir_fd=directory)
        with os.fdopen(create(LAST_FAILED, dir_fd=directory), "wb") as target:
            shutil.copyfileobj(source, target)


def forward(directory: int, identifier: str) -> None:
    """Tell the system's log, where there is one, what is in the last log."""
    import syslog

    syslog.openlog(identifier)
    with os.fdopen(open_regular(LAST, dir_fd=directory), "r", encoding="utf-8", errors="replace") as file:
        for line in file:
            syslog.syslog(line.rstrip("\n").replace("\0", "\N{REPLACEMENT CHARACTER}"))
    syslog.closelog()
