# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Killed with SIGKILL between any two steps, a commit has run exactly once, or its container is taken up."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.tests.component.role.conftest import SIGKILLED
from ansible_collections.flant.gitops.tests.support.waiting import until

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.tests.component.role.conftest import Containers, Upstream
    from ansible_collections.flant.gitops.tests.support.signers import Signers
    from ansible_collections.flant.gitops.tests.support.site import Site

# The tasks of a run, in order; killed before each of them, the run before has just ended.
TASKS = (
    "Poll the branch",
    "Prepare the image",
    "Request the wrapped tokens",
    "Remember that the commit is started",
    "Run the commands, or take up the run that is there",
    "Print the output",
    "Record the commit",
    "Remove the container",
    "Keep the output and delete the archive",
    "Remember how it ended",
    "Tell how it ended",
)


@pytest.mark.parametrize("task", TASKS)
def test_r9_killed_before_any_step_the_commit_runs_once(
    task: str, site: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    commit = upstream.commit("ran", "First", signers.alice)
    killed = site.run(kill_at=task)
    assert killed.rc == SIGKILLED, killed.output
    after = site.run()
    assert after.rc == 0, after.output
    assert site.facts["default"]["last_successful_commit"] == commit
    assert site.run().status == "unchanged"
    assert containers.started(site) == 1
    assert containers.left(site) == []


@pytest.mark.parametrize("task", TASKS[1:])
def test_r31_killed_before_any_step_a_rerun_runs_once(
    task: str, site: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    commit = upstream.commit("ran", "First", signers.alice)
    site.begin_at(commit)
    killed = site.run(playbook="flant.gitops.run_again", kill_at=task)
    assert killed.rc == SIGKILLED, killed.output
    after = site.run()
    assert after.rc == 0, after.output
    assert containers.started(site) == 1
    assert containers.left(site) == []
    assert site.facts["default"]["last_successful_commit"] == commit
    assert site.run().status == "unchanged"
    again = site.run(playbook="flant.gitops.run_again")
    assert (again.status, containers.started(site)) == ("processed", 2), again.output


def test_r12_quiet_poll_after_a_kill_clears_up_and_writes_the_fact(
    site: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    commit = upstream.commit("ran", "First", signers.alice)
    assert site.run(kill_at="Remove the container").rc == SIGKILLED
    assert containers.left(site) == [site.container]
    assert "last_successful_commit" not in site.facts["default"]
    quiet = site.run()
    assert quiet.rc == 0, quiet.output
    assert quiet.status == "unchanged"
    assert containers.left(site) == []
    assert site.facts["default"]["last_successful_commit"] == commit
    assert containers.started(site) == 1


def test_r11_run_that_polled_before_another_recorded_starts_nothing(
    site: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    upstream.commit("ran", "First", signers.alice)
    held = site.hold("Run the commands, or take up the run that is there")
    first = site.run()
    assert first.status == "processed", first.output
    second = held.finish()
    assert second.rc == 0, second.output
    assert second.status == "superseded"
    assert containers.started(site) == 1
    assert containers.left(site) == []


def test_run_whose_container_another_run_has_cleared_up_polls_again(
    site: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    commit = upstream.commit("ran", "First", signers.alice)
    assert site.run(kill_at="Record the commit").rc == SIGKILLED
    held = site.hold("Run the commands, or take up the run that is there")
    assert site.run().status == "processed"
    late = held.finish()
    assert late.rc == 0, late.output
    assert late.status == "unchanged"
    assert site.facts["default"]["last_successful_commit"] == commit
    assert containers.started(site) == 1
    assert containers.left(site) == []


def test_cancelled_commit_is_left_to_the_next_run_by_one_that_waits_for_it(
    site: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    site.variables["commands"] = ["sleep 600"]
    upstream.commit("ran", "First", signers.alice)
    killed = site.start()
    until(lambda: containers.started(site), during=killed)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    archives = set((site.folder / "work/default").glob("archive-*"))
    held = site.hold("Run the commands, or take up the run that is there")
    assert site.run(playbook="flant.gitops.cancel").rc == 0
    waiting = held.finish()
    assert waiting.rc == 2, waiting.output
    assert "flant.gitops.cancel" in waiting.output
    assert site.facts["default"]["consecutive_failures"] == 1
    assert containers.started(site) == 1
    assert set((site.folder / "work/default").glob("archive-*")) == archives
    site.variables["commands"] = ["cat file"]
    assert site.run().status == "processed"


def test_two_runs_of_one_instance_in_parallel_execute_the_commit_once(
    site: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    site.variables["commands"] = ["sleep 3", "cat file"]
    upstream.commit("ran", "First", signers.alice)
    processes = [site.start() for _index in range(2)]
    outputs = [process.communicate(timeout=300)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], "\n".join(outputs)
    assert containers.started(site) == 1
    assert containers.left(site) == []


def test_busy_is_green_and_says_since_when(
    site: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    site.variables["commands"] = ["sleep 600"]
    upstream.commit("one", "First", signers.alice)
    first = site.start()
    until(lambda: containers.started(site), during=first)
    second_commit = upstream.commit("two", "Second", signers.alice)
    busy = site.run()
    assert busy.rc == 0, busy.output
    assert busy.status == "busy"
    assert "since 20" in busy.output
    assert second_commit in busy.output

    cancelled = site.run(playbook="flant.gitops.cancel")
    assert cancelled.rc == 0, cancelled.output
    output, _errors = first.communicate(timeout=60)
    assert first.returncode == 2, output
    assert containers.left(site) == []
