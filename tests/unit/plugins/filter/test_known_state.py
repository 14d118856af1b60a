# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.flant.gitops.plugins.filter.known_state import known_state

COMMIT = "0123456789abcdef" * 2 + "01234567"
STATE = {
    "last_successful_commit": COMMIT,
    "last_started_commit": COMMIT,
    "last_poll_at": "2026-11-24T08:00:00.123456Z",
    "last_run": {
        "commit": COMMIT,
        "rc": 0,
        "started_at": "2026-11-24T08:00:00.123456789Z",
        "finished_at": "2026-11-24T08:00:01+00:00",
        "signers": ["A" * 40],
        "image_id": "sha256:" + "0" * 64,
    },
    "status": "awaiting_signatures",
    "consecutive_failures": 0,
    "attempts": 2,
    "open_run": 1,
    "secret_id_rotate_at": "2026-11-24T08:00:00Z",
}


def test_what_the_role_writes_passes_unchanged() -> None:
    assert known_state({"default": STATE, "other-1.x": {}}) == {"default": STATE, "other-1.x": {}}


def test_keys_of_others_are_dropped() -> None:
    state = {"default": {**STATE, "note": "text", "last_run": {**STATE["last_run"], "stdout": "text"}}}
    assert known_state(state) == {"default": STATE}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("last_successful_commit", COMMIT[:-1]),
        ("last_successful_commit", COMMIT.upper()),
        ("last_successful_commit", COMMIT + "\n"),
        ("last_successful_commit", None),
        ("last_successful_commit", ["a" * 40]),
        ("last_started_commit", "{{ 'a' * 40 }}"),
        ("last_poll_at", "2026-11-24"),
        ("last_poll_at", 1),
        ("last_poll_at", "2026-99-24T08:00:00Z"),
        ("last_run", "text"),
        ("last_run", {"commit": "x"}),
        ("last_run", {"signers": "A" * 40}),
        ("last_run", {"signers": ["{{ alice }}"]}),
        ("last_run", {"signers": ["a" * 64]}),
        ("last_run", {"image_id": "busybox"}),
        ("status", "{{ x }}"),
        ("status", "Two words"),
        ("consecutive_failures", "1e3"),
        ("consecutive_failures", 1.5),
        ("secret_id_rotate_at", "soon"),
    ],
)
def test_value_that_the_role_cannot_have_written_is_an_error_that_names_only_the_key(key: str, value: object) -> None:
    with pytest.raises(AnsibleFilterError, match=rf"default\.{key}") as caught:
        known_state({"default": {**STATE, key: value}})
    assert "a" * 40 not in str(caught.value)


@pytest.mark.parametrize("state", [[], "text", None, {"../x": {}}, {1: {}}, {"": {}}, {"x" * 41: {}}])
def test_what_is_no_dictionary_of_instances_is_an_error(state: object) -> None:
    with pytest.raises(AnsibleFilterError, match="is not a dictionary of instances"):
        known_state(state)
