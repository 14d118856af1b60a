# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""README alone leads from nothing to a signed commit that has run with a secret, on a machine that was just installed.

Every line is typed as it stands there, and every file written as it stands but for what a newcomer has to fill in: the
addresses of their repository, their image and their Vault, the commit that is deployed, and the id of the AppRole, that
a command prints. Not README's business, and therefore there already: that repository with a clone and a key for each of
the two who sign, and a Vault with AppRole and a KV engine.

Galaxy has no more than was released, and so a fake of it serves the tarball of these sources. OpenBao's client goes by
the name of Vault's, and in the image a sed that knows one question by the name of jq.
"""

from __future__ import annotations

import functools
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import docker
import pytest
from ansible_collections.flant.gitops.tests.support import bridge, fake_galaxy, images, new_machine, openbao, readme

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.flant.gitops.tests.support.new_machine import NewMachine

COLLECTION = Path(__file__).absolute().parents[3]
PLAYS = "/root/plays"
IMAGE = "registry.example.com/deployer:1.4@sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"
ROLE_ID = "4e7b5a0c-8f3d-4a57-9d0e-0a6a0d8a3c55"
REPOSITORY = "/srv/git/deploy.git"
PASSWORD = "correct-horse-battery-staple"
JQ = """#!/bin/sh
[ "$*" = "-r .data.data.password" ] && sed -n 's/^ *"password": "\\(.*\\)",*$/\\1/p'
"""
DEPLOY = f"""#!/bin/sh
[ "$DATABASE_PASSWORD" = {PASSWORD} ] && echo "deployed with the password"
"""
ON_A_TERMINAL = "printf 'yes\\n' | script -qec '{}' /dev/null"
KEY = """
git config --global user.name {name}
git config --global user.email {name}@example.com
git config --global user.signingKey {name}@example.com
gpg --batch --quiet --passphrase '' --quick-generate-key '{name} <{name}@example.com>' ed25519 sign
git clone --quiet {repository} clone
"""


@dataclass(frozen=True)
class World:
    """What README takes for granted."""

    machine: NewMachine
    server: openbao.OpenBao
    image: str
    galaxy: str

    def type_in(self, line: readme.Line) -> str:
        """Type a line as whoever it is for, and return what it prints."""
        home = f"/home/{line.who}" if line.who else "/root"
        in_clone = line.text.startswith("git ")
        text = ON_A_TERMINAL.format(line.text) if line.text == "git approve sign" else line.text
        own = {"VAULT_ADDR": self.server.address, "VAULT_TOKEN": self.server.root_token} if "vault" in text else {}
        folder = f"{home}/clone" if in_clone else PLAYS
        return self.machine.run(text, folder=folder, home=home, ANSIBLE_GALAXY_SERVER=self.galaxy, **own)

    def write(self, filled_in: dict[str, str]) -> None:
        """Write README's files, with what is ``filled_in`` for what they show."""
        for name, text in readme.files().items():
            self.machine.write(
                f"{PLAYS}/{name}", functools.reduce(lambda t, each: t.replace(*each), filled_in.items(), text)
            )


@pytest.fixture
def tarball(tmp_path: Path) -> Path:
    """The collection: the tarball that was installed for these tests, or one of the sources as they lie."""
    installed = [*COLLECTION.parents[2].glob("flant-gitops-*.tar.gz")]
    if not installed:
        tool = Path(sys.executable).parent / "ansible-galaxy"
        command = [tool, "collection", "build", "--output-path", tmp_path, COLLECTION.resolve()]
        subprocess.run(command, capture_output=True, check=True)
        installed = [*tmp_path.glob("flant-gitops-*.tar.gz")]
    (found,) = installed
    return found


@pytest.fixture
def world(tmp_path: Path, tarball: Path) -> Iterator[World]:
    engine = docker.DockerClient(base_url="unix:///var/run/docker.sock", version="auto")
    with (
        openbao.running(host=bridge.gateway(engine)) as server,
        images.busybox()
        .with_files(bin__vault=server.binary, bin__jq=images.Program(JQ.encode()))
        .loaded(engine.api) as image,
        fake_galaxy.served(tarball) as galaxy,
        new_machine.started(tmp_path) as machine,
    ):
        server.call("POST", "/v1/sys/auth/approle", {"type": "approle"})
        server.call("POST", "/v1/sys/mounts/secret", {"type": "kv", "options": {"version": "2"}})
        server.call("POST", "/v1/secret/data/database", {"data": {"password": PASSWORD}})
        machine.write("/usr/local/bin/vault", server.binary.read_bytes(), 0o755)
        machine.run(
            f"git init --quiet --bare --initial-branch=main {REPOSITORY}; git config --global --add safe.directory '*'"
        )
        for name in ("alice", "bob"):
            machine.run("mkdir --mode=700 .gnupg", folder=f"$(install -d /home/{name} && echo /home/{name})")
            machine.run(KEY.format(name=name, repository=REPOSITORY), folder=f"/home/{name}", home=f"/home/{name}")
        yield World(machine, server, image, galaxy)
    engine.close()


@pytest.mark.timeout(900)  # it installs Ansible and its libraries from the package index
def test_newcomer_gets_from_nothing_to_a_signed_commit_that_has_run_with_a_secret(world: World) -> None:
    machine = world.machine
    clone = {"folder": "/home/alice/clone", "home": "/home/alice"}
    machine.run("git commit --quiet --allow-empty --message Before; git push --quiet origin main", **clone)
    filled_in = {
        "https://git.example.com/ops/deploy.git": f"file://{REPOSITORY}",
        IMAGE: world.image,
        "https://vault.example.com:8200": world.server.address,
        "9fceb02d0ae598e95dc970b74767f19372d61af8": machine.run("git rev-parse HEAD", **clone).strip(),
    }
    machine.write("/home/alice/clone/deploy", DEPLOY, 0o755)
    machine.run("git add deploy", **clone)
    world.write(filled_in)
    said = ""
    for line in readme.lines():
        said = world.type_in(line)
        if line.text.startswith("vault read"):
            filled_in[ROLE_ID] = said.strip()
            world.write(filled_in)

    assert all(shown in "".join(readme.files().values()) for shown in filled_in)
    assert len(filled_in) == 5
    assert "deployed with the password" in said
    assert "status: processed" in said
    assert "signed by alice, bob" in said
    assert PASSWORD not in said
    again = world.type_in(readme.lines()[-1])
    assert "status: unchanged" in again
