# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Collections that the schedule brings to the host: ansible-pull runs with what was pinned, and with nothing else."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest
import yaml
from ansible_collections.flant.gitops.tests.component.role.schedule.conftest import (
    Repository,
    Schedule,
    repository,
    run,
)
from ansible_collections.flant.gitops.tests.support.environment import clean
from ansible_collections.flant.gitops.tests.support.throwaway_machine import ansible

PLAYBOOK = [{"hosts": "localhost", "gather_facts": False, "roles": ["my.probe.tell"]}]


class Probe:
    """A collection whose role tells its version, as a repository and as a tarball."""

    def __init__(self, schedule: Schedule) -> None:
        self.machine = schedule.machine
        self.folder = self.machine.shared / f"{schedule.instance}-probe"
        (self.folder / "roles/tell/tasks").mkdir(parents=True)
        self._repository = Repository(self.folder, self.folder)
        self._repository.git("init", "--quiet", "--initial-branch=main")

    def commit(self, version: str) -> dict[str, str]:
        """Commit a version, and return how it is pinned."""
        about = {"namespace": "my", "name": "probe", "version": version, "readme": "README.md", "authors": ["me"]}
        (self.folder / "galaxy.yml").write_text(yaml.safe_dump(about), encoding="utf-8")
        (self.folder / "README.md").touch()
        tasks = [{"name": "Tell", "ansible.builtin.debug": {"msg": f"this is probe {version}"}}]
        (self.folder / "roles/tell/tasks/main.yml").write_text(yaml.safe_dump(tasks), encoding="utf-8")
        self._repository.git("add", "galaxy.yml", "README.md", "roles")
        self._repository.git("commit", "--quiet", f"--message={version}")
        return {"url": f"file://{self.machine.there(self.folder)}", "commit": self._repository.git("rev-parse", "HEAD")}

    def build(self, version: str) -> dict[str, str]:
        """Build a version's tarball, and return how it is pinned."""
        self.commit(version)
        environment = {**clean(), "LC_ALL": "C.UTF-8", "HOME": str(self.machine.shared)}
        command = [ansible("ansible-galaxy"), "collection", "build", "--output-path=build"]
        subprocess.run(command, cwd=self.folder, env=environment, check=True, capture_output=True)
        tarball = self.folder / f"build/my-probe-{version}.tar.gz"
        digest = hashlib.sha256(tarball.read_bytes()).hexdigest()
        return {"url": f"file://{self.machine.there(tarball)}", "sha256": digest}


@pytest.fixture
def probe(schedule: Schedule) -> Probe:
    machine = schedule.machine
    made = repository(machine.shared / f"{schedule.instance}-host.git", machine.shared / f"{schedule.instance}-host")
    (made.clone / "local.yml").write_text(yaml.safe_dump(PLAYBOOK), encoding="utf-8")
    made.push()
    schedule.variables["repo_url"] = str(machine.there(made.bare))
    return Probe(schedule)


def folders(schedule: Schedule) -> int:
    return len(schedule.machine.output("find", schedule.program, "-maxdepth", "1", "-name", "collections-*").split())


def test_collections_are_brought_upgraded_and_removed_by_the_schedule_alone(schedule: Schedule, probe: Probe) -> None:
    first = probe.build("1.0.0")
    installed = schedule.set(collections=[first])
    assert installed.returncode == 0, installed.stdout
    result, journal = run(schedule)
    assert result == "success", journal
    assert "this is probe 1.0.0" in journal
    assert "changed=0" in schedule.set(collections=[first]).stdout
    found = schedule.machine.output("find", schedule.program, "(", "!", "-user", "root", "-o", "-perm", "/022", ")")
    assert [line for line in found.splitlines() if not Path(line).is_symlink()] == []

    pinned = probe.commit("2.0.0")
    probe.commit("3.0.0")
    upgraded = schedule.set(collections=[pinned])
    assert upgraded.returncode == 0, upgraded.stdout
    assert "this is probe 2.0.0" in run(schedule)[1]
    assert folders(schedule) == 2  # a run may go on that has begun with the one before

    other = {**probe.build("4.0.0"), "sha256": "0" * 64}
    refused = schedule.set(collections=[other])
    assert refused.returncode == 2, refused.stdout
    assert "this is probe 2.0.0" in run(schedule)[1]

    assert schedule.set(collections=[probe.build("5.0.0")]).returncode == 0
    assert "this is probe 5.0.0" in run(schedule)[1]
    assert folders(schedule) == 2
    assert schedule.set(state="absent").returncode == 0
    assert schedule.machine.run("test", "-e", schedule.program).returncode == 1
