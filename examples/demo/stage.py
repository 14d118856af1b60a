# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that the demo plays on: an engine, an image, a server, a repository, two signers and a known host."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine import engine, gateway, image
from machine import COLLECTIONS, VENV, say
from repository import Repository, Signer, signers
from vault import TLS_SERVER_NAME, vault

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = "demo"
FACT = "ansible_facts['flant_gitops_state']"
COMMANDS = (
    'password=$(VAULT_TOKEN="$VAULT_REQUEST_TOKEN_DATABASE" bao unwrap -field=password)',
    'words=$(echo "$password" | wc -w)',
    'echo "Deploying version $(cat version.txt) with a password of $words words."',
)
ANSIBLE_CFG = """\
[defaults]
inventory = {folder}/hosts.json
collections_path = {collections}
home = {folder}/ansible
remote_tmp = {folder}/ansible/tmp
fact_caching = jsonfile
fact_caching_connection = {folder}/facts
fact_caching_timeout = 0
nocows = true
display_skipped_hosts = false
callback_result_format = yaml
"""


def run_playbook(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the collection's playbook once with the configuration in ``folder``; print what it prints."""
    return run_ansible(folder, "ansible-playbook", "flant.gitops.run", "--extra-vars", f"@{folder}/vars.json")


def run_ansible(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run one of Ansible's commands with the configuration in ``folder``; print what it prints."""
    environment = {**os.environ, "ANSIBLE_CONFIG": str(folder / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}
    program = VENV / "bin" / command[0]
    done = subprocess.run([program, *command[1:]], env=environment, check=False, capture_output=True, text=True)
    for line in filter(str.strip, (done.stdout + done.stderr).splitlines()):
        print(f"    | {line.rstrip('*')}")
    return done


@dataclass(frozen=True)
class Stage:
    """What the scenes need."""

    folder: Path
    repository: Repository
    signers: tuple[Signer, ...]

    def run(self) -> subprocess.CompletedProcess[str]:
        """Run the collection's playbook once, as a schedule would; print what it prints."""
        return run_playbook(self.folder)

    def show_facts(self) -> subprocess.CompletedProcess[str]:
        """Print what the fact cache holds of the role."""
        return run_ansible(self.folder, "ansible", HOST, "-m", "ansible.builtin.debug", "-a", f"var={FACT}")


def _configure(folder: Path, variables: dict[str, object]) -> None:
    """Write what an operator would: ansible.cfg, an inventory and the role's ``variables``."""
    host = {"ansible_connection": "local", "ansible_python_interpreter": str(VENV / "bin" / "python")}
    files = {
        "ansible.cfg": ANSIBLE_CFG.format(folder=folder, collections=COLLECTIONS),
        "hosts.json": json.dumps({"all": {"hosts": {HOST: host}}}),
        "vars.json": json.dumps({f"flant_gitops_{name}": value for name, value in variables.items()}),
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


@contextlib.contextmanager
def stage() -> Iterator[Stage]:
    """Set the stage, and clear it again on every path."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="flant-gitops-demo-")))
        client, url = stack.enter_context(engine(folder))
        say("Making an image from scratch out of busybox and the bao client, addressed by its id")
        image_id = stack.enter_context(image(client, folder))
        say("Starting a throw-away OpenBao with one secret and an AppRole that may read it")
        server = stack.enter_context(vault(folder, gateway(client)))
        say("Making a git repository, an OpenPGP key for alice and an SSH key for bob")
        people = signers(folder)
        for person in people:
            stack.callback(person.leave)
        repository = Repository(folder)
        variables = {
            "git_repo_url": repository.url,
            "required_number_of_verified_signatures_on_commit": len(people),
            "trusted_signers": {person.name: person.public_key for person in people},
            "docker_image": image_id,
            "docker_host": url,
            "commands": COMMANDS,
            "vault_addr": server.url,
            "vault_cacert": server.ca,
            "vault_tls_server_name": TLS_SERVER_NAME,
            "vault_role_id": server.role_id,
            "vault_secret_id": server.secret_id,
            "vault_requests": [{"name": "database", "path": "/demo/database"}],
            "work_dir": str(folder / "work"),
        }
        _configure(folder, variables)
        yield Stage(folder, repository, people)
