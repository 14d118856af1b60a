# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role logs in to Vault otherwise than by a secret-id; whether that works or not, nothing secret of it is shown."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import pytest
import trustme
from ansible_collections.flant.gitops.tests.support import openbao
from ansible_collections.flant.gitops.tests.support.token_review import TokenReview, reviewing
from ansible_collections.flant.gitops.tests.support.vault_account import ROTATION_POLICY
from ansible_collections.flant.gitops.tests.support.vault_logins import CertLogin, JwtLogin, KubernetesLogin
from ansible_collections.flant.gitops.tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ansible_collections.flant.gitops.tests.component.role.conftest import Upstream
    from ansible_collections.flant.gitops.tests.support.openbao import OpenBao
    from ansible_collections.flant.gitops.tests.support.signers import Signers
    from ansible_collections.flant.gitops.tests.support.site import Site

TOKEN = re.compile(r"\bs\.[A-Za-z0-9]{20,}")
METHODS = ("cert", "jwt", "kubernetes", "wrapped")
REFUSALS = {
    "cert": "must exist there, trust the authority",
    "jwt": "The token has expired at",
    "kubernetes": "Kubernetes must answer the server and know the token",
    "wrapped": "cannot be unwrapped any more, and no run here has done so",
}


@dataclass(frozen=True)
class Case:
    """What a site logs in with; ``secrets`` returns what nobody may see, and ``spoil`` makes it useless."""

    folder: Path
    variables: dict[str, object]
    secrets: Callable[[], list[str]]
    spoil: Callable[[], object]


@pytest.fixture(scope="module")
def bao() -> Iterator[OpenBao]:
    with openbao.running(authority=openbao.Authority("127.0.0.1")) as server:
        server.call("POST", "/v1/sys/mounts/kv", {"type": "kv"})
        server.call("POST", "/v1/kv/database", {"password": "canary-of-the-secret"})
        yield server


@pytest.fixture
def api() -> Iterator[TokenReview]:
    """What stands in for the TokenReview API of Kubernetes."""
    with reviewing() as api:
        yield api


@pytest.fixture
def case(request: pytest.FixtureRequest, bao: OpenBao, api: TokenReview, tmp_path: Path) -> Case:
    folder = tmp_path / "credentials"
    folder.mkdir()
    policy = 'path "kv/*" { capabilities = ["read"] }'
    bao.policy("reader", policy)
    if request.param == "wrapped":
        return _wrapped(bao, folder, policy)
    if request.param == "cert":
        login = CertLogin(bao, folder)
        return Case(
            folder,
            _variables(login.as_role("reader")),
            lambda: login.key.read_text("utf-8").splitlines()[1:-1],
            lambda: login.write(trustme.CA()),
        )
    if request.param == "kubernetes":
        login = KubernetesLogin(bao, folder, api)
        spoil = api.known.clear
    else:
        login = JwtLogin(bao, folder)
        spoil = partial(login.write, exp=int(time.time()) - 3600)
    return Case(folder, _variables(login.as_role("reader")), lambda: [login.file.read_text("utf-8").strip()], spoil)


def _wrapped(bao: OpenBao, folder: Path, policy: str) -> Case:
    role = bao.approle(policy + ROTATION_POLICY)
    path = f"/v1/auth/approle/role/{role.name}/secret-id"
    token = bao.call("POST", path, {}, wrap_ttl="5m")["wrap_info"]["token"]
    (folder / "token").touch(mode=0o600)
    (folder / "token").write_text(token, encoding="utf-8")
    variables = {
        "role_name": role.name,
        "role_id": role.role_id,
        "secret_id_file": str(folder / "secret-id"),
        "wrapped_secret_id_file": str(folder / "token"),
    }
    kept = folder / "secret-id"
    return Case(
        folder,
        _variables(variables),
        lambda: [token, *([kept.read_text("utf-8")] if kept.exists() else [])],
        lambda: bao.unwrap(token),
    )


def _variables(options: dict[str, str]) -> dict[str, object]:
    return {f"vault_{name}": value for name, value in options.items()}


@pytest.mark.parametrize("case", METHODS, indirect=True)
def test_r6_the_role_logs_in_and_nothing_of_it_is_shown_or_left(
    site: Site, upstream: Upstream, signers: Signers, bao: OpenBao, case: Case
) -> None:
    upstream.commit("one", "First", signers.alice)
    before = bao.token_accessors()
    site.variables |= {
        **case.variables,
        "vault_addr": bao.address,
        "vault_cacert": bao.authority.pem if bao.authority else "",
        "vault_requests": [{"name": "database", "path": "/kv/database", "wrap_ttl": "60s"}],
        "commands": ['test -n "$VAULT_REQUEST_TOKEN_DATABASE"', "echo it is there"],
    }

    ran = site.run("-vvv")

    assert ran.rc == 0, ran.output
    assert "it is there" in ran.output
    nothing_is_shown(site, case, ran.output)
    wrapping = bao.token_accessors() - before  # which nobody has used
    assert len(wrapping) <= 1


@pytest.mark.parametrize("case", METHODS, indirect=True)
def test_r6_a_login_that_is_refused_says_why_and_nothing_secret(
    site: Site, upstream: Upstream, signers: Signers, bao: OpenBao, case: Case, request: pytest.FixtureRequest
) -> None:
    upstream.commit("one", "First", signers.alice)
    case.spoil()
    before = bao.token_accessors()
    site.variables |= {
        **case.variables,
        "vault_addr": bao.address,
        "vault_cacert": bao.authority.pem if bao.authority else "",
        "vault_requests": [{"name": "database", "path": "/kv/database"}],
    }

    ran = site.run("-vvv")

    assert ran.rc == 2, ran.output
    assert REFUSALS[request.node.callspec.params["case"]] in ran.output
    nothing_is_shown(site, case, ran.output)
    until(lambda: bao.token_accessors() <= before)


def nothing_is_shown(site: Site, case: Case, output: str) -> None:
    assert case.secrets()
    assert not TOKEN.search(output)
    files = [file for file in site.folder.rglob("*") if file.is_file() and case.folder not in file.parents]
    written = b"".join(file.read_bytes() for file in files)
    for secret in (*case.secrets(), "canary-of-the-secret"):
        assert secret not in output
        assert secret.encode() not in written
