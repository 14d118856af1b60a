# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import math

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._vault.rotation import is_due, rotate_at
from ansible_collections.flant.gitops.plugins.module_utils._vault.secret_id_file import Stored

WRITTEN = 1_000_000.0


def stored(*, ttl: float | None = math.inf, exposed: bool = False) -> Stored:
    return Stored("secret-id", WRITTEN, ttl, exposed)


@pytest.mark.parametrize(
    ("of_the_server", "option", "seconds"),
    [
        (1000, 5000, 100),
        (5000, 1000, 100),
        (math.inf, 1000, 100),
        (1000, math.inf, 100),
        (math.inf, math.inf, math.inf),
    ],
)
def test_v8_a_tenth_of_the_shorter_life(of_the_server: float, option: float, seconds: float) -> None:
    assert rotate_at(stored(ttl=of_the_server), option) == WRITTEN + seconds


@pytest.mark.parametrize(("age", "due"), [(0, False), (99, False), (100, True), (9999, True), (-1, True)])
def test_v9_it_is_due_from_then_on_and_if_dated_ahead(age: float, due: bool) -> None:
    assert is_due(stored(ttl=1000), math.inf, WRITTEN + age) is due


@pytest.mark.parametrize("it", [stored(ttl=None), stored(exposed=True)])
def test_v9_one_that_is_not_from_a_rotation_or_can_be_read_is_due_at_once(it: Stored) -> None:
    assert is_due(it, math.inf, WRITTEN)
