# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._ledger.state import Run, State
from ansible_collections.flant.gitops.plugins.module_utils._pull.metrics import Told, render
from ansible_collections.flant.gitops.plugins.module_utils._pull.remembered import Remembered
from ansible_collections.flant.gitops.plugins.module_utils._pull.standing import STATUSES
from ansible_collections.flant.gitops.plugins.module_utils._pull.tally import Tally
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.polls import Last

if TYPE_CHECKING:
    from collections.abc import Mapping

COMMIT = "c" * 40
MOMENT, SECONDS = "2026-11-24T07:50:35Z", 1795506635
ALWAYS = {'info{commit=""}', "attempts"}
EVERYTHING = Remembered(
    state=State(
        status="processed",
        secret_id_rotate_at="2026-11-24T08:50:35Z",
        last_run=Run(COMMIT, 0, "2026-11-24T07:50:35.250000Z", "2026-11-24T07:51:05.500000+00:00"),
    ),
    poll=Last("unchanged", MOMENT),
    polled_at=MOMENT,
    commit=COMMIT,
)


def metrics(remembered: Remembered, tally: Tally = Tally(), exit_status: int = 0) -> Mapping[str, float]:  # noqa: B008
    text = render(Told("default", remembered, tally, exit_status)).decode("ascii")
    samples = re.findall(r'^flant_gitops_(\w+)\{name="default"(?:,(.*))?\} (\S+)$', text, re.MULTILINE)
    return {name + more.join("{}" if more else ("", "")): float(value) for name, more, value in samples}


def test_everything_that_is_known_is_told() -> None:
    told = metrics(EVERYTHING, Tally(last_success=SECONDS + 60))
    assert {name: value for name, value in told.items() if not name.startswith("status")} == {
        "last_poll_timestamp_seconds": SECONDS,
        "last_success_timestamp_seconds": SECONDS + 60,
        "attempts": 0,
        "run_duration_seconds": 30.25,
        "secret_id_rotate_timestamp_seconds": SECONDS + 3600,
        f'info{{commit="{COMMIT}"}}': 1,
    }


def test_what_is_not_known_is_left_out() -> None:
    assert set(metrics(Remembered())) == {f'status{{status="{word}"}}' for word in STATUSES} | ALWAYS


def test_form_is_that_of_prometheus_with_the_help_that_never_changes() -> None:
    failing = EVERYTHING._replace(
        state=EVERYTHING.state._replace(status="failed", step="rotate", failing_since=MOMENT), poll=Last("new", MOMENT)
    )
    waiting = EVERYTHING._replace(poll=Last("awaiting_signatures", MOMENT))
    text = render(Told("a.b", failing, Tally(1, 2), 1)) + render(Told("a.b", waiting, Tally(), 0))
    assert sorted({line for line in text.decode().splitlines() if line.startswith("#")}) == sorted(
        line
        for name, help_text in {
            "last_poll_timestamp_seconds": "When a server last answered a poll of the branch.",
            "last_success_timestamp_seconds": "When ansible-pull last ended with status 0.",
            "failing_since_timestamp_seconds": "Since when the instance has failed; absent if it does not.",
            "attempts": "How often the commit that is not processed yet has failed.",
            "awaiting_signatures_since_timestamp_seconds": (
                "Since when a commit has waited to be signed; absent if none does."
            ),
            "run_duration_seconds": "How long the commands that ended last took.",
            "secret_id_rotate_timestamp_seconds": "When the secret-id is due to be exchanged; absent if none is kept.",
            "status": "1 for how the instance stands, and 0 for all else.",
            "info": "Always 1; the commit is the one that was processed last.",
        }.items()
        for line in (f"# HELP flant_gitops_{name} {help_text}", f"# TYPE flant_gitops_{name} gauge")
    )


@pytest.mark.parametrize(
    ("changes", "exit_status", "word"),
    [
        ({}, 0, "unchanged"),
        ({}, 1, "failed"),
        ({"poll": Last("failed", MOMENT)}, 0, "failed"),
        ({"poll": Last("awaiting_signatures", MOMENT)}, 0, "awaiting_signatures"),
        ({"poll": Last("new", MOMENT)}, 0, "processed"),
        ({"poll": Last("new", MOMENT), "state": State(status="waiting_for_window")}, 0, "waiting_for_window"),
        ({"poll": Last("new", MOMENT), "state": State(status="waiting_for_turn")}, 0, "waiting_for_turn"),
        ({"poll": Last("new", MOMENT), "state": State(status="waiting_for_retry")}, 0, "waiting_for_retry"),
        ({"poll": Last("new", MOMENT), "state": State(status="given_up")}, 0, "given_up"),
        ({"state": State(status="given_up")}, 0, "unchanged"),
        ({"state": State(status="failed", step="run")}, 0, "unchanged"),
        ({"state": State(status="failed", step="rotate")}, 0, "failed"),
        ({"is_held": True}, 0, "held"),
        ({"is_held": True}, 1, "failed"),
        ({"poll": Last(), "state": State()}, 0, "never"),
        ({"poll": Last("new", MOMENT), "state": State()}, 0, "new"),
        ({"poll": Last("new", MOMENT), "state": State(status="resting")}, 0, "resting"),
    ],
)
def test_one_word_is_how_it_stands(changes: dict[str, Any], exit_status: int, word: str) -> None:
    told = metrics(EVERYTHING._replace(**changes), exit_status=exit_status)
    words = {name: value for name, value in told.items() if name.startswith("status")}
    assert len(words) >= len(STATUSES)
    assert [name for name, value in words.items() if value] == [f'status{{status="{word}"}}']


@pytest.mark.parametrize(
    "hostile", ['x"} 1\nflant_gitops_info{name="other"} 1', "\\", "\n", "Z" * 40, "0" * 39, "\N{SNOWMAN}"]
)
def test_what_has_not_the_form_of_a_label_or_time_is_left_out(hostile: str) -> None:
    run = Run(hostile, 0, hostile, hostile)
    state = State(hostile, secret_id_rotate_at=hostile, failing_since=hostile, last_run=run)
    told = metrics(Remembered(state, Last("new", hostile), hostile, hostile), exit_status=0)
    assert set(told) == {f'status{{status="{word}"}}' for word in STATUSES} | ALWAYS


def test_failing_is_since_the_earlier_of_what_the_program_and_the_role_remember() -> None:
    state = State(status="failed", step="run", failing_since=MOMENT)
    failing = EVERYTHING._replace(state=state, poll=Last("new", MOMENT))
    name = "failing_since_timestamp_seconds"
    assert metrics(failing, Tally(0, SECONDS - 5), 1)[name] == SECONDS - 5
    assert metrics(failing, Tally(0, SECONDS + 5), 1)[name] == SECONDS
    assert metrics(failing)[name] == SECONDS
    assert name not in metrics(failing._replace(poll=Last("unchanged", MOMENT)))


@pytest.mark.parametrize("status", ["failed", "waiting_for_retry", "given_up"])
def test_commit_that_fails_and_is_not_tried_now_still_fails(status: str) -> None:
    state = State(status=status, step="", failing_since=MOMENT, attempts=3)
    told = metrics(EVERYTHING._replace(state=state, poll=Last("new", MOMENT)))
    assert (told["failing_since_timestamp_seconds"], told["attempts"]) == (SECONDS, 3)


@pytest.mark.parametrize(
    ("poll", "attempts"), [("new", 3), ("failed", 3), ("", 3), ("unchanged", 0), ("awaiting_signatures", 0)]
)
def test_attempts_are_those_of_a_commit_that_there_is_to_act_on(poll: str, attempts: int) -> None:
    told = metrics(EVERYTHING._replace(state=State(status="failed", attempts=3), poll=Last(poll, MOMENT)))
    assert told["attempts"] == attempts


def test_waiting_is_since_the_poll_that_began_to() -> None:
    waiting = EVERYTHING._replace(poll=Last("awaiting_signatures", MOMENT))
    assert metrics(waiting)["awaiting_signatures_since_timestamp_seconds"] == SECONDS
    assert "awaiting_signatures_since_timestamp_seconds" not in metrics(waiting, exit_status=1)
