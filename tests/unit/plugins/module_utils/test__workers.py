# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import FIRST_EXCEPTION

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._interruption import interruptible
from ansible_collections.flant.gitops.plugins.module_utils._workers import result_of, wait, workers


def test_results_come_in_the_order_of_the_calls() -> None:
    with workers(2) as pool:
        assert pool.map(pow, [2, 3, 4], [1, 2, 3]) == [2, 9, 64]


def test_what_a_call_raises_is_raised() -> None:
    with workers(1) as pool, pytest.raises(ZeroDivisionError):
        result_of(pool.submit(divmod, 1, 0))


def test_the_first_exception_is_not_kept_waiting_by_another_call() -> None:
    goes_on = threading.Event()
    with workers(2) as pool:
        slow, failing = pool.submit(goes_on.wait, 60), pool.submit(divmod, 1, 0)
        assert wait([slow, failing], return_when=FIRST_EXCEPTION) == {failing}
        goes_on.set()


def test_a_signal_interrupts_the_wait_but_not_the_call() -> None:
    ended = []

    def work() -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.5)
        ended.append("call")

    with pytest.raises(Failure, match="SIGTERM"), interruptible(), workers(1) as pool:
        try:
            result_of(pool.submit(work))
        finally:
            ended.append("wait")
    assert ended == ["wait", "call"]


# The signal comes when the main thread has just taken the n-th lock, and would leave it held.
INTERRUPTED_WITH_A_LOCK_IN_HAND = """
import itertools, os, signal, sys, threading
sys.path[:0] = sys.argv[1:]
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._interruption import interruptible
from ansible_collections.flant.gitops.plugins.module_utils._workers import workers

enter = threading.Condition.__enter__

def is_interrupted_at(number):
    numbers = itertools.count()
    def enter_and_interrupt(condition):
        entered = enter(condition)
        if threading.get_ident() == threading.main_thread().ident and next(numbers) == number:
            os.kill(os.getpid(), signal.SIGTERM)
        return entered
    threading.Condition.__enter__ = enter_and_interrupt
    try:
        with interruptible(), workers(2) as pool:
            pool.map(abs, [1, 2, 3])
    except Failure:
        return True
    return False

print(next(number for number in itertools.count() if not is_interrupted_at(number)))
"""


def test_a_signal_leaves_no_lock_held_and_no_thread_waiting() -> None:
    command = [sys.executable, "-c", INTERRUPTED_WITH_A_LOCK_IN_HAND, *sys.path]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout) >= 5
