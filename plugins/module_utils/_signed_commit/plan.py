# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Which commits are new, and which of them have to be verified."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._failure import Refused
from ansible_collections.flant.gitops.plugins.module_utils._git import history

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.plugins.module_utils._git.command import Git
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.request import Request


class Plan(NamedTuple):
    """Ids of commits, oldest first.

    Attributes:
        new: what to report as new.
        in_question: the commits to verify: candidates, or the way to the one that `verify: every` leads to.
    """

    new: list[str]
    in_question: list[str]


def make_plan(
    request: Request, git: Git, previous: str, head: str, remaining: Callable[[list[str]], list[str]]
) -> Plan:
    """Return the plan for a branch that has moved from ``previous`` (empty: from nowhere) to ``head``.

    ``remaining`` returns those of several candidates, oldest first, that have not been given up.

    Raises:
        Refused: the way is longer than ``max_commits``, and each commit on it would count; the head is not a commit.
    """
    exact = request.verify_every or request.select_oldest
    new = history.between(git, previous, head, request.max_commits + 1) if previous or exact else [head]
    if new[-1:] != [head]:  # git looks through a tag
        raise Refused(f"branch: its head {head} is not a commit.")
    if exact and len(new) > request.max_commits:
        start = previous or "the root"
        raise Refused(f"max_commits: more than {request.max_commits} commits lead from {start} to {head}.")
    if not request.select_oldest:
        in_question = new if request.verify_every else [head]
    else:
        in_question = _way(request, git, previous, remaining(history.path(git, previous, head, request.max_commits)))
    return Plan(new[-request.max_commits :] if previous else [head], in_question)


def _way(request: Request, git: Git, previous: str, candidates: list[str]) -> list[str]:
    if not request.verify_every:
        return candidates
    # Each later candidate has this one behind it: if this way is no good, no longer one is.
    return history.between(git, previous, candidates[0], request.max_commits)
