# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Descent by content: a commit may come back in another envelope, with the same content and another id.

A commit's own signature does not cover the header that holds it. With a comment in the armor, other line feeds, an
unhashed subpacket or a second signature anybody makes a twin of a signed commit. Where a host has processed one of the
twins, a history that holds the other goes on from there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._git import history
from ansible_collections.flant.gitops.plugins.module_utils._git.objects import Objects, objects

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ansible_collections.flant.gitops.plugins.module_utils._git.command import Git


def place(git: Git, commit: str, head: str, limit: int) -> str:
    """Return what stands for ``commit`` in the history of ``head``: itself, a twin of it, or nothing (empty).

    A twin has the same content id, which stands for the parents and the tree too; it is looked for among the newest
    ``limit`` commits that lead to ``head`` and not to ``commit``.

    Raises:
        GitError: git cannot tell.
    """
    if history.is_ancestor(git, commit, head):
        return commit
    if not (history.exists(git, commit) and history.exists(git, head)):
        return ""
    with objects(git) as stored:
        content = _content_of(stored, commit)
        twins = (other for other in history.siblings(git, commit, head, limit) if _content_of(stored, other) == content)
        return next(twins, "") if content else ""


def content_id(git: Git, commit: str) -> str:
    """Return the content id of ``commit``, empty if it is not here or says two things."""
    return content_ids(git, [commit])[0]


def content_ids(git: Git, commits: Iterable[str]) -> list[str]:
    """Return the content ids of ``commits``, as `content_id` does."""
    with objects(git) as stored:
        return [_content_of(stored, commit) for commit in commits]


def _content_of(stored: Objects, commit: str) -> str:
    try:
        return stored.commit(commit).content_id
    except Failure:  # one that says two things is nobody's twin
        return ""
