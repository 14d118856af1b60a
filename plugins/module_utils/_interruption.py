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
    from collections.abc import Callable, Iterator
    from types import FrameType

_SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)


class _Signalled(BaseException):
    """No ``Exception``: nothing between the signal and `interruptible` may take it for a fault of its own."""


class _Delay:
    """Whether a signal has to wait, and the one that does."""

    def __init__(self) -> None:
        self.on = False
        self.waiting: int | None = None


_delay = _Delay()


def _interrupt(number: int, _frame: FrameType | None) -> None:
    if _delay.on:
        _delay.waiting = number
        return
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


@contextlib.contextmanager
def uninterrupted() -> Iterator[Callable[[], None]]:
    """Let signals wait until the body calls what it is given, or ends; within another such body, until that ends.

    So a process can be started and be put under the care of a ``finally`` without a signal in between::

        with uninterrupted() as interruptible_again:
            process = start()
            try:
                interruptible_again()
                ...
            finally:
                process.kill()
    """
    if _delay.on:
        yield lambda: None
        return
    _delay.on = True
    try:
        yield _end_delay
    finally:
        _end_delay()


def _end_delay() -> None:
    _delay.on = False
    waiting, _delay.waiting = _delay.waiting, None
    if waiting is not None:
        _interrupt(waiting, None)
