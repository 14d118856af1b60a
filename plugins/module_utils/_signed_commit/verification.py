# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Commits read from the repository, each with the signatures that count."""

from __future__ import annotations

import contextlib
import itertools
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._git.commit import Commit, parse
from ansible_collections.flant.gitops.plugins.module_utils._git.objects import Objects, objects
from ansible_collections.flant.gitops.plugins.module_utils._git.published_notes import published_notes
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.selection import Checked
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.signatures import (
    Signatures,
    collect,
    collect_each,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ansible_collections.flant.gitops.plugins.module_utils._git.transfer import Remote
    from ansible_collections.flant.gitops.plugins.module_utils._openpgp.keyring import Keyring
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.request import Request

_COMMIT_LIMIT = 1 << 20
_REASONS_SHOWN = 5


@contextlib.contextmanager
def verification(
    request: Request, remote: Remote, signatures: str, commits: Sequence[str]
) -> Iterator[tuple[Iterator[Checked], Sequence[str]]]:
    """Yield ``commits`` one by one, each checked when it is asked for, and warnings about the trusted keys.

    ``signatures`` is the id that the signatures ref has on the server, or nothing.

    Raises:
        Failure: fewer keys are usable than signatures are required; a commit cannot be read; the server does not
            give the notes.
    """
    with objects(remote.git) as stored:
        read = (_read(stored, commit) for commit in commits)
        if not request.required_signatures:
            yield (Checked(commit, Signatures((), ()), 0) for commit in read), ()
            return
        from ansible_collections.flant.gitops.plugins.module_utils._openpgp.keyring import trusted

        with trusted(request.trusted_keys) as keyring:
            if len(keyring.usable) < request.required_signatures:
                reasons = " ".join(keyring.warnings[:_REASONS_SHOWN])
                raise Failure(
                    f"required_signatures: {request.required_signatures} are required, but only {len(keyring.usable)} "
                    f"of the keys in trusted_keys can be used, so that no commit will ever do. {reasons}".rstrip()
                )
            notes = published_notes(remote, stored, signatures, commits) if signatures else {}
            yield _checked(request, keyring, read, notes), keyring.warnings


def _checked(
    request: Request, keyring: Keyring, commits: Iterator[Commit], notes: dict[str, list[bytes]]
) -> Iterator[Checked]:
    required = request.required_signatures
    if not request.verify_every:
        for commit in commits:
            yield Checked(commit, collect(keyring, commit, notes.get(commit.id, ()), required), required)
        return
    commits, same_commits = itertools.tee(commits)
    with_notes = ((commit, notes.get(commit.id, ())) for commit in same_commits)
    for commit, signatures in zip(commits, collect_each(keyring, with_notes, required)):
        yield Checked(commit, signatures, required)


def _read(stored: Objects, identity: str) -> Commit:
    found = stored.read(identity, _COMMIT_LIMIT)
    if not found or found.kind != "commit" or not found.whole:
        raise Failure(f"git_dir: {identity} is missing, is no commit, or is larger than 1 MiB.")
    return parse(identity, found.data)
