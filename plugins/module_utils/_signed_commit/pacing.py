# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Which commit is looked at, and whether the chosen one may be tried, by how often each has been."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._git.command import Git
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.attempts import Attempts, Verdict
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.descent import content_id, content_ids

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.plugins.module_utils._git.cache import Cache
    from ansible_collections.flant.gitops.plugins.module_utils._git.commit import Commit
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.request import Request


def remaining(request: Request, cache: Cache, candidates: list[str]) -> list[str]:
    """Return those of ``candidates`` that do not give way to one behind them; the last one, the head, never does.

    They are ids of commits, oldest first.
    """
    pace, attempts = request.pace, Attempts(cache.path)
    if not pace or pace.anew or not pace.max_attempts or not attempts.table():
        return candidates
    contents = content_ids(Git(cache), candidates)
    return [
        commit for commit, content in zip(candidates, contents) if not attempts.is_passed(content, pace, contents[-1])
    ]


def paced(request: Request, cache: Cache, commit: Commit, head: str) -> Verdict:
    """Return whether the chosen ``commit`` of the branch that stands at ``head`` may be tried."""
    attempts = Attempts(cache.path)
    if not request.pace:
        return Verdict(attempts.of(commit.content_id))
    if request.pace.anew:
        if not request.check_mode:
            attempts.forget()
        return Verdict()
    if request.select_oldest and request.pace.max_attempts and not request.check_mode:
        attempts.give(commit.content_id, request.pace, _head(cache, commit, head))
    return attempts.verdict(commit.content_id, request.pace, time.time())


def _head(cache: Cache, commit: Commit, head: str) -> str:
    return commit.content_id if head == commit.id else content_id(Git(cache), head)
