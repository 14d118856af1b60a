# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that are skipped, with the role itself, a real ansible-pull and two real repositories."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.tests.support.environment import clean
from ansible_collections.flant.gitops.tests.support.host_repository import HostRepository, host_repository
from ansible_collections.flant.gitops.tests.support.repository import Repository
from ansible_collections.flant.gitops.tests.support.scheduled_pull import Installation

if TYPE_CHECKING:
    from pathlib import Path

PLAYED = "PLAY RECAP"


class Schedule(Installation):
    """One whose program is started as systemd starts it."""

    def start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(self.command, env=clean(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def tick(self) -> tuple[int, str]:
        with self.start() as process:
            output = process.communicate(timeout=250)[0]
        return process.returncode, output

    def whole_run(self) -> str:
        status, output = self.tick()
        assert (status, PLAYED in output) == (0, True), output
        return output

    def skipped_run(self) -> None:
        assert self.tick() == (0, "")


@pytest.fixture
def upstream(tmp_path: Path) -> Repository:
    upstream = Repository(tmp_path / "upstream.git")
    upstream.commit()
    return upstream


@pytest.fixture
def host(tmp_path: Path, upstream: Repository) -> HostRepository:
    return host_repository(tmp_path / "host.git", upstream)


@pytest.fixture
def schedule(tmp_path: Path, host: HostRepository) -> Schedule:
    schedule = Schedule(tmp_path / "schedule")
    schedule.set("", **host.options(schedule.folder / "instance"), full_every=3600, timeout=240)
    return schedule


@pytest.mark.slow
def test_runs_are_skipped_until_the_playbook_moves(schedule: Schedule, host: HostRepository) -> None:
    assert "status: unchanged" in schedule.whole_run()
    schedule.skipped_run()
    kept = json.loads((schedule.folder / "instance/quiet.json").read_text(encoding="utf-8"))
    assert {name for name in kept["word"]["poll"] if "password" in name and kept["word"]["poll"][name]} == set()
    assert [path.name for path in (schedule.folder / "instance").glob("*quiet*")] == ["quiet.json"]
    host.publish(suspend="a test")
    assert "status: suspended" in schedule.whole_run()
    schedule.skipped_run()


@pytest.mark.slow
def test_a_commit_is_run_at_once_and_again_until_it_has_run_well(schedule: Schedule, upstream: Repository) -> None:
    schedule.whole_run()
    upstream.commit()
    for _index in range(2):
        status, output = schedule.tick()
        assert status != 0, output  # there is no such image
        assert PLAYED in output


@pytest.mark.slow
def test_a_poll_with_a_period_of_its_own_is_left_to_the_role(schedule: Schedule, host: HostRepository) -> None:
    host.publish(git_poll_period="1s")
    schedule.whole_run()
    assert "cannot be skipped" in schedule.whole_run()
    assert not (schedule.folder / "instance/quiet.json").exists()
