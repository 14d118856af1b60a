# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an unchanged branch costs: the role's whole play, against a play that pings, and against ansible-pull.

A third row tells how much of it Ansible takes for any role of as many arguments: one that remembers something, pings
in place of the poll, and tells something.
Needs ansible-core in the interpreter's own environment. Usage: flant_gitops_unchanged.py [--rounds N]
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from ansible_collections.flant.gitops.tests.support.environment import clean
from ansible_collections.flant.gitops.tests.support.ratios import ratio, row
from ansible_collections.flant.gitops.tests.support.site import Site

PING = """\
- name: Ping
  hosts: all
  gather_facts: false
  tasks:
    - name: Ping
      ansible.builtin.ping:
"""
LEAST = """\
- name: Remember
  ansible.builtin.set_fact:
    remembered: true
    cacheable: true
- name: Ping
  ansible.builtin.ping:
- name: Tell
  ansible.builtin.debug:
    msg: Told.
"""
LEAST_PLAY = """\
- name: Do the least
  hosts: all
  gather_facts: false
  roles: [least]
"""
ROLE = Path(__file__).resolve().parents[2] / "roles/flant_gitops"


def least_role(folder: Path) -> str:
    """Make the least role of the same arguments in ``folder``; return the playbook that runs it."""
    role = folder / "roles/least"
    for part in ("meta/argument_specs.yml", "defaults/main.yml"):
        (role / part).parent.mkdir(parents=True)
        shutil.copyfile(ROLE / part, role / part)
    (role / "tasks").mkdir()
    (role / "tasks/main.yml").write_text(LEAST, encoding="utf-8")
    (folder / "least.yml").write_text(LEAST_PLAY, encoding="utf-8")
    return str(folder / "least.yml")


def upstream(folder: Path) -> str:
    """Make a repository that holds the playbook that pings; return its URL."""
    folder.mkdir()
    (folder / "local.yml").write_text(PING, encoding="utf-8")
    for command in (("init", "--quiet", "--initial-branch=main"), ("add", "."), ("commit", "--quiet", "-m", "First")):
        subprocess.run(["git", *command], cwd=folder, env=clean(), check=True)
    return folder.as_uri()


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        url = upstream(folder / "upstream")
        head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder / "upstream", capture_output=True, check=True)
        (folder / "site").mkdir()
        site = Site(
            folder / "site",
            {
                "git_repo_url": url,
                "initial_last_successful_commit": head.stdout.decode().strip(),
                "docker_image": f"sha256:{0:064}",
                "commands": ["true"],
                "work_dir": str(folder / "work"),
            },
        )

        def role() -> None:
            ran = site.run()
            assert ran.status == "unchanged", ran.output

        def play(playbook: str) -> None:
            ran = site.run(playbook=playbook)
            assert ran.rc == 0, ran.output

        def ping() -> None:
            play(str(folder / "upstream/local.yml"))

        def pull() -> None:
            program = Path(sys.executable).parent / "ansible-pull"
            inventory = ("-i", "localhost,", "-e", f"ansible_python_interpreter={sys.executable}")
            command = [program, "-o", "-U", url, "-C", "main", "-d", folder / "checkout", *inventory]
            environment = {**clean(), "HOME": str(folder), "ANSIBLE_CONFIG": str(site.folder / "ansible.cfg")}
            environment |= {"PATH": f"{program.parent}:{environment['PATH']}", "LC_ALL": "C.UTF-8"}
            ran = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
            assert ran.returncode == 0, ran.stdout + ran.stderr

        least = least_role(folder / "least")
        role()
        pull()
        print(row("flant_gitops unchanged / ping play", ratio(role, ping, rounds), 1.25))
        print(row("flant_gitops unchanged / ansible-pull -o", ratio(role, pull, rounds), 0.6))
        print(row("the least role of as many arguments / ping play", ratio(lambda: play(least), ping, rounds), 1.25))


if __name__ == "__main__":
    main()
