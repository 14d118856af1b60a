# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One operator's site: an Ansible project that runs ``flant.gitops.run`` as a schedule would."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.tests.support.environment import clean
from ansible_collections.flant.gitops.tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Mapping

COLLECTIONS = Path(__file__).absolute().parents[5]  # a symbolic link may stand for the collection
CALLBACKS = Path(__file__).resolve().parent / "callbacks"
_CONFIG = """\
[defaults]
inventory = {folder}/inventory.json
collections_path = {collections}
home = {folder}/ansible
remote_tmp = {folder}/ansible/tmp
local_tmp = {folder}/ansible/tmp
callback_plugins = {callbacks}
callbacks_enabled = recorder, saboteur
host_key_checking = false
"""
_CACHE = """\
fact_caching = jsonfile
fact_caching_connection = {folder}/facts
fact_caching_timeout = 0
"""


@dataclass(frozen=True)
class Result:
    """What one run of a playbook gave."""

    rc: int
    output: str

    @property
    def recap(self) -> dict[str, int]:
        """The counts of the play's only host."""
        line = re.search(r"^\S+ +: (ok=.*)$", self.output, re.MULTILINE)
        assert line, self.output
        return {name: int(count) for name, count in re.findall(r"(\w+)=(\d+)", line[1])}

    @property
    def status(self) -> str:
        """The status that the role ended with."""
        status = re.search(r"status: (\w+)", self.output)
        assert status, self.output
        return status[1]


@dataclass
class Site:
    """A folder with ansible.cfg, inventory, variables and fact cache."""

    folder: Path
    variables: dict[str, object]
    host: str = "web1"
    cache: str = _CACHE
    config: str = ""
    interpreter: str = sys.executable

    def start(
        self,
        *arguments: str,
        playbook: str = "flant.gitops.run",
        environment: Mapping[str, str] | None = None,
        stdin: str | None = None,
    ) -> subprocess.Popen[str]:
        """Start ansible-playbook of this interpreter's own environment, in a process group of its own."""
        self._write()
        command = [str(Path(sys.executable).parent / "ansible-playbook"), playbook]
        return subprocess.Popen(
            [*command, "--extra-vars", f"@{self.folder}/variables.json", *arguments],
            env={**clean(), **self._environment(), **(environment or {})},
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(
        self,
        *arguments: str,
        kill_at: str | None = None,
        environment: Mapping[str, str] | None = None,
        **options: object,
    ) -> Result:
        """Run a playbook to its end, or until it is killed before the task ``kill_at``."""
        killing = {"SABOTEUR_KILL_AT": kill_at} if kill_at else {}
        process = self.start(*arguments, environment={**(environment or {}), **killing}, **options)
        output, _errors = process.communicate(timeout=300)
        assert "DEPRECATION" not in output, output
        return Result(process.returncode, output)

    def begin_at(self, commit: str) -> None:
        """Let ``commit``, where the branch stands, be the last that succeeded: that takes a quiet poll and no run.

        The target remembers it; the fact of it comes with what is run next.
        """
        begun = self.run("-e", f"flant_gitops_initial_last_successful_commit={commit}")
        assert begun.status == "unchanged", begun.output

    def hold(self, task: str) -> Held:
        """Start a run, and return once it waits before ``task``."""
        held, go = self.folder / "held", self.folder / "go"
        for file in (held, go):
            file.unlink(missing_ok=True)
        environment = {"SABOTEUR_HOLD_AT": task, "SABOTEUR_HELD": str(held), "SABOTEUR_GO": str(go)}
        process = self.start(environment=environment)
        until(held.exists, during=process)
        return Held(process, go)

    @property
    def facts_file(self) -> Path:
        """The host's file in the fact cache, by whichever name this Ansible gives it."""
        files = [file for file in (self.folder / "facts").iterdir() if file.name in (self.host, f"s1_{self.host}")]
        assert len(files) == 1, files
        return files[0]

    @property
    def facts(self) -> dict[str, dict[str, object]]:
        """What is remembered of each instance; nothing before ansible-core 2.18 has written a first fact."""
        if not any((self.folder / "facts").glob("*")):
            return {}
        document = json.loads(self.facts_file.read_text(encoding="utf-8"))
        payload = document.get("__payload__", document)
        if isinstance(payload, str):
            payload = json.loads(payload)
        return _plain(payload.get("flant_gitops_state", {}))

    @property
    def work(self) -> Path:
        """The instance's folder on the target."""
        return Path(str(self.variables["work_dir"])) / str(self.variables.get("instance", "default"))

    @property
    def container(self) -> str:
        """The name of this site's container, which goes by the repository that the first poll has made."""
        return f"flant_gitops-{self.work.name}-{(self.work / 'git.id').read_text(encoding='ascii')[:12]}"

    @property
    def container_before(self) -> str:
        """The name that version 1.0.0 gave it, which went by what the inventory says."""
        digest = hashlib.sha256(f"{self.host} {self.variables['work_dir']}".encode()).hexdigest()
        return f"flant_gitops-{self.work.name}-{digest[:12]}"

    def elsewhere(self, folder: Path, host: str) -> Site:
        """Return the site of another controller, whose inventory has another name for the same target."""
        folder.mkdir()
        return replace(self, folder=folder, host=host)

    def forget(self) -> None:
        """Lose the fact cache."""
        self.facts_file.unlink()

    def _environment(self) -> dict[str, str]:
        return {"HOME": str(self.folder), "ANSIBLE_CONFIG": str(self.folder / "ansible.cfg"), "LC_ALL": "C.UTF-8"}

    def _write(self) -> None:
        text = _CONFIG + self.cache + self.config
        values = {"folder": self.folder, "collections": COLLECTIONS, "callbacks": CALLBACKS}
        inventory = {
            "all": {
                "hosts": {self.host: {"ansible_connection": "local", "ansible_python_interpreter": self.interpreter}},
            },
        }
        variables = {f"flant_gitops_{name}": value for name, value in self.variables.items()}
        (self.folder / "ansible.cfg").write_text(text.format(**values), encoding="utf-8")
        (self.folder / "inventory.json").write_text(json.dumps(inventory), encoding="utf-8")
        with open(self.folder / "variables.json", "w", opener=_private, encoding="utf-8") as file:
            json.dump(variables, file)


@dataclass(frozen=True)
class Held:
    """A run that waits before a task."""

    process: subprocess.Popen[str]
    go: Path

    def finish(self) -> Result:
        """Let it go on and return its result."""
        self.go.touch()
        output, _errors = self.process.communicate(timeout=300)
        return Result(self.process.returncode, output)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _plain(value: object) -> object:
    """Return facts without the markers by which ansible-core 2.19 and newer tag values in the cache."""
    if isinstance(value, dict):
        if set(value) >= {"__ansible_type", "value"}:
            return _plain(value["value"])
        return {key: _plain(element) for key, element in value.items()}
    if isinstance(value, list):
        return [_plain(element) for element in value]
    return value
