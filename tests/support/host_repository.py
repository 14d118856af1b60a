# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The repository of a playbook that runs the role for one instance, and a real ansible-pull for it."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.tests.support.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Mapping

COLLECTIONS = Path(__file__).absolute().parents[5]
_PLAYBOOK = """\
- name: Run the instance
  import_playbook: flant.gitops.run
  vars: {variables}
"""
_PING = """\
- name: Ping
  hosts: all
  gather_facts: false
  tasks:
    - name: Ping
      ansible.builtin.ping:
"""


@dataclass(frozen=True)
class HostRepository:
    """The repository, and the variables that the role is given by its playbook."""

    repository: Repository
    variables: Mapping[str, object]

    @property
    def url(self) -> str:
        return str(self.repository.path)

    @property
    def environment(self) -> dict[str, str]:
        """What ansible-pull is given besides its arguments."""
        return {
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_NOCOLOR": "true",
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            "LC_ALL": "C.UTF-8",
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        }

    def publish(self, **changed: object) -> str:
        """Commit the playbook, with variables that are ``changed``."""
        variables = {f"flant_gitops_{name}": value for name, value in {**self.variables, **changed}.items()}
        playbook = _PLAYBOOK.format(variables=json.dumps(variables))
        return self.repository.commit({"local.yml": playbook.encode(), "ping.yml": _PING.encode()})

    def options(self, instance_dir: Path) -> dict[str, object]:
        """Return the options of `scheduled_pull` for an instance of that folder, whose name is ``instance``."""
        facts = {"ANSIBLE_CACHE_PLUGIN": "jsonfile", "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(instance_dir / "facts")}
        names = {"flant_gitops_instance": instance_dir.name, "flant_gitops_work_dir": str(instance_dir.parent)}
        return {
            "command": [
                *(str(Path(sys.executable).parent / "ansible-pull"), f"--url={self.url}", "--checkout=main"),
                *(f"--directory={instance_dir}/checkout", "--clean", "--inventory=localhost,"),
                *(f"--extra-vars={json.dumps(names)}", "local.yml"),
            ],
            "environment": {
                **self.environment,
                **facts,
                "ANSIBLE_CACHE_PLUGIN_TIMEOUT": "0",
                "HOME": str(instance_dir / "home"),
            },
        }


def host_repository(path: Path, upstream: Repository) -> HostRepository:
    """Make the repository of a playbook for the instance that has processed the head of ``upstream``."""
    made = HostRepository(
        Repository(path),
        {
            "git_repo_url": str(upstream.path),
            "initial_last_successful_commit": upstream.head(),
            "docker_image": f"sha256:{0:064}",
            "commands": ["true"],
        },
    )
    made.publish()
    return made
