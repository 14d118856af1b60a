# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Install the program of a schedule and its settings, or remove both, and what it has written outside."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._public_file import publish
from ansible_collections.flant.gitops.plugins.module_utils._pull import program, repository, settings
from ansible_collections.flant.gitops.plugins.module_utils._pull.account import started_as
from ansible_collections.flant.gitops.plugins.module_utils._pull.archive import packed
from ansible_collections.flant.gitops.plugins.module_utils._pull.bytecode import compiled
from ansible_collections.flant.gitops.plugins.module_utils._pull.interpreter import interpreter
from ansible_collections.flant.gitops.plugins.module_utils._pull.whole_runs import full_every
from ansible_collections.flant.gitops.plugins.module_utils._trusted_path import Missing, trusted_directory, trusted_file

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.plugins.module_utils._pull.request import Request
    from ansible_collections.flant.gitops.plugins.module_utils._pull.settings import Settings

_FOR_ALL, _FOR_THE_USER = 0o644, 0o640
_TAKES_AT_MOST = 60  # seconds


class Outcome(NamedTuple):
    """What the module returns."""

    changed: bool
    command: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def run(request: Request) -> Outcome:
    """Do what ``request`` asks for; in check mode no more than look.

    Raises:
        Failure: the folder cannot be trusted or written, the command cannot be read, or the program could not do what
            it is for.
    """
    try:
        return _install(request) if request.present else _remove(request)
    except OSError as error:
        raise Failure(f"{error.filename or request.folder} cannot be used: {error.strerror}.") from error


def _install(request: Request) -> Outcome:
    python = interpreter(Path(request.settings.command[0]))
    command = (python, "-I", "-S", "-B", str(request.folder / settings.PROGRAM))
    given = request.settings
    variables = {**repository.environment(given.repository, command), **given.environment}
    wanted = given._replace(python=python, environment=variables)
    if request.is_kept:
        wanted = wanted._replace(full_every=full_every(request.folder, request.before))
    user = _user(wanted.user)
    files = {
        settings.PROGRAM: (compiled(packed("_pull.program"), python, user), _FOR_ALL, -1),
        settings.FILE: (wanted.dump(), _FOR_THE_USER, user.pw_gid),
    }
    before = _before(request.folder)
    changed = [name for name, file in files.items() if not _stands(request.folder / name, *file)]
    if request.check_mode:
        return Outcome(bool(changed), command)
    warnings: tuple[str, ...] = ()
    with trusted_directory(request.folder, "dir") as directory:
        for name in changed:  # the program first, which says what is wrong with the settings
            if name == settings.FILE:
                _check(wanted, request.folder)
                if before and before.metrics_dir != wanted.metrics_dir:
                    warnings = _forget(request.folder, before)
            data, mode, owner = files[name]
            publish(name, data, directory, mode=mode, group=owner)
    return Outcome(bool(changed), command, warnings)


def _remove(request: Request) -> Outcome:
    before = _before(request.folder)
    try:
        with trusted_directory(request.folder, "dir"):
            pass
    except Missing:
        return Outcome(changed=False)
    if request.check_mode:
        return Outcome(changed=True)
    warnings = _forget(request.folder, before) if before else ()
    shutil.rmtree(request.folder)
    return Outcome(changed=True, warnings=warnings)


def _before(folder: Path) -> Settings | None:
    """Return the settings that are there, if any are that can be read."""
    try:
        with trusted_file(folder / settings.FILE, "dir") as file:
            return settings.load(file.read())
    except Failure:
        return None


def _stands(path: Path, data: bytes, mode: int, group: int) -> bool:
    """Say whether a file is as it is wanted."""
    try:
        with trusted_file(path, "dir") as file:
            found = os.fstat(file.fileno())
            return file.read() == data and found.st_mode & 0o7777 == mode and group in (-1, found.st_gid)
    except Failure:
        return False


def _check(wanted: Settings, folder: Path) -> None:
    said = _ask(wanted, folder, program.CHECK, given=wanted.dump())
    if said:
        raise Failure(said)


def _forget(folder: Path, before: Settings) -> tuple[str, ...]:
    """Let the program delete the metrics that it has written; return why it could not."""
    said = _ask(before, folder, program.FORGET) if before.metrics_dir else ""
    return (f"The metrics of the schedule stay: {said}",) if said else ()


def _ask(known: Settings, folder: Path, task: str, *, given: bytes = b"") -> str:
    """Let the program do ``task`` with what is ``given`` as its user; return why it could not, empty if it could."""
    try:
        ran = subprocess.run(  # there is no AnsibleModule down here; pylint: disable=ansible-bad-function
            [known.python, "-I", "-B", folder / settings.PROGRAM, task],
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd="/",
            timeout=_TAKES_AT_MOST,
            check=False,
            **started_as(_user(known.user)),
        )
    except Failure as failure:
        return str(failure)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"user: {known.user} cannot run {known.python}: {error}."
    if not ran.returncode:
        return ""
    said: list[str] = ran.stdout.decode("utf-8", "replace").strip().splitlines()
    return said[-1] if said else f"it ended with status {ran.returncode}."


def _user(name: str) -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        raise Failure(f"user: there is no user {name} on the target.") from None
