# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""A commit's tree: looked over, and written as a tar byte for byte."""

from __future__ import annotations

import os
from typing import IO, TYPE_CHECKING, NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._git import tar
from ansible_collections.flant.gitops.plugins.module_utils._printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.flant.gitops.plugins.module_utils._git.command import Git
    from ansible_collections.flant.gitops.plugins.module_utils._git.remote import Remote

MAX_ENTRIES = 1_000_000
"""How many files, folders and links a tree may have: a few small objects can stand for more than any disk holds."""

_CHUNK = 1 << 20
_GITLINK = b"160000"
_NO_NAMES = (b"", b".", b"..", b".git")  # in lower case


class TooLarge(Failure):
    """A small repository can stand for a tree that fills any disk; this one does."""

    def __init__(self, commit: str) -> None:
        """Take the commit."""
        super().__init__(f"archive: the tree of {commit} is too large: over a million entries or 16 GiB.")


class Part(NamedTuple):
    """A commit whose tree makes up one part of an archive, everything below ``prefix``."""

    remote: Remote
    commit: str
    prefix: str = ""


class Submodule(NamedTuple):
    """Where in the tree a submodule belongs, and the commit it is pinned to."""

    path: str
    commit: str


class Listing(NamedTuple):
    """What `list_tree` found: the submodules, and how many files, folders and links there are."""

    submodules: list[Submodule]
    entries: int


def list_tree(git: Git, commit: str, limit: int) -> Listing:
    """Look over the tree of ``commit``, all of whose folders are here.

    Raises:
        TooLarge: there are more than ``limit`` entries.
        Failure: there are names that lead elsewhere than they seem to.
        GitError: a folder is missing.
    """
    submodules = []
    entries = 0
    names = _Names(commit)
    with git.stream("ls-tree", "-r", "-t", "-z", "--full-tree", commit) as output:
        for entry in ended_by_nul(output):
            attributes, _separator, path = entry.partition(b"\t")
            mode, kind, identity = attributes.split()
            entries += 1
            if entries > limit:
                raise TooLarge(commit)
            names.add(path, folder=kind == b"tree")
            if mode == _GITLINK:
                submodules.append(Submodule(os.fsdecode(path), identity.decode()))
    return Listing(submodules, entries)


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


def write_tar(git: Git, commit: str, prefix: str, target: tar.Target, limit: int) -> None:
    """Write the tree of ``commit``, all of which is here, as a tar whose names begin with ``prefix``.

    Raises:
        TooLarge: that is more than ``limit`` bytes.
        GitError: git cannot read it.
        OSError: the target cannot be written.
    """
    with git.stream("archive", "--format=tar", f"--prefix={prefix}", commit) as output:
        chunk = output.read(tar.BLOCK)
        if tar.kind(chunk) == tar.GLOBAL_HEADER:  # names the commit, and is in the way of an empty or joined archive
            output.read(tar.BLOCK)
            chunk = output.read(tar.BLOCK)
        while chunk:
            limit -= len(chunk)
            if limit < 0:
                raise TooLarge(commit)
            target.write(chunk)
            chunk = output.read(_CHUNK)


def ended_by_nul(output: IO[bytes]) -> Iterator[bytes]:
    """Yield what ``output`` holds before each NUL."""
    rest = b""
    while chunk := output.read(_CHUNK):
        *entries, rest = (rest + chunk).split(b"\0")
        yield from entries
