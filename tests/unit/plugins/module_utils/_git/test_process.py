# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._git.process import finish, running
from ansible_collections.flant.gitops.plugins.module_utils._interruption import interruptible
from ansible_collections.flant.gitops.tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable


def shell(script: str) -> Callable[[], subprocess.Popen[bytes]]:
    return lambda: subprocess.Popen(
        ["sh", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text(encoding="utf-8")


def must_end(pid: int) -> None:
    until(lambda: not alive(pid), seconds=10)


def child_of(file: Path) -> int:
    return int(until(lambda: file.exists() and file.read_text().strip(), seconds=10))


def test_output_errors_and_status() -> None:
    ended = finish(shell("echo out; echo err >&2; exit 3"))
    assert (ended.status, ended.output, ended.errors) == (3, b"out\n", "err\n")


def test_endless_error_text_is_kept_in_part_only() -> None:
    ended = finish(shell("yes error | head -c 10000000 >&2; echo last >&2"))
    assert len(ended.errors) <= 1 << 13
    assert ended.errors.endswith("last\n")


def test_a_timeout_ends_the_whole_group(tmp_path: Path) -> None:
    begun = time.monotonic()
    with pytest.raises(Failure, match=r"^timeout: git was not done within 1\.5 s and has been killed\."):
        finish(shell(f"sleep 60 & echo $! > {tmp_path}/pid; wait"), 1.5)
    assert time.monotonic() - begun < 10
    must_end(child_of(tmp_path / "pid"))


def test_a_timeout_ends_a_group_that_ignores_polite_signals(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="timeout"):
        finish(shell(f"trap '' TERM INT HUP; sleep 60 & echo $! > {tmp_path}/pid; wait; sleep 60"), 1.5)
    must_end(child_of(tmp_path / "pid"))


def test_a_failing_body_ends_the_whole_group(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), running(shell(f"sleep 60 & echo $! > {tmp_path}/pid; wait")):
        child_of(tmp_path / "pid")
        raise ZeroDivisionError
    must_end(child_of(tmp_path / "pid"))


def test_a_signal_ends_the_whole_group(tmp_path: Path) -> None:
    with (
        pytest.raises(Failure, match="SIGTERM"),
        interruptible(),
        running(shell(f"sleep 60 & echo $! > {tmp_path}/pid; wait")),
    ):
        child_of(tmp_path / "pid")
        os.kill(os.getpid(), signal.SIGTERM)
    must_end(child_of(tmp_path / "pid"))


def test_a_signal_while_a_process_is_started_leaves_none_behind(tmp_path: Path) -> None:
    def start() -> subprocess.Popen[bytes]:
        process = shell(f"echo $$ > {tmp_path}/pid; sleep 60")()
        child_of(tmp_path / "pid")
        os.kill(os.getpid(), signal.SIGTERM)
        return process

    with pytest.raises(Failure, match="SIGTERM"), interruptible(), running(start):
        pytest.fail("the body was entered")
    must_end(child_of(tmp_path / "pid"))


def test_a_program_that_is_missing_is_an_error_that_says_so() -> None:
    with pytest.raises(Failure, match="cannot be run on the target: No such file"):
        finish(lambda: subprocess.Popen(["/nonexistent/git"]))


@pytest.mark.parametrize("seconds", [30 * 86400.0, 1e30, float("inf")])
def test_a_timeout_may_be_longer_than_the_system_waits_at_once(seconds: float) -> None:
    assert finish(shell("echo out"), seconds).output == b"out\n"
