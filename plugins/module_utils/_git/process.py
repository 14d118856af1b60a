# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The end of a git process: in time or by force, and with everything it started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure

if TYPE_CHECKING:
    from collections.abc import Iterator

_PIECES_OF_ERROR_TEXT = 2000


@contextlib.contextmanager
def ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Leave nothing of ``process``, which leads a process group of its own, however the body ends."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        raise
    finally:
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()


def finish(process: subprocess.Popen[bytes], timeout: float | None, data: bytes | None = None) -> tuple[bytes, str]:
    """Give ``process`` its input, wait ``timeout`` seconds at most, and return its output and error text.

    Raises:
        Failure: the time is over; the whole process group has been killed.
    """
    with ended(process):
        try:
            output, errors = process.communicate(data, timeout)
        except subprocess.TimeoutExpired:
            raise Failure(f"timeout: git was not done within {timeout:g} seconds and has been killed.") from None
        return output, errors[-_PIECES_OF_ERROR_TEXT:].decode("utf-8", "replace")
