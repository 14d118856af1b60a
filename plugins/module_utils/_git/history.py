# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""How commits follow one another; all of them are local, whatever the length of the history."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from ansible_collections.flant.gitops.plugins.module_utils._git.command import Git

_NO_COMMIT = (1, 128)  # the exit statuses that say so


def exists(git: Git, commit: str) -> bool:
    """Tell whether the commit is in the repository."""
    return git.succeeds("cat-file", "-e", f"{commit}^{{commit}}", no=_NO_COMMIT)


def is_ancestor(git: Git, older: str, newer: str) -> bool:
    """Tell whether the commit ``newer`` is ``older`` or descends from it.

    A commit that is not in the repository is nobody's ancestor.

    Raises:
        GitError: git cannot tell.
    """
    return git.succeeds("merge-base", "--is-ancestor", older, newer, no=_NO_COMMIT)


def reachable(git: Git, head: str, commits: Collection[str]) -> set[str]:
    """Return those of ``commits`` that are ``head`` or lie behind it.

    Raises:
        GitError: git cannot tell.
    """
    wanted = {*commits}
    with git.stream("rev-list", head, "--") as lines:
        return {commit for commit in (line.decode().rstrip("\n") for line in lines) if commit in wanted}


def between(git: Git, older: str, newer: str, limit: int) -> list[str]:
    """Return the commits that ``newer`` has and ``older`` (empty: nothing) lacks, the newest ``limit``, oldest first.

    Raises:
        GitError: git cannot tell.
    """
    return _rev_list(git, ["--topo-order", *_range(older, newer)], limit)


def path(git: Git, older: str, newer: str, limit: int) -> list[str]:
    """Return the commits on the branch's own way from ``older`` to ``newer``, the newest ``limit``, oldest first.

    They are those that the branch pointed to in turn: first parents, each of which descends from ``older`` (empty:
    the way begins at the root). What was merged from the side is not among them.

    Raises:
        GitError: git cannot tell.
    """
    own_way = _rev_list(git, ["--first-parent", *_range(older, newer)], limit)
    if not older:
        return own_way
    # Asked for both at once, git would take a commit whose way to ``older`` leads through a later parent for none.
    descendants = set(_rev_list(git, ["--ancestry-path", *_range(older, newer)], limit))
    return [commit for commit in own_way if commit in descendants]


def siblings(git: Git, commit: str, head: str, limit: int) -> list[str]:
    """Return the commits of the history of ``head``, of its newest ``limit``, that have the parents of ``commit``.

    Those that ``commit`` has behind it are not looked at.

    Raises:
        GitError: git cannot tell.
    """
    own = _with_parents(git, commit, limit=1)[0]
    return [other for other, *parents in _with_parents(git, head, f"^{commit}", limit=limit) if parents == own[1:]]


def _with_parents(git: Git, *commits: str, limit: int) -> list[list[str]]:
    output = git.output("rev-list", "--parents", f"--max-count={limit}", *commits, "--")
    return [line.split() for line in output.decode().splitlines()]


def _range(older: str, newer: str) -> list[str]:
    return [newer, f"^{older}"] if older else [newer]


def _rev_list(git: Git, arguments: list[str], limit: int) -> list[str]:
    output = git.output("rev-list", "--reverse", f"--max-count={limit}", *arguments, "--")
    return output.decode().split()
