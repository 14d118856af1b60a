# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._duration import parse_duration
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("0s", 0),
        ("90", 90),
        ("1.5", 1.5),
        ("250ms", 0.25),
        ("30s", 30),
        ("5m", 300),
        ("1.5h", 5400),
        ("7d", 604800),
        ("1h30m", 5400),
        ("1d2h3m4s5ms", 93784.005),
        ("1m1m", 120),
    ],
)
def test_amounts_and_units_add_up_to_seconds(text: str, seconds: float) -> None:
    assert parse_duration(text, "timeout") == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "s",
        "-1s",
        "+1s",
        "1 s",
        "1s ",
        "1s\n",
        "1S",
        "1y",
        "1h30",
        "30.s",
        ".5s",
        "1e3",
        "1:30",
        "nan",
        "\u0661s",
    ],
)
def test_anything_else_is_refused_by_the_options_name(text: str) -> None:
    with pytest.raises(Failure, match=r"^wrap_ttl: .* is not a duration") as refusal:
        parse_duration(text, "wrap_ttl")
    assert repr(text) in str(refusal.value)
