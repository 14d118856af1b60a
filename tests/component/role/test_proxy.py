# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host whose only way to git and to Vault is a proxy for each."""

from __future__ import annotations

import base64
import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import trustme
from ansible_collections.flant.gitops.tests.support import git_server, openbao
from ansible_collections.flant.gitops.tests.support.forward_proxy import ForwardProxy, forward_proxy
from ansible_collections.flant.gitops.tests.support.network import island, needs_root
from ansible_collections.flant.gitops.tests.support.processes import command_lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ansible_collections.flant.gitops.tests.component.role.conftest import Upstream
    from ansible_collections.flant.gitops.tests.support.network import Island
    from ansible_collections.flant.gitops.tests.support.signers import Signers
    from ansible_collections.flant.gitops.tests.support.site import Site

pytestmark = needs_root

GIT, VAULT = "git.example.test", "vault.example.test"
PASSWORDS = {"server": "canary-of-the-server", "proxy": "canary of/the-proxy"}
POLICY = 'path "{mount}/*" { capabilities = ["read"] }'


@pytest.fixture
def lonely() -> Iterator[Island]:
    with island() as made:
        yield made


@pytest.fixture
def server(upstream: Upstream) -> Iterator[git_server.HttpServer]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(upstream.folder.parent / "ca.pem")
    with git_server.http_server(upstream.folder.parent, authority.issue_cert(GIT)) as running:
        running.behaviour.account = f"deploy:{PASSWORDS['server']}"
        yield running


@pytest.fixture(scope="module")
def bao() -> Iterator[openbao.OpenBao]:
    with openbao.running(authority=openbao.Authority(VAULT)) as running:
        yield running


@pytest.fixture
def proxy(lonely: Island, server: git_server.HttpServer, bao: openbao.OpenBao) -> Iterator[ForwardProxy]:
    with forward_proxy(lonely.listener) as running:
        running.account = f"way:{PASSWORDS['proxy']}"
        for name, url in ((f"{GIT}:443", server.url), (f"{VAULT}:8200", bao.address)):
            running.servers[name] = urlsplit(url).port or 0
        yield running


@pytest.fixture
def behind_it(site: Site, proxy: ForwardProxy, bao: openbao.OpenBao, tmp_path: Path) -> Site:
    mount = bao.mount("kv")
    bao.call("POST", f"/v1/{mount}/database", {"password": "hidden"})
    role = bao.approle(POLICY.replace("{mount}", mount))
    file = tmp_path / "password"
    file.write_text(f"{PASSWORDS['server']}\n", encoding="utf-8")
    file.chmod(0o600)
    ways = {"proxy": proxy.url, "proxy_username": "way", "proxy_password": PASSWORDS["proxy"]}
    site.variables |= {
        "git_repo_url": f"https://{GIT}/upstream",
        "git_ca_cert_file": str(tmp_path / "ca.pem"),
        "git_username": "deploy",
        "git_password_file": str(file),
        "vault_addr": f"https://{VAULT}:8200",
        "vault_cacert": bao.authority.pem if bao.authority else "",
        "vault_role_id": role.role_id,
        "vault_secret_id": bao.secret_id(role),
        "vault_requests": [{"name": "database", "path": f"/{mount}/database"}],
        **{f"{server}_{option}": value for server in ("git", "vault") for option, value in ways.items()},
    }
    return site


def test_t20_a_run_behind_a_proxy_shows_no_password(
    behind_it: Site, upstream: Upstream, signers: Signers, lonely: Island, proxy: ForwardProxy
) -> None:
    seen: set[bytes] = set()
    proxy.on_request = lambda: seen.update(command_lines(os.getpid()))
    commit = upstream.commit("one", f"Log in with {PASSWORDS['server']}", signers.alice)  # the result holds the subject
    with lonely.entered():
        ran = behind_it.run("-vvv")
        quiet = behind_it.run("-vvv")
    assert ran.rc == 0, ran.output
    assert (ran.status, quiet.status) == ("processed", "unchanged")
    assert behind_it.facts["default"]["last_successful_commit"] == commit
    assert set(proxy.seen) == {("CONNECT", f"{GIT}:443"), ("CONNECT", f"{VAULT}:8200")}
    assert any(b"remote.origin.url" in line for line in seen)
    kept = [
        file.read_bytes()
        for file in behind_it.folder.rglob("*")
        if file.is_file() and file.name != "variables.json"  # which the operator wrote
    ]
    accounts = (f"deploy:{PASSWORDS['server']}", f"way:{PASSWORDS['proxy']}")
    canaries = [*PASSWORDS.values(), *(base64.b64encode(account.encode()).decode() for account in accounts)]
    for canary in [*canaries, "canary%20of"]:
        assert canary not in ran.output + quiet.output
        assert [text for text in (*kept, *seen) if canary.encode() in text] == []


@pytest.mark.parametrize("which", ["git", "vault"])
def test_t20_a_wrong_password_for_the_proxy_is_told_by_the_variables_names(
    which: str, behind_it: Site, upstream: Upstream, signers: Signers, lonely: Island
) -> None:
    upstream.commit("one", "First", signers.alice)
    behind_it.variables[f"{which}_proxy_password"] = "canary of another"
    with lonely.entered():
        refused = behind_it.run("-vvv")
    assert refused.rc == 2, refused.output
    assert f"flant_gitops_{which}_proxy_username" in refused.output
    assert f"flant_gitops_{which}_proxy_password" in refused.output
    assert "refused" in refused.output
    assert "canary" not in refused.output
