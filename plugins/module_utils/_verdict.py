# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What became of one signature, in words that fit every kind of it, and what finds that out."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, Union

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.plugins.module_utils._workers import Workers


class Candidate(NamedTuple):
    """A signature that may count.

    Attributes:
        source: ``commit`` for a commit's own, ``notes`` for one from a note.
        name: which of the commit's signatures it is, in words.
        payload: what it has to cover.
        signature: its bytes, as they were found.
    """

    source: str
    name: str
    payload: bytes
    signature: bytes


class GoodSignature(NamedTuple):
    """A signature that counts.

    Attributes:
        fingerprint: the key that was given as trusted; of an OpenPGP certificate the primary key.
        signing_key: the key that made the signature.
        user_id: what the key says of its owner, made fit to be shown.
        created: ISO 8601, UTC; empty for SSH, whose signatures hold no time. So is ``user_id``.
        type: ``openpgp`` or ``ssh``.
        touched: whether it was made by a security key that somebody touched.
        signer: the name of whoever the key was given for.
    """

    fingerprint: str
    signing_key: str
    user_id: str
    created: str
    type: str = "openpgp"
    touched: bool = False
    signer: str = ""


class Rejected(NamedTuple):
    """A signature that does not count.

    Attributes:
        reason: fit to stand after a colon.
        for_now: whether the same signature by the same key may count at another time, or by a clock that is right.
    """

    reason: str
    for_now: bool = False


Verdict = Union[GoodSignature, Rejected]


class Verifier(Protocol):
    """Whoever knows which signatures count, and whose they are.

    Attributes:
        workers: threads to call `verify` from, as many as are worth running at once.
    """

    workers: Workers

    def verify(self, candidate: Candidate) -> Verdict:
        """Return whether the signature counts.

        Raises:
            Failure: that cannot be found out.
        """
