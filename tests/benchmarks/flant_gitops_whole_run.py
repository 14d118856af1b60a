# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a whole run costs (a new commit, ten wrapped requests, ``true``), against idle modules and bare commands.

The floor is a play of three pings, followed by what no implementation can do without: ``git fetch``, ``git archive``,
ten requests over one kept connection, and a container that is created, started, waited for and removed.
Needs ansible-core, a Docker engine and ``bao``. Usage: flant_gitops_whole_run.py [--rounds N]
"""

from __future__ import annotations

import argparse
import itertools
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import docker
import requests
from ansible_collections.flant.gitops.tests.support import images, openbao
from ansible_collections.flant.gitops.tests.support.environment import clean
from ansible_collections.flant.gitops.tests.support.ratios import ratio, row
from ansible_collections.flant.gitops.tests.support.site import Site

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.tests.support.openbao import OpenBao

ENGINE = "unix:///var/run/docker.sock"
REQUESTS = 10
POLICY = 'path "{mount}/*" { capabilities = ["read"] }'
PINGS = """\
- name: Ping thrice
  hosts: all
  gather_facts: false
  tasks:
    - name: First
      ansible.builtin.ping:
    - name: Second
      ansible.builtin.ping:
    - name: Third
      ansible.builtin.ping:
"""


def git(folder: Path, *arguments: str) -> None:
    """Run git in ``folder``."""
    subprocess.run(["git", *arguments], cwd=folder, env=clean(), check=True, capture_output=True)


def bare_requests(server: OpenBao, login: dict[str, str], paths: list[str]) -> None:
    """Log in, make all requests wrapped over one connection, and revoke the login."""
    with requests.Session() as session:
        session.trust_env = False
        answer = session.post(f"{server.address}/v1/auth/approle/login", json=login, timeout=30).json()
        session.headers.update({"X-Vault-Token": answer["auth"]["client_token"], "X-Vault-Wrap-TTL": "60s"})
        for path in paths:
            session.get(f"{server.address}/v1{path}", timeout=30).raise_for_status()
        del session.headers["X-Vault-Wrap-TTL"]
        session.post(f"{server.address}/v1/auth/token/revoke-self", timeout=30).raise_for_status()


def bare_container(client: docker.APIClient, image: str) -> None:
    """Create, start, wait for and remove a container."""
    container = client.create_container(image, ["/bin/sh", "-c", "true"])
    client.start(container)
    client.wait(container)
    client.remove_container(container, v=True)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    client = docker.APIClient(base_url=ENGINE, version="auto")
    with tempfile.TemporaryDirectory() as temporary, images.busybox().loaded(client) as image, openbao.running() as bao:
        folder = Path(temporary)
        upstream = folder / "upstream"
        upstream.mkdir()
        git(upstream, "init", "--initial-branch=main")
        git(upstream, "commit", "--allow-empty", "-m", "0")
        git(folder, "clone", "--mirror", str(upstream), "mirror")
        mount = bao.mount("kv")
        paths = [f"/{mount}/secret-{number}" for number in range(REQUESTS)]
        for path in paths:
            bao.call("POST", f"/v1{path}", {"value": "secret"})
        role = bao.approle(POLICY.replace("{mount}", mount))
        login = {"role_id": role.role_id, "secret_id": bao.secret_id(role)}
        (folder / "site").mkdir()
        (folder / "pings.yml").write_text(PINGS, encoding="utf-8")
        site = Site(
            folder / "site",
            {
                "git_repo_url": upstream.as_uri(),
                "docker_image": image,
                "docker_host": ENGINE,
                "commands": ["true"],
                "vault_addr": bao.address,
                "vault_role_id": login["role_id"],
                "vault_secret_id": login["secret_id"],
                "vault_requests": [{"name": f"r{number}", "path": path} for number, path in enumerate(paths)],
                "work_dir": str(folder / "work"),
            },
        )
        numbers = itertools.count(1)

        def commit() -> None:
            (upstream / "file").write_text(f"{next(numbers)}\n", encoding="utf-8")
            git(upstream, "add", ".")
            git(upstream, "commit", "-m", "Next")

        def role_run() -> None:
            commit()
            ran = site.run()
            assert ran.status == "processed", ran.output

        def floor() -> None:
            commit()
            ran = site.run(playbook=str(folder / "pings.yml"))
            assert ran.rc == 0, ran.output
            git(folder / "mirror", "fetch", "--quiet")
            git(folder / "mirror", "archive", "--output", str(folder / "tree.tar"), "main")
            bare_requests(bao, login, paths)
            bare_container(client, image)

        print(row("flant_gitops whole run / three pings and bare commands", ratio(role_run, floor, rounds), 2.6))


if __name__ == "__main__":
    main()
