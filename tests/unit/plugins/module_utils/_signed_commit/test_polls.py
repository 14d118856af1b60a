# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times that a folder remembers of its polls."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.polls import FILES, Last, Polls
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.turn import choose

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def polls(tmp_path: Path) -> Polls:
    return Polls(tmp_path)


def test_nothing_was_in_the_beginning(polls: Polls) -> None:
    assert (polls.polled_at(), polls.first_chosen(0)) == ("", "")
    assert list(polls.folder.iterdir()) == []


def test_the_last_answer_is_remembered(polls: Polls) -> None:
    for now in (1_700_000_000.9, 1_800_000_000, 1_600_000_000):
        polls.answered(now)
    assert polls.polled_at() == "2020-09-13T12:26:40Z"
    assert stat.S_IMODE((polls.folder / "polled_at").stat().st_mode) == 0o600


def test_the_first_choice_since_a_move_is_remembered(polls: Polls) -> None:
    choose(polls, 3, 1_700_000_000)
    choose(polls, 3, 1_800_000_000)
    assert polls.first_chosen(3) == "2023-11-14T22:13:20Z"
    assert polls.first_chosen(4) == ""
    choose(polls, 4, 1_800_000_000)
    assert polls.first_chosen(4) == "2027-01-15T08:00:00Z"
    assert polls.first_chosen(3) == ""


def test_what_a_poll_came_to_is_remembered_with_since_when(polls: Polls) -> None:
    polls.end("unchanged", "", 1_700_000_000)
    written = (polls.folder / "last_poll").stat().st_ino
    polls.end("unchanged", "", 1_800_000_000)
    assert (polls.folder / "last_poll").stat().st_ino == written
    assert polls.last() == Last("unchanged", "2023-11-14T22:13:20Z", "")
    polls.end("awaiting_signatures", "1 of\n2.", 1_800_000_000)
    polls.end("awaiting_signatures", "2 of 3.", 1_900_000_000)
    assert polls.last() == Last("awaiting_signatures", "2027-01-15T08:00:00Z", "2 of 3.")
    polls.end("awaiting_signatures", "1 of\n2.", 1_900_000_000)
    assert polls.last().sentence == "1 of 2."
    assert stat.S_IMODE((polls.folder / "last_poll").stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [b"", b"\0" * 21, b"soon\n", b"\xff\n", b"3 \n", b"3 {{ x }}\n"])
def test_what_a_crash_left_is_nothing(polls: Polls, content: bytes) -> None:
    for name in FILES:
        (polls.folder / name).write_bytes(content)
    assert (polls.polled_at(), polls.first_chosen(3), polls.last()) == ("", "", Last())
