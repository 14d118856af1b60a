# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Commits read from the repository, each with the signatures that count."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._git.commit import Commit, parse
from ansible_collections.flant.gitops.plugins.module_utils._git.objects import Objects, objects
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.selection import Checked

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ansible_collections.flant.gitops.plugins.module_utils._git.transfer import Remote
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.request import Request

_COMMIT_LIMIT = 1 << 20


@contextlib.contextmanager
def verification(
    request: Request, remote: Remote, signatures: str, commits: Sequence[str]
) -> Iterator[tuple[Iterator[Checked], Sequence[str]]]:
    """Yield ``commits`` one by one, each checked when it is asked for, and warnings about the trusted keys.

    ``signatures`` is the id that the signatures ref has on the server, or nothing.

    Raises:
        Failure: fewer keys can be used than signatures are required; a commit cannot be read; the server does not
            give the notes.
    """
    with objects(remote.git) as stored:
        read = (_read(stored, commit) for commit in commits)
        if not request.required_signatures:
            yield (Checked(commit) for commit in read), ()
            return
        from ansible_collections.flant.gitops.plugins.module_utils._git.published_notes import published_notes
        from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.trust import count, usable_keyring

        with usable_keyring(request) as keyring:
            notes = published_notes(remote, stored, signatures, commits) if signatures else {}
            yield count(request, keyring, read, notes), keyring.warnings


def _read(stored: Objects, identity: str) -> Commit:
    found = stored.read(identity, _COMMIT_LIMIT)
    if not found or found.kind != "commit" or not found.whole:
        raise Failure(f"git_dir: {identity} is missing, is no commit, or is larger than 1 MiB.")
    return parse(identity, found.data)
