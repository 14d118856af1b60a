# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Whose signatures count: those of the trusted keys and no others."""

from __future__ import annotations

import contextlib
import dataclasses
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._openpgp.keyring import trusted
from ansible_collections.flant.gitops.plugins.module_utils._verdict import Rejected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.flant.gitops.plugins.module_utils._openpgp.keyring import Keyring
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.roster import Roster
    from ansible_collections.flant.gitops.plugins.module_utils._verdict import Candidate, Verdict


class Trust:
    """The trusted signers; a `Verifier`.

    Attributes:
        usable: the names of those whose signatures count, in the order given.
        warnings: one sentence for each key whose signatures do not count.
        workers: threads to call `verify` from.
    """

    def __init__(self, roster: Roster, keyring: Keyring) -> None:
        """Trust the signers of ``roster``, whose keys ``keyring`` holds."""
        self._names = roster.names
        self._keyring = keyring
        usable = (name for fingerprint, name in roster.names.items() if fingerprint in keyring.usable)
        self.usable = tuple(dict.fromkeys(usable))
        self.warnings = keyring.warnings
        self.workers = keyring.workers

    def verify(self, candidate: Candidate) -> Verdict:
        """Return whether the signature is one by a trusted signer that counts.

        Raises:
            Failure: gpg cannot be run.
        """
        verdict = self._keyring.verify(candidate.payload, candidate.signature)
        if isinstance(verdict, Rejected):
            return verdict
        return dataclasses.replace(verdict, signer=self._names[verdict.fingerprint])


@contextlib.contextmanager
def trust(roster: Roster) -> Iterator[Trust]:
    """Yield what is known of the signatures of the signers in ``roster``.

    Raises:
        Failure: gpg cannot be run.
        MissingLibrary: python-gnupg is not installed.
    """
    with trusted(roster.certificates) as keyring:
        yield Trust(roster, keyring)
