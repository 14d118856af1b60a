# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Signals that end the process become an exception, so that cleaning up is written once, in ``finally``."""

from __future__ import annotations

import contextlib
import signal
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType
    from typing import NoReturn

_SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)


class _Signalled(BaseException):
    """No ``Exception``: nothing between the signal and `interruptible` may take it for a fault of its own."""


def _interrupt(number: int, _frame: FrameType | None) -> NoReturn:
    for each in _SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise _Signalled(signal.Signals(number).name)


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGHUP, SIGINT and SIGTERM unwind the body once; further ones wait until cleaning up is done.

    Raises:
        Failure: a signal came; raised after the body's own ``finally`` clauses have run.
    """
    before = {number: signal.signal(number, _interrupt) for number in _SIGNALS}
    try:
        yield
    except _Signalled as signalled:
        raise Failure(f"Interrupted by {signalled}; everything that was begun has been cleaned up.") from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
