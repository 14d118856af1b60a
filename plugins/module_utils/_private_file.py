# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Files that only their owner may read, and that survive a crash whole or not at all.

With ``dir_fd``, a descriptor such as `_trusted_path` gives, a path is a name in that directory, as in ``os``.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

_RANDOM = 16  # characters


def replace(path: Path, data: bytes, *, dir_fd: int | None = None) -> None:
    """Put ``data`` at ``path`` with mode 0600, whole or not at all, and durable once this returns.

    Raises:
        OSError: the directory cannot be written or the disk is full; ``path`` is then as it was.
    """
    with _directory_of(path, dir_fd) as directory:
        with written_aside(path.name, directory) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        sync_directory(directory)


@contextlib.contextmanager
def written_aside(name: str, directory: int) -> Iterator[BinaryIO]:
    """Yield a new file of mode 0600, which takes the place of ``name`` in ``directory``, a descriptor, at the end.

    Where the block fails it is gone and ``name`` is as it was. One that was killed leaves what `is_unfinished` knows.

    Raises:
        OSError: the directory cannot be written.
    """
    unfinished = f".{name}.{os.urandom(_RANDOM // 2).hex()}"
    try:
        with os.fdopen(create(Path(unfinished), dir_fd=directory), "wb") as file:
            yield file
        os.replace(unfinished, name, src_dir_fd=directory, dst_dir_fd=directory)
    except BaseException:
        remove(Path(unfinished), dir_fd=directory)
        raise


def is_unfinished(each: str, name: str) -> bool:
    """Tell whether the file ``each`` is one that `written_aside` has begun for ``name``."""
    return each.startswith(f".{name}.") and len(each) == len(f".{name}.") + _RANDOM


def create(path: Path, *, dir_fd: int | None = None) -> int:
    """Make the file ``path`` with mode 0600, and return a descriptor for reading and writing it.

    Raises:
        OSError: something stands there, or it cannot be made.
    """
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=dir_fd)


def remove(path: Path, *, dir_fd: int | None = None) -> None:
    """Remove the file ``path``; that it is gone already is no error.

    Raises:
        OSError: it cannot be removed.
    """
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path, dir_fd=dir_fd)


def open_regular(path: Path, *, dir_fd: int | None = None) -> int:
    """Return a descriptor for reading the file ``path``.

    Raises:
        OSError: it is not a regular file, or cannot be read.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(path, flags, dir_fd=dir_fd)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is not a regular file")
    return descriptor


def sync_directory(directory: Path | int) -> None:
    """Make names that were created, renamed or removed in ``directory``, a path or a descriptor, durable."""
    place = (Path(os.curdir), directory) if isinstance(directory, int) else (directory, None)
    descriptor = os.open(place[0], os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=place[1])
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def lock(path: Path, *, dir_fd: int | None = None) -> Iterator[None]:
    """Hold an exclusive ``flock`` on the file ``path``, created with mode 0600 where it is missing.

    Waits for whoever holds it. The file stays: removing it would let two holders in. One that another user has made is
    refused, as they could hold it for ever.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    descriptor = os.open(path, flags, 0o600, dir_fd=dir_fd)
    try:
        if os.fstat(descriptor).st_uid != os.geteuid():
            raise OSError(errno.EPERM, "it belongs to another user")
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _directory_of(path: Path, dir_fd: int | None) -> Iterator[int]:
    if dir_fd is not None:
        yield dir_fd
        return
    directory = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield directory
    finally:
        os.close(directory)
