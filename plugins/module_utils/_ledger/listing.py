# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What is in a directory that was opened to be walked through."""

from __future__ import annotations

import os


def names(directory: int) -> list[str]:
    """Return the names in ``directory``, a descriptor of any kind, sorted."""
    descriptor = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=directory)
    try:
        return sorted(os.listdir(descriptor))  # noqa: PTH208 -- pathlib lists no descriptor
    finally:
        os.close(descriptor)
