# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""A commit's tree: looked over, and written as a tar byte for byte."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.flant.gitops.plugins.module_utils._git.command import Git

_CHUNK = 1 << 20
_GITLINK = b"160000"


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
        Failure: the tree exceeds ``allowance``.
        GitError: a part of it is missing.
    """
    submodules = []
    entries, left = allowance.entries, allowance.size
    with git.stream("ls-tree", "-r", "-t", "-l", "-z", "--full-tree", commit) as output:
        for entry in _entries(output):
            attributes, _separator, path = entry.partition(b"\t")
            mode, _type, identity, size = attributes.split()
            entries -= 1
            left -= int(size) if size != b"-" else 0
            if entries < 0 or left < 0:
                raise Failure(f"archive: the tree of {commit} is too large: over a million entries or 16 GiB.")
            if mode == _GITLINK:
                submodules.append(Submodule(os.fsdecode(path), identity.decode()))
    return Listing(submodules, Allowance(entries, left))


def write_tar(git: Git, commit: str, prefix: str, target: IO[bytes]) -> None:
    """Write the tree of ``commit``, all of which is here, as a tar whose names begin with ``prefix``.

    Raises:
        GitError: git cannot read it.
        OSError: the target cannot be written.
    """
    with git.stream("archive", "--format=tar", f"--prefix={prefix}", commit) as output:
        shutil.copyfileobj(output, target, _CHUNK)


def _entries(output: IO[bytes]) -> Iterator[bytes]:
    rest = b""
    while chunk := output.read(_CHUNK):
        *entries, rest = (rest + chunk).split(b"\0")
        yield from entries
