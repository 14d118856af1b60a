# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._ledger.request import Output, Request
from ansible_collections.flant.gitops.plugins.module_utils._ledger.state import Run, State, follow, load

FIRST, THEN = "2026-11-28T12:00:00Z", "2026-11-28T13:00:00Z"
COMMIT = "a" * 40
OUTPUT = Output(COMMIT, 3, FIRST, THEN, "out", "err")


def request(status: str, at: str = THEN, **changed: object) -> Request:
    told: dict[str, object] = {"step": "", "sentence": "", "commit": COMMIT, "secret_id_rotate_at": "", "output": None}
    told |= {"reason": "", "by": ""}
    place = Path("/work/default/ledger")
    rest: dict[str, object] = {"archive": None, "keep_logs": 1, "logs": 0, "check_mode": False}
    return Request(action="end", directory=place, at=at, status=status, **{**told, **rest, **changed})


@pytest.mark.parametrize(
    ("statuses", "since", "failing", "waiting"),
    [
        (["processed"], THEN, "", ""),
        (["processed", "processed"], FIRST, "", ""),
        (["failed"], THEN, THEN, ""),
        (["failed", "failed"], FIRST, FIRST, ""),
        (["failed", "processed"], THEN, "", ""),
        (["awaiting_signatures", "awaiting_signatures"], FIRST, "", FIRST),
        (["awaiting_signatures", "failed"], THEN, THEN, ""),
        (["waiting_for_window"], THEN, "", THEN),
        (["waiting_for_turn", "waiting_for_window"], THEN, "", FIRST),
        (["failed", "waiting_for_retry"], THEN, FIRST, ""),
        (["failed", "given_up"], THEN, FIRST, ""),
    ],
)
def test_times_tell_since_when_it_is_so(statuses: list[str], since: str, failing: str, waiting: str) -> None:
    state = State()
    for status, at in zip(statuses, (FIRST, THEN)[-len(statuses) :]):
        state = follow(state, request(status, at))
    assert (state.since, state.failing_since, state.waiting_since) == (since, failing, waiting)


def test_what_a_run_does_not_tell_is_kept() -> None:
    before = follow(State(), request("failed", output=OUTPUT, secret_id_rotate_at=FIRST))
    after = follow(before, request("unchanged"))
    assert after.last_run == Run(COMMIT, 3, FIRST, THEN)
    assert after.secret_id_rotate_at == FIRST


def test_signers_outlive_a_run_that_was_killed_and_is_told_once_more() -> None:
    told = follow(State(), request("processed", output=OUTPUT._replace(signers=("alice",))))
    assert follow(told, request("unchanged", output=OUTPUT)).last_run == told.last_run
    other = OUTPUT._replace(commit="2" * 40)
    assert follow(told, request("unchanged", output=other)).last_run == Run("2" * 40, 3, FIRST, THEN)


def test_attempts_are_those_that_are_told_last() -> None:
    told = follow(State(), request("failed", attempts=2))
    assert told.attempts == 2
    assert load(told.dump()) == told
    assert follow(told, request("processed")).attempts == 0


def test_sentence_is_made_printable() -> None:
    assert follow(State(), request("failed", sentence="a\x1b[2J\nb")).reason == "a\N{REPLACEMENT CHARACTER}[2J b"


def test_what_was_written_is_read_again() -> None:
    state = follow(State(), request("failed", output=OUTPUT))
    assert load(state.dump()) == state
    assert load(State().dump()) == State()


@pytest.mark.parametrize(
    "document",
    [b"", b"{", b"[]", b"null", b'{"last_run": {"rc": 1}}', b'{"last_run": 1}', b'{"attempts": [1]}', b"\xff"],
)
def test_what_cannot_be_read_is_unknown(document: bytes) -> None:
    assert load(document) == State()
