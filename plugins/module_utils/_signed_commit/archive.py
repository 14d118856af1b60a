# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The chosen commit's tree as one tar file, with its submodules' if they are wanted."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path
from typing import IO, TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._git.tar import Unended
from ansible_collections.flant.gitops.plugins.module_utils._git.transfer import fetch_tree
from ansible_collections.flant.gitops.plugins.module_utils._git.tree import MAX_ENTRIES, list_tree, write_tar
from ansible_collections.flant.gitops.plugins.module_utils._private_file import create, remove
from ansible_collections.flant.gitops.plugins.module_utils._trusted_path import trusted_directory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.flant.gitops.plugins.module_utils._git.tree import Part

_MAX_BYTES = 16 << 30


def write_archive(part: Part, path: Path, *, submodules: bool) -> str:
    """Write the tree of the commit ``part`` to ``path``, whole or not at all, and return the SHA-256 of the tar.

    It is that of the bytes on their way into the file, whatever becomes of the file.

    Raises:
        Failure: a server does not give what is needed, or not in time; the tree is too large; the file cannot be
            written.
    """
    fetch_tree(part.remote, part.commit)
    *others, last = _parts(part, submodules=submodules)
    try:
        with _new_file(path) as file:
            archive = _Digested(file)
            for each in others:
                write_tar(each.remote.git, each.commit, each.prefix, Unended(archive), _MAX_BYTES - archive.size)
            write_tar(last.remote.git, last.commit, last.prefix, archive, _MAX_BYTES - archive.size)
    except OSError as error:
        raise Failure(f"archive: {path} cannot be written: {error.strerror}.") from None
    return archive.sha256.hexdigest()


class _Digested:
    """A file that is only written to, how much that was so far, and the SHA-256 of it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.size = 0
        self.sha256 = hashlib.sha256()

    def write(self, data: bytes) -> None:
        self.size += len(data)
        self.sha256.update(data)
        self._file.write(data)


def _parts(root: Part, *, submodules: bool) -> list[Part]:
    """Return the commit and, if wanted, the submodules of every depth, all of them here."""
    parts = [root]
    entries = 0
    for part in parts:  # grows as submodules are found
        listing = list_tree(part.remote.git, part.commit, MAX_ENTRIES - entries)
        entries += listing.entries
        if submodules and listing.submodules:
            from ansible_collections.flant.gitops.plugins.module_utils._git.submodules import fetch_submodules

            parts.extend(fetch_submodules(part, listing.submodules))
    return parts


@contextlib.contextmanager
def _new_file(path: Path) -> Iterator[IO[bytes]]:
    """Yield a new file that only we can read; it takes its place at ``path`` if the body succeeds."""
    with trusted_directory(path.parent, "archive", shared=True) as directory:
        unfinished = Path(f"{path.name}.part")
        remove(unfinished, dir_fd=directory)
        try:
            with os.fdopen(create(unfinished, dir_fd=directory), "wb") as file:
                yield file
            os.replace(unfinished, path.name, src_dir_fd=directory, dst_dir_fd=directory)
        except BaseException:
            remove(unfinished, dir_fd=directory)
            raise
