# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Files that others may read, and that they never see half written."""

from __future__ import annotations

import os
from pathlib import Path

from ansible_collections.flant.gitops.plugins.module_utils._private_file import is_unfinished, remove, written_aside


def publish(name: str, data: bytes, directory: int, *, mode: int = 0o644, group: int = -1) -> None:
    """Put ``data`` at ``name`` in ``directory``, a descriptor, whole or not at all.

    A disk that loses power may lose it. What a writer that was killed has left goes with the next call, so that there
    must be one writer at a time.

    Raises:
        OSError: the directory cannot be written, or the disk is full; ``name`` is then as it was.
    """
    remove_unfinished(name, directory)
    with written_aside(name, directory) as file:
        file.write(data)
        if group != -1:
            os.fchown(file.fileno(), -1, group)
        os.fchmod(file.fileno(), mode)


def remove_unfinished(name: str, directory: int) -> None:
    """Remove what writers of ``name`` in ``directory`` have left that were killed.

    Raises:
        OSError: it cannot be listed or removed.
    """
    listed = os.open(os.curdir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=directory)
    try:
        left = [each for each in os.listdir(listed) if is_unfinished(each, name)]  # noqa: PTH208 -- a descriptor
    finally:
        os.close(listed)
    for each in left:
        remove(Path(each), dir_fd=directory)
