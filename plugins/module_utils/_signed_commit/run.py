# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Poll, record, reset, show, verify. A branch that has not moved needs no other file of this folder."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Callable

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure, Refused
from ansible_collections.flant.gitops.plugins.module_utils._git.acceptance import arriving, changed
from ansible_collections.flant.gitops.plugins.module_utils._git.cache import BRANCH, opened
from ansible_collections.flant.gitops.plugins.module_utils._git.poll import poll
from ansible_collections.flant.gitops.plugins.module_utils._git.remote import Remote
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.identity import identify, look
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.kept import ANSWER, KEPT, rerun_file
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.outcome import FAILED, UNCHANGED, Outcome
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.polls import Polls
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.ratchet import NAME, Ratchet
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.request import SHOW, VERIFY

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.flant.gitops.plugins.module_utils._git.poll import RemoteRefs
    from ansible_collections.flant.gitops.plugins.module_utils._hold import Hold
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.request import Request
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.reruns import Rerun


def run(request: Request) -> Outcome:
    """Do what the task asks for.

    Raises:
        Failure: it cannot be done, or must not.
    """
    try:
        hold = hold_of(request)
        if request.action == SHOW or hold:
            from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.memory import show

            return show(request, hold, _last_rerun(request.git_dir))
        with opened(request.git_dir, NAME) as cache:
            ratchet = Ratchet(cache.path)
            is_new = ratchet.begin()
            if request.action == VERIFY and request.access:
                return _review(request, Remote(cache, request.access, request.timeout), is_new=is_new)
            if request.access:
                remote = Remote(cache, request.access, request.timeout)
                request = request._replace(rerun=request.rerun or rerun_is_due(request, ratchet))
                outcome = _ended(request, remote, ratchet)
            else:
                from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.memory import remember

                outcome = remember(request, cache, ratchet)
            # Only a poll gives an id to a git_dir of a version that had none, so that it is the one to say so.
            moves = ratchet.moves()
            is_given = bool(request.access) or is_new
            identity = identify(request.git_dir, None if is_new else moves) if is_given else look(request.git_dir)
            is_told = request.last_commit == outcome.previous_commit
            return outcome.remembering(identity, Polls(cache.path), moves, _last_rerun(request.git_dir))._replace(
                git_dir_taken_over=bool(request.access) and identity.taken_over(moves, is_told=is_told)
            )
    except OSError as error:
        raise Failure(f"git_dir: {error.filename or request.git_dir} cannot be used: {error.strerror}.") from None


def rerun_is_due(request: Request, ratchet: Ratchet) -> bool:
    """Tell whether the last commit is to be run once more by now."""
    if not request.rerun_after:
        return False
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.reruns import is_due

    return is_due(ratchet, request.rerun_after, time.time())


def hold_of(request: Request) -> Hold | None:
    """Return the mark that holds the instance, if the task looks for one and it stands.

    Raises:
        Failure: others could put one there or take one away.
    """
    if not request.hold_file:
        return None
    from ansible_collections.flant.gitops.plugins.module_utils._hold import look as look_for

    return look_for(request.hold_file, "hold_file")


def _ended(request: Request, remote: Remote, ratchet: Ratchet) -> Outcome:
    """Poll, and write down what that came to; why it failed is the caller's to keep, who knows what must be masked."""
    polls = Polls(remote.cache.path)
    try:
        outcome = _asked(request, remote, lambda: _ask(request, remote, ratchet))
    except Failure:
        if not request.check_mode:
            with contextlib.suppress(OSError):  # the sentence that is on its way tells more
                polls.end(FAILED, "", time.time())
        raise
    if not request.check_mode:
        polls.end(outcome.status, outcome.msg, time.time())
    return outcome


def _review(request: Request, remote: Remote, *, is_new: bool) -> Outcome:
    """Look at the commits that the task names, in a cache that serves nothing else."""
    if not is_new:
        raise Failure("git_dir: action: verify needs a folder of its own, which is empty or not there.")
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.review import review

    return _asked(request, remote, lambda: review(request, remote))


def _asked(request: Request, remote: Remote, ask: Callable[[], Outcome | None]) -> Outcome:
    """Return what ``ask`` returns; if that is None, once more, of a cache that takes whole commits."""
    remote.cache.prepare_home(remote.access)
    if not remote.cache.ready:
        from ansible_collections.flant.gitops.plugins.module_utils._git.creation import create

        create(remote, request.branch, kept=KEPT)
    with arriving(remote.cache):
        outcome = ask()
    if outcome:
        return outcome
    from ansible_collections.flant.gitops.plugins.module_utils._git.creation import begin_unfiltered

    begin_unfiltered(remote.cache, kept=KEPT)
    return _asked(request, remote, ask)


def _ask(request: Request, remote: Remote, ratchet: Ratchet) -> Outcome | None:
    """Return what the server has for us; None if it gives no part of a commit, and has to be asked for whole ones."""
    known = remote.cache.ref(BRANCH)
    refs, outcome = ask_for_refs(request, remote, ratchet)
    if not outcome and refs.branch == request.last_commit == ratchet.commit():
        outcome = _unchanged(request, remote, ratchet, refs, moved=refs.branch != known)
    if outcome and not _gives_once_more(request, outcome):
        return outcome
    from ansible_collections.flant.gitops.plugins.module_utils._git.transfer import UnadvertisedError
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.advance import advance

    try:
        outcome = outcome or advance(request, remote, ratchet, refs, known)
        if not _gives_once_more(request, outcome):
            return outcome
        from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.once_more import once_more

        return once_more(request, remote, refs.signatures, outcome)
    except UnadvertisedError:
        if not remote.cache.filtered:
            raise
    return None


def ask_for_refs(request: Request, remote: Remote, ratchet: Ratchet) -> tuple[RemoteRefs, Outcome | None]:
    """Return where the refs stand, and the answer that was given to that, if one is kept and good enough.

    Raises:
        Failure: that answer was a refusal, or the server gives none.
    """
    signatures_ref = request.signatures_ref if request.required_signatures else ""
    if (remote.cache.path / ANSWER).exists():
        from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.again import look_again

        refs, answer = look_again(request, remote, ratchet, signatures_ref)
        if request.rerun and (not answer or _gives_once_more(request, answer)):
            return poll(remote, request.branch, signatures_ref), None  # what the refs name may not have been fetched
        return refs, answer
    try:
        refs = poll(remote, request.branch, signatures_ref)
    except Refused:
        (remote.cache.path / ANSWER).touch()  # what was refused is not known
        raise
    if not request.check_mode:
        Polls(remote.cache.path).answered(time.time())
    return refs, None


def _unchanged(request: Request, remote: Remote, ratchet: Ratchet, refs: RemoteRefs, *, moved: bool) -> Outcome:
    """Return that the branch is where the ratchet is, to where it may have ``moved`` since the last poll."""
    if changed(remote.cache):
        from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.again import settle

        settle(remote.cache, moved=moved)
    return Outcome(
        changed=False,
        status=UNCHANGED,
        commit=refs.branch,
        previous_commit=refs.branch,
        superseded=ratchet.superseded(),
        head=refs.branch,
        signatures_head=refs.signatures,
        required_signatures=request.required_signatures,
    )


def _gives_once_more(request: Request, outcome: Outcome) -> bool:
    return request.rerun and outcome.status == UNCHANGED


def _last_rerun(git_dir: Path) -> Rerun | None:
    """Return the last rerun that was given; None if there has been none, as nearly everywhere.

    Raises:
        Failure: what was written down is lost.
    """
    if not rerun_file(git_dir).exists():
        return None
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.reruns import Reruns

    return Reruns(git_dir).last()
