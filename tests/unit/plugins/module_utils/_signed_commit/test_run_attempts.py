# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A commit that was tried in vain is given again when it is due, until it is given up; real git, a clock of our own."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.tests.support.signers import with_header

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.outcome import Outcome
    from ansible_collections.flant.gitops.tests.support.signed_commit import Task
    from ansible_collections.flant.gitops.tests.support.signers import Signers

GIVEN = {"of": "", "run": "", "retry_delay": "0s", "retry_max_delay": "1h", "max_attempts": 0, "anew": False}


def slowly(**given: object) -> dict[str, object]:
    return {"attempts": {**GIVEN, "retry_delay": "10m", **given}}


def at_most(number: int, **given: object) -> dict[str, object]:
    return {"attempts": {**GIVEN, "max_attempts": number, **given}}


def fail(task: Task, commit: str, run: str = "first", *, of: str = "", check_mode: bool = False) -> Outcome:
    # What `Task` has no word for is asked for as it asks for a record, which is much the same.
    return task.record(commit, action="count", attempts={**GIVEN, "run": run, "of": of}, check_mode=check_mode)


def given(outcome: Outcome) -> tuple[str, bool, int, bool]:
    return outcome.commit, outcome.changed, outcome.attempts, outcome.given_up


def test_a_commit_waits_until_its_next_attempt_is_due(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1e9)
    commit = task.upstream.commit()
    assert given(task.poll(**slowly(), archive=task.archive)) == (commit, True, 0, False)
    task.archive.unlink()
    counted = fail(task, commit)
    assert (counted.status, counted.changed, counted.attempts) == ("counted", True, 1)
    waits = task.poll(**slowly(), archive=task.archive)
    assert given(waits) == (commit, False, 1, False)
    assert (waits.status, waits.retry_at, waits.archive) == ("new", "2001-09-09T01:56:40Z", "")
    assert not task.archive.exists()
    monkeypatch.setattr(time, "time", lambda: 1e9 + 600)
    due = task.poll(**slowly(), archive=task.archive)
    assert (given(due), due.retry_at) == ((commit, True, 1, False), "")
    assert task.archive.exists()


def test_a_commit_is_given_up_and_a_new_one_is_not(task: Task) -> None:
    commit = task.upstream.commit()
    task.poll(**at_most(1))
    fail(task, commit)
    assert given(task.poll(**at_most(1), archive=task.archive)) == (commit, False, 1, True)
    assert not task.archive.exists()
    assert given(task.poll(**at_most(1, of="another image"))) == (commit, True, 0, False)
    new = task.upstream.commit()
    assert given(task.poll(**at_most(1))) == (new, True, 0, False)


def test_without_the_option_it_is_told_how_often(task: Task) -> None:
    commit = task.upstream.commit()
    task.poll()
    fail(task, commit)
    assert given(task.poll()) == (commit, True, 1, False)


def test_an_attempt_is_counted_once_and_not_in_check_mode(task: Task) -> None:
    commit = task.upstream.commit()
    task.poll()
    assert fail(task, commit, check_mode=True).attempts == 0
    told = [(outcome.changed, outcome.attempts) for outcome in (fail(task, commit), fail(task, commit))]
    assert told == [(True, 1), (False, 1)]
    assert fail(task, commit, "second").attempts == 2


@pytest.mark.parametrize("after", ["record", "reset"])
def test_a_record_and_a_reset_forget_attempts(task: Task, after: str) -> None:
    commit = task.upstream.commit()
    task.poll()
    fail(task, commit)
    if after == "record":
        task.record(commit)
        rerun = task.poll(last_commit=commit, rerun=True, **at_most(1))
        assert given(rerun) == (commit, True, 0, False)
    else:
        task.reset()
        assert given(task.poll(**at_most(1))) == (commit, True, 0, False)


def test_attempts_outlive_the_cache(task: Task) -> None:
    """Filtered and not: a cache is begun anew for a server that gives no part of a commit."""
    commit = task.upstream.commit()
    task.poll()
    fail(task, commit)
    (task.git_dir / "HEAD").unlink()
    assert task.poll(**at_most(1)).given_up


def test_anew_forgets_them_but_in_check_mode(task: Task) -> None:
    commit = task.upstream.commit()
    task.poll()
    fail(task, commit)
    assert given(task.poll(**at_most(1, anew=True), check_mode=True)) == (commit, True, 0, False)
    assert task.poll(**at_most(1)).given_up
    assert given(task.poll(**at_most(1, anew=True))) == (commit, True, 0, False)
    assert not task.poll(**at_most(1)).given_up


def test_a_twin_was_tried_as_often(task: Task, signers: Signers) -> None:
    trust = {"required_signatures": 1, "trusted_keys": [signers.alice.public_key]}
    commit = task.upstream.commit(signer=signers.alice)
    task.poll(**trust)
    fail(task, commit)
    raw = task.upstream.git_bytes("cat-file", "commit", commit)
    twin = task.upstream.raw_commit(with_header(raw, "gpgsig-sha256", b"anything"))
    assert given(task.poll(**trust, **at_most(1), select="oldest")) == (twin, False, 1, True)


def test_a_rerun_that_fails_waits_and_is_given_up_too(task: Task) -> None:
    commit = task.upstream.commit()
    task.process()
    again = {"last_commit": commit, "rerun": True}
    assert task.poll(**again, **at_most(1)).changed
    fail(task, commit)
    outcome = task.poll(**again, **at_most(1), archive=task.archive)
    assert (given(outcome), outcome.open) == ((commit, False, 1, True), outcome.identity)
    assert task.poll(**again, **at_most(1, anew=True)).changed


def test_a_fix_behind_a_commit_that_is_given_up_is_chosen(task: Task) -> None:
    oldest = {"select": "oldest", **at_most(1)}
    broken = task.upstream.commit()
    task.poll(**oldest)
    fail(task, broken)
    assert given(task.poll(**oldest)) == (broken, False, 1, True)
    fix = task.upstream.commit()
    assert task.poll(**oldest, check_mode=True).commit == broken
    assert given(task.poll(**oldest)) == (broken, True, 0, False), "its attempts begin anew once"
    fail(task, broken, "second")
    assert given(task.poll(**oldest)) == (fix, True, 0, False)
    newer = task.upstream.commit()
    assert task.poll(**oldest).commit == fix
    task.record(fix)
    assert task.poll(**oldest, last_commit=fix).commit == newer


@pytest.mark.parametrize("verify", ["tip", "every"])
def test_a_commit_gives_way_to_those_that_were_behind_it_from_the_first(task: Task, verify: str) -> None:
    oldest = {"select": "oldest", "verify": verify, **at_most(1)}
    first, second, last = (task.upstream.commit() for _number in range(3))
    chosen = []
    for _poll in range(4):
        outcome = task.poll(**oldest)
        chosen.append(given(outcome))
        if outcome.changed:
            fail(task, outcome.commit, outcome.commit)
    assert chosen == [(first, True, 0, False), (second, True, 0, False), (last, True, 0, False), (last, False, 1, True)]
    assert task.poll(**{**oldest, **at_most(1, anew=True)}).commit == first


def test_a_commit_gives_way_to_none_that_is_not_signed(task: Task, signers: Signers) -> None:
    oldest = {"select": "oldest", "required_signatures": 1, "trusted_keys": [signers.alice.public_key]}
    oldest["on_insufficient_signatures"] = "wait"
    broken = task.upstream.commit(signer=signers.alice)
    task.upstream.commit()
    task.poll(**oldest, **at_most(1))
    fail(task, broken)
    assert task.poll(**oldest, **at_most(1)).status == "awaiting_signatures"
    assert given(task.poll(**oldest, **at_most(1, of="mended"))) == (broken, True, 0, False), "no answer is kept of it"


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"last_commit": "0" * 40, "attempts": {**GIVEN, "run": "x"}}, f"last_commit: {'0' * 40} cannot be counted"),
        ({"last_commit": "", "attempts": {**GIVEN, "run": "x"}}, "last_commit: action: count needs the commit that"),
        ({"last_commit": "0" * 40, "attempts": GIVEN}, "attempts.run: action: count needs it."),
        ({"last_commit": "0" * 40}, "attempts.run: action: count needs it."),
    ],
)
def test_what_is_not_known_is_not_counted(task: Task, params: dict[str, object], said: str) -> None:
    task.upstream.commit()
    task.poll()
    with pytest.raises(Failure) as refused:
        task.record(params.pop("last_commit"), action="count", **params)
    assert str(refused.value).startswith(said)
