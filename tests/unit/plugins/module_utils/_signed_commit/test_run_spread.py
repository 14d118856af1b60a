# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A new commit is given once the turn of its host has come; real git, a clock of our own."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit import turn
from ansible_collections.flant.gitops.tests.support.signers import with_header

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.outcome import Outcome
    from ansible_collections.flant.gitops.tests.support.signed_commit import Task
    from ansible_collections.flant.gitops.tests.support.signers import Signers

SPREAD = {"spread": "1h"}
SHARE = 600  # seconds of the hour
CHOSEN, TURN = "2096-10-02T07:06:40Z", "2096-10-02T07:16:40Z"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the time, which goes on as it is told; the turn comes `SHARE` seconds after the commit."""
    now = [4e9]
    monkeypatch.setattr(time, "time", lambda: now[0])
    monkeypatch.setattr(turn, "offset", lambda *_where: SHARE)
    return now


def given(outcome: Outcome) -> tuple[str, bool, str]:
    assert outcome.status == "new"
    return outcome.commit, outcome.changed, outcome.turn_at


def test_a_new_commit_waits_for_the_turn_of_the_host(task: Task, clock: list[float]) -> None:
    commit = task.upstream.commit()
    for late in (0, SHARE - 1):
        clock[0] = 4e9 + late
        waits = task.poll(**SPREAD, archive=task.archive)
        assert (given(waits), waits.first_chosen, waits.archive) == ((commit, False, TURN), CHOSEN, "")
        assert not task.archive.exists()
    clock[0] = 4e9 + SHARE
    assert given(task.poll(**SPREAD, archive=task.archive)) == (commit, True, "")
    assert task.archive.exists()


def test_neither_pushes_on_top_nor_unsigned_heads_nor_twins_restart_it(
    task: Task, clock: list[float], signers: Signers
) -> None:
    trust = {"required_signatures": 1, "trusted_keys": [signers.alice.public_key], "on_insufficient_signatures": "wait"}
    first = task.upstream.commit(signer=signers.alice)
    assert given(task.poll(**trust, **SPREAD)) == (first, False, TURN)
    clock[0] += SHARE - 2
    task.upstream.commit()
    assert task.poll(**trust, **SPREAD).status == "awaiting_signatures"
    second = task.upstream.commit(signer=signers.alice)
    assert given(task.poll(**trust, **SPREAD)) == (second, False, TURN)
    raw = task.upstream.git_bytes("cat-file", "commit", second)
    twin = task.upstream.raw_commit(with_header(raw, "gpgsig-sha256", b"anything"))
    assert given(task.poll(**trust, **SPREAD)) == (twin, False, TURN)
    clock[0] += 2
    assert given(task.poll(**trust, **SPREAD)) == (twin, True, "")


def test_a_twin_of_what_was_processed_begins_none(task: Task, clock: list[float], signers: Signers) -> None:
    commit = task.upstream.commit(signer=signers.alice)
    task.process()
    raw = task.upstream.git_bytes("cat-file", "commit", commit)
    task.upstream.raw_commit(with_header(raw, "gpgsig-sha256", b"anything"))
    quiet = task.poll(**SPREAD)
    assert (quiet.status, quiet.turn_at, quiet.first_chosen) == ("unchanged", "", "")
    clock[0] += SHARE
    new = task.upstream.commit()
    assert given(task.poll(**SPREAD)) == (new, False, "2096-10-02T07:26:40Z")


def test_each_commit_that_is_recorded_begins_another_one(task: Task, clock: list[float]) -> None:
    task.upstream.commit()
    task.poll(**SPREAD)
    clock[0] += SHARE
    task.process(**SPREAD)
    second = task.upstream.commit()
    assert given(task.poll(**SPREAD)) == (second, False, "2096-10-02T07:26:40Z")


def test_a_time_that_lies_ahead_counts_as_passed(task: Task, clock: list[float]) -> None:
    commit = task.upstream.commit()
    assert given(task.poll(**SPREAD)) == (commit, False, TURN)
    clock[0] -= 1
    assert given(task.poll(**SPREAD)) == (commit, True, "")


@pytest.mark.usefixtures("clock")
def test_a_turn_that_comes_with_the_commit_is_no_wait(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn, "offset", lambda *_where: 0)
    commit = task.upstream.commit()
    assert given(task.poll(**SPREAD)) == (commit, True, "")


@pytest.mark.usefixtures("clock")
def test_check_mode_begins_none(task: Task) -> None:
    commit = task.upstream.commit()
    looked_at = task.poll(**SPREAD, check_mode=True)
    assert (given(looked_at), looked_at.first_chosen) == ((commit, False, TURN), "")


@pytest.mark.usefixtures("clock")
def test_a_rerun_waits_for_no_turn(task: Task) -> None:
    commit = task.upstream.commit()
    task.process()
    assert given(task.poll(last_commit=commit, rerun=True, **SPREAD)) == (commit, True, "")


def test_hosts_and_instances_have_turns_of_their_own(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    """The share is that of the real digest, and the same each time."""

    def turn_of(name: str, git_dir: str) -> str:
        monkeypatch.setattr(turn, "host", lambda: name)
        return task.poll(spread="1d", git_dir=task.folder / git_dir).turn_at

    monkeypatch.setattr(time, "time", lambda: 4e9)
    task.upstream.commit()
    turns = [turn_of(*each) for each in (("web1", "a"), ("web1", "b"), ("web2", "c"), ("web1", "a"))]
    assert turns[0] == turns[3]
    assert "" not in turns
    assert len(set(turns)) == 3


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"spread": "soon"}, "spread: 'soon' is not a duration"),
        ({"spread": ""}, "spread: '' is not a duration"),
        ({"rerun_after": "daily"}, "rerun_after: 'daily' is not a duration"),
    ],
)
def test_what_is_no_duration_is_refused(task: Task, options: dict[str, str], sentence: str) -> None:
    assert task.poll_refused(**options).startswith(sentence)
