# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What tells whether a file has been changed or exchanged, without reading it."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import NamedTuple, Optional

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure


class Trace(NamedTuple):
    """Which file it is, and when it was changed, in nanoseconds: ``modified`` may be set, ``changed`` may not."""

    device: int
    inode: int
    mode: int
    owner: int
    size: int
    modified: int
    changed: int


Traces = tuple[Optional[Trace], Optional[Trace]]
"""Of what has the name, and of what that leads to if it is a link; None where nothing is."""


def traces(path: str) -> Traces:
    """Return the traces of the file ``path``.

    Raises:
        Failure: it is a folder, in which anything may change without a trace, or cannot be looked at.
    """
    try:
        found = os.lstat(path)
        target = _target(path) if stat.S_ISLNK(found.st_mode) else None
    except (FileNotFoundError, NotADirectoryError):
        return None, None
    except OSError as error:
        raise Failure(f"{path} cannot be looked at: {error.strerror}") from None
    if stat.S_ISDIR((target or found).st_mode):
        raise Failure(f"{path} is a folder")
    return _trace(found), _trace(target) if target else None


def newest(found: Traces) -> float:
    """Return when anything was changed last, in seconds since the epoch; 0 if nothing is there."""
    return max((max(each.modified, each.changed) / 1e9 for each in found if each), default=0.0)


def _target(path: str) -> os.stat_result | None:
    try:
        return Path(path).stat()
    except FileNotFoundError:
        return None


def _trace(status: os.stat_result) -> Trace:
    return Trace(
        status.st_dev,
        status.st_ino,
        status.st_mode,
        status.st_uid,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )
