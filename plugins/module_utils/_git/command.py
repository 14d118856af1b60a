# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Git's commands on the cache, run by GitPython's command runner: the one place that imports it."""

from __future__ import annotations

import contextlib
import os
import subprocess
from typing import IO, TYPE_CHECKING, NamedTuple, cast

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._git import environment
from ansible_collections.flant.gitops.plugins.module_utils._git.draining import draining
from ansible_collections.flant.gitops.plugins.module_utils._git.process import (
    files_up_to,
    finish,
    running,
)
from ansible_collections.flant.gitops.plugins.module_utils._library import check as check_library
from ansible_collections.flant.gitops.plugins.module_utils._printable import printable

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from ansible_collections.flant.gitops.plugins.module_utils._git.cache import Cache
    from ansible_collections.flant.gitops.plugins.module_utils._git.environment import Access

_OLDEST = "3.1.30"


class GitError(Failure):
    """Git itself said no; ``errors`` is its error text."""

    def __init__(self, subcommand: str, errors: str) -> None:
        """Take the subcommand and git's error text."""
        super().__init__(f"git_dir: git {subcommand} failed: {printable(errors).rstrip('.') or 'it gave no reason'}.")
        self.errors = errors


class Git(NamedTuple):
    """Git on one repository; every process gets the variables and options of `environment` and nothing else."""

    cache: Cache

    def output(
        self,
        *arguments: str,
        access: Access | None = None,
        timeout: float | None = None,
        largest: int | None = None,
        **settings: str,
    ) -> bytes:
        """Run a command that writes no file of more than ``largest`` bytes to its end, and return its output.

        Raises:
            GitError: git exits with another status than 0.
            Failure: it was not done within ``timeout`` seconds.
        """

        def start() -> subprocess.Popen[bytes]:
            return self._start(arguments, None, access, largest, **settings)

        ended = finish(start, timeout)
        if ended.status != 0:
            raise GitError(arguments[0], ended.errors)
        return ended.output

    def succeeds(self, *arguments: str, no: Container[int] = (1,)) -> bool:
        """Run a command that answers by its exit status: 0 is yes, and ``no`` is no.

        Raises:
            GitError: any other exit status.
        """
        ended = finish(lambda: self._start(arguments))
        if ended.status != 0 and ended.status not in no:
            raise GitError(arguments[0], ended.errors)
        return ended.status == 0

    @contextlib.contextmanager
    def stream(self, *arguments: str) -> Iterator[IO[bytes]]:
        """Yield the output of a command while it runs; the body reads it to its end, or raises and so stops it.

        Raises:
            GitError: git exits with another status than 0.
        """
        with running(lambda: self._start(arguments)) as process:
            end_of_errors = draining(cast("IO[bytes]", process.stderr))
            yield cast("IO[bytes]", process.stdout)
            errors = end_of_errors().decode("utf-8", "replace")
        if process.returncode != 0:
            raise GitError(arguments[0], errors)

    @contextlib.contextmanager
    def conversation(self, *arguments: str) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
        """Yield the input and the output of a command that answers line by line until its input is closed."""
        with running(lambda: self._start(arguments, subprocess.PIPE)) as process:
            questions = cast("IO[bytes]", process.stdin)
            yield questions, cast("IO[bytes]", process.stdout)
            with contextlib.suppress(BrokenPipeError):
                questions.close()

    def _start(
        self,
        arguments: tuple[str, ...],
        stdin: int | None = None,
        access: Access | None = None,
        largest: int | None = None,
        **settings: str,
    ) -> subprocess.Popen[bytes]:
        options = environment.options(access, **settings)
        command = ["git", *options, f"--git-dir={self.cache.path}", *arguments]
        with _environment(environment.variables(self.cache.home, access)):
            return _popen(command, str(self.cache.home), stdin, largest)


def _popen(command: list[str], folder: str, stdin: int | None, largest: int | None) -> subprocess.Popen[bytes]:
    try:
        from git import __version__ as version
        from git.cmd import Git as Runner
        from git.exc import GitCommandNotFound
    except ImportError as error:
        check_library("GitPython", _OLDEST, error=error)
        raise
    check_library("GitPython", _OLDEST, version=version)
    try:
        with files_up_to(largest) as restore_signals:
            wrapper = Runner(folder).execute(
                command,
                istream=stdin,
                as_process=True,
                start_new_session=True,
                restore_signals=restore_signals,
            )
    except GitCommandNotFound:
        raise Failure("git is needed on the target and is not installed there.") from None
    process: subprocess.Popen[bytes] = wrapper.proc
    wrapper.proc = None  # or it would be ended a second time, by another rule, when the wrapper is collected
    return process


@contextlib.contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """Let ``os.environ``, which GitPython reads and hands on, hold ``variables`` alone."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(variables, GIT_PYTHON_REFRESH="quiet")  # or a missing git would look like a missing GitPython
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
