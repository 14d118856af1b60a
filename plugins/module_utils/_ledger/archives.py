# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The archives of commits in an instance's directory: this run's, and those that killed runs have left."""

from __future__ import annotations

import os
import re
from pathlib import Path

from ansible_collections.flant.gitops.plugins.module_utils._ledger import listing
from ansible_collections.flant.gitops.plugins.module_utils._private_file import remove

_NAME = re.compile(r"archive-.*\.tar(\..*)?", re.DOTALL)
_DAY = 24 * 3600.0


def remove_old(directory: int, now: float) -> None:
    """Remove the archives in ``directory``, a descriptor, that have not been written to for a day."""
    for name in listing.names(directory):
        if _NAME.fullmatch(name) and now - os.stat(name, dir_fd=directory, follow_symlinks=False).st_mtime > _DAY:
            remove(Path(name), dir_fd=directory)
