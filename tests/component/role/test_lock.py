# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock is the target's: whatever inventories call it, and whichever version has begun, a commit runs once."""

from __future__ import annotations

import os
import shutil
import signal
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.tests.component.role.conftest import ENGINE, SIGKILLED
from ansible_collections.flant.gitops.tests.support.container_call import Caller, finished
from ansible_collections.flant.gitops.tests.support.waiting import until

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.tests.component.role.conftest import Containers, Upstream
    from ansible_collections.flant.gitops.tests.support.signers import Signers
    from ansible_collections.flant.gitops.tests.support.site import Site

RUN = "Run the commands, or take up the run that is there"
RECORD = "Record the commit"


@pytest.fixture
def other(site: Site) -> Site:
    """Another controller, whose inventory has another name for the same target."""
    return site.elsewhere(site.folder.parent / "other", "web1.example.com")


def kill_while_running(site: Site, containers: Containers) -> None:
    """Run until the commands do, and kill Ansible then."""
    process = site.start()
    until(lambda: containers.started(site), during=process)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def test_r13_two_names_of_one_target_at_once_run_the_commit_once(
    site: Site, other: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    site.variables["commands"] = ["sleep 3", "cat file"]
    commit = upstream.commit("ran", "First", signers.alice)
    processes = [each.start() for each in (site, other, site, other)]
    outputs = [process.communicate(timeout=300)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, "\n".join(outputs)
    assert [each.run().status for each in (site, other)] == ["unchanged", "unchanged"]
    assert {each.facts["default"]["last_successful_commit"] for each in (site, other)} == {commit}
    assert containers.started(site) == 1
    assert containers.left(site) == []


@pytest.mark.parametrize("task", ["Remember that the commit is started", RUN, RECORD, "Remove the container"])
def test_r13_what_was_killed_under_one_name_is_taken_up_under_the_other(
    task: str, site: Site, other: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    commit = upstream.commit("ran", "First", signers.alice)
    assert site.run(kill_at=task).rc == SIGKILLED
    after = other.run()
    assert after.rc == 0, after.output
    assert other.facts["default"]["last_successful_commit"] == commit
    assert site.run().status == "unchanged"
    assert containers.started(site) == 1
    assert containers.left(site) == []


def test_r13_other_name_is_busy_reads_the_log_and_can_cancel(
    site: Site, other: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    site.variables["commands"] = ["echo so far", "sleep 600"]
    upstream.commit("one", "First", signers.alice)
    first = site.start()
    until(lambda: containers.started(site), during=first)
    upstream.commit("two", "Second", signers.alice)
    assert other.run().status == "busy"
    log = other.run(playbook="flant.gitops.log")
    assert log.rc == 0, log.output
    assert '"so far"' in log.output
    cancelled = other.run(playbook="flant.gitops.cancel")
    assert cancelled.rc == 0, cancelled.output
    assert f"its container {site.container} removed." in cancelled.output
    output, _errors = first.communicate(timeout=60)
    assert first.returncode == 2, output
    assert containers.left(site) == []
    assert "nothing was running" in other.run(playbook="flant.gitops.cancel").output


def test_r13_deleted_git_dir_does_not_lose_the_run(
    site: Site, other: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    site.variables["commands"] = ["sleep 5", "cat file"]
    commit = upstream.commit("ran", "First", signers.alice)
    kill_while_running(site, containers)
    shutil.rmtree(site.work / "git")
    after = other.run()
    assert after.status == "processed", after.output
    assert other.facts["default"]["last_successful_commit"] == commit
    assert containers.started(site) == 1
    assert containers.left(site) == []


def test_r13_what_runs_is_seen_although_all_that_was_remembered_is_deleted(
    site: Site, other: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    site.variables["commands"] = ["sleep 600"]
    upstream.commit("ran", "First", signers.alice)
    kill_while_running(site, containers)
    name = site.container
    shutil.rmtree(site.work)
    assert other.run().status == "busy"
    assert site.container != name
    assert containers.left(site) == [name]
    containers.engine.containers.get(name).remove(force=True, v=True)
    site.variables["commands"] = ["cat file"]
    assert site.run().status == "processed"


def test_r13_run_that_could_not_be_recorded_is_taken_up(
    site: Site, other: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    commit = upstream.commit("ran", "First", signers.alice)
    held = site.hold(RECORD)
    shutil.rmtree(site.work / "git")
    failed = held.finish()
    assert failed.rc == 2, failed.output
    assert f"commit {commit}: " in failed.output
    assert containers.left(site) == [site.container]
    after = other.run()
    assert after.status == "processed", after.output
    assert containers.started(site) == 1
    assert containers.left(site) == []


@pytest.fixture
def before(site: Site, upstream: Upstream, signers: Signers) -> Caller:
    """Leave what version 1.0.0 does after a first commit, and call as it did for the next one.

    It gave the repository no id, and the container the commit's own for an identity and no owner.
    """
    site.begin_at(upstream.commit("first", "First", signers.alice))
    (site.work / "git.id").unlink()
    commit = upstream.commit("ran", "Second", signers.alice)
    archive = site.folder / "tree.tar"
    upstream.git("archive", "--output", str(archive), commit)
    return Caller(
        {
            "name": site.container_before,
            "identity": commit,
            "archive": archive,
            "image": site.variables["docker_image"],
            "docker_host": ENGINE,
            "commands": site.variables["commands"],
            "cleanup": False,
        }
    )


@pytest.mark.parametrize("kill_at", [None, RUN, RECORD, "Remove the container", "Remember how it ended"])
def test_r13_run_of_the_version_before_is_taken_up(
    kill_at: str | None, site: Site, upstream: Upstream, before: Caller, containers: Containers
) -> None:
    assert before()["rc"] == 0
    if kill_at:
        assert site.run(kill_at=kill_at).rc == SIGKILLED
    after = site.run()
    assert after.rc == 0, after.output
    assert site.facts["default"]["last_successful_commit"] == upstream.git("rev-parse", "HEAD")
    assert site.run().status == "unchanged"
    assert containers.started(site) == 1
    assert containers.left(site) == []


def test_r13_run_of_the_version_before_is_waited_for_and_can_be_cancelled(
    site: Site, upstream: Upstream, before: Caller, signers: Signers, containers: Containers
) -> None:
    running = before.start("sleep 600")
    until(lambda: containers.started(site) == 1, during=running)
    upstream.commit("later", "Third", signers.alice)
    assert site.run().status == "busy"
    cancelled = site.run(playbook="flant.gitops.cancel")
    assert f"its container {site.container_before} removed." in cancelled.output, cancelled.output
    assert finished(running)["failed"]
    assert site.run().status == "processed"
    assert containers.started(site) == 2
    assert containers.left(site) == []


def test_r13_commit_that_failed_under_the_version_before_is_cleared_away_and_started_anew(
    site: Site, before: Caller, containers: Containers
) -> None:
    assert before("exit 3", identity="f" * 40)["rc"] == 3
    assert containers.left(site) == [site.container_before]
    assert site.run().status == "processed"
    assert containers.started(site) == 2
    assert containers.left(site) == []


def test_r12_commit_that_the_version_before_has_recorded_is_cleared_up(
    site: Site, upstream: Upstream, before: Caller, containers: Containers
) -> None:
    commit = upstream.git("rev-parse", "HEAD")
    assert site.run(kill_at="Prepare the image").rc == SIGKILLED
    assert before()["rc"] == 0
    assert site.run(kill_at="Remove the container").rc == SIGKILLED
    assert containers.left(site) == [site.container_before]
    quiet = site.run()
    assert quiet.status == "unchanged", quiet.output
    assert site.facts["default"]["last_successful_commit"] == commit
    assert containers.started(site) == 1
    assert containers.left(site) == []
