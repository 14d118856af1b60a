# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._git.published_notes import _parse_tree
from ansible_collections.flant.gitops.tests.support.repository import Repository
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_trees_are_read_as_git_writes_them(tmp_path_factory: pytest.TempPathFactory, object_format: str) -> None:
    repository = Repository(tmp_path_factory.mktemp("trees") / "repository.git", object_format)
    tree = repository.tree({"file": b"x", "link@": b"y", "folder/file": b"z", "name with space": b""})
    data = repository.git_bytes("cat-file", "tree", tree)
    listing = repository.git("ls-tree", tree).splitlines()
    expected = {}
    for line in listing:
        (mode, _other, identity), name = line.split("\t")[0].split(" "), line.split("\t")[1]
        expected[name.encode()] = (mode.lstrip("0").encode(), identity)
    assert _parse_tree(data, len(tree) // 2) == expected


@given(st.binary())
def test_any_bytes_are_read_to_their_end(data: bytes) -> None:
    assert isinstance(_parse_tree(data, 20), dict)
