# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The chosen commit's tree as one tar file, with its submodules' if they are wanted."""

from __future__ import annotations

import contextlib
import os
import tarfile
from typing import IO, TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._git.submodules import Part, fetch_submodules
from ansible_collections.flant.gitops.plugins.module_utils._git.transfer import fetch_tree
from ansible_collections.flant.gitops.plugins.module_utils._git.tree import Allowance, list_tree, write_tar

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def write_archive(part: Part, path: Path, *, submodules: bool) -> None:
    """Write the tree of the commit ``part`` to ``path``, whole or not at all.

    Raises:
        Failure: a server does not give what is needed, or not in time; the tree is too large; the file cannot be
            written.
    """
    fetch_tree(part.remote, part.commit)
    parts = _parts(part, submodules=submodules)
    try:
        with _new_file(path) as file:
            for each in parts:
                file.truncate(_end_of_members(file))
                write_tar(each.remote.git, each.commit, each.prefix, file)
    except OSError as error:
        raise Failure(f"archive: {path} cannot be written: {error.strerror}.") from None


def _parts(root: Part, *, submodules: bool) -> list[Part]:
    """Return the commit and, if wanted, the submodules of every depth, all of them here."""
    parts = [root]
    allowance = Allowance()
    for part in parts:  # grows as submodules are found
        listing = list_tree(part.remote.git, part.commit, allowance)
        allowance = listing.left
        if submodules:
            parts.extend(fetch_submodules(part, listing.submodules))
    return parts


def _end_of_members(file: IO[bytes]) -> int:
    """Return where the next member belongs, and go there."""
    file.seek(0)
    end = 0
    with contextlib.suppress(tarfile.ReadError), tarfile.open(fileobj=file, mode="r:") as tar:
        members: list[tarfile.TarInfo] = vars(tar)["members"]
        while tar.next():
            members.clear()  # or a large archive would be listed in memory
        end = tar.offset
    return file.seek(end)


@contextlib.contextmanager
def _new_file(path: Path) -> Iterator[IO[bytes]]:
    """Yield a new file that only we can read; it takes its place at ``path`` if the body succeeds."""
    unfinished = path.with_name(f"{path.name}.part")
    unfinished.unlink(missing_ok=True)
    try:
        descriptor = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w+b") as file:
            yield file
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
