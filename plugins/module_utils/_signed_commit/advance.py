# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What a branch that has moved asks for: where to go on from, what is new, which of it may be acted on, its tree."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure, Refused
from ansible_collections.flant.gitops.plugins.module_utils._git import history
from ansible_collections.flant.gitops.plugins.module_utils._git.arrivals import accept
from ansible_collections.flant.gitops.plugins.module_utils._git.packs import put_together
from ansible_collections.flant.gitops.plugins.module_utils._git.tree import Part
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.answers import Answers, facts_of
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.base import base
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.check import select
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.descent import content_id, place
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.given import Given
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.outcome import (
    AWAITING_SIGNATURES,
    NEW,
    UNCHANGED,
    Outcome,
)
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.pacing import paced, remaining
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.plan import make_plan
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.polls import Polls
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.shortage import insufficient
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.turn import choose, turn_at

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.plugins.module_utils._git.command import Git
    from ansible_collections.flant.gitops.plugins.module_utils._git.commit import Commit
    from ansible_collections.flant.gitops.plugins.module_utils._git.poll import RemoteRefs
    from ansible_collections.flant.gitops.plugins.module_utils._git.remote import Remote
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.check import Selection
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.ratchet import Ratchet
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.request import Request


def advance(request: Request, remote: Remote, ratchet: Ratchet, refs: RemoteRefs, known: str) -> Outcome:
    """Find the commit to act on, prove that it may be acted on, accept what has come for it, and write its tree.

    ``known`` is where the branch pointed to before the poll; empty if it has never been fetched. What the first fetch
    brings is accepted whatever it is, or all of it would come again until there is something to act on.

    Raises:
        Refused: it must not be acted on, which is kept as an answer.
        Failure: it must not be acted on for now, or a server does not give what is needed.
    """
    if not known:
        accept(remote.cache)
    try:
        outcome = _advance(request, remote, ratchet, refs, known)
    except Refused as refusal:
        Answers(request, ratchet).keep_refusal(refs, refusal)
        raise
    if outcome.status == NEW and not request.check_mode:
        Given(ratchet.folder).add(outcome.commit)
        choose(Polls(ratchet.folder), ratchet.moves(), time.time())
    return outcome


def _advance(request: Request, remote: Remote, ratchet: Ratchet, refs: RemoteRefs, known: str) -> Outcome:
    git = remote.git
    remembered = ratchet.commit()
    limit = request.max_commits
    start = base(request.last_commit, remembered, lambda older, newer: bool(place(git, older, newer, limit)))
    previous = _place(git, start.commit, refs.branch, limit)
    if not remembered and start.commit and not request.check_mode:
        ratchet.move(start.commit)
    outcome = Outcome(
        changed=False,
        status=UNCHANGED,
        commit=start.commit,
        previous_commit=start.commit,
        superseded=ratchet.superseded(),
        head=refs.branch,
        signatures_head=refs.signatures,
        required_signatures=request.required_signatures,
        content_id=content_id(git, start.commit) if start.commit not in ("", request.last_commit) else "",
        warnings=start.warnings,
    )
    answers = Answers(request, ratchet)
    if refs.branch == previous:
        if refs.branch != start.commit or refs.branch == known:
            answers.keep(refs, outcome)
        else:
            accept(remote.cache)
            answers.forget()
        return outcome
    plan = make_plan(request, git, previous, refs.branch, partial(remaining, request, remote.cache))
    selection = select(
        request, remote, refs.signatures, plan.in_question, lambda: Given(ratchet.folder).before(start.commit)
    )
    outcome = verified(outcome, selection)._replace(commits=tuple(plan.new))
    if selection.chosen:
        answers.forget()
        turn = turn_at(request, ratchet) if request.spread else ""
        return give(request, remote, selection.checked.commit, outcome._replace(turn_at=turn))
    outcome = refuse(request, selection, outcome)
    if not selection.for_now:
        answers.keep(refs, outcome)
    return outcome


def _place(git: Git, last: str, head: str, limit: int) -> str:
    """Return what stands in the history of ``head`` for the commit processed last, empty for the start of all."""
    previous = place(git, last or head, head, limit)
    if previous:
        return previous if last else ""
    if not history.exists(git, head):
        raise Failure(f"branch: the server did not send {head}, its head; is its repository shallow?")
    if not history.exists(git, last):
        raise Refused(f"last_commit: {last} is in no history that leads to {head}, the head of the branch.")
    raise Refused(
        f"branch: its head {head} does not descend from {last}, the commit processed last; "
        "if the history was rewritten on purpose, use action: reset."
    )


def verified(outcome: Outcome, selection: Selection) -> Outcome:
    """Return ``outcome`` with what the signatures of the selected commit have come to."""
    checked = selection.checked
    return outcome._replace(
        signers=tuple(checked.names),
        signatures=tuple(signature.as_dict() for signature in checked.signers),
        verified_signatures=len(checked.signers),
        rules=tuple(checked.demand.as_dicts(checked.names)) if checked.demand else (),
        warnings=(*outcome.warnings, *selection.warnings),
    )


def give(request: Request, remote: Remote, commit: Commit, outcome: Outcome) -> Outcome:
    """Return ``commit`` as the one to act on: accept what has come for it, and write its tree if the task asks for it.

    One that may not be tried yet, or not any more, is no reason to write anything.

    Raises:
        Failure: a server does not give what is needed, or the tree is refused.
    """
    accept(remote.cache)
    put_together(remote)
    verdict = paced(request, remote.cache, commit, outcome.head)
    may_be_tried = verdict.may_be_tried and not outcome.turn_at
    if request.archive and may_be_tried:
        from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.archive import write_archive

        digest = write_archive(Part(remote, commit.id), request.archive, submodules=request.submodules)
        outcome = outcome._replace(archive=str(request.archive), archive_sha256=digest)
    return outcome._replace(
        changed=may_be_tried,
        status=NEW,
        **verdict._asdict(),
        commit=commit.id,
        tree=commit.tree,
        content_id=commit.content_id,
        identity=commit.content_id,
        subject=commit.subject,
        author=commit.author,
        committed_at=commit.committed_at,
    )


def refuse(request: Request, selection: Selection, outcome: Outcome) -> Outcome:
    """Return that signatures are waited for.

    Raises:
        Refused: there are too few, and the task does not want to wait.
        Failure: the same, but a clock had a say in it.
    """
    reason = insufficient(request, selection)
    if request.wait_for_signatures:
        return outcome._replace(status=AWAITING_SIGNATURES, msg=reason)
    kind = Failure if selection.for_now else Refused
    raise kind(reason, **facts_of(outcome)).after(outcome.warnings)
