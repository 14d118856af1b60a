# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Temporary folders that only their owner may read."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._interruption import uninterrupted

if TYPE_CHECKING:
    from collections.abc import Iterator

_ATTEMPTS = 100


@contextlib.contextmanager
def private_directory(prefix: str) -> Iterator[Path]:
    """Yield a new directory of mode 0700 whose name starts with ``prefix``; it is gone afterwards on every path.

    Its name is known before it exists, so that a signal between the two leaves nothing behind.
    """
    with uninterrupted():  # Python tries the temporary folder out with a file of its own
        directory = Path(tempfile.gettempdir()) / f"{prefix}{os.urandom(16).hex()}"
    try:
        directory.mkdir(mode=0o700)
        yield directory
    finally:
        try:
            _remove(directory)
        finally:
            _remove(directory)  # the one signal that unwinds us may have come during the first attempt


def _remove(directory: Path) -> None:
    """Remove a directory to which a child process that was cut off may still be writing its last files."""
    for _index in range(_ATTEMPTS):
        shutil.rmtree(directory, ignore_errors=True)
        if not directory.exists():
            return
        time.sleep(0.01)
