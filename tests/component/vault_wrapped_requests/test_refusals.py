# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the server refuses is told by its cause, and no refused login is sent a second time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.tests.support.http_faults import Fault, faulty
from ansible_collections.flant.gitops.tests.support.vault_logins import every_login

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.tests.support.http_faults import FaultyServer
    from ansible_collections.flant.gitops.tests.support.openbao import OpenBao
    from ansible_collections.flant.gitops.tests.support.vault_account import Account


def logins(proxy: FaultyServer) -> int:
    return sum(seen.path.endswith("/login") for seen in proxy.seen)


def dead(account: Account, text: str = "dead") -> None:
    account.file.write_text(text)
    account.file.chmod(0o600)


def test_v14_a_role_that_is_locked_is_told_from_a_dead_secret_id(account: Account) -> None:
    for _number in range(5):
        with pytest.raises(Failure, match=r"\(HTTP 400\)\. .*create a new secret-id and give it as secret_id\.$"):
            account.call(secret_id="dead")
    with pytest.raises(Failure, match=r"\(HTTP 403\)\. .* locked for 15 minutes; .*-user-lockout-disable=true approle"):
        account.call()


def test_v14_a_dead_secret_id_costs_one_failed_login_a_run(account: Account, bao: OpenBao) -> None:
    account.call(**account.with_file)  # which destroys the secret-id that is given again and again
    account.forget_secret_ids()
    with faulty(bao.address) as proxy:
        for number in range(1, 4):
            with pytest.raises(Failure, match=rf"the secret-id in {account.file}: .*create a new secret-id"):
                account.call(vault_addr=proxy.address, **account.with_file)
            assert logins(proxy) == number
    account.file.unlink()


def test_v14_the_same_secret_id_in_file_and_option_is_tried_once(account: Account, bao: OpenBao) -> None:
    dead(account)
    with faulty(bao.address) as proxy:
        with pytest.raises(Failure, match="create a new secret-id"):
            account.call(vault_addr=proxy.address, **account.with_file, secret_id="dead")
        assert logins(proxy) == 1
    account.file.unlink()


def test_v14_a_newly_given_secret_id_is_tried_after_one_that_was_spent(account: Account, bao: OpenBao) -> None:
    account.call(**account.with_file)
    account.forget_secret_ids()
    new = bao.secret_id(account.role)

    assert account.call(**account.with_file, secret_id=new).secret_id_rotated


@every_login
def test_v17_a_second_factor_is_named(account: Account) -> None:
    body = json.dumps({"auth": {"client_token": "", "mfa_requirement": {"mfa_request_id": "x"}}}).encode()
    with account.proxied() as proxy:
        proxy.fail("POST", account.login.path, Fault(status=200, body=body))
        with pytest.raises(Failure, match=r"the server demands a second factor \(MFA\)"):
            account.call(vault_addr=proxy.address)


@every_login
def test_v17_a_policy_that_wants_a_longer_wrap_ttl_is_named(account: Account) -> None:
    account.allow(f'path "{account.kv2}/data/app" {{ capabilities = ["read"]\n min_wrapping_ttl = "5m" }}')
    request = {"name": "app", "path": account.app}
    with pytest.raises(Failure, match=r"^Request 'app' .* \(HTTP 403\)\. .*min_wrapping_ttl .* a wrap_ttl of 60s\.$"):
        account.call(requests=[request])
    account.call(requests=[{**request, "wrap_ttl": "5m"}])


def test_v17_a_server_that_speaks_tls_is_named(tls_account: Account, tls_bao: OpenBao) -> None:
    with pytest.raises(Failure, match=r"the server speaks TLS; vault_addr must begin with https\.$"):
        tls_account.call(vault_addr=tls_bao.address.replace("https:", "http:"))


def test_v20_a_warning_is_told_although_a_later_request_fails(account: Account) -> None:
    dead(account)
    with pytest.raises(Failure, match=r"^Request 'none'") as failure:
        account.call(**account.with_file, requests=[{"name": "none", "path": "/no/such"}])
    assert [warning for warning in failure.value.warnings if "no longer accepted" in warning]
