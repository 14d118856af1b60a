# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The servers, and an account of everything that a test made the module leave on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.tests.support import openbao
from ansible_collections.flant.gitops.tests.support.vault_account import TLS_NAME, Account

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


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


@pytest.fixture
def account(bao: openbao.OpenBao, tmp_path: Path) -> Iterator[Account]:
    """An AppRole that may do little, whose every token and secret-id is accounted for in the end."""
    account = Account(bao, tmp_path)
    yield account
    account.settle()


@pytest.fixture
def tls_account(tls_bao: openbao.OpenBao, tmp_path: Path) -> Iterator[Account]:
    """The same on the TLS server."""
    account = Account(tls_bao, tmp_path, vault_cacert=tls_bao.authority.pem, vault_tls_server_name=TLS_NAME)
    yield account
    account.settle()
