# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What git_dir tells of itself: its id, its polls, and all of it without a poll."""

from __future__ import annotations

import fcntl
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.request import Request
from ansible_collections.flant.gitops.tests.support.signed_commit import parameters

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.outcome import Outcome
    from ansible_collections.flant.gitops.tests.support.signed_commit import Task
    from ansible_collections.flant.gitops.tests.support.signers import Signers


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let the list's only item be the time, which is later than any key of the test was made."""
    now = [4_000_000_000.0]
    monkeypatch.setattr(time, "time", lambda: now[0])
    return now


def everything(folder: Path) -> dict[str, object]:
    return {str(file): (file.lstat().st_mtime_ns, file.lstat().st_mode) for file in folder.rglob("*")}


def test_the_id_is_the_same_on_every_status_and_after_git_dir_was_deleted(task: Task, signers: Signers) -> None:
    task.upstream.commit()
    wait = {
        "required_signatures": 1,
        "trusted_keys": [signers.alice.public_key],
        "on_insufficient_signatures": "wait",
    }
    commit = task.upstream.head()
    outcomes = [
        task.poll(**wait),
        task.poll(),
        task.record(commit),
        task.poll(last_commit=commit),
        task.poll(),
        task.show(),
        task.reset(commit),
        task.reset(),
    ]
    shutil.rmtree(task.git_dir)
    outcomes += [task.show(), task.poll()]
    assert {outcome.git_dir_id for outcome in outcomes} == {outcomes[0].git_dir_id}
    assert {(outcome.machine, outcome.git_dir) for outcome in outcomes} == {(outcomes[0].machine, str(task.git_dir))}
    assert [outcome.status for outcome in outcomes] == [
        "awaiting_signatures",
        "new",
        "recorded",
        "unchanged",
        "unchanged",
        *["recorded"] * 4,
        "new",
    ]
    assert all(Path(outcome.superseded).parent == task.git_dir / "superseded" for outcome in outcomes)
    assert not any(outcome.git_dir_taken_over for outcome in outcomes)


def test_r13_git_dir_of_before_is_taken_over_until_a_commit_was_recorded_and_told(task: Task) -> None:
    task.upstream.commit()
    commit = task.process()
    task.folder.joinpath("cache.id").unlink()
    assert task.show().git_dir_id == ""
    assert task.record(commit).git_dir_id == ""
    assert task.reset(commit).git_dir_id == ""
    task.upstream.path.rename(task.folder / "away")
    task.poll_refused()
    (task.folder / "away").rename(task.upstream.path)
    new = task.upstream.commit()
    polled = [task.poll(last_commit=commit), task.poll(last_commit=commit)]
    recorded = task.record(new)
    polled += [task.poll(last_commit=commit), task.poll(last_commit=new), task.poll(last_commit=new)]
    assert [outcome.git_dir_taken_over for outcome in polled] == [True, True, True, False, False]
    assert not recorded.git_dir_taken_over
    assert not task.show().git_dir_taken_over
    assert len({outcome.git_dir_id for outcome in (*polled, recorded)}) == 1


def test_a_copy_of_git_dir_has_an_id_of_its_own_and_the_same_ratchet(task: Task) -> None:
    task.upstream.commit()
    commit = task.process()
    copy = task.folder / "copy"
    shutil.copytree(task.git_dir, copy, symlinks=True)
    shutil.copy(task.folder / "cache.id", task.folder / "copy.id")
    outcome = task.poll(git_dir=copy, last_commit=commit)
    assert outcome.git_dir_id != task.show().git_dir_id
    assert not outcome.git_dir_taken_over
    assert "copy.id was made on another machine or for another path" in outcome.warnings[0]
    assert (outcome.status, outcome.previous_commit) == ("unchanged", commit)


def test_show_tells_what_is_remembered_and_changes_nothing(task: Task, clock: list[float]) -> None:
    task.upstream.commit()
    commit = task.process()
    clock[0] += 60
    new = task.upstream.commit()
    polled = task.poll(last_commit=commit)
    (task.git_dir / "left.lock").touch()
    task.upstream.path.rename(task.folder / "away")
    before = everything(task.folder)
    shown = task.show()
    assert everything(task.folder) == before
    assert (shown.changed, shown.status, shown.commit, shown.previous_commit) == (False, "recorded", commit, commit)
    assert (shown.superseded, shown.git_dir_id) == (polled.superseded, polled.git_dir_id)
    assert shown.polled_at == shown.first_chosen == polled.first_chosen == "2096-10-02T07:07:40Z"
    assert new not in shown


def test_show_waits_for_nobody(task: Task) -> None:
    task.upstream.commit()
    commit = task.process()
    with (task.git_dir / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert task.show().commit == commit


def test_show_makes_no_git_dir(task: Task) -> None:
    shown = task.show()
    assert (shown.commit, shown.git_dir_id, shown.polled_at, shown.first_chosen) == ("", "", "", "")
    assert sorted(file.name for file in task.folder.iterdir()) == ["upstream.git"]
    task.git_dir.mkdir(mode=0o700)
    assert task.show().commit == ""
    assert list(task.git_dir.iterdir()) == []


def test_t4_show_trusts_no_strangers_folder(task: Task) -> None:
    task.git_dir.mkdir(mode=0o700)
    (task.git_dir / "config").touch()
    with pytest.raises(Failure, match=r"^git_dir: .* is neither empty nor a folder that this module has made"):
        task.show()


def test_t13_show_refuses_a_lost_memory(task: Task) -> None:
    task.upstream.commit()
    task.process()
    (task.git_dir / "last_commit").write_bytes(b"")
    with pytest.raises(Failure, match=r"^git_dir: .*action: reset"):
        task.show()


def test_the_time_of_a_poll_is_kept_where_the_server_has_answered(
    task: Task, clock: list[float], signers: Signers
) -> None:
    task.upstream.commit()
    assert task.poll().polled_at == "2096-10-02T07:06:40Z"
    clock[0] += 1
    task.poll(check_mode=True)
    assert task.show().polled_at == "2096-10-02T07:06:40Z"
    task.poll_refused(required_signatures=1, trusted_keys=[signers.alice.public_key])
    assert task.show().polled_at == "2096-10-02T07:06:41Z"
    clock[0] += 1
    task.upstream.path.rename(task.folder / "away")
    task.poll_refused()
    assert task.show().polled_at == "2096-10-02T07:06:41Z"


def test_what_polls_come_to_is_kept_and_since_when(task: Task, clock: list[float], signers: Signers) -> None:
    trust = {"required_signatures": 1, "trusted_keys": [signers.alice.public_key]}
    waits = {**trust, "on_insufficient_signatures": "wait"}

    def last() -> tuple[str, str, str]:
        clock[0] += 60
        kept = task.show().last_poll
        return kept["status"], kept["since"], kept["sentence"]

    assert last() == ("", "", "")
    task.upstream.commit(signer=signers.alice)
    task.poll(check_mode=True, **trust)
    assert last() == ("", "", "")
    commit = task.process(**trust)
    assert last() == ("new", "2096-10-02T07:08:40Z", "")
    assert task.poll(**trust).last_poll["status"] == "unchanged"
    task.poll(last_commit=commit, **trust)
    assert last() == ("unchanged", "2096-10-02T07:09:40Z", "")
    head = task.upstream.commit()
    task.poll(check_mode=True, **waits)
    assert last()[0] == "unchanged"
    task.poll(**waits)
    status, since, sentence = last()
    assert (status, since) == ("awaiting_signatures", "2096-10-02T07:11:40Z")
    assert sentence.startswith(f"required_signatures: commit {head} carries 0 of 1")
    task.poll_refused(check_mode=True, **trust)
    assert last()[0] == "awaiting_signatures"
    task.poll_refused(**trust)
    assert last() == ("failed", "2096-10-02T07:13:40Z", "")
    task.upstream.path.rename(task.folder / "away")
    task.poll_refused(**trust)
    assert last() == ("failed", "2096-10-02T07:13:40Z", "")


def test_neither_pushes_on_top_nor_unsigned_heads_renew_when_something_was_first_chosen(
    task: Task, clock: list[float], signers: Signers
) -> None:
    trust = {
        "required_signatures": 1,
        "trusted_keys": [signers.alice.public_key],
        "on_insufficient_signatures": "wait",
    }

    def poll(*, signed: bool, **params: object) -> Outcome:
        clock[0] += 60
        task.upstream.commit(signer=signers.alice if signed else None)
        return task.poll(**trust, **params)

    assert poll(signed=False).first_chosen == ""
    assert poll(signed=True, check_mode=True).first_chosen == ""
    first = poll(signed=True)
    assert (first.status, first.first_chosen) == ("new", "2096-10-02T07:09:40Z")
    assert poll(signed=True).first_chosen == first.first_chosen
    assert poll(signed=False).first_chosen == first.first_chosen
    assert poll(signed=True).first_chosen == first.first_chosen
    assert task.record(first.commit).first_chosen == ""
    assert poll(signed=True).first_chosen == "2096-10-02T07:13:40Z"
    task.reset(first.commit)
    assert poll(signed=True).first_chosen == "2096-10-02T07:14:40Z"


def test_r12_commit_that_was_recorded_unknown_to_the_caller_is_told_by_its_content(task: Task) -> None:
    first = task.upstream.commit()
    polled = task.poll()
    task.record(first)
    assert (task.poll().status, task.poll().content_id) == ("unchanged", polled.content_id)
    assert task.poll(last_commit=first).content_id == ""
    second = task.upstream.commit()
    new = task.poll()
    assert (new.commit, new.content_id) == (second, task.poll(last_commit=first).content_id)
    assert new.content_id not in ("", polled.content_id)


def test_what_is_remembered_outlives_the_repository(task: Task) -> None:
    task.upstream.commit()
    first = task.poll()
    task.git_dir.joinpath("info", "attributes").unlink()
    again = task.poll()
    assert (again.first_chosen, again.git_dir_id) == (first.first_chosen, first.git_dir_id)


@pytest.mark.parametrize("given", ["", "non", "0"])
def test_r18_forgetting_needs_the_word_none(task: Task, given: str) -> None:
    task.upstream.commit()
    commit = task.process()
    with pytest.raises(Failure, match=r"^last_commit: "):
        task.reset(given)
    assert task.show().commit == commit
    task.reset("None")
    assert task.show().commit == ""


@pytest.mark.parametrize("action", ["poll", "record"])
def test_r18_the_word_none_is_no_commit_elsewhere(task: Task, action: str) -> None:
    params = parameters(action=action, repo=task.upstream.path, git_dir=task.git_dir, last_commit="none")
    with pytest.raises(Failure, match=r"^last_commit: "):
        Request.from_params(params, check_mode=False)
