# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is refused does not stay in ``git_dir``, and is not fetched again to be refused again."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._git import arrivals, poll
from ansible_collections.flant.gitops.plugins.module_utils._git.cache import ACCEPTED, Cache
from ansible_collections.flant.gitops.plugins.module_utils._git.creation import begin_unfiltered
from ansible_collections.flant.gitops.plugins.module_utils._openpgp import keyring
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit import again, answers, run
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.kept import KEPT
from ansible_collections.flant.gitops.tests.support.signed_commit import COLLECTIONS, contents, parameters

if TYPE_CHECKING:
    from collections.abc import Callable

    from ansible_collections.flant.gitops.tests.support.signed_commit import Task
    from ansible_collections.flant.gitops.tests.support.signers import Signers

SIGNATURES = "refs/tags/latest-signature"
DAY = 24 * 60 * 60
MEGABYTE = 1_000_000


@pytest.fixture
def trusting(signers: Signers) -> dict[str, object]:
    return {"required_signatures": 1, "trusted_keys": [signers.alice.public_key]}


@pytest.fixture
def last(task: Task, signers: Signers, trusting: dict[str, object]) -> str:
    """A commit that was processed."""
    task.upstream.commit(signer=signers.alice)
    return task.process(archive=task.archive, **trusting)


class Fetches:
    """How often a branch was fetched."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        for module in (run, again):
            monkeypatch.setattr(module, "poll", self._counted(module.poll))

    def _counted(self, poll: Callable[..., object]) -> Callable[..., object]:
        def counted(*arguments: object) -> object:
            self.count += 1
            return poll(*arguments)

        return counted


@pytest.fixture
def fetches(last: str, monkeypatch: pytest.MonkeyPatch) -> Fetches:  # noqa: ARG001 -- only what comes after that one
    return Fetches(monkeypatch)


def noise(size: int) -> bytes:
    """Return text that no compression makes much smaller."""
    return base64.b64encode(os.urandom(size * 3 // 4))


def holds(task: Task, commit: str) -> bool:
    return commit in task.cache.git("cat-file", "--batch-all-objects", "--batch-check")


def size(task: Task) -> int:
    return sum(file.stat().st_size for file in task.git_dir.rglob("*") if file.is_file())


def limited(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    for module in (arrivals, poll):
        monkeypatch.setattr(module, "LIMIT", most)


def refused(task: Task, **params: object) -> Failure:
    with pytest.raises(Failure) as caught:
        task.poll(**params)
    return caught.value


def test_t18_a_refused_head_does_not_stay_and_is_fetched_once(
    task: Task, last: str, trusting: dict[str, object], fetches: Fetches
) -> None:
    before = size(task)
    head = task.upstream.commit(message=noise(MEGABYTE).decode())
    first = refused(task, last_commit=last, **trusting)
    assert str(first).startswith(f"required_signatures: commit {head} carries 0 of 1")
    assert not holds(task, head)
    assert size(task) < before + 10_000
    polled_at = task.show().polled_at
    time.sleep(1.1)  # it is told in whole seconds
    second = refused(task, last_commit=last, **trusting)
    assert (str(second), second.result, second.warnings) == (str(first), first.result, first.warnings)
    assert fetches.count == 1
    assert task.show().polled_at > polled_at


@pytest.mark.parametrize("kind", ["other root", "no commit", "large message", "parents above", "too many"])
def test_t18_whatever_the_reason_it_is_fetched_once(
    task: Task, signers: Signers, last: str, trusting: dict[str, object], fetches: Fetches, kind: str
) -> None:
    if kind == "other root":
        task.upstream.commit(parents=[], signer=signers.alice)
    elif kind == "no commit":
        task.upstream.point("refs/heads/main", task.upstream.tag(task.upstream.commit(), "commit"))
    elif kind == "large message":
        task.upstream.commit(message="x" * (1 << 20), signer=signers.alice)
    elif kind == "parents above":
        tree = task.upstream.tree({"x": b"y"})
        identity = "A <a@example.test> 1 +0000"
        raw = f"tree {tree}\ngpgsig x\nparent {last}\nauthor {identity}\ncommitter {identity}\n\nM\n"
        task.upstream.raw_commit(raw.encode())
        task.upstream.point("refs/heads/main", task.upstream.commit())
    else:
        for _index in range(3):
            task.upstream.commit(signer=signers.alice)
    params = {**trusting, "last_commit": last, "verify": "every", "max_commits": 2}
    first = str(refused(task, **params))
    assert str(refused(task, **params)) == first
    assert fetches.count == 1
    assert not holds(task, task.upstream.head())


def test_t18_waiting_is_answered_from_memory_until_somebody_signs(
    task: Task, signers: Signers, last: str, trusting: dict[str, object], fetches: Fetches
) -> None:
    head = task.upstream.commit({"x": b"y"})
    params = {**trusting, "last_commit": last, "on_insufficient_signatures": "wait", "archive": task.archive}
    first = task.poll(**params)
    assert (first.status, first.head, first.commit) == ("awaiting_signatures", head, last)
    assert not holds(task, head)
    again_ = task.poll(**params)
    assert again_ == first._replace(polled_at=again_.polled_at)
    assert fetches.count == 1
    task.upstream.note(head, signers.bob)
    assert task.poll(**params).status == "awaiting_signatures"
    assert task.poll(**params).status == "awaiting_signatures"
    assert fetches.count == 2
    task.upstream.note(head, signers.alice)
    outcome = task.poll(**params)
    assert (outcome.status, outcome.commit, outcome.signers) == ("new", head, (signers.alice.fingerprint,))
    assert contents(task.archive) == {"x": b"y"}
    task.record(head)
    assert task.poll(**{**params, "last_commit": head}).status == "unchanged"
    assert not (task.git_dir / "answer").exists()


@pytest.mark.parametrize(
    "change", ["keys", "number", "every", "oldest", "reset", "no claim", "a day later", "clock set back"]
)
def test_t18_it_is_looked_at_again_when_something_else_than_the_head_changes(
    task: Task,
    signers: Signers,
    last: str,
    trusting: dict[str, object],
    fetches: Fetches,
    monkeypatch: pytest.MonkeyPatch,
    change: str,
) -> None:
    task.upstream.commit()
    head = task.upstream.commit(signer=signers.bob)
    params = {**trusting, "last_commit": last}
    refused(task, **params)
    if change == "keys":
        params["trusted_keys"] = [signers.bob.public_key]
        assert task.poll(**params).commit == head
    elif change == "number":
        assert task.poll(last_commit=last).commit == head
    elif change == "reset":
        task.reset(task.upstream.head())
        assert task.poll(**{**params, "last_commit": head}).status == "unchanged"
    else:
        params.update({"every": {"verify": "every"}, "oldest": {"select": "oldest"}}.get(change, {}))
        if change == "no claim":
            params["last_commit"] = ""
        shift = {"a day later": DAY + 60, "clock set back": -60}.get(change, 0)
        now = time.time()
        monkeypatch.setattr(answers, "time", SimpleNamespace(time=lambda: now + shift))
        refused(task, **params)
    assert fetches.count == 2


def test_t18_what_a_clock_has_a_say_in_is_looked_at_each_time(
    task: Task,
    signers: Signers,
    last: str,
    trusting: dict[str, object],
    fetches: Fetches,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    head = task.upstream.commit()
    line = base64.b64encode(signers.alice.sign(head.encode(), at="20350101T000000"))
    task.upstream.publish(task.upstream.notes({head: line + b"\n"}))
    newer = task.upstream.commit()
    params = {**trusting, "last_commit": last}
    for select in ("head", "oldest"):
        if select == "head":
            task.upstream.point("refs/heads/main", head)
        else:
            task.upstream.point("refs/heads/main", newer)  # of which nobody may say that it decides for both
        for _poll in range(2):
            before = fetches.count
            refused(task, **params, select=select)
            assert fetches.count == before + 1
            assert not holds(task, head)
    then = time.mktime((2036, 1, 1, 0, 0, 0, 0, 0, 0))
    monkeypatch.setattr(keyring, "time", SimpleNamespace(time=lambda: then))
    assert task.poll(**params, select="oldest").commit == head


@pytest.mark.parametrize("key", ["expired", "expired signature"])
def test_t18_nor_is_an_answer_kept_that_an_expiry_decided(
    task: Task, signers: Signers, last: str, trusting: dict[str, object], fetches: Fetches, key: str
) -> None:
    head = task.upstream.commit()
    signer = signers.alice
    if key == "expired":
        signer = signers.create("expired", key=("ed25519", "sign", "1y"), at="20200101T000000")
        signature = signer.sign(head.encode(), at="20200102T000000")
    else:
        signature = signer.sign(head.encode(), "--default-sig-expire=seconds=1")
        time.sleep(2)
    task.upstream.publish(task.upstream.notes({head: base64.b64encode(signature) + b"\n"}))
    params = {**trusting, "last_commit": last}
    params["trusted_keys"] = list({signers.alice.public_key, signer.public_key})
    for _poll in range(2):
        assert "expired" in str(refused(task, **params))
    assert fetches.count == 2


def test_t18_after_a_forced_push_back_a_good_commit_on_top_is_taken(
    task: Task, signers: Signers, last: str, trusting: dict[str, object], fetches: Fetches
) -> None:
    for _push in range(2):
        task.upstream.commit(parents=[last])
        refused(task, last_commit=last, **trusting)
        task.upstream.point("refs/heads/main", last)
        count = fetches.count
        assert task.poll(last_commit=last, **trusting).status == "unchanged"
        assert fetches.count == count
    good = task.upstream.commit({"x": b"y"}, signer=signers.alice)
    assert task.process(last_commit=last, archive=task.archive, **trusting) == good
    assert contents(task.archive) == {"x": b"y"}
    bad = task.upstream.commit()
    refused(task, last_commit=good, **trusting)
    better = task.upstream.commit(signer=signers.alice)
    assert task.process(last_commit=good, archive=task.archive, **trusting) == better
    assert holds(task, bad)
    assert "broken" not in task.cache.git("fsck", "--connectivity-only")


def test_t18_notes_that_nobody_needs_yet_do_not_stay(
    task: Task, signers: Signers, last: str, trusting: dict[str, object], fetches: Fetches
) -> None:
    before = size(task)
    for _push in range(3):
        tree = task.upstream.tree({"x": b"y"})
        identity = "A <a@example.test> 1 +0000"
        raw = b"tree %b\nauthor %b\ncommitter %b\n\n%b\n"
        content = raw % (tree.encode(), identity.encode(), identity.encode(), noise(MEGABYTE))
        task.upstream.point(SIGNATURES, task.upstream.object("commit", content))
        for claim in (last, ""):
            for _poll in range(2):
                assert task.poll(last_commit=claim, **trusting).status == "unchanged"
    assert size(task) < before + 20_000
    assert fetches.count == 4  # whoever claims nothing has a question of its own
    good = task.upstream.commit()
    task.upstream.note(good, signers.alice)
    assert task.process(last_commit=last, archive=task.archive, **trusting) == good


def test_t18_twins_of_the_last_commit_do_not_stay(
    task: Task, signers: Signers, last: str, trusting: dict[str, object], fetches: Fetches
) -> None:
    raw = task.upstream.git_bytes("cat-file", "commit", last)
    before = size(task)
    for _push in range(3):
        comment = b"Comment: " + noise(MEGABYTE // 2)
        twin = task.upstream.raw_commit(raw.replace(b"SIGNATURE-----\n", b"SIGNATURE-----\n " + comment + b"\n", 1))
        first = task.poll(last_commit=last, **trusting)
        assert (first.status, first.commit, first.head) == ("unchanged", last, twin)
        second = task.poll(last_commit=last, **trusting)
        assert second == first._replace(polled_at=second.polled_at)
    assert size(task) < before + 20_000
    assert fetches.count == 3
    good = task.upstream.commit(signer=signers.alice)
    outcome = task.poll(last_commit=last, archive=task.archive, **trusting)
    assert (outcome.commit, outcome.previous_commit) == (good, last)


def test_t18_the_first_fetch_is_taken_whole_whatever_comes_of_it(task: Task, trusting: dict[str, object]) -> None:
    head = task.upstream.commit()
    refused(task, **trusting)
    assert holds(task, head)


def test_t18_a_check_keeps_no_answer(task: Task, last: str, trusting: dict[str, object], fetches: Fetches) -> None:
    head = task.upstream.commit()
    for _poll in range(2):
        refused(task, last_commit=last, check_mode=True, **trusting)
    assert fetches.count == 2
    assert not holds(task, head)


@pytest.fixture
def unfiltered(task: Task, last: str) -> str:
    """The commit that was processed, in a cache that takes files along with commits."""
    begin_unfiltered(Cache(task.git_dir), kept=KEPT)
    assert task.poll(last_commit=last).status == "unchanged"
    return last


def test_t18_what_is_too_large_is_refused_fetched_twice_at_most_and_taken_after_a_reset(
    task: Task, unfiltered: str, fetches: Fetches, monkeypatch: pytest.MonkeyPatch
) -> None:
    limited(monkeypatch, MEGABYTE)
    before = size(task)
    content = noise(2 * MEGABYTE)
    head = task.upstream.commit({"large": content})
    fetches.count = 0
    for _poll in range(4):
        assert str(refused(task, last_commit=unfiltered)).startswith(
            "repo: what is new on the server is larger than the "
        )
    assert fetches.count == 2  # at the first time nobody knows what it was
    assert size(task) < before + 10_000
    assert task.leftovers() == []
    task.upstream.point("refs/heads/main", unfiltered)
    assert task.poll(last_commit=unfiltered).status == "unchanged"
    task.upstream.point("refs/heads/main", head)
    task.reset(unfiltered)
    assert task.process(last_commit=unfiltered, archive=task.archive) == head
    assert contents(task.archive) == {"large": content}


def test_t18_what_the_server_named_before_a_fetch_that_was_too_large_is_no_reason_to_refuse_it_later(
    task: Task, unfiltered: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    limited(monkeypatch, MEGABYTE)
    large = task.upstream.commit({"large": noise(2 * MEGABYTE)})
    refused(task, last_commit=unfiltered)
    small = task.upstream.commit({"small": b""}, parents=[unfiltered])

    def pushed_meanwhile(*arguments: object) -> object:
        task.upstream.point("refs/heads/main", large)
        return poll.poll(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(again, "poll", pushed_meanwhile)
        assert "larger than the " in str(refused(task, last_commit=unfiltered))
    task.upstream.point("refs/heads/main", small)
    assert task.poll(last_commit=unfiltered).commit == small


def test_t18_notes_that_are_too_large_are_refused_and_fetched_once(
    task: Task, last: str, trusting: dict[str, object], fetches: Fetches, monkeypatch: pytest.MonkeyPatch
) -> None:
    limited(monkeypatch, MEGABYTE)
    before = size(task)
    head = task.upstream.commit()
    task.upstream.publish(task.upstream.notes({head: noise(2 * MEGABYTE)}))
    for _poll in range(3):
        assert "larger than the " in str(refused(task, last_commit=last, **trusting))
    assert fetches.count == 1
    assert size(task) < before + 10_000


def test_t18_what_is_verified_may_have_files_of_any_size(
    task: Task, signers: Signers, last: str, trusting: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    limited(monkeypatch, MEGABYTE)
    content = noise(2 * MEGABYTE)
    head = task.upstream.commit({"large": content}, signer=signers.alice)
    assert task.process(last_commit=last, archive=task.archive, **trusting) == head
    assert contents(task.archive) == {"large": content}


KILLED = """
import json, sys
sys.path.insert(0, sys.argv[1])
from ansible_collections.flant.gitops.plugins.module_utils._git import arrivals
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit import advance
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.request import Request
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.run import run
from ansible_collections.flant.gitops.tests.support.killing import Kill, arrange
arrange(Kill(sys.argv[3], sys.argv[4], sys.argv[5], sys.argv[6] == "after"))
run(Request.from_params(json.loads(sys.argv[2]), check_mode=False))
"""


@pytest.mark.parametrize("good", [True, False])
@pytest.mark.parametrize("when", ["instead", "after"])
def test_t18_killed_between_the_fetch_and_its_end_nothing_stays_that_was_not_accepted(
    task: Task, signers: Signers, last: str, trusting: dict[str, object], good: bool, when: str
) -> None:
    head = task.upstream.commit({"x": b"y"})
    task.upstream.note(head, signers.alice if good else signers.bob)
    params = {"repo": task.upstream.path, "git_dir": task.git_dir, "last_commit": last, "archive": task.archive}
    where = ("_signed_commit", "advance", "accept") if good else ("_git", "arrivals", "put_in_order")
    before = size(task)
    for _kill in range(2 if good else 1):  # a refusal is known by then
        command = [sys.executable, "-c", KILLED, str(COLLECTIONS), json.dumps(parameters(**params, **trusting))]
        killed = subprocess.run([*command, *where, when], capture_output=True, check=False)
        assert killed.returncode == -9, killed.stderr
    assert size(task) < before + 10_000
    if good:
        assert task.process(last_commit=last, archive=task.archive, **trusting) == head
        assert contents(task.archive) == {"x": b"y"}
    else:
        refused(task, last_commit=last, **trusting)
        assert not holds(task, head)
    assert "broken" not in task.cache.git("fsck", "--connectivity-only")


def test_t18_a_git_dir_of_the_version_before_is_taken_as_it_is(
    task: Task, last: str, trusting: dict[str, object]
) -> None:
    (task.git_dir / ACCEPTED).unlink(missing_ok=True)
    head = task.upstream.commit()
    refused(task, last_commit=last, **trusting)
    assert not holds(task, head)
    assert holds(task, last)
