# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Which commit may be acted on: only one whose signatures were looked at, and suffice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._git.objects import objects
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.shortage import listed
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.signatures import Checked, look, look_at_each

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ansible_collections.flant.gitops.plugins.module_utils._git.remote import Remote
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.given import Before
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.request import Request
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.rules import Rule
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.trust import Trust

_REASONS_SHOWN = 5


class Selection(NamedTuple):
    """A commit, and what came of it.

    Attributes:
        checked: the commit.
        chosen: whether it may be acted on; otherwise it is the reason why none may be.
        for_now: whether that may be answered otherwise at another time, by the same signatures.
        signers: the names of all whose signatures could count.
        warnings: about keys whose signatures do not count.
    """

    checked: Checked
    chosen: bool
    for_now: bool = False
    signers: Sequence[str] = ()
    warnings: Sequence[str] = ()


def select(
    request: Request, remote: Remote, signatures: str, commits: Sequence[str], before: Callable[[], Before]
) -> Selection:
    """Choose one of ``commits``, of which there is one at least, oldest first.

    The rules of a poll, in the order in which they are applied:

    1. Each commit is read from the object whose id it is, and from nothing else; one is refused in which git reads
       something else than what its own signature covers.
    2. With ``required_signatures: 0`` no signature is looked at, and every commit is sufficiently signed.
    3. If fewer signers can sign than are required, by the number or by a rule for paths, the poll fails before the
       first commit is looked at.
    4. What may count is the commit's own signature over its content, then each line of the notes for it over its id.
    5. A signature counts if a trusted key made it, OpenPGP or SSH, and nothing at all is wrong with either.
    6. A signer counts once, whichever of the keys signed. A commit is sufficiently signed by as many signers as are
       required. If it is one to be chosen, each rule that guards a path which it changes must have its signers too. No
       more are looked for.
    7. ``verify: every``: each of the commits must be sufficiently signed, and the last one is chosen; the first that is
       not is the reason why none is. The rules go by the last one alone: it has everything that the others change.
    8. Otherwise the first that is sufficiently signed is chosen; the last one is the reason why none is. The commits
       are the head alone, or with ``select: oldest`` those that may be chosen.

    Args:
        request: the task.
        remote: where the commits are and notes come from.
        signatures: the id that the signatures ref has on the server, or nothing.
        commits: what `plan` puts in question.
        before: gives the commits that the rules compare with.

    Raises:
        Failure: as in rule 3; a commit cannot be read; the server does not give the notes; gpg or ssh-keygen cannot
            be run.
    """
    with objects(remote.git) as stored:
        read = (stored.commit(commit) for commit in commits)
        if not request.required_signatures:
            return _decide((Checked(commit) for commit in read), 0, every=request.verify_every)
        from ansible_collections.flant.gitops.plugins.module_utils._git.published_notes import published_notes
        from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.trust import trust

        required = request.required_signatures
        with trust(request.roster, user_verification=request.ssh_user_verification) as trusted:
            _check_reachable(trusted, required)
            for rule in request.rules:
                _check_rule(trusted, rule)
            notes = published_notes(remote, stored, signatures, commits) if signatures else {}
            if request.verify_every:
                checked = look_at_each(trusted, read, notes, required)
            else:
                checked = (look(trusted, commit, notes.get(commit.id, ()), required) for commit in read)
            if request.rules:
                from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.guard import Guard

                guard = Guard(request.rules, before(), remote)
                only = commits[-1] if request.verify_every else ""
                checked = (
                    guard.look(trusted, each)
                    if len(each.signers) >= required and only in ("", each.commit.id)
                    else each
                    for each in checked
                )
            selection = _decide(checked, required, every=request.verify_every)
            return selection._replace(signers=trusted.usable, warnings=trusted.warnings)


def _check_reachable(trusted: Trust, required: int) -> None:
    if len(trusted.usable) < required:
        reasons = " ".join(trusted.warnings[:_REASONS_SHOWN])
        raise Failure(
            f"required_signatures: {required} are required, but only {len(trusted.usable)} "
            f"of the trusted signers can sign, so that no commit will ever do. {reasons}".rstrip()
        )


def _check_rule(trusted: Trust, rule: Rule) -> None:
    usable = rule.signed(trusted.usable)
    if len(usable) < rule.required:
        reasons = " ".join(trusted.warnings[:_REASONS_SHOWN])
        raise Failure(
            f"rules[{rule.number}]: {rule.required} of {listed(rule.signers, 'and')} are required, but only "
            f"{len(usable)} of them can sign, so that no commit that it is about will ever do. {reasons}".rstrip()
        )


def _decide(checked: Iterable[Checked], required: int, *, every: bool) -> Selection:
    """Apply rules 7 and 8, and look at no commit that cannot change the answer."""
    for_now = False
    for each in checked:
        for_now = for_now or each.for_now
        sufficient = len(each.signers) >= required and not (each.demand and each.demand.unmet(each.names))
        if sufficient != every:
            break
    return Selection(each, chosen=sufficient, for_now=for_now)
