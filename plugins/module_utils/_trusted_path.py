# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The way to a file: whether anybody but root and us can change where a path leads.

A path is walked from ``/``, one descriptor at a time, so that what was looked at is what is walked through. On the way

- a directory must belong to root or to us, and must not be writable by its group or by others. The group may be root's
  if no access control list names more; such a list is within the group's bits, which are then its mask;
- a directory with the sticky bit may be writable by anybody, as only the owner of an entry can rename or remove it;
- a symbolic link is followed if it belongs to root or to us, and its target is walked by the same rules;
- a directory that is missing is made with mode 0700 if that is wanted, opened, and looked at like all others.

A path that has passed can be used by its name from then on: only root and we can change what that means. To do so by
the descriptor, which is what `trusted_directory` gives, needs no such argument.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

_MOST_LINKS = 40  # as the kernel has it
_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH
_FOR_OTHERS = stat.S_IRWXG | stat.S_IRWXO

_LOOKING = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
_DIRECTORY = _LOOKING | os.O_DIRECTORY
_READING = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Missing(Failure):
    """There is nothing at a path, or a directory on the way is missing."""


@contextlib.contextmanager
def trusted_directory(path: Path, option: str, *, create: bool = False, shared: bool = False) -> Iterator[int]:
    """Yield a descriptor of the directory ``path``, for the ``dir_fd`` of the functions of ``os`` and `_private_file`.

    With ``create``, what is missing is made. With ``shared`` the directory itself may be one like ``/tmp``, in which
    others may make files too: then only what is made with ``O_EXCL`` there is ours. The descriptor is an ``O_PATH``.

    Raises:
        Missing: it does not exist.
        Failure: others could change where the path leads or what is in it; the sentence begins with ``option``.
    """
    with contextlib.closing(_Walk(path, option, create=create)) as walk:
        yield walk.to_directory(shared=shared)


@contextlib.contextmanager
def trusted_file(path: Path, option: str, *, secret: bool = False, link: bool = False) -> Iterator[BinaryIO]:
    """Yield the regular file ``path``, open for reading.

    It must belong to root or to us, and nobody else may be able to write to it. One that holds a ``secret`` must be
    ours, readable by nobody else, and no symbolic ``link``, unless that is how it is put there.

    Raises:
        Missing: there is no such file.
        Failure: it cannot be trusted, or cannot be read; the sentence begins with ``option``.
    """
    with contextlib.closing(_Walk(path, option)) as walk:
        descriptor = walk.to_file(links=link or not secret)
        try:
            walk.refuse_file(os.fstat(descriptor), secret=secret)
        except Failure:
            os.close(descriptor)
            raise
        with os.fdopen(descriptor, "rb") as file:
            yield file


def exists(path: Path, option: str) -> bool:
    """Say whether root or we have put something at ``path``, be it in a directory like ``/tmp``.

    Raises:
        Failure: others could change the answer, or what is there is theirs; the sentence begins with ``option``.
    """
    try:
        with trusted_directory(path.parent, option, shared=True) as directory:
            status = os.stat(path.name or os.curdir, dir_fd=directory, follow_symlinks=False)
    except (Missing, FileNotFoundError):
        return False
    except OSError as error:
        raise Failure(f"{option}: {path} cannot be looked at: {error.strerror}.") from None
    if status.st_uid not in (0, os.geteuid()):
        raise Failure(f"{option}: {path} belongs to another user (uid {status.st_uid}).")
    return True


class _Walk:
    """A walk along ``path`` that stands in one directory at a time; ``_where`` is its name without links."""

    def __init__(self, path: Path, option: str, *, create: bool = False) -> None:
        self._path, self._option, self._create = path, option, create
        self._names = [*path.absolute().parts[:0:-1]]  # still to go: the next one is the last
        self._links = 0
        self._where = Path("/")
        self._directory = os.open("/", _DIRECTORY)

    def close(self) -> None:
        os.close(self._directory)

    def to_directory(self, *, shared: bool) -> int:
        """Go to the end, which has to be a directory, and return its descriptor."""
        while self._names:
            self._step()
        self._refuse_directory(sticky=shared)
        return self._directory

    def to_file(self, *, links: bool) -> int:
        """Go to the directory of what stands at the end, and return a descriptor for reading that."""
        while True:
            while len(self._names) > 1:
                self._step()
            if not self._names:
                raise self._failure(self._where, "is not a regular file")
            self._refuse_directory()
            where = self._where / self._names[0]
            try:
                return os.open(where.name, _READING, dir_fd=self._directory)
            except OSError as error:
                if error.errno != errno.ELOOP:
                    raise self._explained(error, where, "read") from None
            if not links:
                raise self._failure(where, "is a symbolic link")
            self._step()

    def refuse_file(self, status: os.stat_result, *, secret: bool) -> None:
        where = self._where / self._names[0]
        if not stat.S_ISREG(status.st_mode):
            raise self._failure(where, "is not a regular file")
        if status.st_uid != os.geteuid() and (secret or status.st_uid != 0):
            raise self._failure(where, f"belongs to another user (uid {status.st_uid})")
        if status.st_mode & _WRITABLE_BY_OTHERS:
            raise self._failure(where, "can be written by others than its owner")
        if secret and status.st_mode & _FOR_OTHERS:
            raise self._failure(where, "can be read by others than its owner; its mode must be 0600")

    def _step(self) -> None:
        """Go into the next directory, or to where the next link begins."""
        self._refuse_directory()
        name = self._names.pop()
        where = self._where.parent if name == os.pardir else self._where / name
        found = self._open(name, where)
        status = os.fstat(found)
        if stat.S_ISDIR(status.st_mode):
            self._enter(found, where)
            return
        with contextlib.ExitStack() as stack:
            stack.callback(os.close, found)
            if not stat.S_ISLNK(status.st_mode):
                raise self._failure(where, "is not a directory")
            self._follow(found, status, where)

    def _open(self, name: str, where: Path) -> int:
        try:
            if self._create:
                with contextlib.suppress(FileNotFoundError):
                    return os.open(name, _LOOKING, dir_fd=self._directory)
                with contextlib.suppress(FileExistsError):
                    os.mkdir(name, 0o700, dir_fd=self._directory)
            return os.open(name, _LOOKING, dir_fd=self._directory)
        except OSError as error:
            raise self._explained(error, where, "made" if self._create else "opened") from None

    def _enter(self, directory: int, where: Path) -> None:
        os.close(self._directory)
        self._directory, self._where = directory, where

    def _follow(self, link: int, status: os.stat_result, where: Path) -> None:
        self._links += 1
        if self._links > _MOST_LINKS:
            raise self._failure(where, "is one symbolic link too many")
        if status.st_uid not in (0, os.geteuid()):
            owner = f"another user (uid {status.st_uid})"
            raise self._failure(where, f"is a symbolic link of {owner}, who could let it lead elsewhere")
        target = os.readlink("", dir_fd=link)
        self._names += [name for name in reversed(target.split("/")) if name not in ("", os.curdir)]
        if target.startswith("/"):
            self._enter(os.open("/", _DIRECTORY), Path("/"))

    def _refuse_directory(self, *, sticky: bool = True) -> None:
        """Refuse the directory that the walk stands in if others could replace, or without ``sticky`` add, an entry."""
        status = os.fstat(self._directory)
        if status.st_uid not in (0, os.geteuid()):
            owner = f"another user (uid {status.st_uid})"
            raise self._failure(self._where, f"belongs to {owner}, who could put anything there")
        if (sticky and status.st_mode & stat.S_ISVTX) or not status.st_mode & _WRITABLE_BY_OTHERS:
            return
        if status.st_mode & stat.S_IWOTH or status.st_gid != 0 or self._has_access_control_list():
            raise self._failure(self._where, "can be written to by others than its owner, who could put anything there")

    def _has_access_control_list(self) -> bool:
        """Say whether the group's bits may be the mask of others' rights."""
        try:
            directory = os.open(os.curdir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self._directory)
        except OSError:
            return True  # what cannot be looked at may be anything
        try:
            os.getxattr(directory, "system.posix_acl_access")
        except OSError as error:
            return error.errno not in (errno.ENODATA, errno.ENOTSUP)
        finally:
            os.close(directory)
        return True

    def _explained(self, error: OSError, where: Path, done: str) -> Failure:
        if isinstance(error, FileNotFoundError):
            return Missing(f"{self._option}: {where} does not exist{self._on_the_way(where)}.")
        return self._failure(where, f"cannot be {done}: {error.strerror}")

    def _failure(self, where: Path, what: str) -> Failure:
        return Failure(f"{self._option}: {where} {what}{self._on_the_way(where)}.")

    def _on_the_way(self, where: Path) -> str:
        return "" if where == self._path else f" (on the way to {self._path})"
