# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet of hosts that stand in all ways, asked by a controller that remembers nothing."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.tests.component.role.conftest import NO_VAULT
from ansible_collections.flant.gitops.tests.support.waiting import until

if TYPE_CHECKING:
    import docker
    from ansible_collections.flant.gitops.tests.component.role.conftest import Upstream
    from ansible_collections.flant.gitops.tests.support.signers import Signers
    from ansible_collections.flant.gitops.tests.support.site import Result, Site

FORGETFUL = {"ANSIBLE_CACHE_PLUGIN": "memory"}
MISSING_IMAGE = "sha256:" + "1" * 64


@dataclass
class Fleet:
    """A site with several hosts, which are all this machine."""

    site: Site
    hosts: dict[str, dict[str, object]]

    def add(self, name: str, *, own: dict[str, object] | None = None, **variables: object) -> None:
        """Add a host with ``variables`` of the role, and with its ``own``."""
        self.hosts[name] = {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "flant_gitops_work_dir": str(self.site.folder / name),
            **{f"flant_gitops_{variable}": value for variable, value in variables.items()},
            **(own or {}),
        }

    def play(self, playbook: str, *arguments: str, limit: str = "all", **options: object) -> Result:
        inventory = self._inventory()
        return self.site.run("-i", inventory, "--limit", limit, *arguments, playbook=playbook, **options)

    def start(self, limit: str) -> object:
        return self.site.start("-i", self._inventory(), "--limit", limit)

    def status(self, *arguments: str, **options: object) -> tuple[Result, dict[str, dict[str, object]]]:
        """Ask all hosts, and return what a controller that remembers nothing makes of it."""
        report = self.site.folder / "status.json"
        report.unlink(missing_ok=True)
        extra = ("-e", f"flant_gitops_status_report={report}", *arguments)
        result = self.play("flant.gitops.status", *extra, environment=FORGETFUL, **options)
        assert report.exists(), result.output
        return result, {each["host"]: each for each in json.loads(report.read_text(encoding="utf-8"))}

    def _inventory(self) -> str:
        file = self.site.folder / "fleet.json"
        file.write_text(json.dumps({"all": {"hosts": self.hosts}}), encoding="utf-8")
        return str(file)


@pytest.fixture
def fleet(site: Site) -> Fleet:
    """Let what differs between hosts be the hosts' own, and not an extra variable that rules over all."""
    common = {name: site.variables.pop(name) for name in ("work_dir", "docker_image", "commands")}
    fleet = Fleet(site, {})
    del common["work_dir"]
    original = fleet.add
    fleet.add = lambda name, **more: original(name, **{**common, **more})  # type: ignore[method-assign]
    return fleet


def test_r19_each_state_is_told_by_the_target(fleet: Fleet, upstream: Upstream, signers: Signers) -> None:
    signed = upstream.commit("one", "First", signers.alice)
    fleet.add("fine")
    fleet.add("cannot-run", commands=["exit 3"])
    fleet.add("cannot-prepare", docker_image=MISSING_IMAGE)
    fleet.add("cannot-wrap", **NO_VAULT)
    fleet.add("cannot-poll", git_branch_name="missing")
    fleet.add("is-held")
    fleet.play("flant.gitops.suspend", "-e", "flant_gitops_suspend_reason=Moving", limit="is-held")
    fleet.play("flant.gitops.run")
    fleet.add("is-suspended", suspend="Frozen")
    fleet.add("is-new")
    fleet.add("is-away", own={"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 9})
    fleet.add("is-misspelt", instances="x")
    result, told = fleet.status()
    assert result.rc == 2, result.output
    assert {host: each["state"] for host, each in told.items()} == {
        "fine": "ok",
        "cannot-run": "failing",
        "cannot-prepare": "failing",
        "cannot-wrap": "failing",
        "cannot-poll": "failing",
        "is-held": "held",
        "is-suspended": "held",
        "is-new": "never",
        "is-away": "unreachable",
        "is-misspelt": "failing",
    }
    assert list(told)[-1] == "fine"
    for host, words in {
        "fine": f"processed: commit {signed} ran with rc 0, signed by alice",
        "cannot-run": f"run: commit {signed}: ",
        "cannot-prepare": f"prepare: commit {signed}: ",
        "cannot-wrap": f"wrap: commit {signed}: The login at auth/approle",
        "cannot-poll": "poll: flant_gitops_git_branch_name: ",
        "is-held": "held: Moving (suspended by ",
        "is-suspended": "suspended: Frozen",
        "is-misspelt": "flant_gitops_instances: flant.gitops does not know this variable",
    }.items():
        assert str(told[host]["reason"]).startswith(words), told[host]
        assert words in result.output
    assert told["fine"]["deployed"] == signed
    assert told["fine"]["signers"] == ["alice"]
    assert told["fine"]["last_run"]["rc"] == 0
    assert told["cannot-run"]["last_run"]["rc"] == 3
    assert told["cannot-run"]["deployed"] == ""
    assert told["cannot-run"]["last_poll"]
    assert all(told[host]["since"] for host in ("fine", "cannot-run", "cannot-wrap", "cannot-poll", "is-held"))
    assert "WARNING" not in result.output.replace("[WARNING]: Platform", "")


def test_r19_waiting_running_and_stale(
    fleet: Fleet, upstream: Upstream, signers: Signers, engine: docker.DockerClient
) -> None:
    fleet.site.variables["git_on_insufficient_signatures"] = "wait"
    commit = upstream.commit("one", "First")
    mark = f"sleep 300 # {fleet.site.folder}"
    fleet.add("web1", commands=[mark])
    assert fleet.play("flant.gitops.run").status == "awaiting_signatures"
    result, told = fleet.status()
    assert result.rc == 0, result.output
    assert told["web1"]["state"] == "waiting"
    assert str(told["web1"]["reason"]).startswith(
        f"awaiting_signatures: flant_gitops_required_number_of_verified_signatures_on_commit: commit {commit} carries 0"
    )
    assert fleet.status("-e", "flant_gitops_status_max_age=1h")[1]["web1"]["state"] == "waiting"
    late, told = fleet.status("-e", "flant_gitops_status_max_age=1s")
    assert (late.rc, told["web1"]["state"]) == (2, "stale")
    assert "1 of 1: default on web1 is stale." in late.output

    upstream.sign(commit, signers.alice)
    process = fleet.start("web1")
    until(lambda: any(mark in str(each.attrs) for each in engine.containers.list()), during=process, seconds=120)
    running, told = fleet.status("-e", "flant_gitops_status_max_age=1s")
    assert (running.rc, told["web1"]["state"]) == (0, "running"), running.output
    assert told["web1"]["since"]
    assert fleet.play("flant.gitops.cancel").rc == 0
    process.communicate(timeout=300)


HOSTILE = "<script>alert(1)</script>{{ lookup('pipe', 'touch %s') }}\u202e"


def test_hostile_answers_and_fifty_hosts_are_text_in_one_table(fleet: Fleet, upstream: Upstream) -> None:
    upstream.commit("one")
    pwned = fleet.site.folder / "pwned"
    said = HOSTILE % pwned
    state = {"status": "failed", "step": said, "reason": said, "since": said, "last_run": {"commit": said, "rc": said}}
    answer = {"changed": False, "status": "held", "hold": said, "held_since": said, "commit": said, "existing": said}
    interpreter = fleet.site.folder / "python"
    (fleet.site.folder / "answer").write_text(json.dumps({**answer, "state": state, "msg": said}), encoding="utf-8")
    interpreter.write_text(f"#!/bin/sh\nexec cat {fleet.site.folder}/answer\n", encoding="utf-8")
    interpreter.chmod(0o755)
    fleet.add("hostile", own={"ansible_python_interpreter": str(interpreter)})
    for number in range(49):
        fleet.add(f"web{number}", instance="../x")
    result, told = fleet.status()
    assert result.rc == 2
    assert len(told) == 50
    assert told["hostile"]["state"] == "held"
    assert told["hostile"]["reason"] == f"held: {said}".replace("\u202e", "\ufffd")
    assert (told["hostile"]["since"], told["hostile"]["deployed"], told["hostile"]["last_run"]) == ("", "", None)
    assert result.output.count("HOST ") == 1
    page = fleet.site.folder / "status.html"
    fleet.play("flant.gitops.status", "-e", f"flant_gitops_status_report={page}", environment=FORGETFUL)
    text = page.read_text(encoding="utf-8")
    assert text.count("<tr>") == 51
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ lookup(" in text
    assert page.stat().st_mode & 0o777 == 0o600
    assert not pwned.exists()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("flant_gitops_status_max_age=often", "flant_gitops_status_max_age: 'often' is not a duration"),
        ("flant_gitops_status_report=/proc/none/x.html", "flant_gitops_status_report: /proc/none/x.html cannot be"),
        ("flant_gitops_status_max_ages=1h", "did you mean flant_gitops_status_max_age?"),
    ],
)
def test_mistake_is_refused(fleet: Fleet, given: str, words: str) -> None:
    fleet.add("web1")
    refused = fleet.play("flant.gitops.status", "-e", given)
    assert refused.rc == 2, refused.output
    assert words in refused.output
