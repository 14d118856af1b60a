# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The servers, and an account of everything that a test made the module leave on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.tests.support import openbao
from ansible_collections.flant.gitops.tests.support.token_review import reviewing
from ansible_collections.flant.gitops.tests.support.vault_account import TLS_NAME, Account
from ansible_collections.flant.gitops.tests.support.vault_logins import CertLogin, JwtLogin, KubernetesLogin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import Any

    from ansible_collections.flant.gitops.tests.support.http_faults import FaultyServer
    from ansible_collections.flant.gitops.tests.support.token_review import TokenReview


@pytest.fixture(scope="session")
def bao() -> Iterator[openbao.OpenBao]:
    """A server that speaks plain http."""
    with openbao.running() as server:
        yield server


@pytest.fixture(scope="session")
def tls_bao() -> Iterator[openbao.OpenBao]:
    """A server whose certificate is for a name that its address does not have."""
    with openbao.running(authority=openbao.Authority(TLS_NAME)) as server:
        yield server


@pytest.fixture(scope="session")
def token_review() -> Iterator[TokenReview]:
    """What stands in for the TokenReview API of Kubernetes."""
    with reviewing() as api:
        yield api


@pytest.fixture
def account(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Account]:
    """A role that may do little, whose every token and secret-id is accounted for in the end.

    It is an AppRole, unless `every_login` lets it be one of each method.
    """
    account = _account(getattr(request, "param", "approle"), request.getfixturevalue, tmp_path)
    yield account
    account.settle()


def _account(method: str, get: Callable[[str], Any], folder: Path, *, tls: bool = False) -> Account:
    server = get("tls_bao" if tls or method == "cert" else "bao")
    logins = {
        "cert": lambda: CertLogin(server, folder),
        "jwt": lambda: JwtLogin(server, folder),
        "kubernetes": lambda: KubernetesLogin(server, folder, get("token_review")),
    }
    trusted = {"vault_cacert": server.authority.pem, "vault_tls_server_name": TLS_NAME} if server.authority else {}
    return Account(server, folder, logins[method]() if method in logins else None, **trusted)


@pytest.fixture
def proxy(account: Account) -> Iterator[FaultyServer]:
    """What stands before the account's server and can fail as that cannot be made to."""
    with account.proxied() as server:
        yield server


@pytest.fixture
def tls_account(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Account]:
    """The same on the TLS server."""
    account = _account(getattr(request, "param", "approle"), request.getfixturevalue, tmp_path, tls=True)
    yield account
    account.settle()
