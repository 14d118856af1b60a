# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What systemd and cron start: ansible-pull, then the metrics; the exit status is ansible-pull's.

Where nothing can have changed since the last whole run, ansible-pull is not started, and the exit status is 0.

It is read from a file that only the playbook ``flant.gitops.schedule`` writes, and needs nothing but Python. Nothing in
the checkout is looked at, as ansible-pull brings a commit there before it verifies it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._interruption import interruptible
from ansible_collections.flant.gitops.plugins.module_utils._offset import host, offset
from ansible_collections.flant.gitops.plugins.module_utils._pull import log as logs
from ansible_collections.flant.gitops.plugins.module_utils._pull import (
    metrics,
    process,
    push,
    remembered,
    repository,
    settings,
    tally,
    textfile,
    tick,
)
from ansible_collections.flant.gitops.plugins.module_utils._trusted_path import trusted_directory, trusted_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ansible_collections.flant.gitops.plugins.module_utils._pull.log import Log
    from ansible_collections.flant.gitops.plugins.module_utils._pull.settings import Settings
    from ansible_collections.flant.gitops.plugins.module_utils._pull.tally import Tally
    from ansible_collections.flant.gitops.plugins.module_utils._pull.tick import Schedule, Tick

RUN, CHECK, FORGET = "run", "check", "forget"
"""What it is asked for: to run ansible-pull, to say whether it could by what it is given, to delete its metrics."""

UNUSABLE = 78
"""The exit status where nothing was started, as sysexits.h has it for what is badly configured."""

_INTERRUPTED = 143  # as of a shell after SIGTERM
_LOCK = "lock"


def main(folder: Path, arguments: Sequence[str]) -> int:
    """Do what ``arguments`` name, by the settings in ``folder``, and return the exit status."""
    os.umask(0o077)
    task, *words = arguments or (RUN,)
    try:
        if task == CHECK:
            _check(settings.load(sys.stdin.buffer.read()))
            return 0
        with trusted_file(folder / settings.FILE, settings.FILE) as file:
            known = settings.load(file.read())
        if task == FORGET:
            textfile.delete(known.metrics_dir, known.instance)
            return 0
        if task == repository.CREDENTIAL:
            sys.stdout.write(repository.credential(known.repository, *words))
            return 0
        return _run(known, folder)
    except Failure as failure:
        sys.stderr.write(f"{failure}\n")
        return UNUSABLE


def _check(wanted: Settings) -> None:
    if wanted.metrics_dir:
        textfile.check(wanted.metrics_dir)
    repository.check(wanted.repository)


def _run(known: Settings, folder: Path) -> int:
    try:
        os.chdir(known.directory)
        with trusted_directory(Path(known.directory), "flant_gitops_work_dir") as directory, _locked(directory) as lock:
            if lock is None:  # the run before goes on
                return 0
            schedule = tick.Schedule(known, directory, folder / settings.PROGRAM)
            before = push.last(known.trigger)
            status = _have_turn(schedule, lock)
            # systemd does not look at that during a run; one that was told to end is not followed by another.
            if status != _INTERRUPTED and push.last(known.trigger) != before:
                status = _have_turn(schedule, lock)
            return status
    except OSError as error:
        raise Failure(f"{known.directory} cannot be used: {error.strerror}.") from error


def _have_turn(schedule: Schedule, lock: int) -> int:
    known, directory = schedule.settings, schedule.directory
    time.sleep(offset(host(), known.instance, known.delay))
    try:
        found = _look(schedule)
    except Failure as failure:  # a signal: nothing else is raised
        sys.stderr.write(f"{failure}\n")
        return _INTERRUPTED
    if found and not found.doubt:
        with contextlib.suppress(Failure, OSError):  # the next whole run tells of that
            _write_metrics(known, tally.load(directory), 0)
        return 0
    with logs.opened(directory, keeps=known.keeps_log) as log:
        _remove_git_locks(directory)
        began = time.time()
        status = _pull(schedule, found, log, lock)
        if status and known.keeps_log:
            log.tell(f"ansible-pull ended with status {status}.")
        try:
            _tell(known, directory, status, began)
        except (Failure, OSError) as failure:  # which changes nothing about the run
            log.tell(f"There are no metrics of this run: {failure}")
    if known.keeps_log:
        if status:
            logs.keep_failed(directory)
        logs.forward(directory, f"flant-gitops-{known.instance}")
    return status


def _look(schedule: Schedule) -> Tick | None:
    """Return whether anything can have changed, unless each run is to be a whole one."""
    if not schedule.settings.full_every:
        return None
    with interruptible():
        return tick.look(schedule)


def _pull(schedule: Schedule, found: Tick | None, log: Log, lock: int) -> int:
    if not found:
        tick.forget(schedule)
        return _run_command(schedule.settings, {}, log, lock)
    log.tell(f"ansible-pull is due, as {found.doubt}.")
    with tick.listening(schedule) as variables:
        status = _run_command(schedule.settings, variables, log, lock)
        if not status:
            try:
                tick.keep(schedule, found)
            except (Failure, OSError, TypeError, ValueError) as failure:
                log.tell(f"The next run cannot be skipped: {failure}.")
    return status


def _run_command(known: Settings, variables: Mapping[str, str], log: Log, lock: int) -> int:
    environment = {**known.environment, **variables}
    try:
        repository.check(known.repository)
    except Failure as failure:
        log.tell(str(failure))
        return UNUSABLE
    try:
        with interruptible():
            try:
                return process.run(known.command, environment, timeout=known.timeout, output=log.output, lock=lock)
            except process.NotStarted as failure:
                log.tell(str(failure))
                return process.NOT_STARTED
    except Failure as failure:
        log.tell(str(failure))
        return _INTERRUPTED


def _tell(known: Settings, directory: int, status: int, began: float) -> None:
    """Keep how the run has fared, and write the metrics where any are wanted."""
    count = tally.follow(tally.load(directory), status, began, time.time())
    tally.keep(directory, count)
    _write_metrics(known, count, status)


def _write_metrics(known: Settings, count: Tally, status: int) -> None:
    if known.metrics_dir:
        told = metrics.Told(known.instance, remembered.read(Path(known.directory)), count, status)
        textfile.write(known.metrics_dir, known.instance, metrics.render(told))


@contextlib.contextmanager
def _locked(directory: int) -> Iterator[int | None]:
    """Yield the descriptor of a lock that this process holds, or None if another one does."""
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(_LOCK, flags, 0o600, dir_fd=directory)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield descriptor
    except BlockingIOError:
        yield None
    finally:
        os.close(descriptor)


def _remove_git_locks(directory: int) -> None:
    """Remove what a run that was killed may have left: nothing else works in the checkout, so nobody holds them."""
    with contextlib.suppress(FileNotFoundError):
        for _path, _folders, files, folder in os.fwalk("checkout/.git", dir_fd=directory):
            for name in files:
                if name.endswith(".lock"):
                    os.unlink(name, dir_fd=folder)
