# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Recording, counting, resetting and showing what was processed or tried, which talks to no server."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._git import history
from ansible_collections.flant.gitops.plugins.module_utils._git.arrivals import begin_anew
from ansible_collections.flant.gitops.plugins.module_utils._git.cache import BRANCH, found
from ansible_collections.flant.gitops.plugins.module_utils._git.command import Git
from ansible_collections.flant.gitops.plugins.module_utils._git.creation import drop
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.answers import Answers
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.attempts import Attempts
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.base import recorded
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.descent import content_id, place
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.given import Given
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.identity import look
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.kept import KEPT, rerun_file
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.outcome import (
    HELD,
    RECORDED,
    Outcome,
)
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.polls import Polls
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.ratchet import NAME, Ratchet
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.request import COUNT, RESET
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.reruns import Reruns

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.plugins.module_utils._git.cache import Cache
    from ansible_collections.flant.gitops.plugins.module_utils._hold import Hold
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.request import Request
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.reruns import Rerun

COUNTED = "counted"


def remember(request: Request, cache: Cache, ratchet: Ratchet) -> Outcome:
    """Move the ratchet as the task asks: forward (record), or anywhere (reset); or count an attempt.

    Raises:
        Failure: the commit to record or to count is not known, or the one to record does not descend from the one that
            is remembered.
    """
    if request.action == COUNT:
        return _count(request, cache, ratchet)
    return _reset(request, cache, ratchet) if request.action == RESET else _record(request, cache, ratchet)


def show(request: Request, hold: Hold | None, rerun: Rerun | None) -> Outcome:
    """Return what is remembered, the last ``rerun`` and whether there is a ``hold``, and change and make nothing.

    It waits for nobody: whoever is at work on ``git_dir`` puts each file in its place as a whole.

    Raises:
        Failure: ``git_dir`` is not ours, or what was remembered is lost.
    """
    ratchet = Ratchet(request.git_dir)
    remembered = ratchet.commit() if found(request.git_dir, NAME) and ratchet.begun() else ""
    outcome = _recorded(request, ratchet, remembered, remembered, changes=False)
    outcome = outcome.remembering(look(request.git_dir), Polls(request.git_dir), ratchet.moves(), rerun)
    if not hold:
        return outcome
    said = f"{request.hold_file}: {hold.text or 'what it says cannot be shown'}."
    return outcome._replace(status=HELD, hold=hold.text, held_since=hold.since, msg=said)


def _record(request: Request, cache: Cache, ratchet: Ratchet) -> Outcome:
    commit, remembered = request.last_commit, ratchet.commit()
    git = Git(cache)
    if commit != remembered and not (cache.ready and history.exists(git, commit)):
        raise Failure(f"last_commit: {commit} cannot be recorded, because git_dir does not hold it.")
    rules = recorded(commit, remembered, lambda older, newer: bool(place(git, older, newer, request.max_commits)))
    reruns = Reruns(request.git_dir)
    ends_rerun = reruns.last().is_open
    changes = ends_rerun or rules.commit != remembered
    if changes and not request.check_mode:
        Given(ratchet.folder).record(rules.commit)
        Attempts(ratchet.folder).forget()
        ratchet.move(rules.commit)
        if ends_rerun:  # last, so that a rerun is not over before its record is seen
            reruns.close()
    return _recorded(request, ratchet, rules.commit, remembered, changes=changes)._replace(warnings=rules.warnings)


def _count(request: Request, cache: Cache, ratchet: Ratchet) -> Outcome:
    pace = request.pace
    if not pace or not pace.run:
        raise Failure("attempts.run: action: count needs it.")
    content = content_id(Git(cache), request.last_commit) if cache.ready else ""
    if not content:
        raise Failure(f"last_commit: {request.last_commit} cannot be counted, because git_dir does not hold it.")
    attempts = Attempts(ratchet.folder)
    before = attempts.table()
    count = attempts.of(content) if request.check_mode else attempts.add(content, pace.of, pace.run, time.time())
    counted = _recorded(request, ratchet, request.last_commit, ratchet.commit(), changes=attempts.table() != before)
    return counted._replace(status=COUNTED, attempts=count)


def _reset(request: Request, cache: Cache, ratchet: Ratchet) -> Outcome:
    try:
        remembered: str | None = ratchet.commit()
    except Failure:  # what is lost is what a reset is for
        remembered = None
    if not request.check_mode:
        Given(ratchet.folder).record(request.last_commit)
        Attempts(ratchet.folder).forget()
        ratchet.move(request.last_commit)
        if rerun_file(request.git_dir).exists():
            Reruns(request.git_dir).begin_anew()
        # Nothing is remembered, or an id of another object format, or refs are kept in another format and not found.
        if not request.last_commit or len(request.last_commit) != len(cache.ref(BRANCH)):
            drop(cache, kept=KEPT)
        else:
            Answers(request, ratchet).forget()
            begin_anew(cache)
    return _recorded(request, ratchet, request.last_commit, remembered or "", changes=request.last_commit != remembered)


def _recorded(request: Request, ratchet: Ratchet, commit: str, previous: str, *, changes: bool) -> Outcome:
    return Outcome(
        changed=changes,
        status=RECORDED,
        commit=commit,
        previous_commit=previous,
        superseded=ratchet.superseded(),
        required_signatures=request.required_signatures,
    )
