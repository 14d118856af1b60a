# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Whose signatures count: those of the trusted keys and no others."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._ssh.sshsig import is_one
from ansible_collections.flant.gitops.plugins.module_utils._verdict import Rejected
from ansible_collections.flant.gitops.plugins.module_utils._workers import workers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.flant.gitops.plugins.module_utils._openpgp.keyring import Keyring
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.roster import Roster
    from ansible_collections.flant.gitops.plugins.module_utils._ssh.verifier import SshVerifier
    from ansible_collections.flant.gitops.plugins.module_utils._verdict import Candidate, Verdict
    from ansible_collections.flant.gitops.plugins.module_utils._workers import Workers

_AT_ONCE = min(4, os.cpu_count() or 1)


class Trust:
    """The trusted signers; a `Verifier`.

    Attributes:
        usable: the names of those whose signatures count, in the order given.
        warnings: one sentence for each key whose signatures do not count.
        workers: threads to call `verify` from.
    """

    def __init__(self, roster: Roster, keyring: Keyring | None, ssh: SshVerifier | None, workers: Workers) -> None:
        """Trust the signers of ``roster``, whose keys ``keyring`` and ``ssh`` hold."""
        self._names = roster.names
        self._keyring = keyring
        self._ssh = ssh
        usable = {key.fingerprint for key in roster.ssh_keys} | (keyring.usable if keyring else set())
        names = (name for fingerprint, name in roster.names.items() if fingerprint in usable)
        self.usable = tuple(dict.fromkeys(names))
        self.warnings = keyring.warnings if keyring else ()
        self.workers = workers

    def verify(self, candidate: Candidate) -> Verdict:
        """Return whether the signature is one by a trusted signer that counts.

        Raises:
            Failure: gpg or ssh-keygen cannot be run.
        """
        verdict = self._verify(candidate)
        if isinstance(verdict, Rejected):
            return verdict
        return verdict._replace(signer=self._names[verdict.fingerprint])

    def _verify(self, candidate: Candidate) -> Verdict:
        if self._ssh and is_one(candidate.signature):
            return self._ssh.verify(candidate)
        if self._keyring:
            return self._keyring.verify(candidate.payload, candidate.signature)
        return Rejected("it is not an SSH signature, and no OpenPGP key is trusted")


@contextlib.contextmanager
def trust(roster: Roster, *, user_verification: bool = False) -> Iterator[Trust]:
    """Yield what is known of the signatures of the signers in ``roster``.

    Raises:
        Failure: gpg or ssh-keygen cannot be run.
        MissingLibrary: python-gnupg is not installed.
    """
    ssh = None
    if roster.ssh_keys:
        from ansible_collections.flant.gitops.plugins.module_utils._ssh.verifier import SshVerifier

        ssh = SshVerifier(roster.ssh_keys, user_verification=user_verification)
    if not roster.certificates:
        with workers(_AT_ONCE) as pool:
            yield Trust(roster, None, ssh, pool)
        return
    from ansible_collections.flant.gitops.plugins.module_utils._openpgp.keyring import trusted

    with trusted(roster.certificates) as keyring:
        yield Trust(roster, keyring, ssh, keyring.workers)
