# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Who signed a commit: its own signature first, then the git-signatures notes, until enough signers stand."""

from __future__ import annotations

import base64
import collections
from typing import TYPE_CHECKING, Callable, NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._git import notes as git_notes
from ansible_collections.flant.gitops.plugins.module_utils._verdict import Candidate, Rejected

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from concurrent.futures import Future

    from ansible_collections.flant.gitops.plugins.module_utils._git.commit import Commit
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.rules import Demand
    from ansible_collections.flant.gitops.plugins.module_utils._verdict import Verdict, Verifier

_BEGUN_AHEAD = 16


class Signature(NamedTuple):
    """A signature that counts.

    Attributes:
        signer: the name that the signer was given.
        type: ``openpgp`` or ``ssh``.
        fingerprint: the signer's primary key in upper case hexadecimal, or the SSH key as ``SHA256:...``.
        signing_key: the key that made the signature, the primary one or a subkey.
        user_id: what the certificate calls its owner, made fit to be shown.
        created: ISO 8601, UTC; empty for SSH, as ``user_id`` is.
        touched: whether it was made by a security key that somebody touched.
        source: ``commit`` for the commit's own, ``notes`` for one from a note.
        signature: the signature itself, as it was found, in Base64.
    """

    signer: str
    type: str
    fingerprint: str
    signing_key: str
    user_id: str
    created: str
    touched: bool
    source: str
    signature: str

    def as_dict(self) -> dict[str, str | bool]:
        """Return the attributes as a module returns them."""
        return self._asdict()


class Checked(NamedTuple):
    """A commit whose signatures were looked at.

    Attributes:
        commit: the commit.
        signers: the first signature of each signer.
        rejected: for each signature looked at that does not count, which one it is and why.
        for_now: whether one of these may count at another time, or other rules may apply then.
        waiting: the signatures that were not looked at, as enough signers stood.
        demand: what rules by path ask of the commit, if that was looked at.
    """

    commit: Commit
    signers: Sequence[Signature] = ()
    rejected: Sequence[str] = ()
    for_now: bool = False
    waiting: Sequence[Candidate] = ()
    demand: Demand | None = None

    @property
    def names(self) -> list[str]:
        """The names of the signers."""
        return [each.signer for each in self.signers]


def look(verifier: Verifier, commit: Commit, notes: Sequence[bytes], required: int) -> Checked:
    """Return ``commit`` with its signers, of whom at most ``required`` are looked for.

    Args:
        verifier: whose signatures count.
        commit: the commit.
        notes: the content of each note for it.
        required: how many distinct signers are enough.

    Raises:
        Failure: a signature cannot be verified.
    """
    return _look(verifier, commit, notes, required, verifier.workers.map)


def look_on(verifier: Verifier, checked: Checked, missing: Callable[[Collection[str]], int]) -> Checked:
    """Return ``checked`` with further signers, of whom so many are ``missing`` at the least as that says of the names.

    Raises:
        Failure: a signature cannot be verified.
    """
    return _look_on(verifier, checked, missing, verifier.workers.map)


def look_at_each(
    verifier: Verifier, commits: Iterable[Commit], notes: Mapping[str, Sequence[bytes]], required: int
) -> Iterator[Checked]:
    """Yield each commit with its signers, in the order given; ``notes`` are found by the commit's id.

    A few commits are looked at together, and at most 16 more are taken from ``commits`` than have been yielded.

    Raises:
        Failure: a signature cannot be verified.
    """
    from ansible_collections.flant.gitops.plugins.module_utils._workers import result_of

    begun: collections.deque[Future[Checked]] = collections.deque()
    for commit in commits:
        begun.append(verifier.workers.submit(_look, verifier, commit, notes.get(commit.id, ()), required, map))
        if len(begun) == _BEGUN_AHEAD:
            yield result_of(begun.popleft())
    while begun:
        yield result_of(begun.popleft())


def _look(
    verifier: Verifier,
    commit: Commit,
    notes: Sequence[bytes],
    required: int,
    for_each: Callable[[Callable[[Candidate], Verdict], Iterable[Candidate]], Iterable[Verdict]],
) -> Checked:
    unseen = Checked(commit, waiting=tuple(candidates(commit, notes)))
    return _look_on(verifier, unseen, lambda names: required - len(names), for_each)


def _look_on(
    verifier: Verifier,
    checked: Checked,
    missing: Callable[[Collection[str]], int],
    for_each: Callable[[Callable[[Candidate], Verdict], Iterable[Candidate]], Iterable[Verdict]],
) -> Checked:
    """As many signatures at a time are looked at as signers are missing, so that none is looked at in vain."""
    signers = {each.signer: each for each in checked.signers}
    rejected = list(checked.rejected)
    for_now = checked.for_now
    waiting = collections.deque(checked.waiting)
    while waiting and (number := missing(signers)) > 0:
        batch = [waiting.popleft() for _index in range(min(len(waiting), number))]
        for candidate, verdict in zip(batch, for_each(verifier.verify, batch)):
            if isinstance(verdict, Rejected):
                rejected.append(f"{candidate.name}: {verdict.reason}")
                for_now = for_now or verdict.for_now
            else:
                found = base64.b64encode(candidate.signature).decode()
                signature = Signature(**verdict._asdict(), source=candidate.source, signature=found)
                signers.setdefault(signature.signer, signature)
    return checked._replace(
        signers=tuple(signers.values()), rejected=tuple(rejected), for_now=for_now, waiting=tuple(waiting)
    )


def candidates(commit: Commit, notes: Sequence[bytes]) -> Iterator[Candidate]:
    """Yield each signature that ``commit`` has: its own, and those in the content of each note for it."""
    if commit.signature is not None:
        yield Candidate("commit", "the commit's own signature", commit.payload, commit.signature)
    signatures = (signature for note in notes for signature in git_notes.decode(note))
    for number, signature in enumerate(signatures, 1):
        yield Candidate("notes", f"signature {number} in the notes", commit.id.encode(), signature)
