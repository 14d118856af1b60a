# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._git.cache import Cache
from ansible_collections.flant.gitops.plugins.module_utils._git.command import Git
from ansible_collections.flant.gitops.plugins.module_utils._git.history import siblings
from ansible_collections.flant.gitops.tests.support.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path


def test_g10_only_commits_with_the_same_parents_in_the_same_order_are_read_for_a_twin(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository.git")
    start = repository.commit()
    side = repository.commit(parents=[start], branch="side")
    commit = repository.commit(parents=[start, side], branch="ours")
    sibling = repository.commit(parents=[start, side])
    repository.commit(parents=[sibling, start])
    reversed_ = repository.commit(parents=[side, start], branch="reversed")
    head = repository.commit(parents=[repository.head(), reversed_])
    git = Git(Cache(repository.path))
    assert siblings(git, commit, head, 1000) == [sibling]
    assert siblings(git, start, head, 1000) == []
    assert siblings(git, commit, head, 1) == []
