# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run is skipped if nothing can have changed, and for no other reason."""

from __future__ import annotations

import functools
import json
import os
import time
from typing import TYPE_CHECKING, Callable

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._pull import run as installing
from ansible_collections.flant.gitops.tests.support.quiet_schedule import QuietSchedule, skipping
from ansible_collections.flant.gitops.tests.support.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.flant.gitops.tests.support.signers import Signers

PACKED, COMPILED = functools.cache(installing.packed), functools.cache(installing.compiled)
SUCCESS = 'flant_gitops_last_success_timestamp_seconds{name="default"}'
POLLED = 'flant_gitops_last_poll_timestamp_seconds{name="default"}'
UNCHANGED = 'flant_gitops_status{name="default",status="unchanged"}'


@pytest.fixture(autouse=True)
def _packed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave it at one time: the sources stay as they are."""
    monkeypatch.setattr(installing, "packed", PACKED)
    monkeypatch.setattr(installing, "compiled", COMPILED)


@pytest.fixture
def schedule(tmp_path: Path) -> QuietSchedule:
    """A schedule whose next run is skipped."""
    return skipping(tmp_path)


def rewrite(schedule: QuietSchedule, change: Callable[[dict[str, object]], object]) -> None:
    """Change what was kept, and leave the file as it is otherwise."""
    kept = json.loads(schedule.quiet_file.read_text(encoding="utf-8"))
    change(kept)
    schedule.quiet_file.write_text(json.dumps(kept), encoding="utf-8")


def test_quiet_ticks_end_well_say_nothing_and_move_the_metrics_of_the_poll(schedule: QuietSchedule) -> None:
    before = schedule.metrics()
    time.sleep(1.1)
    assert not schedule.is_whole()
    assert schedule.last == (0, "")
    after = schedule.metrics()
    assert after[POLLED] > before[POLLED]
    assert (after[SUCCESS], after[UNCHANGED]) == (before[SUCCESS], 1)


CHANGES: dict[str, Callable[[QuietSchedule], object]] = {
    "playbook moved": lambda schedule: schedule.playbook.commit(),
    "branch moved": lambda schedule: schedule.upstream.commit(),
    "branch gone": lambda schedule: schedule.upstream.git("update-ref", "-d", "refs/heads/main"),
    "playbook's server gone": lambda schedule: schedule.playbook.path.rename(schedule.folder / "elsewhere"),
    "server gone": lambda schedule: schedule.upstream.path.rename(schedule.folder / "elsewhere"),
    "file touched": lambda schedule: schedule.inventory.touch(),
    "file exchanged": lambda schedule: exchange(schedule.inventory),
    "file gone": lambda schedule: schedule.inventory.unlink(),
    "state written": lambda schedule: schedule.put("state.json", "{}"),
    "held": lambda schedule: schedule.put("hold", ""),
    "ratchet moved": lambda schedule: (schedule.instance_dir / "git/last_commit").write_bytes(b"none\n"),
    "schedule changed": lambda schedule: schedule.install(timeout=61),
    "program changed": lambda schedule: (schedule.folder / "program/flant-gitops-pull.pyz").touch(),
    "missing": lambda schedule: schedule.quiet_file.unlink(),
    "empty": lambda schedule: schedule.quiet_file.write_bytes(b""),
    "cut off": lambda schedule: os.truncate(schedule.quiet_file, 100),
    "no object": lambda schedule: schedule.quiet_file.write_bytes(b"[]"),
    "other fields": lambda schedule: rewrite(schedule, lambda kept: kept["word"].update(more=1)),
    "other parameters": lambda schedule: rewrite(schedule, lambda kept: kept["word"]["poll"].pop("branch")),
    "of another version": lambda schedule: rewrite(schedule, lambda kept: kept.update(version=0)),
    "older": lambda schedule: rewrite(schedule, lambda kept: older(kept, 3601)),
    "readable by others": lambda schedule: schedule.quiet_file.chmod(0o640),
    "a second name": lambda schedule: os.link(schedule.quiet_file, schedule.instance_dir / "name"),
    "a link": lambda schedule: linked(schedule.quiet_file),
    "a folder": lambda schedule: (schedule.quiet_file.unlink(), schedule.quiet_file.mkdir()),
    "due": lambda schedule: rewrite(schedule, lambda kept: kept["word"].update(due=time.time() - 1)),
    "another boot": lambda schedule: rewrite(schedule, lambda kept: began(kept, 0, "another")),
    "clock set back behind the stamp": lambda schedule: rewrite(schedule, lambda kept: shift(kept, 1, 600)),
    "clock set back since": lambda schedule: rewrite(schedule, lambda kept: shift(kept, 2, -600)),
    "clock set forward": lambda schedule: rewrite(schedule, lambda kept: shift(kept, 1, -600)),
}


def exchange(path: Path) -> None:
    path.with_suffix(".new").write_bytes(path.read_bytes())
    path.with_suffix(".new").replace(path)


def linked(path: Path) -> None:
    path.rename(path.with_suffix(".target"))
    path.symlink_to(path.with_suffix(".target"))


def began(kept: dict[str, object], index: int, value: object) -> None:
    kept["began"][index] = value


def shift(kept: dict[str, object], index: int, seconds: float) -> None:
    began(kept, index, kept["began"][index] + seconds)


def older(kept: dict[str, object], seconds: float) -> None:
    for index in (1, 2):
        shift(kept, index, -seconds)


@pytest.mark.parametrize("change", [pytest.param(change, id=name) for name, change in CHANGES.items()])
def test_whatever_may_have_changed_starts_a_whole_run(
    schedule: QuietSchedule, change: Callable[[QuietSchedule], object]
) -> None:
    change(schedule)
    assert schedule.is_whole()
    assert schedule.last[1].startswith("ansible-pull is due, as ")


def test_signatures_that_have_moved_start_a_whole_run(tmp_path: Path, signers: Signers) -> None:
    schedule = QuietSchedule(tmp_path, options_of_poll=trust(signers))
    commit = schedule.upstream.commit(signer=signers.alice)
    schedule.says(schedule.process())
    schedule.ready()
    schedule.upstream.note(commit, signers.bob)
    assert schedule.is_whole()
    schedule.says(schedule.poll())
    assert schedule.is_whole()  # what was left of the run before is of other signatures
    assert not schedule.is_whole()


def test_a_commit_that_waits_to_be_signed_is_skipped_until_it_is(tmp_path: Path, signers: Signers) -> None:
    schedule = QuietSchedule(tmp_path, options_of_poll=trust(signers))
    schedule.upstream.commit(signer=signers.alice)
    schedule.process()
    commit = schedule.upstream.commit()
    schedule.says(schedule.poll())
    schedule.ready()
    assert schedule.metrics()['flant_gitops_status{name="default",status="awaiting_signatures"}'] == 1
    schedule.upstream.note(commit, signers.alice)
    assert schedule.is_whole()


def trust(signers: Signers) -> dict[str, object]:
    return {
        "required_signatures": 1,
        "trusted_keys": [signers.alice.public_key],
        "on_insufficient_signatures": "wait",
    }


def test_held_instance_asks_no_server_of_its_own_until_it_is_resumed(schedule: QuietSchedule) -> None:
    schedule.put("hold", "")
    schedule.says(schedule.poll())
    schedule.ready()
    polled = schedule.metrics()[POLLED]
    schedule.upstream.path.rename(schedule.folder / "elsewhere")
    time.sleep(1.1)
    assert not schedule.is_whole()
    assert schedule.metrics()[POLLED] == polled
    (schedule.instance_dir / "hold").unlink()
    assert schedule.is_whole()


def test_suspended_instance_goes_by_the_playbook_alone(schedule: QuietSchedule) -> None:
    schedule.says(schedule.poll(), status="suspended", poll={})
    schedule.ready()
    schedule.upstream.commit()
    assert not schedule.is_whole()
    schedule.playbook.commit()
    assert schedule.is_whole()


def test_a_run_that_fails_is_followed_by_a_whole_one(schedule: QuietSchedule) -> None:
    schedule.playbook.commit()
    schedule.put("status", "4")
    for _index in range(2):
        assert schedule.is_whole()
        assert schedule.last[0] == 4
    schedule.put("status", "0")
    assert schedule.is_whole()
    assert not schedule.is_whole()


OPEN = ["localhost default", None]


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([], id="nothing said"),
        pytest.param([OPEN], id="open"),
        pytest.param(["word", OPEN], id="open again"),
        pytest.param(["word", ["localhost second", None]], id="another instance open"),
        pytest.param(["word", "other"], id="two instances"),
        pytest.param([[1]], id="damaged"),
    ],
)
def test_a_run_that_has_left_something_open_is_followed_by_a_whole_one(
    schedule: QuietSchedule, lines: list[object]
) -> None:
    word = json.loads((schedule.instance_dir / "said").read_text(encoding="utf-8").splitlines()[-1])
    known = {"word": word, "other": ["localhost second", word[1]]}
    schedule.playbook.commit()
    schedule.say(*(known[line] if isinstance(line, str) else line for line in lines))
    assert schedule.is_whole()
    assert schedule.is_whole()
    assert not schedule.quiet_file.exists()


@pytest.mark.parametrize(
    "during",
    [
        pytest.param("touch ../inventory", id="file touched"),
        pytest.param("git --git-dir=../playbook.git update-ref refs/heads/main refs/heads/next", id="playbook moved"),
    ],
)
def test_what_changes_during_a_whole_run_starts_another(schedule: QuietSchedule, during: str) -> None:
    schedule.playbook.git("branch", "next", "main")
    schedule.playbook.commit(branch="next")
    schedule.put("during", during)
    schedule.install(timeout=62)
    assert schedule.is_whole()
    schedule.put("during", "true")
    assert schedule.is_whole()
    assert not schedule.is_whole()


def test_git_that_fails_starts_a_whole_run_and_moves_no_metric(schedule: QuietSchedule) -> None:
    polled = schedule.metrics()[POLLED]
    schedule.playbook.path.rename(schedule.folder / "elsewhere")
    time.sleep(1.1)
    assert schedule.is_whole()
    assert schedule.metrics()[POLLED] == polled
    assert "the server of the playbook does not tell where its ref stands" in schedule.last[1]


@pytest.mark.root
def test_what_another_user_has_written_starts_a_whole_run(schedule: QuietSchedule) -> None:
    os.chown(schedule.quiet_file, 65534, 65534)
    assert schedule.is_whole()


@pytest.mark.parametrize(
    "arguments",
    [["--url=/elsewhere"], ["-U", "/elsewhere"], ["--checkout=next"], ["-Cnext"], ["--module-name=subversion"]],
    ids=lambda arguments: arguments[0],
)
def test_ansible_pull_that_is_told_to_fetch_something_else_is_always_run(
    schedule: QuietSchedule, arguments: list[str]
) -> None:
    settings = json.loads((schedule.folder / "program/settings.json").read_text(encoding="utf-8"))
    schedule.install(command=[*settings["command"], *arguments])
    assert [schedule.is_whole() for _index in range(2)] == [True, True]
    assert "otherwise than by --url= and --checkout=" in schedule.last[1]


def test_schedule_without_whole_runs_in_between_neither_looks_nor_listens(schedule: QuietSchedule) -> None:
    schedule.put("during", "env | grep FLANT_GITOPS_QUIET")
    schedule.install(full_every=0)
    assert [schedule.is_whole() for _index in range(2)] == [True, True]
    assert schedule.last == (0, "")


def test_a_signal_ends_a_look_that_waits_for_a_server(schedule: QuietSchedule, tmp_path: Path) -> None:
    git = tmp_path / "bin/git"
    git.parent.mkdir()
    git.write_text(f"#!/bin/sh\ntouch {tmp_path}/asked\nexec sleep 300\n", encoding="ascii")
    git.chmod(0o755)
    schedule.install(environment={"PATH": f"{git.parent}:/usr/bin:/bin"})
    with schedule.start() as process:
        until((tmp_path / "asked").exists)
        process.terminate()
        process.communicate(timeout=60)
    assert process.returncode == 143
    assert schedule.runs() == 1
