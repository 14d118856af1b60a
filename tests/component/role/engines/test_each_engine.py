# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role runs a commit with tokens on each engine, and what a commit does that fails is told on each alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.tests.component.role.test_secrets import POLICY, SECRET, TOKEN
from ansible_collections.flant.gitops.tests.support import engine as engines
from ansible_collections.flant.gitops.tests.support import images
from ansible_collections.flant.gitops.tests.support.openbao import OpenBao, running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.flant.gitops.tests.component.role.conftest import Upstream
    from ansible_collections.flant.gitops.tests.support.signers import Signers
    from ansible_collections.flant.gitops.tests.support.site import Site

ENGINES = (
    engines.Docker,
    engines.NewestDocker,
    engines.ContainerdStore,
    engines.TlsDocker,
    engines.RemappedDocker,
    engines.Podman,
    engines.RootlessPodman,
    engines.NewestPodman,
)


@pytest.fixture(scope="session")
def bao() -> Iterator[OpenBao]:
    with running() as server:
        yield server


@pytest.mark.parametrize("kind", ENGINES, ids=lambda kind: kind.__name__)
def test_c13_a_commit_runs_with_tokens(
    kind: type[engines.Engine], site: Site, upstream: Upstream, signers: Signers, bao: OpenBao
) -> None:
    mount = bao.mount("kv")
    bao.call("POST", f"/v1/{mount}/database", {"password": SECRET})
    role = bao.approle(POLICY.replace("{mount}", mount))
    site.variables |= {
        "vault_addr": bao.address,
        "vault_role_name": role.name,
        "vault_role_id": role.role_id,
        "vault_secret_id": bao.secret_id(role),
        "vault_requests": [{"name": "database", "path": f"/{mount}/database"}],
        "commands": ["cat file", 'echo "it is $VAULT_REQUEST_TOKEN_DATABASE"', "! grep -q bad file"],
    }
    with engines.running(kind) as engine, engine.client() as client, images.busybox().loaded(client) as image:
        for option, value in engine.options.items():
            name = option if option == "docker_host" else f"docker_{option}"
            site.variables[name] = value if isinstance(value, list) else str(value)
        site.variables["docker_image"] = image
        upstream.commit("good", "First", signers.alice)
        ran = site.run()
        assert (ran.rc, ran.status) == (0, "processed"), ran.output
        assert "good" in ran.output
        assert "it is ********" in ran.output
        before = bao.token_accessors()
        upstream.commit("bad", "Second", signers.alice)
        failed = site.run()
        assert (failed.rc, failed.status) == (2, "failed"), failed.output
        assert "failed with rc 1" in failed.output
        assert bao.token_accessors() <= before
        assert not TOKEN.search(ran.output + failed.output)
        assert client.containers(all=True) == []
        assert client.volumes()["Volumes"] in (None, [])
