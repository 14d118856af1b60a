# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What operators are told, and what decides it."""

from __future__ import annotations

import pytest
from ansible_collections.flant.gitops.plugins.plugin_utils._operations import (
    cancel,
    log,
    output,
    remove,
    reset,
    resume,
)

OLD, NEW = "1" * 40, "2" * 40


def removed(**changed: bool) -> list[dict[str, object]]:
    return [{"item": {"name": name}, "changed": value} for name, value in changed.items()]


def test_what_was_ended_is_named() -> None:
    assert cancel(instance="web", results=removed(a=False, b=False)) == "web: nothing was running."
    assert cancel(instance="web", results=[{"item": {"name": "a"}}]) == "web: nothing was running."
    assert cancel(instance="web", results=removed(a=False, b=True)) == (
        "web: the command was ended and its container b removed."
    )
    assert cancel(instance="web", results=removed(a=True, b=True)) == (
        "web: the command was ended and its container a and b removed."
    )


def test_what_was_lifted_is_told() -> None:
    assert resume(instance="web", changed=True) == "web: the next run polls again."
    assert resume(instance="web", changed=False) == "web: it was not suspended."


@pytest.mark.parametrize(
    ("commit", "previous", "check_mode", "words", "change"),
    [
        (NEW, OLD, False, f"is set from {OLD} to {NEW}.", {"last_successful_commit": NEW}),
        (NEW, OLD, True, f"would be set from {OLD} to {NEW}.", {"last_successful_commit": NEW}),
        (NEW, "", False, f"is set from none to {NEW}.", {"last_successful_commit": NEW}),
        ("", OLD, False, f"is set from {OLD} to none.", {}),
    ],
)
def test_what_is_set_is_told_and_remembered(
    commit: str, previous: str, check_mode: bool, words: str, change: dict[str, str]
) -> None:
    ratchet = {"commit": commit, "previous_commit": previous}
    done = reset(instance="web", ratchet=ratchet, fact={"web": {"last_successful_commit": OLD}}, check_mode=check_mode)
    assert done.sentence == f"web: the last processed commit {words}"
    assert done.change == change


@pytest.mark.parametrize(
    ("fact", "had"),
    [
        ({"web": {"last_successful_commit": NEW}}, NEW),
        ({"web": {"last_successful_commit": None}}, "none"),
        ({"web": {}}, "none"),
        ({"web": "no state"}, "none"),
        ({"other": {"last_successful_commit": OLD}}, "none"),
        ("no fact", "none"),
    ],
)
def test_another_fact_cache_than_the_schedules_is_told(fact: object, had: str) -> None:
    done = reset(instance="web", ratchet={"commit": NEW, "previous_commit": OLD}, fact=fact, check_mode=False)
    assert done.sentence == (
        f"web: the last processed commit is set from {OLD} to {NEW}. This fact cache had {had}; if the schedule has "
        "another one, its commit is still there: run this with the schedule's ansible.cfg."
    )


def test_what_is_left_of_an_instance_is_told() -> None:
    gone = remove(instance="web", folder="/work/web", ledger=True, check_mode=False)
    assert gone == "web: removed."
    kept = remove(instance="web", folder="/work/web", ledger=False, check_mode=True)
    assert kept == "web: would be removed; its ledger, if it has one, stays in /work/web."


def test_log_prints_what_there_is() -> None:
    nothing = log(entries=[], logs=[], container={})
    assert (nothing.has_entries, nothing.entries) == (False, [])
    assert (nothing.is_running, nothing.output, nothing.is_empty) == (False, [], True)
    entries = [{"text": "first", "key": "k1"}, {"text": "second", "key": "k2"}]
    running = {"existing": "other_running", "stdout": "one\ntwo\n", "stderr": "three\n"}
    everything = log(entries=entries, logs=[{"name": "log"}], container=running)
    assert (everything.has_entries, everything.entries) == (True, ["first", "second", "signed by k2"])
    unsigned = log(entries=[{"text": "first", "key": ""}], logs=[], container={})
    assert (unsigned.has_entries, unsigned.entries) == (True, ["first", "signed by nobody"])
    assert (everything.is_running, everything.output) == (True, ["one", "two", "three"])
    assert not everything.is_empty


@pytest.mark.parametrize("existing", ["none", "other_exited", "same"])
def test_log_prints_no_output_of_what_does_not_run(existing: str) -> None:
    told = log(entries=[], logs=[], container={"existing": existing, "stdout": "over", "stderr": ""})
    assert (told.is_running, told.output) == (False, [])


def test_standard_error_stands_behind_a_line_of_its_own() -> None:
    assert output(stdout="one\ntwo\n", stderr="") == ["one", "two"]
    assert output(stdout="one\n", stderr="two\nthree") == ["one", "--- stderr", "two", "three"]
    assert output(stdout="", stderr="two") == ["--- stderr", "two"]
