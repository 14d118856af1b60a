# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What a branch that has moved asks for: where to go on from, what is new, which of it may be acted on, its tree."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._git import history
from ansible_collections.flant.gitops.plugins.module_utils._git.packs import put_together
from ansible_collections.flant.gitops.plugins.module_utils._git.tree import Part
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.base import base
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.check import select
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.descent import content_id, place
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.outcome import (
    AWAITING_SIGNATURES,
    NEW,
    UNCHANGED,
    Outcome,
)
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.plan import make_plan
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.polls import Polls
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.shortage import insufficient

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.plugins.module_utils._git.command import Git
    from ansible_collections.flant.gitops.plugins.module_utils._git.poll import RemoteRefs
    from ansible_collections.flant.gitops.plugins.module_utils._git.remote import Remote
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.check import Selection
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.ratchet import Ratchet
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.request import Request


def advance(request: Request, remote: Remote, ratchet: Ratchet, refs: RemoteRefs) -> Outcome:
    """Find the commit to act on, prove that it may be acted on, and write its tree.

    Raises:
        Failure: it must not be acted on, or a server does not give what is needed.
    """
    git = remote.git
    remembered = ratchet.commit()
    put_together(remote)
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
        required_signatures=request.required_signatures,
        content_id=content_id(git, start.commit) if start.commit not in ("", request.last_commit) else "",
        warnings=start.warnings,
    )
    if refs.branch == previous:
        return outcome
    outcome = _choose(request, remote, refs, previous, outcome)
    if outcome.status == NEW and not request.check_mode:
        Polls(ratchet.folder).choose(ratchet.moves(), time.time())
    return outcome


def _place(git: Git, last: str, head: str, limit: int) -> str:
    """Return what stands in the history of ``head`` for the commit processed last, empty for the start of all."""
    previous = place(git, last or head, head, limit)
    if previous:
        return previous if last else ""
    if not history.exists(git, head):
        raise Failure(f"branch: the server did not send {head}, its head; is its repository shallow?")
    if not history.exists(git, last):
        raise Failure(f"last_commit: {last} is in no history that leads to {head}, the head of the branch.")
    raise Failure(
        f"branch: its head {head} does not descend from {last}, the commit processed last; "
        "if the history was rewritten on purpose, use action: reset."
    )


def _choose(request: Request, remote: Remote, refs: RemoteRefs, previous: str, unchanged: Outcome) -> Outcome:
    plan = make_plan(request, remote.git, previous, refs.branch)
    selection = select(request, remote, refs.signatures, plan.in_question)
    outcome = unchanged._replace(
        commits=tuple(plan.new),
        signers=tuple(signature.signer for signature in selection.checked.signers),
        signatures=tuple(signature.as_dict() for signature in selection.checked.signers),
        verified_signatures=len(selection.checked.signers),
        warnings=(*unchanged.warnings, *selection.warnings),
    )
    if not selection.chosen:
        return _insufficient(request, selection, outcome)
    commit = selection.checked.commit
    if request.archive:
        from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.archive import write_archive

        digest = write_archive(Part(remote, commit.id), request.archive, submodules=request.submodules)
        outcome = outcome._replace(archive=str(request.archive), archive_sha256=digest)
    return outcome._replace(
        changed=True,
        status=NEW,
        commit=commit.id,
        content_id=commit.content_id,
        subject=commit.subject,
        author=commit.author,
        committed_at=commit.committed_at,
    )


def _insufficient(request: Request, selection: Selection, outcome: Outcome) -> Outcome:
    reason = insufficient(request, selection)
    if request.wait_for_signatures:
        return outcome._replace(status=AWAITING_SIGNATURES, msg=reason)
    raise Failure(reason, **outcome.facts()).after(outcome.warnings)
