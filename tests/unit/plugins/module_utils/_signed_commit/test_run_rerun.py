# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commit processed last once more, never under the number of another run."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit import memory
from ansible_collections.flant.gitops.tests.support import signature_notes
from ansible_collections.flant.gitops.tests.support.signed_commit import contents
from ansible_collections.flant.gitops.tests.support.signers import with_header

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.tests.support.signed_commit import Task
    from ansible_collections.flant.gitops.tests.support.signers import Signers


def trust(signers: Signers) -> dict[str, object]:
    return {"required_signatures": 1, "trusted_keys": [signers.alice.public_key]}


def push_twin(task: Task, commit: str) -> None:
    raw = task.upstream.git_bytes("cat-file", "commit", commit)
    task.upstream.raw_commit(with_header(raw, "gpgsig-sha256", b"anything"))


def _number(task: Task) -> Path:
    return task.git_dir.with_name("cache.rerun")


@pytest.fixture
def commit(task: Task, signers: Signers) -> str:
    """Process a signed commit."""
    task.upstream.commit({"file": b"x"}, signer=signers.alice)
    return task.process(**trust(signers))


def test_the_last_commit_is_given_once_more_as_a_new_one_is(task: Task, signers: Signers, commit: str) -> None:
    outcome = task.poll(**trust(signers), last_commit=commit, rerun=True, archive=task.archive)
    assert (outcome.changed, outcome.status, outcome.commit, outcome.previous_commit) == (True, "new", commit, commit)
    assert outcome.identity == f"{outcome.content_id}+1" == outcome.last_rerun == outcome.open
    assert (outcome.signers, outcome.commits, outcome.first_chosen) == ((signers.alice.fingerprint,), (), "")
    assert contents(task.archive) == {"file": b"x"}


def test_its_first_run_is_known_by_its_content_alone(task: Task, signers: Signers) -> None:
    task.upstream.commit(signer=signers.alice)
    outcome = task.poll(**trust(signers), rerun=True)
    assert outcome.identity == outcome.content_id != ""
    assert (outcome.last_rerun, outcome.open) == ("", "")
    assert not _number(task).exists()


def test_what_is_new_comes_first(task: Task, signers: Signers, commit: str) -> None:
    new = task.upstream.commit(signer=signers.alice)
    outcome = task.poll(**trust(signers), last_commit=commit, rerun=True)
    assert (outcome.commit, outcome.identity, outcome.open) == (new, outcome.content_id, "")


def test_r31_it_is_open_and_keeps_its_number_until_it_is_recorded(task: Task, signers: Signers, commit: str) -> None:
    first = task.poll(**trust(signers), last_commit=commit, rerun=True)
    assert not Path(first.superseded).exists()
    quiet = task.poll(**trust(signers), last_commit=commit)
    assert (quiet.status, quiet.identity, quiet.open, quiet.last_rerun) == (
        "unchanged",
        "",
        first.identity,
        first.identity,
    )
    assert task.show().open == first.identity
    again = task.poll(**trust(signers), last_commit=commit, rerun=True)
    assert (again.identity, again.superseded) == (first.identity, first.superseded)

    assert task.record(commit, check_mode=True).changed
    assert task.show().open == first.identity
    recorded = task.record(commit)
    assert (recorded.changed, recorded.commit, recorded.open, recorded.last_rerun) == (True, commit, "", first.identity)
    assert Path(first.superseded).exists()
    assert not task.record(commit).changed
    second = task.poll(**trust(signers), last_commit=commit, rerun=True)
    assert second.identity == f"{second.content_id}+2"


def test_r31_a_new_commit_ends_it(task: Task, signers: Signers, commit: str) -> None:
    first = task.poll(**trust(signers), last_commit=commit, rerun=True)
    task.upstream.commit(signer=signers.alice)
    new = task.process(**trust(signers), last_commit=commit)
    assert task.show().open == ""
    second = task.poll(**trust(signers), last_commit=new, rerun=True)
    assert second.identity == f"{second.content_id}+2" != first.identity


@pytest.mark.parametrize("loss", ["reset", "none", "git_dir", "repository"])
def test_r31_no_number_is_used_twice_whatever_is_lost(task: Task, signers: Signers, commit: str, loss: str) -> None:
    task.poll(**trust(signers), last_commit=commit, rerun=True)
    task.record(commit)
    if loss == "git_dir":
        shutil.rmtree(task.git_dir)
    elif loss == "repository":
        shutil.rmtree(task.git_dir / "objects")
    else:
        task.reset(commit if loss == "reset" else "none")
    outcome = task.poll(**trust(signers), last_commit=commit, rerun=True)
    assert outcome.identity == f"{outcome.content_id}+2"


def test_r31_one_that_is_open_outlives_a_git_dir_that_is_deleted(task: Task, signers: Signers, commit: str) -> None:
    first = task.poll(**trust(signers), last_commit=commit, rerun=True)
    shutil.rmtree(task.git_dir)
    assert task.poll(**trust(signers), last_commit=commit).open == first.identity


def test_r31_a_reset_ends_it(task: Task, signers: Signers, commit: str) -> None:
    task.poll(**trust(signers), last_commit=commit, rerun=True)
    assert task.reset(commit).open == ""


def test_r31_killed_before_the_record_is_whole_it_is_given_again_under_its_number(
    task: Task, signers: Signers, commit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = task.poll(**trust(signers), last_commit=commit, rerun=True)

    def killed(*_args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(memory.Reruns, "close", killed)
        with pytest.raises(KeyboardInterrupt):
            task.record(commit)
    again = task.poll(**trust(signers), last_commit=commit, rerun=True)
    assert again.identity == first.identity


def test_r31_a_number_that_is_lost_is_no_beginning(task: Task, signers: Signers, commit: str) -> None:
    task.poll(**trust(signers), last_commit=commit, rerun=True)
    _number(task).write_text("")
    sentence = f"git_dir: {_number(task)} does not hold the number of a rerun any more; "
    for params in ({}, {"rerun": True}):
        assert task.poll_refused(**trust(signers), last_commit=commit, **params).startswith(sentence)
    with pytest.raises(Failure, match="does not hold the number"):
        task.record(commit)
    task.reset(commit)
    outcome = task.poll(**trust(signers), last_commit=commit, rerun=True)
    assert int(outcome.identity.partition("+")[2]) > 10**9


def test_a_number_that_others_can_write_is_refused(task: Task, signers: Signers, commit: str) -> None:
    task.poll(**trust(signers), last_commit=commit, rerun=True)
    _number(task).chmod(0o666)
    assert "can be written" in task.poll_refused(**trust(signers), last_commit=commit)


def test_todays_keys_decide_and_a_refusal_opens_nothing_and_is_not_kept(
    task: Task, signers: Signers, commit: str
) -> None:
    bob = {"required_signatures": 1, "trusted_keys": [signers.bob.public_key]}
    assert commit in task.poll_refused(**bob, last_commit=commit, rerun=True)
    waiting = task.poll(**bob, last_commit=commit, rerun=True, on_insufficient_signatures="wait")
    assert (waiting.status, waiting.changed, waiting.open) == ("awaiting_signatures", False, "")
    assert task.poll(**bob, last_commit=commit).status == "unchanged"
    assert task.poll(**trust(signers), last_commit=commit, rerun=True).identity.endswith("+1")


def test_it_is_signed_in_notes_as_well(task: Task, signers: Signers, commit: str) -> None:
    """After a poll that has left an answer, what the refs name has not been fetched."""
    push_twin(task, commit)
    assert task.poll(**trust(signers), last_commit=commit).status == "unchanged"
    task.upstream.point("refs/heads/main", commit)
    signature_notes.add(task.upstream.path, commit, signers.bob)
    both = {"required_signatures": 2, "trusted_keys": [signers.alice.public_key, signers.bob.public_key]}
    outcome = task.poll(**both, last_commit=commit, rerun=True)
    assert (outcome.status, len(outcome.signers)) == ("new", 2)


def test_the_head_may_be_a_twin_of_it(task: Task, signers: Signers, commit: str) -> None:
    push_twin(task, commit)
    for _round in ("first", "from memory"):
        outcome = task.poll(**trust(signers), last_commit=commit, rerun=True)
        assert (outcome.status, outcome.commit) == ("new", commit)
        task.record(commit)
    assert outcome.identity.endswith("+2")


def test_a_check_gives_it_and_counts_nothing(task: Task, signers: Signers, commit: str) -> None:
    outcome = task.poll(**trust(signers), last_commit=commit, rerun=True, archive=task.archive, check_mode=True)
    assert (outcome.status, outcome.identity[-2:], outcome.archive) == ("new", "+1", "")
    assert not _number(task).exists()


def test_a_rerun_whose_tree_cannot_be_written_is_not_open(task: Task, signers: Signers, commit: str) -> None:
    with pytest.raises(Failure):
        task.poll(**trust(signers), last_commit=commit, rerun=True, archive=Path("/proc/nowhere/tree.tar"))
    assert not _number(task).exists()


def _passed(task: Task, seconds: float) -> None:
    """Let the last record, or reset, be so long ago."""
    then = time.time() - seconds
    os.utime(task.git_dir / "last_commit", (then, then))


def test_it_is_due_so_long_after_the_record(task: Task, signers: Signers, commit: str) -> None:
    daily = {**trust(signers), "last_commit": commit, "rerun_after": "1d"}
    _passed(task, 86_390)
    assert task.poll(**daily).status == "unchanged"
    _passed(task, 86_401)
    for never in ("", "0s"):
        assert task.poll(**{**daily, "rerun_after": never}).status == "unchanged"
    assert task.poll(**daily, check_mode=True).status == "new"
    assert task.show().last_rerun == ""
    due = task.poll(**daily, archive=task.archive)
    assert (due.changed, due.status, due.commit) == (True, "new", commit)
    assert due.identity == f"{due.content_id}+1" == due.open
    assert contents(task.archive) == {"file": b"x"}
    assert task.poll(**daily).identity == due.identity  # whoever comes next takes it up
    task.record(commit)
    assert task.poll(**daily).status == "unchanged"
    _passed(task, 86_401)
    assert task.poll(**daily).identity == f"{due.content_id}+2"


def test_it_is_due_where_the_clock_was_set_back(task: Task, signers: Signers, commit: str) -> None:
    _passed(task, -3600)
    assert task.poll(**trust(signers), last_commit=commit, rerun_after="1d").status == "new"


def test_a_reset_puts_it_off(task: Task, signers: Signers, commit: str) -> None:
    _passed(task, 86_401)
    task.reset(commit)
    assert task.poll(**trust(signers), last_commit=commit, rerun_after="1d").status == "unchanged"


def test_what_is_new_comes_before_one_that_is_due(task: Task, signers: Signers, commit: str) -> None:
    _passed(task, 86_401)
    new = task.upstream.commit(signer=signers.alice)
    outcome = task.poll(**trust(signers), last_commit=commit, rerun_after="1d")
    assert (outcome.commit, outcome.identity, outcome.open) == (new, outcome.content_id, "")


def test_one_that_is_due_keeps_to_the_pace_of_attempts(task: Task, signers: Signers, commit: str) -> None:
    pace = {"of": "", "run": "r", "retry_delay": "0s", "retry_max_delay": "1h", "max_attempts": 1, "anew": False}
    daily = {**trust(signers), "last_commit": commit, "rerun_after": "1d", "attempts": pace}
    _passed(task, 86_401)
    due = task.poll(**daily)
    task.record(commit, action="count", attempts=pace)
    given_up = task.poll(**daily, archive=task.archive)
    assert (given_up.identity, given_up.changed, given_up.given_up) == (due.identity, False, True)
    assert not task.archive.exists()


def test_one_that_is_due_is_refused_by_todays_keys(task: Task, signers: Signers, commit: str) -> None:
    _passed(task, 86_401)
    keys = {"required_signatures": 1, "trusted_keys": [signers.bob.public_key]}
    assert "required_signatures" in task.poll_refused(**keys, last_commit=commit, rerun_after="1d")
    assert task.show().open == ""
