# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The end of an instance: all that its directory holds goes, but for the ledger where that is to stay."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._ledger import listing
from ansible_collections.flant.gitops.plugins.module_utils._trusted_path import trusted_directory

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def remove_all(instance: Path, *, but: Sequence[str], last: str, check_mode: bool) -> bool:
    """Delete what the directory ``instance`` holds, and itself once it is empty; return whether there was anything.

    Args:
        instance: the directory.
        but: names that stay.
        last: the name that goes last of all, as it keeps others from what is half deleted.
        check_mode: look, and delete nothing.

    Raises:
        Missing: there is no such directory.
        Failure: others could change where it leads.
        OSError: something cannot be deleted.
    """
    with trusted_directory(instance, "dir") as directory:
        names = sorted(set(listing.names(directory)).difference(but), key=lambda name: (name == last, name))
        if check_mode:
            return names != []
        for name in names:
            path = instance / name
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        is_empty = not listing.names(directory)
    if is_empty:
        instance.rmdir()
    return names != [] or is_empty
