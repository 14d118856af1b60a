# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine with systemd, one without, and the repository that ansible-pull takes the playbook from."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.tests.support import throwaway_machine
from ansible_collections.flant.gitops.tests.support.environment import clean
from ansible_collections.flant.gitops.tests.support.throwaway_machine import Machine, ansible

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE = Path(__file__).resolve().parents[4] / "examples/ansible-pull"


@pytest.fixture(scope="session")
def booted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    with throwaway_machine.started(tmp_path_factory.mktemp("booted"), boot=True) as machine:
        yield machine


@pytest.fixture(scope="session")
def unbooted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A machine that systemd does not run, with the cron of busybox."""
    with throwaway_machine.started(tmp_path_factory.mktemp("unbooted"), boot=False) as machine:
        machine.output("ln", "-s", "/bin/busybox", "/usr/local/bin/crontab")
        machine.output("mkdir", "-p", "/var/spool/cron/crontabs")
        yield machine


@dataclass
class Schedule:
    """One instance's schedule on a machine."""

    machine: Machine
    variables: dict[str, object] = field(default_factory=dict)
    instance: str = field(default_factory=lambda: f"i{uuid.uuid4().hex[:8]}")

    @property
    def unit(self) -> str:
        return f"flant-gitops-{self.instance}"

    @property
    def folder(self) -> str:
        return f"/var/lib/flant_gitops/{self.instance}"

    @property
    def program(self) -> str:
        """The folder of what systemd and cron run."""
        return f"/var/lib/flant_gitops/.schedule-{self.instance}"

    def command(self) -> list[str]:
        """Return the command line of the cron job."""
        (line,) = (line for line in self.machine.output("crontab", "-l").splitlines() if self.program in line)
        return line.split()[5:]

    def set(self, *arguments: str, **variables: object) -> subprocess.CompletedProcess[str]:
        """Run the playbook with the schedule's variables, some of them changed."""
        settings = {"flant_gitops_instance": self.instance}
        for name, value in {**self.variables, **variables}.items():
            settings[f"flant_gitops_schedule_{name}"] = value
        return self.machine.playbook("flant.gitops.schedule", "--extra-vars", json.dumps(settings), *arguments)

    def units(self) -> list[str]:
        return [f"/etc/systemd/system/{self.unit}.{kind}" for kind in ("service", "timer")]


@pytest.fixture
def schedule(booted: Machine) -> Schedule:
    """A schedule whose time never comes while it is tested."""
    variables = {"repo_url": "https://git.example.com/ops/host.git", "ansible_pull": ansible("ansible-pull")}
    return Schedule(booted, {**variables, "on_calendar": "2099-01-01"})


@pytest.fixture
def cron(unbooted: Machine, schedule: Schedule) -> Schedule:
    return Schedule(unbooted, schedule.variables)


@dataclass(frozen=True)
class Repository:
    """The bare repository of a playbook, and a clone of it to work in."""

    bare: Path
    clone: Path

    def git(self, *arguments: str, environment: dict[str, str] | None = None) -> str:
        ran = subprocess.run(
            ["git", *arguments],
            cwd=self.clone,
            env=environment or clean(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout
        return ran.stdout.strip()

    def push(self, *options: str, environment: dict[str, str] | None = None) -> None:
        """Commit all that is in the clone, and push it."""
        self.git("add", "--all")
        self.git(*options, "commit", "--quiet", "--allow-empty", "--message=Change", environment=environment)
        self.git("push", "--quiet", "origin", "main")


def repository(bare: Path, clone: Path) -> Repository:
    """Make a bare repository of the example, as it is."""
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", bare], env=clean(), check=True)
    shutil.copytree(EXAMPLE, clone)
    made = Repository(bare, clone)
    made.git("init", "--quiet", "--initial-branch=main")
    made.git("remote", "add", "origin", str(bare))
    made.push()
    return made


def run(schedule: Schedule) -> tuple[str, str]:
    """Run the service once; return its result and what it left in the journal."""
    since = f"@{time.time():.6f}"
    schedule.machine.run("systemctl", "start", schedule.unit)
    journal = schedule.machine.output(
        "journalctl", "--no-pager", "--output=cat", f"--since={since}", f"--identifier={schedule.unit}"
    )
    result = schedule.machine.output("systemctl", "show", "--property=Result", "--value", schedule.unit)
    return result.strip(), journal
