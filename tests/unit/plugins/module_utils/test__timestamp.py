# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Points in time."""

from __future__ import annotations

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._timestamp import iso8601
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (-1, "1969-12-31T23:59:59Z"),
        (1_795_506_977, "2026-11-24T07:56:17Z"),
        (253_402_300_799, "9999-12-31T23:59:59Z"),
        (253_402_300_800, ""),
        (10**18, ""),
        (-(10**18), ""),
    ],
)
def test_seconds_become_a_time_in_utc(seconds: int, shown: str) -> None:
    assert iso8601(seconds) == shown


@given(st.integers())
def test_g8_no_number_is_too_absurd(seconds: int) -> None:
    assert iso8601(seconds) == "" or iso8601(seconds).endswith("Z")
