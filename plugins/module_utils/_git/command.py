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
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, cast

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure, MissingLibrary
from ansible_collections.flant.gitops.plugins.module_utils._git import environment
from ansible_collections.flant.gitops.plugins.module_utils._git.process import ended, finish
from ansible_collections.flant.gitops.plugins.module_utils._printable import printable

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from ansible_collections.flant.gitops.plugins.module_utils._git.cache import Cache
    from ansible_collections.flant.gitops.plugins.module_utils._git.environment import Access


class GitError(Failure):
    """Git itself said no; ``errors`` is its error text."""

    def __init__(self, subcommand: str, errors: str) -> None:
        """Take the subcommand and git's error text."""
        super().__init__(f"git_dir: git {subcommand} failed: {printable(errors).rstrip('.') or 'it gave no reason'}.")
        self.errors = errors


@dataclass(frozen=True)
class Git:
    """Git on one repository; every process gets the variables and options of `environment` and nothing else."""

    cache: Cache

    def output(
        self,
        *arguments: str,
        access: Access | None = None,
        timeout: float | None = None,
        data: bytes | None = None,
        **settings: str,
    ) -> bytes:
        """Run a command to its end, ``data`` being its input, and return its output.

        Raises:
            GitError: git exits with another status than 0.
            Failure: it was not done within ``timeout`` seconds.
        """
        process = self._start(arguments, access, **settings)
        output, errors = finish(process, timeout, data)
        if process.returncode != 0:
            raise GitError(arguments[0], errors)
        return output

    def succeeds(self, *arguments: str, no: Container[int] = (1,)) -> bool:
        """Run a command that answers by its exit status: 0 is yes, and ``no`` is no.

        Raises:
            GitError: any other exit status.
        """
        process = self._start(arguments)
        _, errors = finish(process, None)
        if process.returncode != 0 and process.returncode not in no:
            raise GitError(arguments[0], errors)
        return process.returncode == 0

    @contextlib.contextmanager
    def stream(self, *arguments: str) -> Iterator[IO[bytes]]:
        """Yield the output of a command while it runs; the body reads it to its end, or raises and so stops it.

        Raises:
            GitError: git exits with another status than 0.
        """
        process = self._start(arguments)
        with ended(process):
            yield cast("IO[bytes]", process.stdout)
            errors = cast("IO[bytes]", process.stderr).read().decode("utf-8", "replace")
        if process.returncode != 0:
            raise GitError(arguments[0], errors)

    @contextlib.contextmanager
    def conversation(self, *arguments: str) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
        """Yield the input and the output of a command that answers line by line until its input is closed."""
        process = self._start(arguments)
        questions, answers = cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout)
        with ended(process):
            yield questions, answers
            questions.close()

    def _start(
        self,
        arguments: tuple[str, ...],
        access: Access | None = None,
        **settings: str,
    ) -> subprocess.Popen[bytes]:
        options = environment.options(access, **settings)
        command = ["git", *options, f"--git-dir={self.cache.path}", *arguments]
        with _environment(environment.variables(self.cache.home, access)):
            runner = _runner()(str(self.cache.home))
            wrapper = runner.execute(command, istream=subprocess.PIPE, as_process=True, start_new_session=True)
        process: subprocess.Popen[bytes] = wrapper.proc
        wrapper.proc = None  # or it would be ended a second time, by another rule, when the wrapper is collected
        return process


def _runner() -> Any:  # noqa: ANN401 -- GitPython has no types of its own on the oldest versions
    try:
        from git.cmd import Git as Runner
    except ImportError:
        raise MissingLibrary("GitPython") from None
    return Runner


@contextlib.contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """Let ``os.environ``, which GitPython reads and hands on, hold ``variables`` alone."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
