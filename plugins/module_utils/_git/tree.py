# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""A commit's tree: looked over, and written as a tar byte for byte."""

from __future__ import annotations

import os
import shutil
import tarfile
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.flant.gitops.plugins.module_utils._git.command import Git

_CHUNK = 1 << 20
_GITLINK = b"160000"
_TYPE = slice(156, 157)  # of a tar header, see pax(1)
_NO_NAMES = (b"", b".", b"..", b".git")


@dataclass(frozen=True)
class Allowance:
    """How much an archive may still hold: a small repository can stand for a tree that fills any disk."""

    entries: int = 1_000_000
    size: int = 16 << 30


@dataclass(frozen=True)
class Submodule:
    """Where in the tree a submodule belongs, and the commit it is pinned to."""

    path: str
    commit: str


@dataclass(frozen=True)
class Listing:
    """What `list_tree` found, and what is left of its allowance."""

    submodules: list[Submodule]
    left: Allowance


def list_tree(git: Git, commit: str, allowance: Allowance) -> Listing:
    """Look over the tree of ``commit``, all of which is here.

    Raises:
        Failure: the tree exceeds ``allowance``, or holds names that lead elsewhere than they seem to.
        GitError: a part of it is missing.
    """
    submodules = []
    entries, left = allowance.entries, allowance.size
    names = _Names(commit)
    with git.stream("ls-tree", "-r", "-t", "-l", "-z", "--full-tree", commit) as output:
        for entry in _entries(output):
            attributes, _separator, path = entry.partition(b"\t")
            mode, kind, identity, size = attributes.split()
            entries -= 1
            left -= int(size) if size != b"-" else 0
            if entries < 0 or left < 0:
                raise Failure(f"archive: the tree of {commit} is too large: over a million entries or 16 GiB.")
            names.add(path, folder=kind == b"tree")
            if mode == _GITLINK:
                submodules.append(Submodule(os.fsdecode(path), identity.decode()))
    return Listing(submodules, Allowance(entries, left))


class _Names:
    """The paths of a tree in git's order, a folder right above what is in it, of which each must be there once.

    Where one name is a link and a folder, or one entry's name is a path, files would be written through the link.
    """

    def __init__(self, commit: str) -> None:
        self._commit = commit
        self._folders: list[tuple[bytes, set[bytes]]] = [(b"", set())]  # down to the one that is being listed

    def add(self, path: bytes, *, folder: bool) -> None:
        """Take the next path.

        Raises:
            Failure: it is there a second time, is not in the folder above it, or is one that git never writes.
        """
        parent, _separator, name = path.rpartition(b"/")
        while len(self._folders) > 1 and self._folders[-1][0] != parent:
            self._folders.pop()
        listed, names = self._folders[-1]
        if listed != parent or name in names or name.lower() in _NO_NAMES:
            raise Failure(f"archive: the tree of {self._commit} holds a name that git refuses: {printable(path)}.")
        names.add(name)
        if folder:
            self._folders.append((path, set()))


def write_tar(git: Git, commit: str, prefix: str, target: IO[bytes]) -> None:
    """Write the tree of ``commit``, all of which is here, as a tar whose names begin with ``prefix``.

    Raises:
        GitError: git cannot read it.
        OSError: the target cannot be written.
    """
    with git.stream("archive", "--format=tar", f"--prefix={prefix}", commit) as output:
        header = output.read(tarfile.BLOCKSIZE)
        if header[_TYPE] == tarfile.XGLTYPE:  # names the commit, and is only in the way of an empty or joined archive
            output.read(tarfile.BLOCKSIZE)
        else:
            target.write(header)
        shutil.copyfileobj(output, target, _CHUNK)


def _entries(output: IO[bytes]) -> Iterator[bytes]:
    rest = b""
    while chunk := output.read(_CHUNK):
        *entries, rest = (rest + chunk).split(b"\0")
        yield from entries
