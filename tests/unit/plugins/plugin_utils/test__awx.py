# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What AWX is given, and what it must not be given."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from ansible_collections.flant.gitops.plugins.plugin_utils._awx import (
    Credentials,
    awx_credentials,
    awx_needed,
    awx_refusal,
)

RULE = "DTSTART:20260101T000000Z RRULE:FREQ=MINUTELY;INTERVAL=5"
ORGANIZATION, KEYS = "flant_gitops_awx_organization", "flant_gitops_awx_credentials"
NO_WEBHOOK = {"service": "", "credential": ""}
SECRETS = {"git": "in-the-clear", "vault": "", "proxy": None}
NAMES = {"git": "web git", "vault": "web vault", "proxy": "web proxy"}


def refusal(**changed: Any) -> str:  # noqa: ANN401 -- each argument has its own type
    known = {"requests": [], "variables": {}, "rule": RULE, "webhook": NO_WEBHOOK, **changed}
    return awx_refusal(**known)


def credentials(**changed: Any) -> Credentials:  # noqa: ANN401
    found = {"credentials": [], "templates": []}
    known = {"secrets": SECRETS, "names": NAMES, "found": found, "update_secrets": True, "check_mode": False}
    return awx_credentials(**{**known, **changed})


def test_what_awx_can_do_with_is_not_refused() -> None:
    requests = [{"name": "a"}, {"name": "b", "secret_options": {}}, "no request"]
    variables = {"commands": ["echo {x} ${y}", {"k": "} {"}], "number": 1}
    assert refusal(requests=requests, variables=variables) == ""


def test_secret_options_are_refused_and_not_repeated() -> None:
    requests = [{"name": "a"}, {"name": "b", "secret_options": {"password": "in-the-clear"}}]
    assert refusal(requests=requests) == (
        "flant_gitops_vault_requests: AWX would show the secret_options to everyone who may see its inventory; "
        "keep the requests in a file of the project, encrypted with ansible-vault."
    )


@pytest.mark.parametrize(
    "text", ["a {{ b }}", "{% if %}", "${#x}", ["deep", {"er": "{{"}], {"{{": 1}, [date(2026, 1, 1), "{{"]]
)
def test_what_a_job_would_fill_in_is_refused_by_its_names(text: object) -> None:
    assert refusal(variables={"first": text, "fine": "text", "second": text}) == (
        "first, second: a job in AWX would fill in what looks like a template, although it is marked as unsafe here; "
        "keep it in a file of the project."
    )


def test_rule_that_awx_would_not_follow_is_refused() -> None:
    assert refusal(rule="daily").startswith("flant_gitops_awx_rrule: it does not begin with a DTSTART")
    assert refusal(rule=5).startswith("flant_gitops_awx_rrule: ")
    assert refusal(rule=f"{RULE};UNTIL=20260102T000000Z").endswith(
        "its last time is over, so that AWX would never run it."
    )


def test_names_are_needed_and_ids_and_nothing_are_not() -> None:
    named = {
        ORGANIZATION: "ours",
        "flant_gitops_awx_scm_credential": "",
        KEYS: ["key", 7, "8", "9 lives"],
        "flant_gitops_awx_execution_environment": "ours",
    }
    assert awx_needed(named=named, webhook=NO_WEBHOOK) == [
        {"variable": ORGANIZATION, "endpoint": "organizations", "what": "organization", "query": {"name": "ours"}},
        {"variable": KEYS, "endpoint": "credentials", "what": "credential", "query": {"name": "key"}},
        {"variable": KEYS, "endpoint": "credentials", "what": "credential", "query": {"name": "9 lives"}},
        {
            "variable": "flant_gitops_awx_execution_environment",
            "endpoint": "execution_environments",
            "what": "execution environment",
            "query": {"name": "ours"},
        },
    ]
    (scm,) = awx_needed(named={"flant_gitops_awx_scm_credential": "key", ORGANIZATION: 1}, webhook=NO_WEBHOOK)
    assert (scm["endpoint"], scm["what"]) == ("credentials", "credential")


def test_webhook_needs_a_credential_for_its_own_forge() -> None:
    webhook = {"service": "github", "credential": "status"}
    assert refusal(webhook=webhook) == ""
    assert awx_needed(named={}, webhook=webhook) == [
        {
            "variable": "flant_gitops_awx_webhook_credential",
            "endpoint": "credentials",
            "what": "github_token credential",
            "query": {"name": "status", "credential_type__namespace": "github_token"},
        }
    ]
    assert awx_needed(named={}, webhook={"service": "github", "credential": "12"}) == []
    assert awx_needed(named={}, webhook={"service": "github", "credential": ""}) == []
    assert refusal(webhook={"service": "", "credential": "status"}) == (
        "flant_gitops_awx_webhook_credential: it goes with flant_gitops_awx_webhook_service, which is not set."
    )


def test_what_is_not_set_has_no_credential() -> None:
    told = credentials()
    assert (told.given, told.own) == (["git"], ["web git"])


def test_what_awx_has_is_kept_where_secrets_are_not_written() -> None:
    found = {"credentials": ["web", "web git", "web vault"], "templates": []}
    assert credentials(found=found, update_secrets=False).own == ["web git", "web", "web vault"]
    assert credentials(found=found).own == ["web git"]


@pytest.mark.parametrize(
    ("there", "templates", "check_mode", "goes_on"),
    [
        ([], [], False, True),
        ([], [], True, False),
        (["web git"], [], True, False),
        ([], ["web"], True, False),
        (["web git"], ["web"], True, True),
        (["web git", "another"], ["web"], True, True),
    ],
)
def test_check_mode_goes_on_where_all_is_there(
    there: list[str], templates: list[str], check_mode: bool, goes_on: bool
) -> None:
    told = credentials(found={"credentials": there, "templates": templates}, check_mode=check_mode)
    assert (told.can_go_on, told.would_begin) == (goes_on, not goes_on)
