# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Who signed a commit: its own signature first, then the git-signatures notes, until enough signers stand."""

from __future__ import annotations

import collections
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Callable, NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._git import notes as git_notes
from ansible_collections.flant.gitops.plugins.module_utils._openpgp.status import Rejected
from ansible_collections.flant.gitops.plugins.module_utils._workers import result_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from concurrent.futures import Future

    from ansible_collections.flant.gitops.plugins.module_utils._git.commit import Commit
    from ansible_collections.flant.gitops.plugins.module_utils._openpgp.keyring import Keyring
    from ansible_collections.flant.gitops.plugins.module_utils._openpgp.status import Verdict

_BEGUN_AHEAD = 16


@dataclass(frozen=True)
class Signature:
    """A signature that counts.

    Attributes:
        fingerprint: the signer's primary key, upper case hexadecimal.
        signing_key: the key that made the signature, the primary one or a subkey.
        user_id: the signer's name as the certificate has it, made fit to be shown.
        created: ISO 8601, UTC.
        source: ``commit`` for the commit's own, ``notes`` for one from a note.
    """

    fingerprint: str
    signing_key: str
    user_id: str
    created: str
    source: str

    def as_dict(self) -> dict[str, str]:
        """Return the attributes as a module returns them."""
        return asdict(self)


@dataclass(frozen=True)
class Signatures:
    """What became of a commit's signatures.

    Attributes:
        signers: the first signature of each signer.
        rejected: for each signature looked at that does not count, which one it is and why.
    """

    signers: tuple[Signature, ...]
    rejected: tuple[str, ...]


class _Candidate(NamedTuple):
    source: str
    name: str
    payload: bytes
    signature: bytes


def collect(keyring: Keyring, commit: Commit, notes: Sequence[bytes], required: int) -> Signatures:
    """Return the signers of ``commit``, of whom at most ``required`` are looked for.

    Args:
        keyring: whose signatures count.
        commit: the commit.
        notes: the content of each note for it.
        required: how many distinct signers are enough.

    Raises:
        Failure: gpg cannot be run.
    """
    return _collect(keyring, commit, notes, required, keyring.workers.map)


def collect_each(
    keyring: Keyring, commits: Iterable[tuple[Commit, Sequence[bytes]]], required: int
) -> Iterator[Signatures]:
    """Yield the signers of each commit, given with its notes, in the order given.

    A few commits are verified at a time, and at most 16 more are taken from ``commits`` than have been yielded.

    Raises:
        Failure: gpg cannot be run.
    """
    begun: collections.deque[Future[Signatures]] = collections.deque()
    for commit, notes in commits:
        begun.append(keyring.workers.submit(_collect, keyring, commit, notes, required, map))
        if len(begun) == _BEGUN_AHEAD:
            yield result_of(begun.popleft())
    while begun:
        yield result_of(begun.popleft())


def _collect(
    keyring: Keyring,
    commit: Commit,
    notes: Sequence[bytes],
    required: int,
    for_each: Callable[[Callable[[_Candidate], Verdict], Iterable[_Candidate]], Iterable[Verdict]],
) -> Signatures:
    """As many signatures at a time are looked at as signers are missing, so that none is looked at in vain."""
    signers: dict[str, Signature] = {}
    rejected: list[str] = []
    waiting = collections.deque(_candidates(commit, notes))
    while waiting and len(signers) < required:
        batch = [waiting.popleft() for _index in range(min(len(waiting), required - len(signers)))]
        verdicts = for_each(lambda candidate: keyring.verify(candidate.payload, candidate.signature), batch)
        for candidate, verdict in zip(batch, verdicts):
            if isinstance(verdict, Rejected):
                rejected.append(f"{candidate.name}: {verdict.reason}")
            else:
                signature = Signature(**asdict(verdict), source=candidate.source)
                signers.setdefault(signature.fingerprint, signature)
    return Signatures(tuple(signers.values()), tuple(rejected))


def _candidates(commit: Commit, notes: Sequence[bytes]) -> Iterator[_Candidate]:
    if commit.signature is not None:
        yield _Candidate("commit", "the commit's own signature", commit.payload, commit.signature)
    signatures = (signature for note in notes for signature in git_notes.decode(note))
    for number, signature in enumerate(signatures, 1):
        yield _Candidate("notes", f"signature {number} in the notes", commit.id.encode(), signature)
