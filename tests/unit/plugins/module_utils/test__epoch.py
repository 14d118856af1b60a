# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Points in time in seconds."""

from __future__ import annotations

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._epoch import epoch
from ansible_collections.flant.gitops.plugins.module_utils._timestamp import iso8601
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("moment", "seconds"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2026-11-24T07:56:17Z", 1_795_506_977),
        ("2026-11-24T07:56:17.250000Z", 1_795_506_977.25),
        ("2026-11-24T07:56:17.5+00:00", 1_795_506_977.5),
        ("2026-11-24T07:56:17+01:00", None),
        ("2026-11-24T07:56:17", None),
        ("2026-02-30T00:00:00Z", None),
        ("\u0662026-11-24T07:56:17Z", None),
        ("never", None),
        ("", None),
    ],
)
def test_a_time_in_utc_becomes_seconds(moment: str, seconds: float | None) -> None:
    assert epoch(moment) == seconds


@given(st.integers(min_value=-30_610_224_000, max_value=253_402_300_799))
def test_seconds_survive_there_and_back(seconds: int) -> None:
    assert epoch(iso8601(seconds)) == seconds
