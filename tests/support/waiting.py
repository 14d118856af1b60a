# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for what other processes bring about: never for ever, and no longer than it takes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from subprocess import Popen

_Value = TypeVar("_Value")
_PAUSE = 0.05  # seconds


def until(
    condition: Callable[[], _Value],
    *,
    seconds: float = 60,
    during: Popen[str] | Popen[bytes] | None = None,
    log: Path | None = None,
) -> _Value:
    """Wait until ``condition()`` holds, as long as the process ``during`` runs, and return what it has returned.

    Raises:
        AssertionError: it did not hold within ``seconds``, or before the process ended; ``log`` is shown with it.
    """
    end = time.monotonic() + seconds
    while True:
        has_ended = during is not None and during.poll() is not None  # asked first: what counts may be the last it does
        if value := condition():
            return value
        if has_ended or time.monotonic() > end:
            what = (
                f"the process ended: {during.communicate()}" if during and has_ended else f"{seconds:g} s have passed"
            )
            raise AssertionError(f"It has not come, and {what}. {_end_of(log) if log else ''}")
        time.sleep(_PAUSE)


def _end_of(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-2000:]
