# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Worker threads that the main thread can be interrupted in waiting for.

A signal becomes an exception in the main thread, wherever that is (`_interruption`). Within `threading` and
`concurrent.futures` it could leave a lock held, or a thread that is just being started unknown to its pool, and the
process would wait for that thread for ever. So it only comes in between: here signals wait while a lock may be held.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
from concurrent.futures import ALL_COMPLETED, FIRST_EXCEPTION, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from ansible_collections.flant.gitops.plugins.module_utils._interruption import uninterrupted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from concurrent.futures import Future

_Result = TypeVar("_Result")
_LONGEST_DELAY = 0.05  # seconds that a signal waits at the most


class Workers:
    """A pool of threads, to be used from the main thread alone."""

    def __init__(self, number: int) -> None:
        """Run up to ``number`` calls at a time."""
        self._pool = ThreadPoolExecutor(number)

    def submit(self, call: Callable[..., _Result], *arguments: object, **keywords: object) -> Future[_Result]:
        """Make the ``call`` in a thread of its own, where signals do not interrupt it."""
        with uninterrupted():
            return self._pool.submit(call, *arguments, **keywords)

    def map(self, call: Callable[..., _Result], *arguments: Iterable[object]) -> list[_Result]:
        """Return the results of the calls with one of each of ``arguments``, in their order."""
        futures = [self.submit(call, *each) for each in zip(*arguments)]
        return [result_of(future) for future in futures]

    def shutdown(self, *, cancel: bool = False) -> None:
        """Await the calls that have been submitted; with ``cancel`` those alone that have begun."""
        with uninterrupted():
            self._pool.shutdown(wait=True, cancel_futures=cancel)


@contextlib.contextmanager
def workers(number: int) -> Iterator[Workers]:
    """Yield a pool of up to ``number`` threads, none of which runs any longer afterwards; what waits is dropped."""
    pool = Workers(number)
    try:
        yield pool
    finally:
        try:
            pool.shutdown(cancel=True)
        finally:
            pool.shutdown(cancel=True)  # the one signal that unwinds us may have come right before the first attempt


def result_of(future: Future[_Result]) -> _Result:
    """Return what a call returns or raise what it raises, once it has ended."""
    wait([future])
    return future.result()


def wait(futures: Collection[Future[_Result]], *, return_when: str = ALL_COMPLETED) -> set[Future[_Result]]:
    """Wait until all ``futures`` are done, or with ``FIRST_EXCEPTION`` until one has failed, and return those done."""
    while True:
        with uninterrupted():
            done, pending = concurrent.futures.wait(futures, _LONGEST_DELAY, return_when)
        if not pending or (return_when == FIRST_EXCEPTION and any(future.exception() for future in done)):
            return done
