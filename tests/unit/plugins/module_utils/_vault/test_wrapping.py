# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._vault.wrapping import is_path_of

IN_ROOT = "s.random"
IN_NAMESPACE = "s.random.VzX3Zz"


@pytest.mark.parametrize(
    ("path", "created", "token"),
    [
        ("/kv/app", "kv/app", IN_ROOT),
        ("/kv/list", "kv/list/", IN_ROOT),
        ("/kv/a%20b", "kv/a b", IN_ROOT),
        ("/kv/a b", "kv/a b", IN_ROOT),
        ("/kv/app", "kv/app", IN_NAMESPACE),
        ("/team/kv/app", "kv/app", IN_NAMESPACE),
        ("/team/part/kv/list", "kv/list/", IN_NAMESPACE),
    ],
)
def test_v4_the_path_that_was_asked_for(path: str, created: str, token: str) -> None:
    assert is_path_of(path, created, token)


@pytest.mark.parametrize(
    ("path", "created", "token"),
    [
        ("/kv/app", "", IN_ROOT),
        ("/kv/app", "", IN_NAMESPACE),
        ("/kv/app", "kv/other", IN_ROOT),
        ("/kv/app", "app", IN_ROOT),
        ("/team/kv/app", "kv/app", IN_ROOT),
        ("/kv/my-app", "app", IN_NAMESPACE),
        ("/kv/app", "team/kv/app", IN_NAMESPACE),
        ("/kv/app", "/", IN_NAMESPACE),
    ],
)
def test_v4_another_path(path: str, created: str, token: str) -> None:
    assert not is_path_of(path, created, token)
