# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._container.image import Image, parse
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure

DIGEST = f"sha256:{'0123456789abcdef' * 4}"


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        (f"busybox@{DIGEST}", f"busybox@{DIGEST}"),
        (f"busybox:1.36@{DIGEST}", f"busybox@{DIGEST}"),
        (f"docker.io/library/busybox:1@{DIGEST}", f"docker.io/library/busybox@{DIGEST}"),
        (f"localhost:5000/a/b__c-d@{DIGEST}", f"localhost:5000/a/b__c-d@{DIGEST}"),
        (f"[::1]:5000/a@{DIGEST}", f"[::1]:5000/a@{DIGEST}"),
        (f"Registry.Example.COM/a@{DIGEST}", f"Registry.Example.COM/a@{DIGEST}"),
    ],
)
def test_a_digest_rules(text: str, reference: str) -> None:
    image = parse(text, require_digest=True)
    assert image.reference == reference
    assert image.text == text
    assert not image.is_local


def test_an_id_is_local() -> None:
    image = parse(DIGEST, require_digest=True)
    assert image == Image(DIGEST)
    assert image.is_local
    assert image.reference == DIGEST


@pytest.mark.parametrize(
    ("text", "reference"), [("busybox", "busybox:latest"), ("r:5000/busybox:1", "r:5000/busybox:1")]
)
def test_a_tag_is_taken_where_no_digest_is_required(text: str, reference: str) -> None:
    assert parse(text, require_digest=False).reference == reference
    with pytest.raises(Failure, match="is not pinned"):
        parse(text, require_digest=True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Busybox",
        "busy box",
        "-x",
        "x:",
        "x@",
        "x@sha256:123",
        f"x@{DIGEST}0",
        f"x@{DIGEST.upper()}",
        f"x@md5:{'0' * 32}",
        f"x@{DIGEST}\n",
        "a//b",
        "http://registry/x",
        f"@{DIGEST}",
        "x:tag:tag",
        f"x:{'t' * 129}",
    ],
)
def test_what_is_no_reference(text: str) -> None:
    with pytest.raises(Failure, match="is not an image reference"):
        parse(text, require_digest=False)
