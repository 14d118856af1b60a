# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the guide on logins tells people to write works as it stands, but for paths and addresses, and with ``bao``."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import trustme
import yaml
from ansible_collections.flant.gitops.tests.support import openbao, vault_call
from ansible_collections.flant.gitops.tests.support.environment import clean
from ansible_collections.flant.gitops.tests.support.token_review import TokenReview, reviewing
from ansible_collections.flant.gitops.tests.support.tokens import Issuer
from ansible_collections.flant.gitops.tests.support.vault_account import ROTATION_POLICY
from ansible_collections.flant.gitops.tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

GUIDES = Path(__file__).resolve().parents[3] / "docs/docsite/rst"
GUIDE = (GUIDES / "guide_logins.rst").read_text(encoding="utf-8")
MAIN_PARTS = {
    "cert": "By the certificate of the machine",
    "jwt": "By a token that the platform signs",
    "kubernetes": "By a service account of Kubernetes",
    "wrapped": "The first secret-id, wrapped",
}


@pytest.fixture(scope="module")
def server() -> Iterator[openbao.OpenBao]:
    with openbao.running(authority=openbao.Authority("localhost", "127.0.0.1")) as server:
        server.call("POST", "/v1/sys/mounts/database", {"type": "kv"})
        server.call("POST", "/v1/database/creds/deployer", {"password": "hidden-value"})
        yield server


@pytest.fixture
def api() -> Iterator[TokenReview]:
    """What stands in for the TokenReview API of Kubernetes."""
    with reviewing() as api:
        yield api


def blocks(part: str, language: str) -> list[str]:
    """Return the blocks of code below the heading ``part``."""
    text = GUIDE.split(f"\n{part}\n---")[1].split("\n---")[0]
    found = re.findall(rf"^\.\. code-block:: {language}\n\n((?:    .*\n|\n)+)", text, re.MULTILINE)
    return [re.sub("^    ", "", each, flags=re.MULTILINE) for each in found]


def write(file: Path, content: str) -> None:
    file.touch(mode=0o600)
    file.write_text(content, encoding="utf-8")


def provide(kind: str, folder: Path, api: TokenReview) -> None:
    """Write the files that the part takes for granted."""
    authority = trustme.CA()
    leaf = authority.issue_cert("web1.example.com", common_name="web1.example.com")
    issuer = Issuer()
    of = {"namespace": "flant-gitops", "serviceaccount": {"name": "flant-gitops", "uid": "uid-of-flant-gitops"}}
    account = {"sub": "system:serviceaccount:flant-gitops:flant-gitops", "kubernetes.io": of}
    token = issuer.token(aud=["vault"], **({"sub": "web1"} if kind == "jwt" else account))
    api.known[token] = "flant-gitops", "flant-gitops", ["vault"]
    write(folder / "machines-ca.pem", authority.cert_pem.bytes().decode())
    write(folder / "kubernetes-ca.pem", authority.cert_pem.bytes().decode())
    write(folder / "cert.pem", leaf.cert_chain_pems[0].bytes().decode())
    write(folder / "key.pem", leaf.private_key_pem.bytes().decode())
    write(folder / "issuer.pem", issuer.pem)
    write(folder / "reviewer.jwt", api.reviewer)
    write(folder / "vault.jwt", token)
    write(folder / "token", token)


def run(script: str, server: openbao.OpenBao, folder: Path, api: TokenReview) -> None:
    script = re.sub(r"\bvault (?=write|auth|policy)", "bao ", script).replace("\\\n", "")
    script = script.replace("https://kubernetes.example.com:6443", api.address)
    write(folder / "server-ca.pem", server.authority.pem if server.authority else "")
    known = {"BAO_ADDR": server.address, "BAO_TOKEN": server.root_token, "BAO_CACERT": str(folder / "server-ca.pem")}
    environment = {**clean(), "PATH": os.environ["PATH"], "HOME": str(folder), **known}
    ran = subprocess.run(
        ["sh", "-euc", script], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr


def options(part: str, server: openbao.OpenBao, folder: Path) -> dict[str, Any]:
    """Return what the module is given where the variables are as the guide has them; files are in ``folder``."""
    variables = yaml.safe_load(blocks(part, "yaml")[0])
    named = {name.removeprefix("flant_gitops_"): value for name, value in variables.items()}
    given = {
        name if name in vault_call.parameters() else name.removeprefix("vault_"): value for name, value in named.items()
    }
    paths = {name: str(folder / Path(value).name) for name, value in given.items() if name.endswith("_file")}
    address = {"vault_addr": server.address, "vault_cacert": server.authority.pem if server.authority else ""}
    return {**given, **paths, **address}


@pytest.mark.parametrize("kind", MAIN_PARTS)
def test_a_login_as_the_guide_sets_it_up(server: openbao.OpenBao, api: TokenReview, tmp_path: Path, kind: str) -> None:
    part = MAIN_PARTS[kind]
    provide(kind, tmp_path, api)
    write(tmp_path / "deployer.hcl", blocks("The policy", "text")[0])
    run(blocks("The policy", "shell")[0], server, tmp_path, api)
    extra = {}
    if kind == "wrapped":  # the AppRole is that of another guide
        policy = blocks("The policy", "text")[0] + ROTATION_POLICY
        extra = {"role_id": server.approle(policy, name="deployer").role_id}
    run(blocks(part, "shell")[0], server, tmp_path, api)

    before = server.token_accessors()
    outcome = vault_call.call(
        **{**options(part, server, tmp_path), **extra}, requests=[{"name": "it", "path": "/database/creds/deployer"}]
    )

    assert server.unwrap(outcome.env["VAULT_REQUEST_TOKEN_IT"])["data"] == {"password": "hidden-value"}
    until(lambda: server.token_accessors() <= before)  # one that is used up is listed until it has been removed
    assert outcome.secret_id_rotated is (kind == "wrapped")
