# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for AWX, which needs PostgreSQL and a cluster.

It runs jobs with ansible-runner, as AWX does, and keeps facts between them by AWX's rules for "use fact cache":

- A job begins with a file for each host of which facts are kept, named after the host, in the folder that Ansible is
  told to cache facts in. It is plain JSON, as ansible-core wrote it before 2.19.
- When the job is over, a host's document is replaced as a whole by its file if that is newer than it was, and emptied
  if it is gone. Any other file is ignored, such as those that ansible-core 2.19 and newer write.
- Nothing is taken over from a job that was killed.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.tests.support.environment import clean
from ansible_collections.flant.gitops.tests.support.site import CALLBACKS, COLLECTIONS, Result

if TYPE_CHECKING:
    from collections.abc import Mapping

_BIN = Path(sys.executable).parent
_RUNNER = """\
import ansible_runner, json, sys
sys.exit(ansible_runner.run(**json.loads(sys.argv[1])).status != "successful")
"""


@dataclass
class Awx:
    """One job template with its project, inventory and facts.

    Attributes:
        folder: an empty folder for what the jobs leave.
        project: the folder of the project.
        hosts: the variables of each host in the inventory.
        variables: the extra variables of the job template.
        facts: what is kept of each host.
        inventory_variables: the variables of the inventory as a whole.
        use_fact_cache: the job template's setting.
        of_the_project: those of the hosts that AWX does not know, because an inventory of the project's adds them.
        settings: environment variables that AWX passes to the job because of its own settings.
        injected: the extra variables that the job template's credentials come to.
    """

    folder: Path
    project: Path
    hosts: dict[str, dict[str, object]]
    variables: dict[str, object]
    facts: dict[str, dict[str, object]] = field(default_factory=dict)
    inventory_variables: dict[str, object] = field(default_factory=dict)
    use_fact_cache: bool = True
    of_the_project: set[str] = field(default_factory=set)
    settings: dict[str, str] = field(default_factory=dict)
    injected: dict[str, object] = field(default_factory=dict)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def run_job(
        self,
        *,
        playbook: str = "run.yml",
        limit: str = "",
        facts_age: float = 0,
        kill_at: str | None = None,
        check: bool = False,
    ) -> Result:
        """Run a job to its end, or until it is killed before the task ``kill_at``.

        The files of the facts that it begins with look ``facts_age`` seconds old.
        """
        number = next(self._numbers)
        data = self.folder / f"awx_{number}"
        cache = data / "artifacts" / str(number) / "fact_cache"
        self._prepare(data, number, {"SABOTEUR_KILL_AT": kill_at} if kill_at else {})
        handed_over = self._hand_over(cache, facts_age) if self.use_fact_cache else {}
        arguments = {
            "private_data_dir": str(data),
            "ident": str(number),
            "playbook": playbook,
            "limit": limit,
            "cmdline": "--check" if check else "",
            "fact_cache_type": "jsonfile" if self.use_fact_cache else "",
        }
        ran = subprocess.run(
            [sys.executable, "-c", _RUNNER, json.dumps(arguments)],
            env={**clean(), "PATH": f"{_BIN}:{os.environ['PATH']}", "HOME": str(data), "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
            check=False,
        )
        if self.use_fact_cache and not kill_at:
            self._take_back(cache, handed_over)
        return Result(ran.returncode, ran.stdout)

    def _prepare(self, data: Path, number: int, environment: Mapping[str, str]) -> None:
        shutil.copytree(self.project, data / "project")
        inventory = {
            name: variables if name in self.of_the_project else {**variables, "remote_tower_id": host_number}
            for host_number, (name, variables) in enumerate(self.hosts.items(), 1)
        }
        every_job = {
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_CALLBACK_PLUGINS": str(CALLBACKS),
            "ANSIBLE_CALLBACKS_ENABLED": "saboteur",
            "ANSIBLE_INVENTORY_UNPARSED_FAILED": "True",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_RETRY_FILES_ENABLED": "False",
            "AWX_PRIVATE_DATA_DIR": str(data),
            "JOB_ID": str(number),
        }
        numbers = {f"{product}_job_id": number for product in ("awx", "tower")}
        _write(data / "inventory/hosts.json", {"all": {"hosts": inventory, "vars": self.inventory_variables}})
        _write(data / "env/extravars", {**numbers, **self.variables, **self.injected})
        _write(data / "env/envvars", {**every_job, **self.settings, **environment})

    def _hand_over(self, cache: Path, age: float) -> dict[str, float]:
        """Write the hosts' files; return when each looks to have been written."""
        written = {}
        for host in self.hosts:
            if self.facts.get(host):
                _write(cache / host, self.facts[host])
                written[host] = (cache / host).stat().st_mtime - (age or 2)
                os.utime(cache / host, (written[host], written[host]))
        return written

    def _take_back(self, cache: Path, handed_over: Mapping[str, float]) -> None:
        for host in self.hosts:
            file = cache / host
            if not file.is_file():
                self.facts[host] = {}
            elif file.stat().st_mtime > handed_over.get(host, 0):
                self.facts[host] = json.loads(file.read_text(encoding="utf-8"))


def _write(file: Path, document: object) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(file, "w", opener=lambda path, flags: os.open(path, flags, 0o600), encoding="utf-8") as opened:
        json.dump(document, opened)
