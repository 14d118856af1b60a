# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Who stands behind commits: their signatures, counted with the trusted keys and no others."""

from __future__ import annotations

import contextlib
import itertools
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._openpgp.keyring import trusted
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.selection import Checked
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.signatures import collect, collect_each

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ansible_collections.flant.gitops.plugins.module_utils._git.commit import Commit
    from ansible_collections.flant.gitops.plugins.module_utils._openpgp.keyring import Keyring
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.request import Request

_REASONS_SHOWN = 5


@contextlib.contextmanager
def usable_keyring(request: Request) -> Iterator[Keyring]:
    """Yield the trusted keys, enough of which can be used.

    Raises:
        Failure: fewer keys can be used than signatures are required.
    """
    with trusted(request.trusted_keys) as keyring:
        if len(keyring.usable) < request.required_signatures:
            reasons = " ".join(keyring.warnings[:_REASONS_SHOWN])
            raise Failure(
                f"required_signatures: {request.required_signatures} are required, but only {len(keyring.usable)} "
                f"of the keys in trusted_keys can be used, so that no commit will ever do. {reasons}".rstrip()
            )
        yield keyring


def count(
    request: Request, keyring: Keyring, commits: Iterator[Commit], notes: Mapping[str, Sequence[bytes]]
) -> Iterator[Checked]:
    """Yield each commit with its signers, who are looked for in its notes too; a few at a time if all are needed.

    Raises:
        Failure: gpg cannot be run.
    """
    required = request.required_signatures
    if not request.verify_every:
        for commit in commits:
            signatures = collect(keyring, commit, notes.get(commit.id, ()), required)
            yield Checked(commit, signatures.signers, signatures.rejected, required)
        return
    commits, same_commits = itertools.tee(commits)
    with_notes = ((commit, notes.get(commit.id, ())) for commit in same_commits)
    for commit, signatures in zip(commits, collect_each(keyring, with_notes, required)):
        yield Checked(commit, signatures.signers, signatures.rejected, required)
