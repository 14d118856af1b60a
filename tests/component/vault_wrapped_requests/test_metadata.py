# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the server's audit log has of a run: its metadata at each request, and no secret-id that outlives it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.tests.support import openbao
from ansible_collections.flant.gitops.tests.support.http_faults import Fault
from ansible_collections.flant.gitops.tests.support.killing import Kill
from ansible_collections.flant.gitops.tests.support.vault_account import Account
from ansible_collections.flant.gitops.tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ansible_collections.flant.gitops.tests.support.soak import Long

LOGIN = "/v1/auth/approle/login"
METADATA = {"commit": "c" * 40, "signers": "alice, bob", "run": "r" * 32}
REQUESTS = 5


@pytest.fixture(scope="module")
def server() -> Iterator[openbao.OpenBao]:
    with openbao.running(audited=True) as server:
        yield server


@pytest.fixture
def audited(server: openbao.OpenBao, tmp_path: Path) -> Iterator[Account]:
    account = Account(server, tmp_path)
    yield account
    account.settle()


def requests(account: Account) -> list[dict[str, str]]:
    return [{"name": f"secret-{number}", "path": account.app} for number in range(REQUESTS)]


def logged(account: Account, path: str) -> list[dict[str, Any]]:
    return [line for line in account.bao.audit_log if line["request"]["path"] == path]


def made(account: Account) -> list[dict[str, Any]]:
    """Return what secret-ids were asked for with a limit of their uses."""
    lines = logged(account, f"auth/approle/role/{account.role.name}/secret-id")
    asked = [line["request"].get("data", {}) for line in lines if line["type"] == "request"]
    return [data for data in asked if "num_uses" in data]


@pytest.mark.parametrize("in_a_file", [False, True])
def test_each_line_of_a_request_names_commit_and_signers(audited: Account, *, in_a_file: bool) -> None:
    options = audited.with_file if in_a_file else {"role_name": audited.role.name}
    outcome = audited.call(requests=requests(audited), metadata=METADATA, **options)
    assert len(outcome.tokens) == REQUESTS
    lines = logged(audited, audited.app.removeprefix("/"))
    lines = [line for line in lines if line["auth"].get("metadata", {}).get("role_name") == audited.role.name]
    assert len(lines) == 2 * REQUESTS
    for line in lines:
        assert {**line["auth"]["metadata"], **METADATA} == line["auth"]["metadata"]


def test_unwrapping_is_tied_to_the_commit_by_the_log_alone(audited: Account) -> None:
    (token,) = audited.call(requests=requests(audited)[:1], metadata=METADATA, role_name=audited.role.name).tokens
    audited.bao.call("POST", "/v1/sys/wrapping/unwrap", token=token.token)
    log = audited.bao.audit_log
    unwrapped = [line for line in log if line["request"]["path"] == "sys/wrapping/unwrap"][-1]
    accessor = unwrapped["auth"]["accessor"]
    (made,) = [
        line
        for line in log
        if line["type"] == "response" and (line["response"].get("wrap_info") or {}).get("accessor") == accessor
    ]
    assert made["auth"]["metadata"]["commit"] == METADATA["commit"]


@pytest.mark.soak
def test_no_secret_id_is_left_however_often_it_runs(audited: Account, long: Long) -> None:
    before = set(audited.bao.secret_ids(audited.role))
    for _run in range(long.times(50)):
        audited.call(requests=requests(audited)[:1], metadata=METADATA, role_name=audited.role.name)
    assert set(audited.bao.secret_ids(audited.role)) == before


def test_secret_id_of_a_login_is_used_once_and_ends_within_two_minutes(audited: Account) -> None:
    audited.call(requests=requests(audited)[:1], metadata=METADATA, role_name=audited.role.name)
    (data,) = made(audited)
    assert (data["ttl"], data["num_uses"]) == (120, 1)


def test_secret_id_of_a_login_lives_no_longer_than_the_one_that_made_it(audited: Account) -> None:
    path = f"/v1/auth/approle/role/{audited.role.name}"
    audited.bao.call("POST", f"{path}/secret-id-ttl", {"secret_id_ttl": 60})
    given = audited.bao.call("POST", f"{path}/secret-id")["data"]["secret_id"]
    audited.call(requests=requests(audited)[:1], metadata=METADATA, role_name=audited.role.name, secret_id=given)
    (data,) = made(audited)
    assert 0 < data["ttl"] <= 60
    audited.bao.call("POST", f"{path}/secret-id/destroy", {"secret_id": given})


def test_secret_id_at_its_last_use_makes_none_without_its_bindings(audited: Account) -> None:
    path = f"/v1/auth/approle/role/{audited.role.name}/secret-id"
    given = audited.bao.call("POST", path, {"num_uses": 1, "cidr_list": ["127.0.0.1/32"]})["data"]["secret_id"]
    with pytest.raises(Failure, match="has no such secret-id, or that was its last use"):
        audited.call(requests=requests(audited), metadata=METADATA, role_name=audited.role.name, secret_id=given)
    assert [data for data in made(audited) if "metadata" in data] == []


def test_login_that_fails_leaves_no_secret_id(audited: Account) -> None:
    before = set(audited.bao.secret_ids(audited.role))
    with audited.proxied() as server:
        server.fail("POST", LOGIN, Fault(), times=1)
        server.fail("POST", LOGIN, Fault(400), times=2)
        options = {"role_name": audited.role.name, "vault_addr": server.address}
        with pytest.raises(Failure, match=r"^(?!metadata: ).*with role_id and a new secret-id: the server"):
            audited.call(requests=requests(audited), metadata=METADATA, **options)
    assert len(made(audited)) == 1
    assert set(audited.bao.secret_ids(audited.role)) == before


def test_v7_batch_tokens_are_not_revoked(audited: Account) -> None:
    audited.bao.call("POST", f"/v1/auth/approle/role/{audited.role.name}", {"token_type": "batch"})
    with audited.proxied() as server:
        options = {"role_name": audited.role.name, "vault_addr": server.address}
        assert audited.call(requests=requests(audited)[:1], metadata=METADATA, **options).tokens
        assert (server.count("POST", LOGIN), server.count("POST", "/v1/auth/token/revoke-self")) == (2, 0)


def test_bindings_are_carried_over(audited: Account) -> None:
    path = f"/v1/auth/approle/role/{audited.role.name}/secret-id"
    bound = audited.bao.call("POST", path, {"cidr_list": ["127.0.0.1/32"], "token_bound_cidrs": ["127.0.0.0/8"]})
    secret_id = bound["data"]["secret_id"]
    audited.call(requests=requests(audited)[:1], metadata=METADATA, role_name=audited.role.name, secret_id=secret_id)
    assert [set(data) for data in made(audited)] == [{"metadata", "cidr_list", "token_bound_cidrs", "ttl", "num_uses"}]
    audited.bao.call("POST", f"{path}/destroy", {"secret_id": secret_id})


def test_policy_that_does_not_allow_it_is_named(audited: Account) -> None:
    path = f"/v1/sys/policies/acl/{audited.role.name}"
    audited.bao.call("PUT", path, {"policy": f'path "{audited.kv2}/*" {{ capabilities = ["read"] }}'})
    with pytest.raises(
        Failure, match=r"^metadata: the AppRole's policy must allow update on auth/approle/role/.*HTTP 403"
    ):
        audited.call(requests=requests(audited), metadata=METADATA, role_name=audited.role.name)


@pytest.mark.parametrize(("uses", "enough"), [(3, False), (5, False), (6, True)])
def test_uses_of_tokens_are_counted(audited: Account, uses: int, *, enough: bool) -> None:
    audited.bao.call("POST", f"/v1/auth/approle/role/{audited.role.name}/token-num-uses", {"token_num_uses": uses})
    options = {"requests": requests(audited), "metadata": METADATA, "role_name": audited.role.name}
    if enough:
        assert len(audited.call(**options).tokens) == REQUESTS
    else:
        with pytest.raises(Failure, match=f"token_num_uses is {uses}, but this task needs"):
            audited.call(**options)


def test_uses_of_the_first_login_are_counted_too(audited: Account) -> None:
    """It looks up, creates and destroys, and its token ends itself."""
    path = f"/v1/auth/approle/role/{audited.role.name}/token-num-uses"
    options = {"requests": requests(audited)[:1], "metadata": METADATA, "role_name": audited.role.name}
    audited.bao.call("POST", path, {"token_num_uses": 3})
    with pytest.raises(Failure, match="token_num_uses is 3, but this task needs 4 uses"):
        audited.call(**options)
    assert made(audited) == []
    audited.bao.call("POST", path, {"token_num_uses": 4})
    assert len(audited.call(**options).tokens) == 1


KILLS = [
    ("look_up_secret_id", False),
    ("create_secret_id", False),
    ("create_secret_id", True),
    ("destroy_secret_id", False),
    ("destroy_secret_id", True),
    ("wrapped", False),
]


@pytest.mark.parametrize(("method", "after"), KILLS)
def test_killed_between_two_calls_it_leaves_what_ends_within_two_minutes(
    audited: Account, method: str, *, after: bool
) -> None:
    before = set(audited.bao.secret_ids(audited.role))
    kill = Kill("_vault.client", "Client", method, after)
    killed = audited.start(requests=requests(audited), metadata=METADATA, role_name=audited.role.name, kill=kill)
    killed.communicate()
    assert killed.returncode < 0
    path = f"/v1/auth/approle/role/{audited.role.name}/secret-id-accessor"
    for accessor in set(audited.bao.secret_ids(audited.role)) - before:
        left = audited.bao.call("POST", f"{path}/lookup", {"secret_id_accessor": accessor})["data"]
        assert (left["secret_id_ttl"], left["secret_id_num_uses"]) == (120, 1)
        audited.bao.call("POST", f"{path}/destroy", {"secret_id_accessor": accessor})
    audited.explain(audited.new_tokens())


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_killed_between_any_two_calls_it_leaves_nothing_two_minutes_later(audited: Account, long: Long) -> None:
    """Where not all of it is run, secret-ids of this AppRole live for a tenth of the two minutes."""
    seconds, path = long.times(120), f"/v1/auth/approle/role/{audited.role.name}"
    audited.bao.call("POST", f"{path}/secret-id-ttl", {"secret_id_ttl": seconds})
    left, before = set(), set(audited.bao.secret_ids(audited.role))
    for method, after in KILLS:
        given = audited.bao.call("POST", f"{path}/secret-id")["data"]
        killed = audited.start(
            requests=requests(audited),
            metadata=METADATA,
            role_name=audited.role.name,
            secret_id=given["secret_id"],
            kill=Kill("_vault.client", "Client", method, after),
        )
        killed.communicate()
        assert killed.returncode < 0
        audited.bao.call("POST", f"{path}/secret-id-accessor/destroy", _by(given["secret_id_accessor"]))
        left |= set(audited.bao.secret_ids(audited.role)) - before
    assert len(left) == 1  # the one that was made and never used
    time.sleep(seconds)
    assert [each for each in left if audited.bao.call("POST", f"{path}/secret-id-accessor/lookup", _by(each))] == []
    audited.bao.call("POST", "/v1/auth/approle/tidy/secret-id")  # what the server does by itself now and then
    until(lambda: left.isdisjoint(audited.bao.call("LIST", f"{path}/secret-id")["data"]["keys"]))
    audited.explain(audited.new_tokens())


def _by(accessor: str) -> dict[str, str]:
    return {"secret_id_accessor": accessor}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"metadata": {"a": 1}}, "metadata: a must be a text."),
        ({"metadata": {"a": "x" * 1100}}, "metadata: it must not be longer than 1 KiB."),
        ({"metadata": {"a": "b"}, "role_name": None}, "role_name: it is needed for metadata."),
    ],
)
def test_what_the_server_would_not_take_is_refused(audited: Account, options: dict[str, object], sentence: str) -> None:
    with pytest.raises(Failure) as refused:
        audited.call(**{"role_name": audited.role.name, "requests": requests(audited), **options})
    assert str(refused.value) == sentence


def test_nothing_is_made_where_there_is_no_request(audited: Account) -> None:
    audited.call(metadata=METADATA, role_name=audited.role.name)
    assert made(audited) == []
