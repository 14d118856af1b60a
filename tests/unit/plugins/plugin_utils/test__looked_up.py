# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.flant.gitops.plugins.plugin_utils._looked_up import looked_up

VARIABLES = {"port": 0, "name": "alice", "empty": "", "unset": None, "who": {"keys": [], "lock": {"name": "it"}}}


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ({}, {}),
        ({"user": "name", "at": "port"}, {"user": "alice", "at": 0}),
        ({"user": "name or omit", "at": "port or omit"}, {"user": "alice"}),
        ({"a": "empty", "b": "unset", "c": "nobody"}, {"a": "", "b": None, "c": None}),
        ({"a": "empty or omit", "b": "unset or omit", "c": "nobody or omit"}, {}),
        ({"keys": "who.keys"}, {"keys": []}),
        ({"keys": "who.keys or omit"}, {}),
        ({"a": "who.lock.name", "b": "who.nothing"}, {"a": "it", "b": None}),
        ({"git": {"user": "name", "password": "empty or omit"}}, {"git": {"user": "alice"}}),
    ],
    ids=["none", "plain", "or omit", "empty", "empty or omit", "key", "key or omit", "keys", "nested"],
)
def test_values_stand_in_place_of_names(names: dict[str, object], found: dict[str, object]) -> None:
    assert looked_up(VARIABLES, names) == found


def test_a_variable_that_takes_long_to_fill_in_is_asked_for_once() -> None:
    asked = []

    class Counted:
        def get(self, name: str) -> dict[str, int]:
            asked.append(name)
            return {"a": 1, "b": 2}

    assert looked_up(Counted(), {"a": "course.a", "c": {"b": "course.b"}}) == {"a": 1, "c": {"b": 2}}
    assert asked == ["course"]
