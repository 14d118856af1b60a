# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be asked for, and what comes back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import requests
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.tests.support.vault_logins import every_login

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.tests.support.openbao import OpenBao
    from ansible_collections.flant.gitops.tests.support.vault_account import Account


@every_login
def test_a_token_unwraps_to_the_response_once(account: Account) -> None:
    outcome = account.call(requests=[{"name": "app", "path": account.app}])

    token = outcome.env["VAULT_REQUEST_TOKEN_APP"]
    assert account.bao.unwrap(token)["data"]["data"] == {"password": "hidden-value"}
    with pytest.raises(requests.HTTPError, match="400"):
        account.bao.unwrap(token)


def test_the_result_describes_every_request_and_holds_no_token_outside_env(account: Account) -> None:
    result = account.call(
        requests=[
            {"name": "app", "path": f"/v1{account.app}", "wrap_ttl": "2m"},
            {"name": "list.all", "path": f"/{account.kv2}/metadata", "method": "LIST"},
        ]
    ).result()

    revocable = result.pop("revocable")
    env = result.pop("env")
    assert isinstance(env, dict)
    assert set(env) == {"VAULT_REQUEST_TOKEN_APP", "VAULT_REQUEST_TOKEN_LIST_ALL"}
    described = result["requests"]
    assert isinstance(described, list)
    assert [(entry["name"], entry["env"], entry["creation_path"], entry["ttl"]) for entry in described] == [
        ("app", "VAULT_REQUEST_TOKEN_APP", account.app[1:], 120),
        ("list.all", "VAULT_REQUEST_TOKEN_LIST_ALL", f"{account.kv2}/metadata/", 60),
    ]
    assert all(set(entry) == {"name", "env", "accessor", "creation_path", "ttl", "expires_at"} for entry in described)
    assert [entry["token"] for entry in revocable] == list(env.values())
    assert not any(token in json.dumps(result) for token in env.values())
    assert (result["changed"], result["secret_id_rotated"], result["secret_id_rotate_at"]) == (True, False, None)


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_write_is_wrapped_and_its_body_is_merged_from_both_options(
    account: Account, bao: OpenBao, method: str
) -> None:
    outcome = account.call(
        requests=[
            {
                "name": "write",
                "method": method,
                "path": f"/{account.kv2}/data/new",
                "options": {"data": {"user": "app"}, "options": {"cas": 0}},
                "secret_options": {"data": {"password": "given-value"}},
            }
        ]
    )

    assert bao.unwrap(outcome.env["VAULT_REQUEST_TOKEN_WRITE"])["data"]["version"] == 1
    stored = bao.call("GET", f"/v1/{account.kv2}/data/new")["data"]["data"]
    assert stored == {"user": "app", "password": "given-value"}


def test_lists_and_queries_are_wrapped(account: Account, bao: OpenBao) -> None:
    bao.call("POST", f"/v1/{account.kv2}/data/app", {"data": {"password": "second"}})

    outcome = account.call(
        requests=[
            {"name": "listed", "path": f"/{account.kv1}", "method": "LIST"},
            {"name": "list by query", "path": f"/{account.kv2}/metadata/?list=true"},
            {"name": "first", "path": f"{account.app}?version=1"},
            {"name": "version 1 store", "path": f"/{account.kv1}/app"},
        ]
    )

    unwrapped = {name: bao.unwrap(token)["data"] for name, token in outcome.env.items()}
    assert unwrapped["VAULT_REQUEST_TOKEN_LISTED"] == {"keys": ["app"]}
    assert unwrapped["VAULT_REQUEST_TOKEN_LIST_BY_QUERY"] == {"keys": ["app"]}
    assert unwrapped["VAULT_REQUEST_TOKEN_FIRST"]["data"] == {"password": "hidden-value"}
    assert unwrapped["VAULT_REQUEST_TOKEN_VERSION_1_STORE"] == {"password": "hidden-value"}


def test_v5_a_deleted_version_is_wrapped_and_unwraps_to_not_found(account: Account, bao: OpenBao) -> None:
    bao.call("DELETE", f"/v1{account.app}")

    outcome = account.call(requests=[{"name": "app", "path": account.app}])

    with pytest.raises(requests.HTTPError, match="404"):
        bao.unwrap(outcome.env["VAULT_REQUEST_TOKEN_APP"])


def test_transit_encrypts_what_is_given_as_a_secret_option(account: Account, bao: OpenBao) -> None:
    transit = bao.mount("transit")
    bao.call("POST", f"/v1/{transit}/keys/key")
    account.allow(f'path "{transit}/encrypt/key" {{ capabilities = ["update"] }}')

    outcome = account.call(
        requests=[
            {
                "name": "sealed",
                "method": "POST",
                "path": f"/{transit}/encrypt/key",
                "secret_options": {"plaintext": "c2VjcmV0"},
            }
        ]
    )

    sealed = bao.unwrap(outcome.env["VAULT_REQUEST_TOKEN_SEALED"])["data"]["ciphertext"]
    opened = bao.call("POST", f"/v1/{transit}/decrypt/key", {"ciphertext": sealed})
    assert opened["data"]["plaintext"] == "c2VjcmV0"


@pytest.mark.parametrize(
    ("leased", "revoke", "revoked"), [(False, True, False), (True, True, True), (True, False, False)]
)
def test_a_certificate_lives_on_unless_it_is_leased_to_a_login_that_ends(
    account: Account, bao: OpenBao, leased: bool, revoke: bool, revoked: bool
) -> None:
    pki = bao.mount("pki")
    bao.call("POST", f"/v1/{pki}/root/generate/internal", {"common_name": "root.test", "ttl": "1h"})
    bao.call("POST", f"/v1/{pki}/roles/web", {"allow_any_name": True, "generate_lease": leased, "ttl": "10m"})
    account.allow(f'path "{pki}/issue/web" {{ capabilities = ["update"] }}')

    outcome = account.call(
        revoke_login_token=revoke,
        requests=[
            {"name": "cert", "method": "POST", "path": f"/{pki}/issue/web", "options": {"common_name": "web.test"}}
        ],
    )

    serial = bao.unwrap(outcome.env["VAULT_REQUEST_TOKEN_CERT"])["data"]["serial_number"]
    assert bool(bao.call("GET", f"/v1/{pki}/cert/{serial}")["data"]["revocation_time"]) is revoked
    account.end_login(alive=not revoke)


@every_login
@pytest.mark.parametrize("revoke", [True, False])
def test_a_child_token_lives_as_long_as_the_login(account: Account, revoke: bool) -> None:
    account.allow('path "auth/token/create" { capabilities = ["update"] }')

    outcome = account.call(
        revoke_login_token=revoke,
        requests=[{"name": "child", "method": "POST", "path": "/auth/token/create", "options": {"ttl": "5m"}}],
    )

    child = account.bao.unwrap(outcome.env["VAULT_REQUEST_TOKEN_CHILD"])["auth"]["client_token"]
    if revoke:
        with pytest.raises(requests.HTTPError, match="403"):
            account.bao.call("GET", "/v1/auth/token/lookup-self", token=child)
    else:
        assert account.bao.call("GET", "/v1/auth/token/lookup-self", token=child)["data"]["ttl"] > 0
    account.end_login(alive=not revoke)


@every_login
def test_nothing_is_asked_and_nothing_changes_without_requests(account: Account) -> None:
    assert not account.call().changed


def test_names_that_meet_are_refused_before_anything_is_sent(account: Account) -> None:
    both = [{"name": "a-b", "path": account.app}, {"name": "A.B", "path": account.app}]

    with pytest.raises(Failure, match=r"^requests: 'a-b' and 'A.B' would both be VAULT_REQUEST_TOKEN_A_B\.$"):
        account.call(vault_addr="http://127.0.0.1:9", requests=both)


@every_login
def test_check_mode_logs_in_and_sends_nothing(account: Account) -> None:
    write = {"name": "w", "method": "POST", "path": f"/{account.kv2}/data/new", "options": {"data": {"a": "b"}}}

    outcome = account.call(check_mode=True, requests=[write])

    assert (outcome.changed, outcome.env, outcome.tokens) == (True, {}, ())
    with pytest.raises(requests.HTTPError, match="404"):
        account.bao.call("GET", f"/v1/{account.kv2}/data/new")
    account.end_login(alive=False)


def test_check_mode_finds_a_secret_id_that_is_not_accepted(account: Account) -> None:
    with pytest.raises(Failure, match="role_id and secret_id"):
        account.call(check_mode=True, secret_id="wrong")


@pytest.mark.parametrize("as_option", [True, False])
def test_namespaces(bao: OpenBao, account: Account, as_option: bool) -> None:
    name = f"team-{account.kv1}"
    bao.call("POST", f"/v1/sys/namespaces/{name}")
    kv1 = bao.mount("kv", namespace=name, version="1")
    bao.call("POST", f"/v1/{kv1}/app", {"password": "of the team"}, namespace=name)
    account.allow(f'path "{name}/{kv1}/app" {{ capabilities = ["read"] }}')
    options = {"requests": [{"name": "app", "path": f"/{name}/{kv1}/app"}]}
    if as_option:
        role = bao.approle(f'path "{kv1}/app" {{ capabilities = ["read"] }}', namespace=name)
        options = {
            "vault_namespace": f"/{name}/",
            "role_id": role.role_id,
            "secret_id": bao.secret_id(role, namespace=name),
            "requests": [{"name": "app", "path": f"/{kv1}/app"}],
        }
    before = bao.token_accessors(namespace=name)

    outcome = account.call(**options)

    assert {token.creation_path for token in outcome.tokens} == {f"{kv1}/app"}
    assert bao.token_accessors(namespace=name) - before == {token.accessor for token in outcome.tokens}
    assert bao.unwrap(outcome.env["VAULT_REQUEST_TOKEN_APP"])["data"] == {"password": "of the team"}
