# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a play with forty wrapped requests takes, against forty times ``community.hashi_vault.vault_write``.

Both plays run in an environment with PyPI's ``ansible``, which is made under .cache/ at first use.
Usage: vault_wrapped_requests_play.py [--rounds N]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from ansible_collections.flant.gitops.tests.support import openbao
from ansible_collections.flant.gitops.tests.support.ratios import ratio, row
from ansible_collections.flant.gitops.tests.support.site import COLLECTIONS

COLLECTION = Path(__file__).resolve().parents[2]
ENVIRONMENT = COLLECTION / ".cache" / "benchmark-ansible"
MANY = 40

OURS = """
- hosts: localhost
  gather_facts: false
  tasks:
    - flant.gitops.vault_wrapped_requests:
        vault_addr: "{{ address }}"
        role_id: "{{ role_id }}"
        secret_id: "{{ secret_id }}"
        requests: "{{ requests }}"
      no_log: true
"""
PEER = """
- hosts: localhost
  gather_facts: false
  tasks:
    - community.hashi_vault.vault_write:
        url: "{{ address }}"
        auth_method: approle
        role_id: "{{ role_id }}"
        secret_id: "{{ secret_id }}"
        path: "{{ item.path[1:] }}"
        data: "{{ item.options }}"
        wrap_ttl: 60s
      loop: "{{ requests }}"
      no_log: true
"""


def ansible_playbook() -> Path:
    """Return the program, in an environment of its own."""
    program = ENVIRONMENT / "bin/ansible-playbook"
    if not program.exists():
        subprocess.run([sys.executable, "-m", "venv", ENVIRONMENT], check=True)
        pip = [ENVIRONMENT / "bin/pip", "install", "--quiet", "ansible", "-r", COLLECTION / "requirements.txt"]
        subprocess.run(pip, check=True)
    return program


class Plays:
    """The two plays, and a server that they ask."""

    def __init__(self, folder: Path, server: openbao.OpenBao) -> None:
        self._folder = folder
        self._program = ansible_playbook()
        path = f"{server.mount('kv', version='2')}/data/app"
        role = server.approle(f'path "{path}" {{ capabilities = ["create", "update"] }}')
        entry = {"path": f"/{path}", "method": "POST", "options": {"data": {"password": "word"}}}
        variables = {
            "address": server.address,
            "role_id": role.role_id,
            "secret_id": server.secret_id(role),
            "requests": [{"name": f"app {number}", **entry} for number in range(MANY)],
            "ansible_python_interpreter": str(ENVIRONMENT / "bin/python"),
        }
        (folder / "variables.json").write_text(json.dumps(variables))
        (folder / "ours.yml").write_text(OURS)
        (folder / "peer.yml").write_text(PEER)

    def run(self, name: str) -> None:
        """Run the play ``name``."""
        command = [self._program, "-i", "localhost,", "-c", "local", "-e", "@variables.json", f"{name}.yml"]
        environment = {
            "PATH": f"{self._program.parent}:{os.environ['PATH']}",
            "HOME": str(self._folder),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
        }
        ran = subprocess.run(command, cwd=self._folder, env=environment, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder, openbao.running() as server:
        plays = Plays(Path(folder), server)
        measured = ratio(lambda: plays.run("ours"), lambda: plays.run("peer"), rounds)
        print(row(f"play of {MANY} requests / loop of {MANY} vault_write", measured, 0.08))


if __name__ == "__main__":
    main()
