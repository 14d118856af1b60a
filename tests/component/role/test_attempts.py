# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A commit that fails is tried again when it is due, and given up in the end; whatever else fails is no attempt."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.tests.component.role.conftest import NO_VAULT, SIGKILLED

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.flant.gitops.tests.component.role.conftest import Containers, Upstream
    from ansible_collections.flant.gitops.tests.support.signers import Signers
    from ansible_collections.flant.gitops.tests.support.site import Site

NOWHERE = "127.0.0.1:1/nothing@sha256:" + "0" * 64


@pytest.fixture
def failing(site: Site) -> Site:
    """A site whose commits run only where they say so, and are given up after two attempts."""
    site.variables["commands"] = ["grep -q works file"]
    site.variables["max_attempts"] = 2
    return site


def attempts(site: Site) -> object:
    """Return how often the commit has failed, which the controller and the target must agree on."""
    remembered = site.facts["default"].get("attempts", 0)
    told = json.loads((site.work / "state.json").read_text(encoding="utf-8"))
    assert told["attempts"] == remembered
    return remembered


def pass_by(site: Site, seconds: float) -> None:
    """Let what is kept of the attempts be older than it is."""
    file = site.work / "git" / "attempts"
    table = json.loads(file.read_text(encoding="utf-8"))
    aged = {commit: [of, count, at - seconds, *rest] for commit, (of, count, at, *rest) in table.items()}
    file.write_text(json.dumps(aged), encoding="utf-8")


def test_commit_that_always_fails_is_given_up_until_another_comes(
    failing: Site, upstream: Upstream, signers: Signers, containers: Containers, tmp_path: Path
) -> None:
    commit = upstream.commit("broken", "First", signers.alice)
    for number in (1, 2):
        assert (failing.run().status, attempts(failing)) == ("failed", number)
    given_up = failing.run()
    assert (given_up.rc, given_up.status, attempts(failing)) == (0, "given_up", 2), given_up.output
    assert f"commit {commit} has failed 2 times, as often as flant_gitops_max_attempts allows" in given_up.output
    assert list(failing.work.glob("archive-*")) == []
    assert failing.facts["default"]["consecutive_failures"] == 2
    report = tmp_path / "status.json"
    table = failing.run("-e", f"flant_gitops_status_report={report}", playbook="flant.gitops.status")
    assert table.rc == 2
    assert "1 of 1: default on web1 is given_up." in table.output
    assert json.loads(report.read_text(encoding="utf-8"))[0]["state"] == "given_up"

    failing.forget()
    assert failing.run().status == "given_up"
    assert containers.started(failing) == 2

    upstream.commit("works", "Second", signers.alice)
    assert failing.run().status == "processed"
    assert attempts(failing) == 0
    assert (containers.started(failing), containers.left(failing)) == (3, [])


def test_commit_waits_longer_each_time(
    failing: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    failing.variables |= {"retry_delay": "10m", "max_attempts": 0}
    commit = upstream.commit("broken", "First", signers.alice)
    assert failing.run().status == "failed"
    waits = failing.run()
    assert (waits.rc, waits.status) == (0, "waiting_for_retry"), waits.output
    assert f"commit {commit} has failed once and waits until 2" in waits.output
    assert failing.run("--check").status == "waiting_for_retry"
    assert list(failing.work.glob("archive-*")) == []
    pass_by(failing, 601)
    assert failing.run().status == "failed"
    pass_by(failing, 601)
    assert failing.run().status == "waiting_for_retry"
    assert (containers.started(failing), attempts(failing)) == (2, 2)


def test_what_is_wrong_with_the_run_begins_anew(
    failing: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    """Of what can be mended one that the container's labels know, and one that they do not."""
    failing.variables["max_attempts"] = 1
    upstream.commit("broken", "First", signers.alice)
    for variables in ({}, {"commands": ["false"]}, {"docker_timeout": "29m"}):
        failing.variables |= variables
        assert (failing.run().status, attempts(failing)) == ("failed", 1)
    assert failing.run().status == "given_up"
    assert containers.started(failing) == 3


@pytest.mark.parametrize("playbook", ["flant.gitops.run_again", "flant.gitops.reset"])
def test_operator_lets_it_begin_anew(
    playbook: str, failing: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    failing.variables["max_attempts"] = 1
    upstream.commit("broken", "First", signers.alice)
    assert [failing.run().status, failing.run().status] == ["failed", "given_up"]
    answers = ("-e", "flant_gitops_reset_commit=none", "-e", "flant_gitops_reset_confirmed=yes")
    if playbook == "flant.gitops.reset":
        assert failing.run(*answers, playbook=playbook).rc == 0
        assert failing.run().status == "failed"
    else:
        assert failing.run(playbook=playbook).status == "failed"
    assert failing.run().status == "given_up"
    assert containers.started(failing) == 2


def test_rerun_that_fails_is_given_up_too(
    failing: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    upstream.commit("works", "First", signers.alice)
    assert failing.run().status == "processed"
    failing.variables |= {"commands": ["false"], "max_attempts": 1}
    assert failing.run(playbook="flant.gitops.run_again").status == "failed"
    assert failing.run().status == "given_up"
    assert failing.run(playbook="flant.gitops.run_again").status == "failed"
    assert containers.started(failing) == 3


@pytest.mark.parametrize(
    ("task", "runs"),
    [
        ("Print the output", ["failed", "given_up"]),
        ("Remove the container", ["failed", "given_up"]),
        ("Remember how it ended", ["given_up"]),
    ],
)
def test_attempt_of_a_killed_run_is_counted_once(
    task: str, runs: list[str], failing: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    """Killed before it is counted and behind that, before its container is removed and behind that."""
    failing.variables |= {"max_attempts": 1, "retry_delay": "1h"}
    upstream.commit("broken", "First", signers.alice)
    assert failing.run(kill_at=task).rc == SIGKILLED
    assert [failing.run().status for _run in runs] == runs
    assert (attempts(failing), containers.started(failing), containers.left(failing)) == (1, 1, [])


def test_what_fails_beside_the_commands_is_no_attempt(
    failing: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    """A registry, Vault and an engine that are down; nothing listens at any of these ports."""
    failing.variables["max_attempts"] = 1
    upstream.commit("works", "First", signers.alice)
    for variables in (
        {"docker_image": NOWHERE},
        {"docker_host": "tcp://127.0.0.1:1"},
        NO_VAULT,
        {"commands": ["true"], "docker_user": "nobody-here"},
    ):
        before = dict(failing.variables)
        failing.variables |= variables
        ran = failing.run()
        assert (ran.rc, ran.status, attempts(failing)) == (2, "failed", 0), ran.output
        failing.variables = before
    assert containers.started(failing) == 0
    assert failing.run().status == "processed"


def test_fix_behind_a_commit_that_is_given_up_runs(
    failing: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    failing.variables |= {"max_attempts": 1, "git_select": "oldest"}
    broken = upstream.commit("broken", "First", signers.alice)
    assert [failing.run().status, failing.run().status] == ["failed", "given_up"]
    fix = upstream.commit("works", "Second", signers.alice)
    again = failing.run()
    assert again.status == "failed"
    assert broken in again.output
    fixed = failing.run()
    assert fixed.status == "processed", fixed.output
    assert failing.facts["default"]["last_successful_commit"] == fix
    assert containers.started(failing) == 3
