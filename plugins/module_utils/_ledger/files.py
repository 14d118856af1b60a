# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The ledger's files: a line an entry, a file a year, in a directory that the caller has opened and locked.

What is written is appended and synced, or not there at all. What a power cut has left of a line stays, and the line
after it says so.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._interruption import uninterrupted
from ansible_collections.flant.gitops.plugins.module_utils._ledger import listing
from ansible_collections.flant.gitops.plugins.module_utils._ledger.envelope import LONGEST
from ansible_collections.flant.gitops.plugins.module_utils._private_file import open_regular, sync_directory

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME = re.compile(r"[0-9]{4}\.jsonl")
_BLOCK = 1 << 16
_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def years(directory: int) -> list[str]:
    """Return the names of the files in ``directory``, a descriptor, the oldest first."""
    return [name for name in listing.names(directory) if _NAME.fullmatch(name)]


def lines(directory: int, name: str) -> Iterator[bytes]:
    """Yield the lines of a file, the first one first, each without its line feed and at most a byte too long to be one.

    What follows the last line feed is yielded, too, if there is anything.
    """
    with os.fdopen(open_regular(Path(name), dir_fd=directory), "rb") as file:
        while True:
            line = file.readline(LONGEST + 2)
            if not line:
                return
            yield line.removesuffix(b"\n")
            while len(line) == LONGEST + 2 and not line.endswith(b"\n"):
                line = file.readline(LONGEST + 2)


def backwards(directory: int, name: str) -> Iterator[bytes]:
    """Yield the lines of a file, the last one first; before them what follows the last line feed, be it empty.

    Raises:
        ValueError: one of them is too long to be one.
    """
    with os.fdopen(open_regular(Path(name), dir_fd=directory), "rb") as file:
        end, rest = os.fstat(file.fileno()).st_size, b""
        while end:
            start = max(0, end - _BLOCK)
            rest, *whole = (os.pread(file.fileno(), end - start, start) + rest).split(b"\n")
            yield from reversed(whole)
            end = start
            if len(rest) > LONGEST:
                raise ValueError("it is longer than 64 KiB")
        yield rest


def append(directory: int, name: str, line: bytes) -> None:
    """Put ``line`` and a line feed at the end of a file, made if it is missing, so that a crash keeps both or neither.

    Raises:
        OSError: it cannot be written; the file is then as it was.
    """
    with uninterrupted():
        descriptor = _opened(directory, name)
        try:
            before = os.fstat(descriptor).st_size
            try:
                _write(descriptor, line + b"\n")
                os.fsync(descriptor)
            except OSError:
                os.ftruncate(descriptor, before)
                raise
        finally:
            os.close(descriptor)
        if not before:
            sync_directory(directory)


def _write(descriptor: int, octets: bytes) -> None:
    while octets:
        octets = octets[os.write(descriptor, octets) :]


def _opened(directory: int, name: str) -> int:
    descriptor = os.open(name, _FLAGS, 0o600, dir_fd=directory)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, f"{name} is not a regular file")
    return descriptor
