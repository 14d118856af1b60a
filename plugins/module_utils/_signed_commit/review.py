# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Whose signatures commits have that were acted on before, looked at once more; nothing is chosen here."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._git import history
from ansible_collections.flant.gitops.plugins.module_utils._git.arrivals import accept
from ansible_collections.flant.gitops.plugins.module_utils._git.command import Git
from ansible_collections.flant.gitops.plugins.module_utils._git.objects import objects
from ansible_collections.flant.gitops.plugins.module_utils._git.poll import poll
from ansible_collections.flant.gitops.plugins.module_utils._git.published_notes import published_notes
from ansible_collections.flant.gitops.plugins.module_utils._git.transfer import UnadvertisedError
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.outcome import VERIFIED, Outcome
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.signatures import candidates
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.trust import trust
from ansible_collections.flant.gitops.plugins.module_utils._verdict import Rejected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible_collections.flant.gitops.plugins.module_utils._git.objects import Objects
    from ansible_collections.flant.gitops.plugins.module_utils._git.remote import Remote
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.request import Request
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.trust import Trust


class _Found(NamedTuple):
    commit: str
    found: bool = True
    tree: str = ""
    signers: Sequence[str] = ()
    fingerprints: Sequence[str] = ()
    rejected: Sequence[str] = ()

    def told(self) -> dict[str, object]:
        """Return it as the module's documentation has it."""
        lists = {name: [*value] for name, value in self._asdict().items() if isinstance(value, (list, tuple))}
        return {**self._asdict(), **lists}


def review(request: Request, remote: Remote) -> Outcome | None:
    """Return what the signatures of the commits that the task names come to; None if whole commits have to be fetched.

    Raises:
        Failure: the server does not give what is needed, or gpg or ssh-keygen cannot be run.
    """
    accept(remote.cache)
    refs = poll(remote, request.branch, request.signatures_ref)
    git = Git(remote.cache)
    there = history.reachable(git, refs.branch, request.commits)
    commits = [commit for commit in request.commits if commit in there]
    try:
        with objects(git) as stored, trust(request.roster, user_verification=request.ssh_user_verification) as trusted:
            notes = published_notes(remote, stored, refs.signatures, commits) if refs.signatures else {}
            found = {commit: _verified(trusted, stored, commit, notes.get(commit, ())) for commit in commits}
            warnings = trusted.warnings
    except UnadvertisedError:
        if not remote.cache.filtered:
            raise
        return None
    return Outcome(
        changed=False,
        status=VERIFIED,
        commit="",
        previous_commit="",
        superseded="",
        required_signatures=request.required_signatures,
        head=refs.branch,
        verified=tuple(found.get(commit, _Found(commit, found=False).told()) for commit in request.commits),
        warnings=warnings,
    )


def _verified(trusted: Trust, stored: Objects, identity: str, notes: Sequence[bytes]) -> dict[str, object]:
    """Look at every signature there is, whoever made it: one person's second key may be the one that is asked for."""
    try:
        commit = stored.commit(identity)
    except Failure as failure:  # one that says two things is nobody's
        return _Found(identity, rejected=[str(failure).rstrip(".")]).told()
    asked = list(candidates(commit, notes))
    verdicts = list(zip(asked, trusted.workers.map(trusted.verify, asked)))
    good = [verdict for _candidate, verdict in verdicts if not isinstance(verdict, Rejected)]
    return _Found(
        identity,
        tree=commit.tree,
        signers=[*dict.fromkeys(each.signer for each in good)],
        fingerprints=[*dict.fromkeys(each.fingerprint for each in good)],
        rejected=[f"{asked.name}: {verdict.reason}" for asked, verdict in verdicts if isinstance(verdict, Rejected)],
    ).told()
