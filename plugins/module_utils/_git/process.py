# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Git processes: what they print, and their end, in time or by force and with everything they started."""

from __future__ import annotations

import contextlib
import os
import resource
import selectors
import signal
import subprocess
import time
from typing import IO, TYPE_CHECKING, NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._git import environment
from ansible_collections.flant.gitops.plugins.module_utils._interruption import uninterrupted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ansible_collections.flant.gitops.plugins.module_utils._git.remote import Remote

CHUNK = 1 << 16
ERRORS_KEPT = 1 << 13
_LONGEST_WAIT = 3600.0  # epoll takes no more than 24 days at once


class Ended(NamedTuple):
    """A process that has ended, with the end of its error text."""

    status: int
    output: bytes
    errors: str


def run(
    remote: Remote, arguments: list[str], *, offline: bool = False, largest: int | None = None, **variables: str
) -> Ended:
    """Run git on a cache, as GitPython would, which takes long to load; ``variables`` are added to its environment.

    What runs ``offline`` can talk to nobody, and knows no password. No file it writes is larger than ``largest`` bytes.

    Raises:
        Failure: git is not installed, or was not done in time.
    """
    cache, access = remote.cache, None if offline else remote.access

    def start() -> subprocess.Popen[bytes]:
        with files_up_to(largest) as restore_signals:
            return subprocess.Popen(  # there is no AnsibleModule down here; pylint: disable=ansible-bad-function
                ["git", *environment.options(access), f"--git-dir={cache.path}", *arguments],
                cwd=cache.home,
                env={**environment.variables(cache.home, access), **variables},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                restore_signals=restore_signals,
            )

    return finish(start, remote.timeout)


def finish(start: Callable[[], subprocess.Popen[bytes]], timeout: float | None = None) -> Ended:
    """Start a process and wait until it has ended; of its error text only the end is kept, which a server may write.

    Raises:
        Failure: it cannot be started, or was not done within ``timeout`` seconds and has been killed.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    with running(start) as process, selectors.DefaultSelector() as selector:
        output, errors = bytearray(), bytearray()
        for pipe, text in ((process.stdout, output), (process.stderr, errors)):
            if pipe:
                selector.register(pipe, selectors.EVENT_READ, text)
        while selector.get_map():
            ready = selector.select(None if deadline is None else min(deadline - time.monotonic(), _LONGEST_WAIT))
            if deadline is not None and time.monotonic() >= deadline:
                raise Failure(f"timeout: git was not done within {timeout:g} s and has been killed.")
            for key, _events in ready:
                chunk = os.read(key.fd, CHUNK)
                key.data.extend(chunk)
                if not chunk:
                    selector.unregister(key.fileobj)
            del errors[:-ERRORS_KEPT]
    return Ended(process.returncode, bytes(output), errors.decode("utf-8", "replace"))


@contextlib.contextmanager
def files_up_to(largest: int | None) -> Iterator[bool]:
    """Let a process that the body starts write no file that is larger; None: as large as it likes.

    Yields whether ``subprocess`` is to restore signals. Where it does not, the one stays ignored that Python ignores:
    git then says what went wrong, and leaves no dump of its memory.
    """
    if largest is None:
        yield True
        return
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    allowed = [largest, *(limit for limit in before if limit != resource.RLIM_INFINITY)]
    resource.setrlimit(resource.RLIMIT_FSIZE, (min(allowed), before[1]))
    try:
        yield False
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextlib.contextmanager
def running(start: Callable[[], subprocess.Popen[bytes]]) -> Iterator[subprocess.Popen[bytes]]:
    """Yield the process that ``start`` starts as the leader of a group; nothing of the group outlives the body.

    If the body succeeds, the process is waited for, otherwise it is killed.

    Raises:
        Failure: it cannot be started.
    """
    with uninterrupted() as interruptible_again:
        try:
            process = start()
        except OSError as error:
            raise Failure(f"git cannot be run on the target: {error.strerror}.") from None
        try:
            interruptible_again()
            yield process
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise
        finally:
            process.wait()
            _close(process.stdin, process.stdout, process.stderr)


def _close(*pipes: IO[bytes] | None) -> None:
    for pipe in pipes:
        if pipe:
            with contextlib.suppress(OSError):
                pipe.close()
