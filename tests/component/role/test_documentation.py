# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What README and guides tell people to write works as it stands, but for the names of their servers."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from ansible_collections.flant.gitops.tests.support import images, openbao
from ansible_collections.flant.gitops.tests.support.environment import clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import docker
    from ansible_collections.flant.gitops.tests.component.role.conftest import Upstream
    from ansible_collections.flant.gitops.tests.support.signers import Signers
    from ansible_collections.flant.gitops.tests.support.site import Site

COLLECTION = Path(__file__).resolve().parents[3]
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
GUIDES = COLLECTION / "docs/docsite/rst"
SPECS = yaml.safe_load((COLLECTION / "roles/flant_gitops/meta/argument_specs.yml").read_text(encoding="utf-8"))
VARIABLES = {name for spec in SPECS["argument_specs"].values() for name in spec["options"]} | {"flant_gitops_hosts"}

PASSWORD = "correct-horse-battery-staple"
JQ = """#!/bin/sh
[ "$*" = "-r .data.data.password" ] && sed -n 's/^ *"password": "\\(.*\\)",*$/\\1/p'
"""
POLICY = """
path "secret/data/database" { capabilities = ["read"] }
path "auth/token/revoke-self" { capabilities = ["update"] }
path "{role}/secret-id" { capabilities = ["update"] }
path "{role}/secret-id/lookup" { capabilities = ["update"] }
path "{role}/secret-id/destroy" { capabilities = ["update"] }
"""


@dataclass(frozen=True)
class Deployer:
    """The servers and the image that the README takes for granted."""

    server: openbao.OpenBao
    image: str

    def serve(self, written: Mapping[str, str], secret_id: Path) -> None:
        """Have the static secret, the AppRole that the inventory names, and its first secret-id in a file."""
        self.server.call("POST", "/v1/sys/mounts/secret", {"type": "kv", "options": {"version": "2"}})
        self.server.call("POST", "/v1/secret/data/database", {"data": {"password": PASSWORD}})
        role = self.server.approle(POLICY, name=written["flant_gitops_vault_role_name"], secret_id_ttl="7d")
        path = f"/v1/auth/{role.mount_point}/role/{role.name}/role-id"
        self.server.call("POST", path, {"role_id": written["flant_gitops_vault_role_id"]})
        secret_id.parent.mkdir(mode=0o700, parents=True)
        secret_id.touch(mode=0o600)
        secret_id.write_text(self.server.secret_id(role), encoding="utf-8")


def gateway(engine: docker.DockerClient) -> str:
    """Return the address of this machine that containers reach."""
    bridge = engine.networks.get("bridge").attrs["IPAM"]["Config"][0]
    return bridge.get("Gateway") or bridge["Subnet"].replace(".0.0/16", ".0.1")


def markdown_blocks(file: Path) -> list[tuple[str, str]]:
    """Return language and text of each fenced block."""
    return re.findall(r"^```(\w+)\n(.*?)^```", file.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def guide_blocks(file: Path) -> list[tuple[str, str]]:
    """Return language and text of each code block."""
    found = re.findall(
        r"^\.\. code-block:: (\w+)\n\n((?:    .*\n|\n)+)", file.read_text(encoding="utf-8"), re.MULTILINE
    )
    return [(language, re.sub(r"^    ", "", text, flags=re.MULTILINE)) for language, text in found]


def shown() -> list[tuple[str, str, str]]:
    """Return file, language and text of everything that people are told to write."""
    readme = [("README.md", *block) for block in markdown_blocks(COLLECTION / "README.md")]
    guides = [(file.name, *block) for file in sorted(GUIDES.glob("*.rst")) for block in guide_blocks(file)]
    return readme + guides


@pytest.mark.parametrize(("file", "language", "text"), shown())
def test_what_is_shown_is_well_formed_and_names_real_variables(file: str, language: str, text: str) -> None:
    if language == "yaml":
        assert yaml.safe_load(text), file
    if language in {"shell", "sh"}:
        subprocess.run(["sh", "-n"], input=text, text=True, check=True)
    assert set(re.findall(r"\bflant_gitops_[a-z0-9_]+", text)) <= VARIABLES, file


@pytest.fixture
def deployer(engine: docker.DockerClient) -> Iterator[Deployer]:
    """An image with OpenBao's client as ``vault``, and the server; a sed that knows one question stands in for jq."""
    with openbao.running(host=gateway(engine)) as server:
        image = images.busybox().with_files(bin__vault=server.binary, bin__jq=images.Program(JQ.encode()))
        with image.loaded(engine.api) as image_id:
            yield Deployer(server, image_id)


def test_first_playbook_of_the_readme_runs_with_its_secret(
    site: Site, upstream: Upstream, signers: Signers, deployer: Deployer
) -> None:
    config, inventory = (
        next(text for language, text in markdown_blocks(COLLECTION / "README.md") if language == wanted)
        for wanted in ("ini", "yaml")
    )
    (site.folder / "keys").mkdir()
    for signer in (signers.alice, signers.bob):
        (site.folder / f"keys/{signer.name}.asc").write_text(signer.public_key, encoding="utf-8")
    (site.folder / "inventory.yml").write_text(inventory, encoding="utf-8")
    _section, *settings = (
        config.replace("/var/lib/flant_gitops", str(site.folder)).partition("[defaults]\n")[2].splitlines()
    )
    site.cache = "\n".join(settings)
    written = yaml.safe_load(inventory)["all"]["vars"]
    secret_id = site.folder / "work/default/secret-id"
    deployer.serve(written, secret_id)
    # Only what a newcomer has to change: their servers, their image, their paths.
    own = ("git_repo_url", "docker_host", "work_dir")
    overrides = {f"flant_gitops_{name}": site.variables[name] for name in own}
    overrides |= {
        "ansible_python_interpreter": site.interpreter,
        "flant_gitops_docker_image": deployer.image,
        "flant_gitops_vault_addr": deployer.server.address,
        "flant_gitops_vault_secret_id_file": str(secret_id),
        "flant_gitops_initial_last_successful_commit": upstream.commit("nothing yet", "Before"),
    }
    site.variables.clear()
    deploy = upstream.folder / "deploy"
    deploy.write_text(
        f'#!/bin/sh\n[ "$DATABASE_PASSWORD" = {PASSWORD} ] && echo "deployed with the password"\n', "utf-8"
    )
    deploy.chmod(0o755)
    upstream.git("add", "deploy")
    upstream.commit("from the readme", "First", signers.alice, signers.bob)
    ran = site.run("-i", str(site.folder / "inventory.yml"), "-e", json.dumps(overrides))
    assert ran.rc == 0, ran.output
    assert ran.status == "processed"
    assert "deployed with the password" in ran.output
    assert PASSWORD not in ran.output


def test_notes_made_by_hand_as_the_guide_says_count(site: Site, upstream: Upstream, signers: Signers) -> None:
    blocks = guide_blocks(GUIDES / "guide_signing.rst")
    look, sign = (
        next(text for language, text in blocks if language == "shell" and command in text)
        for command in ("diff-tree", "git notes")
    )
    by_hand = f"deployed={EMPTY_TREE}\n{look.replace('| less', '')}{sign}"
    commit = upstream.commit("signed by hand")
    clone = site.folder / "clone"
    subprocess.run(["git", "clone", "--quiet", str(upstream.folder), str(clone)], env=clean(), check=True)
    environment = {**signers.environment, "PATH": f"{site.folder}:{clean()['PATH']}"}
    wrapper = site.folder / "gpg"
    wrapper.write_text(f'#!/bin/sh\nexec /usr/bin/gpg --batch --local-user {signers.alice.fingerprint} "$@"\n', "utf-8")
    wrapper.chmod(0o700)
    subprocess.run(["sh", "-ec", by_hand], cwd=clone, env=environment, check=True)
    ran = site.run()
    assert ran.status == "processed", ran.output
    assert site.facts["default"]["last_run"]["signers"] == ["alice"]
    assert site.facts["default"]["last_successful_commit"] == commit
