# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._size import parse_size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("4096", 4096),
        ("4096b", 4096),
        ("512k", 524288),
        ("512K", 524288),
        ("1 MiB", 1048576),
        ("1mb", 1048576),
        ("1m", 1048576),
        ("0.5g", 536870912),
        ("2GB", 2147483648),
        ("1t", 1099511627776),
        ("0.3k", 307),
    ],
)
def test_every_unit_is_a_power_of_1024(text: str, size: int) -> None:
    assert parse_size(text, "memory") == size


@pytest.mark.parametrize(
    "text", ["", "k", "-1", "1p", "1 k b", "1kk", "1ib", "1  k", " 1", "1 ", "1\n", "0x10", "1e3", "inf", "\u0661"]
)
def test_anything_else_is_refused_by_the_options_name(text: str) -> None:
    with pytest.raises(Failure, match=r"^max_output: .* is not a size") as refusal:
        parse_size(text, "max_output")
    assert repr(text) in str(refusal.value)
