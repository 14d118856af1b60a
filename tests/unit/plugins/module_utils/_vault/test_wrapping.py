# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._vault.wrapping import is_path_of

IN_ROOT = "s.random"
IN_NAMESPACE = "s.random.VzX3Zz"


def signed(inner: str) -> str:
    """Return the token that Vault 1.10 and newer make of ``inner``: version, HMAC, and the token with its index."""
    token = b"\x0a" + bytes([len(inner)]) + inner.encode() + b"\x10\x07"
    whole = b"\x08\x01\x12\x20" + bytes(range(200, 232)) + b"\x1a" + bytes([len(token)]) + token
    return "hvs." + base64.urlsafe_b64encode(whole).decode().rstrip("=")


SIGNED_IN_ROOT = signed("hvs.DHEtPxEMlPZCM3kiffrCIhKU")
SIGNED_IN_NAMESPACE = signed("hvs.DHEtPxEMlPZCM3kiffrCIhKU.VzX3Zz")


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
        ("/kv/app", "kv/app", SIGNED_IN_ROOT),
        ("/kv/app", "kv/app", SIGNED_IN_NAMESPACE),
        ("/team/kv/app", "kv/app", SIGNED_IN_NAMESPACE),
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
        ("/team/kv/app", "kv/app", SIGNED_IN_ROOT),
        ("/team/kv/app", "kv/app", "hvs.\u00e9"),
        ("/kv/my-app", "app", IN_NAMESPACE),
        ("/kv/app", "team/kv/app", IN_NAMESPACE),
        ("/kv/app", "/", IN_NAMESPACE),
    ],
)
def test_v4_another_path(path: str, created: str, token: str) -> None:
    assert not is_path_of(path, created, token)
