# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._interruption import interruptible, uninterrupted

if TYPE_CHECKING:
    from pathlib import Path

SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_unwinds_the_body_and_becomes_a_failure(number: signal.Signals) -> None:
    cleaned = []
    with pytest.raises(Failure, match=number.name), interruptible():
        try:
            os.kill(os.getpid(), number)
            pytest.fail("the body went on")
        finally:
            cleaned.append(number)
    assert cleaned == [number]


def test_nothing_in_the_body_can_take_the_signal_for_a_fault_of_its_own() -> None:
    with pytest.raises(Failure), interruptible():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        except Exception:  # noqa: BLE001 -- the broadest that code may catch
            pytest.fail("the signal was swallowed")


def test_cleaning_up_is_not_interrupted_by_further_signals() -> None:
    cleaned = []
    with pytest.raises(Failure, match="SIGTERM"), interruptible():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        finally:
            for number in SIGNALS:
                os.kill(os.getpid(), number)
            cleaned.append("everything")
    assert cleaned == ["everything"]


@pytest.mark.parametrize("interrupt", [True, False])
def test_the_handlers_from_before_are_back_afterwards(interrupt: bool) -> None:
    before = {number: signal.getsignal(number) for number in SIGNALS}
    try:
        with interruptible():
            if interrupt:
                os.kill(os.getpid(), signal.SIGHUP)
    except Failure:
        assert interrupt
    assert {number: signal.getsignal(number) for number in SIGNALS} == before


def test_failures_of_the_body_pass_unchanged() -> None:
    failure = Failure("something else")
    with pytest.raises(Failure) as raised, interruptible():
        raise failure
    assert raised.value is failure


def test_a_signal_waits_until_what_was_begun_is_taken_care_of() -> None:
    steps = []
    with pytest.raises(Failure, match="SIGTERM"), interruptible(), uninterrupted() as interruptible_again:
        os.kill(os.getpid(), signal.SIGTERM)
        steps.append("begun")
        try:
            interruptible_again()
            steps.append("went on")
        finally:
            steps.append("cleaned up")
    assert steps == ["begun", "cleaned up"]


def test_a_signal_waits_no_longer_than_the_body_lasts() -> None:
    steps = []
    with pytest.raises(Failure, match="SIGHUP"), interruptible():
        with uninterrupted():
            os.kill(os.getpid(), signal.SIGHUP)
            steps.append("done")
        steps.append("went on")
    assert steps == ["done"]


def test_without_a_signal_nothing_happens_at_the_end_of_a_delay() -> None:
    with interruptible(), uninterrupted() as interruptible_again:
        interruptible_again()


PROCESS = """
import sys, time
sys.path[:0] = sys.argv[2:]
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._interruption import interruptible
try:
    with interruptible():
        try:
            print("ready", flush=True)
            time.sleep(60)
        finally:
            open(sys.argv[1], "w").close()
except Failure as failure:
    print(failure)
"""


def test_a_process_that_is_killed_cleans_up_first(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    command = [sys.executable, "-c", PROCESS, str(trace), *sys.path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        process.terminate()
        assert process.stdout.read() == "Interrupted by SIGTERM; everything that was begun has been cleaned up.\n"
    assert trace.exists()
