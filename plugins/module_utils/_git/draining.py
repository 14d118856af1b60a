# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The error text of a process whose output is read by somebody who has no time for it."""

from __future__ import annotations

import contextlib
import threading
from typing import IO, TYPE_CHECKING, cast

from ansible_collections.flant.gitops.plugins.module_utils._git.process import CHUNK, ERRORS_KEPT
from ansible_collections.flant.gitops.plugins.module_utils._interruption import uninterrupted

if TYPE_CHECKING:
    import io
    from collections.abc import Callable


def draining(errors: IO[bytes]) -> Callable[[], bytes]:
    """Take a process's error text away from now on, and return what waits for the end of it and gives that.

    Git waits where nobody does, and it has a sentence for every line of a ``.gitattributes`` that it does not like.
    """
    kept = bytearray()

    def drain() -> None:
        with contextlib.suppress(ValueError):  # closed, after the process was killed
            while chunk := cast("io.BufferedReader", errors).read1(CHUNK):
                kept.extend(chunk)
                del kept[:-ERRORS_KEPT]

    def end() -> bytes:
        reader.join()
        return bytes(kept)

    reader = threading.Thread(target=drain, daemon=True)
    with uninterrupted():  # a signal could leave a lock of the thread's held
        reader.start()
    return end
