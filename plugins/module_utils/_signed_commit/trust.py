# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Whose signatures count: those of the trusted keys and no others."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._openpgp.keyring import trusted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ansible_collections.flant.gitops.plugins.module_utils._openpgp.keyring import Keyring
    from ansible_collections.flant.gitops.plugins.module_utils._verdict import Candidate, Verdict


class Trust:
    """The trusted signers; a `Verifier`.

    Attributes:
        usable: those whose signatures count.
        warnings: one sentence for each key whose signatures do not count.
        workers: threads to call `verify` from.
    """

    def __init__(self, keyring: Keyring) -> None:
        """Trust the keys in ``keyring``."""
        self.usable = keyring.usable
        self.warnings = keyring.warnings
        self.workers = keyring.workers
        self._keyring = keyring

    def verify(self, candidate: Candidate) -> Verdict:
        """Return whether the signature is one by a trusted signer that counts.

        Raises:
            Failure: gpg cannot be run.
        """
        return self._keyring.verify(candidate.payload, candidate.signature)


@contextlib.contextmanager
def trust(trusted_keys: Sequence[str]) -> Iterator[Trust]:
    """Yield the signers whose keys were given.

    Raises:
        Failure: gpg cannot be run.
        MissingLibrary: python-gnupg is not installed.
    """
    with trusted(trusted_keys) as keyring:
        yield Trust(keyring)
