# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Which paths differ between the trees of two commits, however they came to differ."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._git.tree import ended_by_nul

if TYPE_CHECKING:
    from collections.abc import Generator

    from ansible_collections.flant.gitops.plugins.module_utils._git.command import Git

_DIFF = ("diff-tree", "-r", "--raw", "-z", "--no-abbrev", "--no-renames", "--ignore-submodules=none")
_ELSEWHERE = (b"120000", b"160000")  # links and submodules
_WORDS = re.compile(rb":([0-7]{6}) ([0-7]{6}) [0-9a-f]+ [0-9a-f]+ [ADMT]")  # another letter stands for two paths


class Change(NamedTuple):
    """A path at which two trees differ.

    Attributes:
        path: from the root of the repository.
        leads_elsewhere: whether in one of them it is a link or a submodule, below which there may be other paths.
    """

    path: bytes
    leads_elsewhere: bool = False


def changes(git: Git, old: str, new: str) -> Generator[Change, None, None]:
    """Yield the paths at which the trees of two commits differ, all of whose folders are here.

    The trees are compared as they are: what a merge took, and from which side, does not matter.

    Raises:
        GitError: a folder is missing.
        Failure: git says something else than it should.
    """
    with git.stream(*_DIFF, old, new, "--") as output:
        fields = ended_by_nul(output)
        for field in fields:
            words, path = _WORDS.fullmatch(field), next(fields, b"")
            if not words or not path:
                raise Failure(f"git_dir: git cannot tell what has changed between {old} and {new}.")
            yield Change(path, any(mode in _ELSEWHERE for mode in words.groups()))
