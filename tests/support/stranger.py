# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Another, unprivileged user of the machine, who tries what file permissions let them."""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

UID = 65534

needs_root = pytest.mark.root  # only root can act as another user


@contextlib.contextmanager
def public_directory() -> Iterator[Path]:
    """Yield a directory that everybody can go through; those of pytest are for its user alone."""
    with tempfile.TemporaryDirectory(prefix="gitops-test-", dir="/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def does(action: Callable[[], object]) -> None:
    """Let the stranger do something, which has to succeed."""
    child = _child(action)
    _pid, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0, "the stranger could not do it"


@contextlib.contextmanager
def swapping(names: Sequence[Path], content: bytes, marks: Path) -> Iterator[None]:
    """Let the stranger try, as long as the body runs, to put files with ``content`` in the place of ``names``.

    ``marks`` is a directory of theirs; for each file or directory that they could replace, one is made there.
    """
    child = _child(lambda: _swap_for_ever(names, content, marks))
    try:
        while not (marks / "began").exists():
            time.sleep(0.001)
        yield
        assert os.waitpid(child, os.WNOHANG) == (0, 0), "the stranger gave up"
    finally:
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def _swap_for_ever(names: Sequence[Path], content: bytes, marks: Path) -> None:
    own = marks / "own"
    while True:
        for number, name in enumerate(names):
            with contextlib.suppress(OSError):
                own.write_bytes(content)
                own.chmod(0o666)
                os.rename(own, name)  # noqa: PTH104 -- as short as it can be
                (marks / f"replaced-{number}").touch()
            with contextlib.suppress(OSError):
                name.rename(marks / f"moved-{number}")
            with contextlib.suppress(OSError):
                name.symlink_to(own)
                (marks / f"linked-{number}").touch()
        (marks / "began").touch()


def _child(action: Callable[[], object]) -> int:
    child = os.fork()
    if child:
        return child
    try:
        os.setgroups([])
        os.setresgid(UID, UID, UID)
        os.setresuid(UID, UID, UID)
        action()
    except BaseException:  # noqa: BLE001 -- nothing may go on in pytest's name
        os._exit(1)
    os._exit(0)
