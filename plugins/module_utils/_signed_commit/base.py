# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Where to go on from: what the caller says was processed last, against what the ratchet remembers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure

if TYPE_CHECKING:
    from collections.abc import Sequence


class Base(NamedTuple):
    """The commit to go on from, empty if there is none, and what the operator should know about it."""

    commit: str
    warnings: Sequence[str] = ()


def base(claimed: str, remembered: str, is_ancestor: Callable[[str, str], bool]) -> Base:
    """Return the newer of the two commits, either of which may be empty.

    ``is_ancestor(older, newer)`` tells how two commits are related; a commit that is not known is nobody's ancestor.

    Raises:
        Failure: neither descends from the other.
    """
    if claimed == remembered or not remembered:
        return Base(claimed)
    if not claimed:
        return Base(remembered, (f"No last_commit was given; git_dir remembers {remembered}, which rules.",))
    if is_ancestor(claimed, remembered):
        return Base(
            remembered,
            (f"last_commit {claimed} is older than {remembered}, which git_dir remembers and which rules.",),
        )
    if is_ancestor(remembered, claimed):
        return Base(claimed)
    raise Failure(
        f"last_commit: {claimed} and {remembered}, which git_dir remembers, do not descend from each other; "
        "if the history was rewritten on purpose, use action: reset."
    )
