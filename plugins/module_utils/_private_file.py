# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Files and folders that only their owner may read, and that survive a crash whole or not at all."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._interruption import uninterrupted

if TYPE_CHECKING:
    from collections.abc import Iterator

_ATTEMPTS = 100


@contextlib.contextmanager
def private_directory(prefix: str) -> Iterator[Path]:
    """Yield a new directory of mode 0700 whose name starts with ``prefix``; it is gone afterwards on every path.

    Its name is known before it exists, so that a signal between the two leaves nothing behind.
    """
    with uninterrupted():  # Python tries the temporary folder out with a file of its own
        directory = Path(tempfile.gettempdir()) / f"{prefix}{os.urandom(16).hex()}"
    try:
        directory.mkdir(mode=0o700)
        yield directory
    finally:
        try:
            _remove(directory)
        finally:
            _remove(directory)  # the one signal that unwinds us may have come during the first attempt


def _remove(directory: Path) -> None:
    """Remove a directory to which a child process that was cut off may still be writing its last files."""
    for _index in range(_ATTEMPTS):
        shutil.rmtree(directory, ignore_errors=True)
        if not directory.exists():
            return
        time.sleep(0.01)


def replace(path: Path, data: bytes) -> None:
    """Put ``data`` at ``path`` with mode 0600, whole or not at all, and durable once this returns.

    Raises:
        OSError: the directory cannot be written or the disk is full; ``path`` is then as it was.
    """
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(name).unlink()
        raise
    sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """Make names that were created, renamed or removed in ``directory`` durable."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold an exclusive ``flock`` on the file ``path``, created with mode 0600 where it is missing.

    Waits for whoever holds it. The file stays: removing it would let two holders in.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
