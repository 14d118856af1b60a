# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which tokens of a run are ended: none that a container might still use."""

from __future__ import annotations

import pytest
from ansible_collections.flant.gitops.plugins.plugin_utils._step import Step
from ansible_collections.flant.gitops.plugins.plugin_utils._tokens import Tokens

WRAPPING = {"name": "a", "token": "s.a", "login": False}
LOGIN = {"name": "the login token", "token": "s.login", "login": True}
WRAPPED = {
    "env": {"VAULT_REQUEST_TOKEN_A": "s.a"},
    "revocable": [WRAPPING, LOGIN],
    "requests": [{"expires_at": "2026-11-28T12:01:00Z"}, {"expires_at": "2026-11-28T12:05:00Z"}],
}
TAKEN_UP = {"name": "VAULT_REQUEST_TOKEN_A", "token": "s.earlier", "login": False}
RAN = {"rc": 0}
FAILED = {"rc": 3, "msg": "The commands failed."}
ADOPTED = {**FAILED, "adopted": True}
BROKEN = {"msg": "No engine answers."}
REFUSED = {"msg": "It went wrong."}
GONE = {"existing": "none"}
REVEALED = {**GONE, "secret_env": {"VAULT_REQUEST_TOKEN_A": "s.earlier"}}


def tokens(*, requested: bool = True, **steps: object) -> Tokens:
    return Tokens(requested, *(Step(steps.get(name)) for name in ("wrap", "start", "run", "remove", "revoke")))


@pytest.mark.parametrize(
    ("steps", "due"),
    [
        ({}, []),
        ({"wrap": WRAPPED}, []),
        ({"wrap": WRAPPED, "run": RAN}, []),
        ({"wrap": WRAPPED, "run": RAN, "remove": GONE}, []),
        ({"wrap": WRAPPED, "run": FAILED}, []),
        ({"wrap": WRAPPED, "run": FAILED, "remove": GONE}, [WRAPPING, LOGIN]),
        ({"wrap": WRAPPED, "run": FAILED, "remove": REFUSED}, []),
        ({"wrap": WRAPPED, "run": FAILED, "remove": {**GONE, **REFUSED}}, []),
        ({"wrap": WRAPPED, "run": BROKEN}, []),
        ({"wrap": WRAPPED, "run": BROKEN, "remove": GONE}, [WRAPPING, LOGIN]),
        ({"wrap": WRAPPED, "start": REFUSED}, [WRAPPING, LOGIN]),
        ({"wrap": WRAPPED, "run": {"skipped_start": True, "existing": "none"}}, [WRAPPING, LOGIN]),
        ({"wrap": WRAPPED, "run": {"existing": "other_running", "msg": "Busy."}}, [WRAPPING, LOGIN]),
        ({"wrap": WRAPPED, "run": {**RAN, "adopted": True}}, [WRAPPING, LOGIN]),
        ({"wrap": WRAPPED, "run": ADOPTED}, [WRAPPING, LOGIN]),
        ({"run": ADOPTED}, []),
        ({"run": ADOPTED, "remove": REVEALED}, [TAKEN_UP]),
        ({"run": {**RAN, "adopted": True}, "remove": REVEALED}, []),
        ({"start": REFUSED}, []),
    ],
)
def test_v19_tokens_end_once_no_container_can_use_them(steps: dict[str, object], due: list[object]) -> None:
    assert tokens(**steps).due("unused") == due


def test_v19_login_is_ended_like_the_others_where_that_is_wanted() -> None:
    failed = tokens(wrap=WRAPPED, run=FAILED, remove=GONE)
    assert failed.due("all") == [WRAPPING, {**LOGIN, "login": False}]
    assert tokens(wrap=WRAPPED, start=REFUSED).due("all") == [WRAPPING, {**LOGIN, "login": False}]


@pytest.mark.parametrize(
    ("steps", "in_doubt"),
    [
        ({"wrap": WRAPPED, "run": RAN}, False),
        ({"wrap": WRAPPED, "run": FAILED}, True),
        ({"wrap": WRAPPED, "run": BROKEN}, True),
        ({"wrap": WRAPPED, "run": ADOPTED}, False),
        ({"wrap": WRAPPED, "start": REFUSED}, False),
        ({"run": ADOPTED}, True),
        ({"run": BROKEN}, False),
        ({"requested": False, "run": ADOPTED}, False),
    ],
)
def test_v19_container_may_have_the_tokens(steps: dict[str, object], in_doubt: bool) -> None:
    assert tokens(**steps).in_doubt == in_doubt


@pytest.mark.parametrize(
    ("steps", "left"),
    [
        ({"run": FAILED}, ""),
        ({"run": FAILED, "remove": GONE}, ""),
        ({"run": FAILED, "remove": GONE, "revoke": {"used": []}}, ""),
        (
            {"run": FAILED, "remove": REFUSED},
            "its container may be there still, so its tokens live on until 2026-11-28T12:05:00Z",
        ),
        (
            {"run": FAILED, "remove": GONE, "revoke": REFUSED},
            "its tokens could not be ended and live on until 2026-11-28T12:05:00Z",
        ),
        (
            {"run": FAILED, "remove": GONE, "revoke": {"used": ["a"]}},
            "a had been used, so the login token lives on until its TTL",
        ),
    ],
)
def test_v19_what_lives_on_is_told(steps: dict[str, object], left: str) -> None:
    found = tokens(wrap=WRAPPED, **steps)
    assert found.left(found.due("unused")) == left


def test_v19_used_token_is_not_told_where_no_login_is_kept() -> None:
    found = tokens(wrap=WRAPPED, run=FAILED, remove=GONE, revoke={"used": ["a"]})
    assert found.left(found.due("all")) == ""


def test_v19_tokens_of_a_run_that_was_taken_up_live_as_long_as_they_were_asked_for() -> None:
    found = tokens(run=ADOPTED, remove=REFUSED)
    assert found.left([]) == "its container may be there still, so its tokens live on until their wrap_ttl is over"
