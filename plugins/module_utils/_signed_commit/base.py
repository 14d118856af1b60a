# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What the caller says was processed, against what the ratchet remembers, which it never overrules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._failure import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence


class Base(NamedTuple):
    """The commit to go on from, empty if there is none, and what the operator should know about it."""

    commit: str
    warnings: Sequence[str] = ()


def base(claimed: str, remembered: str, is_ancestor: Callable[[str, str], bool]) -> Base:
    """Return where a poll goes on from: what is remembered, and the claim only where nothing is.

    ``is_ancestor(older, newer)`` tells how two commits are related; a commit that is not known is nobody's ancestor.

    Raises:
        Refused: the claim is newer than what is remembered, or is not known. To go by it could skip a commit, not to go
            by it could run one again, so that somebody has to say which of the two was processed last.
    """
    if claimed == remembered or not remembered:
        return Base(claimed)
    if not claimed:
        return Base(remembered, (f"No last_commit was given; git_dir remembers {remembered}, which rules.",))
    if is_ancestor(claimed, remembered):
        return _older(claimed, remembered)
    raise Refused(
        f"last_commit: {claimed} does not lie behind {remembered}, which git_dir remembers; "
        f"use action: reset with {claimed} if that was processed, and with {remembered} if it was not."
    )


def recorded(processed: str, remembered: str, is_ancestor: Callable[[str, str], bool]) -> Base:
    """Return what to remember once ``processed`` was processed; ``is_ancestor`` is as for `base`.

    Raises:
        Refused: neither of the two commits descends from the other.
    """
    if processed == remembered or not remembered:
        return Base(processed)
    if is_ancestor(processed, remembered):
        return _older(processed, remembered)
    if is_ancestor(remembered, processed):
        return Base(processed)
    raise Refused(
        f"last_commit: {processed} and {remembered}, which git_dir remembers, do not descend from each other; "
        "if the history was rewritten on purpose, use action: reset."
    )


def _older(commit: str, remembered: str) -> Base:
    return Base(
        remembered, (f"last_commit {commit} is older than {remembered}, which git_dir remembers and which rules.",)
    )
