# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program of a schedule, installed as a file, run as a process; a script stands in for ansible-pull."""

from __future__ import annotations

import json
import os
import signal
import time
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._offset import host, offset
from ansible_collections.flant.gitops.plugins.module_utils._pull.request import Request
from ansible_collections.flant.gitops.plugins.module_utils._pull.run import run
from ansible_collections.flant.gitops.tests.support.scheduled_pull import Installation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(tmp_path)


@pytest.fixture
def umask() -> Iterator[None]:
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.mark.parametrize(("script", "status"), [("exit 0", 0), ("exit 3", 3), ("kill -9 $$", 137)])
def test_r20_its_status_is_that_of_ansible_pull(installation: Installation, script: str, status: int) -> None:
    installation.set(script)
    assert installation.tick()[0] == status


def test_command_and_environment_arrive_as_they_are_in_the_folder_of_the_instance(installation: Installation) -> None:
    command = [str(installation.folder / "pull"), "a b", "$HOME", "100% '\"\\"]
    installation.set('printf "%s|" "$@" "$ODD" "$PWD"', command=command, environment={"ODD": "é $x", "N": 1})
    assert installation.tick() == (0, "|".join([*command[1:], "é $x", str(installation.folder / "instance"), ""]))


def test_it_is_installed_once_and_a_newer_one_takes_the_place_of_another(installation: Installation) -> None:
    assert installation.set("exit 0", check_mode=True).changed
    assert not (installation.folder / "program/settings.json").exists()
    assert installation.set("exit 0").changed
    assert not installation.set("exit 0").changed
    (installation.folder / "program/flant-gitops-pull.pyz").write_bytes(b"of another version")
    assert installation.set("exit 5").changed
    assert installation.tick()[0] == 5


@pytest.mark.usefixtures("umask")
def test_others_may_run_it_and_read_the_metrics_but_not_the_settings(installation: Installation) -> None:
    installation.set("exit 0")
    installation.tick()
    modes = {path.name: path.stat().st_mode & 0o777 for path in installation.folder.glob("[mp]*/*")}
    assert modes == {"flant-gitops-pull.pyz": 0o644, "settings.json": 0o640, "flant_gitops_default.prom": 0o644}


def test_what_the_checkout_holds_is_neither_run_nor_read(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout = installation.folder / "instance/checkout"
    (checkout / ".git").mkdir(parents=True)
    hostile = "raise SystemExit('hostile')"
    for place in (checkout, installation.folder / "instance"):
        for name in ("json", "settings", "sitecustomize", "usercustomize"):
            (place / f"{name}.py").write_text(hostile, encoding="utf-8")
    installation.set("echo ran")
    monkeypatch.setenv("PYTHONPATH", str(checkout))
    monkeypatch.chdir(installation.folder / "instance")
    assert installation.tick() == (0, "ran\n")


def test_locks_that_a_killed_run_has_left_in_the_checkout_go_and_links_are_not_followed(
    installation: Installation,
) -> None:
    git, elsewhere = installation.folder / "instance/checkout/.git", installation.folder / "elsewhere"
    (git / "refs").mkdir(parents=True)
    elsewhere.mkdir()
    (git / "link").symlink_to(elsewhere)
    for path in (git / "index.lock", git / "refs/head.lock", git / "index", elsewhere / "a.lock"):
        path.touch()
    installation.set("exit 0")
    installation.tick()
    assert sorted(path.name for path in git.rglob("*")) == ["index", "link", "refs"]
    assert (elsewhere / "a.lock").exists()


def test_while_one_runs_another_leaves_it_alone_even_if_its_parent_was_killed(installation: Installation) -> None:
    installation.set("echo begun; test -e begun && exit; touch begun; while ! test -e end; do sleep 0.05; done")
    folder = installation.folder / "instance"
    with installation.start() as process:
        try:
            wait_for(folder / "begun")
            assert installation.tick() == (0, "")
            process.kill()
            process.wait()
            assert installation.tick() == (0, "")
        finally:
            (folder / "end").touch()
    deadline = time.monotonic() + 30
    while installation.tick()[1] != "begun\n" and time.monotonic() < deadline:
        time.sleep(0.05)
    assert time.monotonic() < deadline


def test_a_run_that_takes_too_long_is_ended_with_all_that_it_has_started(installation: Installation) -> None:
    installation.set("sh -c \"trap '' TERM; sleep 300\" & echo $! > pid; sleep 300", timeout=1)
    assert installation.tick()[0] == 124
    pid = int((installation.folder / "instance/pid").read_text(encoding="ascii"))
    assert not is_running(pid)
    assert 'flant_gitops_failing_since_timestamp_seconds{name="default"}' in installation.metrics()


def test_a_signal_ends_the_run_and_there_are_metrics_all_the_same(installation: Installation) -> None:
    installation.set("trap 'touch cleaned; exit 1' TERM; touch begun; while :; do sleep 0.05; done")
    with installation.start() as process:
        wait_for(installation.folder / "instance/begun")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == 143
    assert (installation.folder / "instance/cleaned").exists()
    assert installation.metrics()['flant_gitops_status{name="default",status="failed"}'] == 1


def test_a_run_that_was_told_to_end_is_not_followed_by_another_whoever_has_asked_for_one(
    installation: Installation, tmp_path: Path
) -> None:
    trigger = tmp_path / "trigger"
    trigger.touch()
    installation.set("trap 'exit 1' TERM; echo run >> runs; while :; do sleep 0.05; done", trigger=str(trigger))
    with installation.start() as process:
        wait_for(installation.folder / "instance/runs")
        os.utime(trigger, (1, 1))
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == 143
    assert (installation.folder / "instance/runs").read_text(encoding="ascii") == "run\n"


def test_ansible_pull_that_is_not_there_any_more_is_told(installation: Installation) -> None:
    installation.set("exit 0")
    (installation.folder / "pull").unlink()
    status, output = installation.tick()
    assert status == 127
    assert output == f"{installation.folder}/pull cannot be started: No such file or directory.\n"


def test_success_and_failure_are_remembered_from_run_to_run(installation: Installation) -> None:
    success, failing = (
        f'flant_gitops_{name}_timestamp_seconds{{name="default"}}' for name in ("last_success", "failing_since")
    )
    installation.set("exit 1")
    before = int(time.time())
    installation.tick()
    first = installation.metrics()
    assert before <= first[failing] <= time.time()
    assert success not in first
    time.sleep(1.1)
    installation.tick()
    assert installation.metrics()[failing] == first[failing]
    installation.set("exit 0")
    installation.tick()
    well = installation.metrics()
    assert failing not in well
    installation.set("exit 1")
    installation.tick()
    assert installation.metrics()[success] == well[success] > first[failing]


def test_what_keeps_metrics_from_being_written_is_told_and_changes_nothing_else(installation: Installation) -> None:
    installation.set("exit 3")
    (installation.folder / "metrics").rmdir()
    status, output = installation.tick()
    assert status == 3
    assert output == (
        "There are no metrics of this run: flant_gitops_schedule_metrics_dir:"
        f" {installation.folder}/metrics does not exist.\n"
    )


def test_r14_a_folder_for_metrics_that_others_could_change_is_refused_with_nothing_changed(
    installation: Installation,
) -> None:
    installation.set("exit 0", timeout=7)
    (installation.folder / "metrics").chmod(0o777)
    with pytest.raises(Failure, match=r"^flant_gitops_schedule_metrics_dir: \S+ can be written to by others"):
        installation.set("exit 0", timeout=8)
    settings = json.loads((installation.folder / "program/settings.json").read_text(encoding="utf-8"))
    assert settings["timeout"] == 7


@pytest.mark.parametrize("mode", [0o660, 0o646])
def test_r14_settings_that_others_could_have_changed_start_nothing(installation: Installation, mode: int) -> None:
    installation.set("touch ran")
    (installation.folder / "program/settings.json").chmod(mode)
    status, output = installation.tick()
    assert status == 78
    assert "can be written by others than its owner" in output
    assert not (installation.folder / "instance/ran").exists()


def test_settings_of_the_version_before_are_taken_over(installation: Installation) -> None:
    installation.set("echo begun")
    file = installation.folder / "program/settings.json"
    settings = json.loads(file.read_text(encoding="utf-8"))
    for name in ("repository", "trigger", "full_every", "files"):
        del settings[name]
    file.write_text(json.dumps(settings), encoding="utf-8")
    assert installation.tick() == (0, "begun\n")


def test_settings_that_are_damaged_start_nothing(installation: Installation) -> None:
    installation.set("touch ran")
    (installation.folder / "program/settings.json").write_text("{}", encoding="utf-8")
    assert installation.tick() == (
        78,
        "settings.json: it is damaged; install the schedule again with flant.gitops.schedule.\n",
    )


def test_a_user_that_is_not_there_is_refused_and_one_that_is_gone_keeps_nothing_from_being_removed(
    installation: Installation,
) -> None:
    with pytest.raises(Failure, match=r"^user: there is no user of-nobody on the target\.$"):
        installation.set("exit 0", user="of-nobody")
    installation.set("exit 0")
    settings = installation.folder / "program/settings.json"
    known = json.loads(settings.read_text(encoding="utf-8"))
    settings.write_text(json.dumps({**known, "user": "of-nobody"}), encoding="utf-8")
    outcome = run(Request.from_params(installation.options(state="absent"), check_mode=False))
    assert outcome.warnings == ("The metrics of the schedule stay: user: there is no user of-nobody on the target.",)
    assert not (installation.folder / "program").exists()


def test_metrics_move_with_their_folder_and_go_with_the_program(installation: Installation) -> None:
    installation.set("exit 0")
    installation.tick()
    other = installation.folder / "other"
    other.mkdir()
    (other / ".flant_gitops_default.prom.0123456789abcdef").touch()  # what a writer that was killed has left
    (other / ".flant_gitops_default.b.prom.0123456789abcdef").touch()  # another instance's
    installation.set("exit 0", metrics_dir=str(other))
    assert list((installation.folder / "metrics").iterdir()) == []
    installation.tick()
    left = [".flant_gitops_default.b.prom.0123456789abcdef"]
    assert sorted(path.name for path in other.iterdir()) == [*left, "flant_gitops_default.prom"]

    absent = Request.from_params(installation.options(state="absent"), check_mode=False)
    assert run(absent).changed
    assert [path.name for path in other.iterdir()] == left
    assert not (installation.folder / "program").exists()
    assert not run(absent).changed


def test_its_turn_comes_after_the_seconds_that_are_this_hosts(installation: Installation) -> None:
    delay = next(delay for delay in range(2, 100) if offset(host(), "default", delay) == 2)
    installation.set("date +%s.%N > began", delay=delay)
    before = time.time()
    installation.tick()
    began = float((installation.folder / "instance/began").read_text(encoding="ascii"))
    assert began - before >= 2


@pytest.mark.parametrize(("pushed", "runs"), [("false", 1), ("test ! -e second", 2), ("true", 2)])
def test_push_during_a_run_causes_one_more(installation: Installation, pushed: str, runs: int) -> None:
    trigger = installation.folder / "trigger"
    trigger.touch()
    count = "echo >> runs; sleep 0.05"
    script = f"{count}; if {pushed}; then touch {trigger}; fi; if test -e first; then touch second; fi; touch first"
    installation.set(script, trigger=str(trigger))
    assert installation.tick()[0] == 0
    assert (installation.folder / "instance/runs").read_text(encoding="ascii").count("\n") == runs


def test_status_after_a_push_is_that_of_the_last_run_and_a_trigger_that_is_gone_is_no_push(
    installation: Installation,
) -> None:
    trigger = installation.folder / "trigger"
    trigger.touch()
    script = f"test -e first && exit 3; touch first; sleep 0.05; touch {trigger}; exit 4"
    installation.set(script, trigger=str(trigger))
    assert installation.tick()[0] == 3
    trigger.unlink()
    assert installation.tick()[0] == 3


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        time.sleep(0.05)
    return True
