# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ending the tokens of an earlier call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.tests.support import vault_call
from ansible_collections.flant.gitops.tests.support.http_faults import Fault
from ansible_collections.flant.gitops.tests.support.vault_logins import every_login
from ansible_collections.flant.gitops.tests.support.waiting import until

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.plugins.module_utils._vault.run import Outcome
    from ansible_collections.flant.gitops.tests.support.vault_account import Account


def wrapped(account: Account, **options: Any) -> Outcome:  # noqa: ANN401 -- they are handed on
    return account.call(requests=[{"name": name, "path": account.app} for name in ("one", "two")], **options)


def revoke(account: Account, tokens: list[Any], **options: Any) -> Outcome:  # noqa: ANN401 -- likewise
    """End ``tokens``, with all the options that there are for a login, as the role gives them."""
    return vault_call.call(**{**account.options, "action": "revoke", "tokens": tokens, **options})


def alive(account: Account, outcome: Outcome) -> list[str]:
    return [token.request.name for token in outcome.tokens if token.accessor in account.bao.token_accessors()]


@every_login
def test_v19_tokens_of_an_earlier_call_are_ended_without_a_login(account: Account) -> None:
    found = wrapped(account)
    assert [(token["name"], token["login"]) for token in found.revocable] == [("one", False), ("two", False)]

    ended = revoke(account, found.revocable)

    assert (ended.changed, ended.used, ended.warnings) == (True, (), ())
    assert alive(account, found) == []


@every_login
def test_v19_a_token_that_was_used_is_no_error_and_is_named(account: Account) -> None:
    found = wrapped(account)
    account.bao.unwrap(found.tokens[0].token)

    assert revoke(account, found.revocable).used == ("one",)
    until(lambda: not alive(account, found))  # one that is used up is listed until the server has come to remove it
    again = revoke(account, [token.token for token in found.tokens])
    assert (again.changed, again.used) == (False, ("tokens[0]", "tokens[1]"))


@every_login
def test_v19_a_login_that_was_kept_is_ended_with_the_rest(account: Account) -> None:
    found = wrapped(account, revoke_login_token=False)
    assert [token["login"] for token in found.revocable] == [False, False, True]

    assert revoke(account, found.revocable).warnings == ()

    assert account.new_tokens() == set()


@every_login
def test_v19_a_login_lives_on_if_a_token_was_used(account: Account) -> None:
    found = wrapped(account, revoke_login_token=False)
    account.bao.unwrap(found.tokens[1].token)

    (warning,) = revoke(account, found.revocable).warnings

    assert warning == "tokens: two had been used or had expired, so the login token lives on until its TTL."
    account.end_login(alive=True)


@every_login
def test_v19_a_server_that_fails_is_told_and_the_others_are_ended(account: Account) -> None:
    found = wrapped(account)
    with account.proxied() as proxy:
        proxy.fail("POST", "/v1/auth/token/revoke-self", Fault(500))
        with pytest.raises(Failure, match=r"^Revoking the token '(one|two)': the server failed") as failure:
            revoke(account, found.revocable, vault_addr=proxy.address)
    assert not any(token.token in str(failure.value) for token in found.tokens)
    assert len(alive(account, found)) == 1
    revoke(account, found.revocable)


@every_login
def test_v19_check_mode_ends_nothing(account: Account) -> None:
    found = wrapped(account)
    assert revoke(account, found.revocable, check_mode=True).changed
    assert alive(account, found) == ["one", "two"]
    revoke(account, found.revocable)


@pytest.mark.parametrize("entry", ["", 5, {"name": "x"}, {"token": "t", "login": "yes"}])
def test_v19_what_is_not_a_token_is_refused_before_anything_is_ended(account: Account, entry: object) -> None:
    with pytest.raises(Failure, match=r"^tokens\[0\]: it must be a token"):
        revoke(account, [entry])


@every_login
def test_v19_tokens_are_for_revoking_alone(account: Account) -> None:
    with pytest.raises(Failure, match=r"^tokens: they are for action: revoke\.$"):
        account.call(tokens=["t"])
