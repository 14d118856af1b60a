# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Say that a run has begun, how it has ended, or how an instance stands; hold it, or let it go on."""

from __future__ import annotations

import contextlib
import functools
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._ledger import (
    archives,
    audit,
    book,
    history,
    listing,
    logs,
    roots,
    state,
    telling,
)
from ansible_collections.flant.gitops.plugins.module_utils._ledger import entry as entries
from ansible_collections.flant.gitops.plugins.module_utils._ledger.chain import Expected
from ansible_collections.flant.gitops.plugins.module_utils._ledger.outcome import Outcome
from ansible_collections.flant.gitops.plugins.module_utils._ledger.removal import remove_all
from ansible_collections.flant.gitops.plugins.module_utils._ledger.request import (
    BEGIN,
    REMOVE,
    RESET,
    RESUME,
    SHOW,
    SUSPEND,
    VERIFY,
)
from ansible_collections.flant.gitops.plugins.module_utils._private_file import remove, replace
from ansible_collections.flant.gitops.plugins.module_utils._trusted_path import Missing, trusted_directory

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.plugins.module_utils._ledger.request import Request, Subject

_HOLD = Path("hold")
_LOG = "log"


def run(request: Request) -> Outcome:
    """Do what ``request`` asks for; in check mode no more than look.

    Raises:
        Failure: others could change where the instance's directory leads, or it cannot be read or written.
    """
    instance = request.directory.parent
    if request.action == VERIFY:
        return _verify(request)
    try:
        of_what_is_there = {SHOW: _show, RESUME: _resume, REMOVE: _remove, RESET: _reset}.get(request.action)
        if of_what_is_there:
            return of_what_is_there(instance, request)
        with trusted_directory(instance, "dir", create=not request.check_mode) as directory:
            if request.action == SUSPEND:
                return _suspend(directory, request)
            return _change(instance, directory, request)
    except Missing:  # in check mode, or where nothing is to be made
        return Outcome(changed=request.action == SUSPEND, state=state.State())
    except OSError as error:
        raise Failure(f"dir: {instance} cannot be used: {error.strerror}.") from error


def _verify(request: Request) -> Outcome:
    keys_of = functools.partial(roots.fingerprints, request.known_hosts) if request.known_hosts.strip() else None
    expected = Expected(request.host, keys_of, request.counted_today, request.list_commits)
    report = audit.verify([request.directory, *request.copies], expected, request.heads)
    return Outcome(changed=False, state=state.State(), verified=report)


def _show(instance: Path, request: Request) -> Outcome:
    with trusted_directory(instance, "dir") as directory:
        known = state.read(directory)
    kept: list[tuple[str, str]] = []
    entries: list[dict[str, object]] = []
    if request.logs:
        with contextlib.suppress(Missing), trusted_directory(instance / _LOG, "dir") as directory:
            kept = [(name, logs.read(directory, name)) for name in logs.names(directory)[-request.logs :]]
    if request.entries:
        with contextlib.suppress(Missing), trusted_directory(request.directory, "dir") as directory:
            entries = history.newest(directory, request.entries)
    return Outcome(changed=False, state=known, logs=tuple(kept), entries=entries)


def _suspend(directory: int, request: Request) -> Outcome:
    warnings: tuple[str, ...] = ()
    if not request.check_mode:
        replace(_HOLD, request.mark(), dir_fd=directory)
        warnings = _note(request, entries.SUSPENDED)
    return Outcome(changed=True, state=state.read(directory), warnings=warnings)


def _resume(instance: Path, request: Request) -> Outcome:
    with trusted_directory(instance, "dir") as directory:
        stands = _HOLD.name in listing.names(directory)
        warnings: tuple[str, ...] = ()
        if stands and not request.check_mode:
            remove(_HOLD, dir_fd=directory)
            warnings = _note(request, entries.RESUMED)
        return Outcome(changed=stands, state=state.read(directory), warnings=warnings)


def _reset(instance: Path, request: Request) -> Outcome:
    with trusted_directory(instance, "dir") as directory:
        told = {"commit": request.commit, "previousCommit": request.previous_commit}
        said = {name: commit for name, commit in told.items() if commit}
        warnings = () if request.check_mode else _note(request, entries.RESET, **said)
        return Outcome(changed=False, state=state.read(directory), warnings=warnings)


def _note(request: Request, event: str, **details: str) -> tuple[str, ...]:
    """Write down what an operator has done; that it was done does not depend on it. A ledger begins with a run."""
    try:
        with book.continued(request.directory) as ledger:
            if not ledger:
                return ()
            ledger.append(event, run="", place=None, **details)
            return tuple(ledger.warnings)
    except Missing:
        return ()
    except Failure as failure:
        return (f"the ledger has no entry of this: {failure}",)
    except OSError as error:
        return (f"the ledger has no entry of this: {request.directory} cannot be used: {error.strerror}.",)


def _remove(instance: Path, request: Request) -> Outcome:
    but = () if request.ledger else (request.directory.name,)
    changed = remove_all(instance, but=but, last=_HOLD.name, check_mode=request.check_mode)
    return Outcome(changed=changed, state=state.State())


def _change(instance: Path, directory: int, request: Request) -> Outcome:
    before = state.read(directory)
    after = state.follow(before, request)
    if request.check_mode:
        return Outcome(changed=after != before, state=before)
    entered = Entered()
    try:
        if request.action != BEGIN:
            _keep_output(instance, request)
        elif request.entry:
            entered = _enter(request.entry, request)  # before all else: what cannot be written down does not begin
        replace(state.FILE, after.dump(), dir_fd=directory)
        if request.action != BEGIN and request.entry and (request.run or request.adopts):
            entered = _enter(request.entry, request)
    finally:
        if request.archive:
            remove(Path(request.archive.name), dir_fd=directory)
        archives.remove_old(directory, time.time())
    return Outcome(changed=after != before, state=after, **entered._asdict())


class Entered(NamedTuple):
    """What the ledger has taken down."""

    run: str = ""
    head: str = ""
    warnings: tuple[str, ...] = ()


def _enter(subject: Subject, request: Request) -> Entered:
    with book.opened(request.directory, telling.author(subject, request.key_file)) as ledger:
        run, place = request.run, telling.place(subject, request.commit)
        if request.action == BEGIN:
            run = book.begin(ledger, place, adopts=request.adopts, **telling.begun(subject))
        elif run := run or book.take_up(ledger, place):
            kept = logs.content(request.output) if request.output else b""
            book.end(ledger, telling.event(request), run, **telling.ended(request.output, kept, request.requests))
            if request.keep_ledger:
                ledger.prune(request.keep_ledger)
        return Entered(run, ledger.head if run else "", tuple(ledger.warnings))


def _keep_output(instance: Path, request: Request) -> None:
    with trusted_directory(instance / _LOG, "dir", create=True) as directory:
        if request.output and request.keep_logs:
            logs.keep(directory, request.output)
        logs.prune(directory, request.keep_logs)
