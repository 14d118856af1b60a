# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is checked of every token, and that nothing lives on when something fails.

The fixture ``account`` lists the server's tokens after every test: what a failed call has left makes the test fail.
"""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.tests.support.http_faults import Fault
from ansible_collections.flant.gitops.tests.support.vault_logins import every_login
from ansible_collections.flant.gitops.tests.support.waiting import until

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.tests.support.vault_account import Account

REVOKE = "/v1/auth/token/revoke-self"


def many(account: Account, count: int = 5) -> list[dict[str, object]]:
    return [{"name": f"app {number}", "path": account.app} for number in range(count)]


@every_login
def test_v4_a_token_for_another_path_is_refused_and_revoked(account: Account) -> None:
    # A server that answers another request than it was asked can only be imitated: this one asks for another secret.
    account.bao.call("POST", f"/v1/{account.kv2}/data/other", {"data": {"password": "of another"}})
    with account.proxied() as server:
        wrapped = account.bao.call("GET", f"/v1/{account.kv2}/data/other", wrap_ttl="60s")
        server.fail("GET", f"/v1{account.app}", Fault(200, body=json.dumps(wrapped).encode()))

        with pytest.raises(Failure, match=rf"^Request 'app 0' .* to another path, '{account.kv2}/data/other'\.$"):
            account.call(vault_addr=server.address, requests=many(account, 1))


@every_login
def test_v4_paths_are_compared_as_the_server_understands_them(account: Account) -> None:
    account.bao.call("POST", f"/v1/{account.kv1}/with%20space", {"a": "b"})
    paths = [
        f"/v1//{account.kv1}///app",
        f"/{account.kv1}/app/",
        f"/{account.kv1}/app?a=b//c/",
        f"/{account.kv1}/with%20space",
        f"/{account.kv1}/with space",
        f"/{account.kv1}/%61pp",
    ]

    outcome = account.call(requests=[{"name": f"{index}", "path": path} for index, path in enumerate(paths)])

    assert [token.creation_path for token in outcome.tokens] == [
        f"{account.kv1}/app",
        f"{account.kv1}/app",
        f"{account.kv1}/app",
        f"{account.kv1}/with space",
        f"{account.kv1}/with space",
        f"{account.kv1}/app",
    ]


@every_login
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/sys/health", 200), ("DELETE", "/{kv2}/data/app", 204), ("POST", "/{kv1}/new", 204)],
)
def test_v5_a_response_that_cannot_be_wrapped_is_refused_without_quoting_it(
    account: Account, method: str, path: str, status: int
) -> None:
    path = path.format(kv1=account.kv1, kv2=account.kv2)
    unwrappable = {"name": "it", "method": method, "path": path, "options": {"a": "b"} if method == "POST" else None}

    with pytest.raises(Failure) as failed:
        account.call(requests=[*many(account), unwrappable])

    assert str(failed.value) == (
        f"Request 'it' ({method} {path}): carried out, but its response cannot be wrapped (HTTP {status})."
    )


@every_login
def test_v6_one_failure_revokes_the_tokens_of_the_others_and_the_login(account: Account) -> None:
    missing = {"name": "missing", "path": f"/{account.kv2}/data/missing"}
    with account.proxied() as server:
        server.fail("GET", f"/v1/{account.kv2}/data/missing", Fault(delay=0.5))

        with pytest.raises(Failure, match=r"^Request 'missing' .*: there is nothing \(HTTP 404\)\.$"):
            account.call(vault_addr=server.address, requests=[*many(account), missing])

        assert server.count("POST", REVOKE) == 5 + 1


@every_login
def test_v6_a_request_that_is_under_way_while_another_fails_is_awaited_and_revoked(account: Account) -> None:
    with account.proxied() as server:
        server.fail("GET", f"/v1{account.app}", Fault(delay=1))

        with pytest.raises(Failure, match="'missing'"):
            account.call(
                vault_addr=server.address,
                requests=[*many(account, 1), {"name": "missing", "path": f"/{account.kv2}/data/missing"}],
            )

        assert server.count("POST", REVOKE) == 1 + 1


@every_login
def test_v6_nothing_is_sent_again_once_another_request_has_failed(account: Account) -> None:
    with account.proxied() as server:
        server.fail("GET", f"/v1{account.app}", Fault(503, {"Retry-After": "9"}))

        with pytest.raises(Failure, match="'missing'"):
            account.call(
                vault_addr=server.address,
                requests=[*many(account, 1), {"name": "missing", "path": f"/{account.kv2}/data/missing"}],
            )

        assert server.count("GET", f"/v1{account.app}") == 1


@every_login
def test_v6_the_login_ends_on_failure_even_if_it_was_to_be_kept(account: Account) -> None:
    with pytest.raises(Failure, match="'missing'"):
        account.call(revoke_login_token=False, requests=[{"name": "missing", "path": f"/{account.kv2}/data/missing"}])


@every_login
@pytest.mark.parametrize("check_mode", [True, False])
def test_v6_the_login_ends_where_there_is_nothing_to_keep_it_for(account: Account, check_mode: bool) -> None:
    account.call(check_mode=check_mode, revoke_login_token=False, requests=many(account) if check_mode else [])


@every_login
def test_v6_a_token_that_cannot_be_revoked_is_said_to_be_alive(account: Account) -> None:
    with account.proxied() as server:
        server.fail("POST", REVOKE, Fault(500), times=9)

        with pytest.raises(Failure) as failed:
            account.call(vault_addr=server.address, requests=many(account, 1))

        assert str(failed.value).split(". ") == [
            "Revoking the login token: the server failed, and it may have been carried out (HTTP 500)",
            "Revoking the wrapping token of 'app 0': the server failed, and it may have been carried out (HTTP 500).",
        ]
    account.explain(account.new_tokens())


@every_login
def test_v6_a_login_that_may_not_revoke_itself_fails_the_task(account: Account) -> None:
    options = account.as_another(token_no_default_policy=True)

    with pytest.raises(Failure, match=r"^Revoking the login token: permission denied \(HTTP 403\)\.$"):
        account.call(**options, requests=many(account))

    account.end_login(alive=True)


@every_login
def test_v7_a_batch_token_is_not_revoked(account: Account) -> None:
    options = account.as_another(token_type="batch")
    with account.proxied() as server:
        outcome = account.call(vault_addr=server.address, requests=many(account, 2), **options)

        assert server.count("POST", REVOKE) == 0
    assert len(outcome.tokens) == 2


@every_login
def test_v7_too_few_uses_of_the_login_token_are_refused_before_the_first_request(account: Account) -> None:
    options = account.as_another(token_num_uses=5)
    with account.proxied() as server:
        with pytest.raises(Failure, match=r"token_num_uses is 5, but this task needs 6 uses of its login token\.$"):
            account.call(vault_addr=server.address, requests=many(account, 5), **options)

        assert server.count("GET", "/") == 0
    assert len(account.call(requests=many(account, 4), **options).tokens) == 4


@every_login
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("slow", ["login", "request"])
def test_an_interrupted_run_revokes_what_was_under_way(account: Account, number: signal.Signals, slow: str) -> None:
    with account.proxied() as server:
        method, path = ("POST", account.login.path) if slow == "login" else ("GET", f"/v1{account.app}")
        server.fail(method, path, Fault(delay=1.5))
        process = account.start(vault_addr=server.address, requests=many(account))
        until(lambda: server.count(method, path), during=process)
        process.send_signal(number)

        _output, stderr = process.communicate(timeout=30)

    assert process.returncode == 1
    assert stderr == f"Interrupted by {number.name}; everything that was begun has been cleaned up.\n"
    assert slow == "request" or server.count("GET", "/") == 0
