# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""ansible-pull as a process: its exit status, whatever ends it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._interruption import uninterrupted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

TIMED_OUT = 124  # as timeout(1) has it
NOT_STARTED = 127  # as sh(1) has it
_SIGNALLED = 128  # likewise; the signal's number is added
_GRACE = 30.0  # seconds to clean up


class NotStarted(Failure):
    """The program is not there, or cannot be started."""


def run(
    command: Sequence[str], environment: Mapping[str, str], *, timeout: float, output: int | None, lock: int
) -> int:
    """Run ``command`` and return its exit status, that of a shell where a signal ended it.

    Args:
        command: the program and its arguments.
        environment: variables beside those that are there already.
        timeout: the seconds after which it is ended, and the status is `TIMED_OUT`.
        output: a descriptor for what it prints; None for where this process prints.
        lock: a descriptor that it holds on to, so that a run whose parent was killed is not overlapped.

    Raises:
        NotStarted: it cannot be started.
    """
    with _started(command, {**os.environ, **environment}, output, lock) as process:
        try:
            status = process.wait(timeout)
        except subprocess.TimeoutExpired:
            return TIMED_OUT
    return status if status >= 0 else _SIGNALLED - status


@contextlib.contextmanager
def _started(
    command: Sequence[str], environment: Mapping[str, str], output: int | None, lock: int
) -> Iterator[subprocess.Popen[bytes]]:
    with uninterrupted() as interruptible_again:
        try:
            process = subprocess.Popen(  # there is no AnsibleModule down here; pylint: disable=ansible-bad-function
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                pass_fds=(lock,),
            )
        except OSError as error:
            raise NotStarted(f"{command[0]} cannot be started: {error.strerror}.") from None
        try:
            interruptible_again()
            yield process
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End what still runs, and all that it has started in its session."""
    if process.poll() is not None:
        return
    os.killpg(process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
