# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook flant.gitops.awx, with the real modules of awx.awx and a fake of AWX's API."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.plugin_utils._secrets import VARIABLES
from ansible_collections.flant.gitops.tests.support import fake_awx_api
from ansible_collections.flant.gitops.tests.support.site import COLLECTIONS, Result

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.flant.gitops.tests.support.fake_awx_api import Awx
    from ansible_collections.flant.gitops.tests.support.site import Site

SECRETS = {"git_password": "git-secret", "vault_secret_id": "vault-secret", "docker_registry_password": ""}
SET = {f"flant_gitops_{name}": value for name, value in SECRETS.items() if value}
ALIAS = "default@web1"
TEMPLATE = f"flant.gitops {ALIAS}"


@pytest.fixture
def awx() -> Iterator[Awx]:
    with fake_awx_api.served() as awx:
        yield awx


def configure(site: Site, awx: Awx, *arguments: str, **variables: object) -> Result:
    site.variables |= {"awx_scm_url": "https://git.example.com/ops/awx.git", **SECRETS, **variables}
    return play(site, awx, "flant.gitops.awx", *arguments)


def play(site: Site, awx: Awx, playbook: str, *arguments: str) -> Result:
    """Run a playbook; the collection awx.awx is where AWX_COLLECTION says, which noxfile.py sets."""
    environment = {
        "CONTROLLER_HOST": awx.url,
        "CONTROLLER_OAUTH_TOKEN": fake_awx_api.TOKEN,
        "ANSIBLE_COLLECTIONS_PATH": f"{COLLECTIONS}:{os.environ['AWX_COLLECTION']}",
    }
    process = site.start(*arguments, playbook=playbook, environment=environment)
    output, _errors = process.communicate(timeout=300)
    return Result(process.returncode, output)


def test_awx_gets_all_that_a_scheduled_instance_needs(site: Site, awx: Awx) -> None:
    site.variables["vault_requests"] = [{"name": "database", "path": "/database/creds/app"}]
    configured = configure(
        site,
        awx,
        awx_credentials=["our key"],
        awx_execution_environment="our EE",
        awx_host_variables={"ansible_user": "deploy"},
    )
    assert configured.rc == 0, configured.output

    template = awx.named("job_templates", TEMPLATE)
    assert template["use_fact_cache"] is True
    assert template["allow_simultaneous"] is False
    assert template["job_slice_count"] == 1
    assert template["limit"] == ALIAS
    assert template["playbook"] == "run.yml"
    assert template["project"] == awx.named("projects", "flant.gitops project")["id"]
    assert template["execution_environment"] == awx.named("execution_environments", "our EE")["id"]
    assert awx.credentials(TEMPLATE) == {f"{TEMPLATE} git_password", f"{TEMPLATE} vault_secret_id", "our key"}
    assert awx.named("schedules", TEMPLATE)["unified_job_template"] == template["id"]

    variables = json.loads(awx.named("hosts", ALIAS)["variables"])
    assert variables["ansible_host"] == "web1"
    assert variables["ansible_user"] == "deploy"
    assert variables["flant_gitops_instance"] == "default"
    assert variables["flant_gitops_git_repo_url"] == site.variables["git_repo_url"]
    assert variables["flant_gitops_trusted_pgp_public_keys"] == site.variables["trusted_pgp_public_keys"]
    assert variables["flant_gitops_vault_requests"] == site.variables["vault_requests"]
    assert "flant_gitops_git_branch_name" not in variables  # it has its default


def test_push_to_a_forge_launches_the_template(site: Site, awx: Awx) -> None:
    assert configure(site, awx).rc == 0
    template = awx.named("job_templates", TEMPLATE)
    awx.change("job_templates", template["id"], {"webhook_service": "gitlab"})
    assert configure(site, awx).rc == 0
    assert awx.named("job_templates", TEMPLATE)["webhook_service"] == "gitlab"  # which an operator has set

    configured = configure(site, awx, awx_webhook_service="github", awx_webhook_credential="our token")
    assert configured.rc == 0, configured.output
    template = awx.named("job_templates", TEMPLATE)
    assert template["webhook_service"] == "github"
    assert template["webhook_credential"] == awx.named("credentials", "our token")["id"]
    assert template["allow_simultaneous"] is False


def test_r22_secrets_go_into_credentials_alone(site: Site, awx: Awx) -> None:
    every = {name.removeprefix("flant_gitops_"): f"secret of {name}" for name in VARIABLES}
    configured = configure(site, awx, **every)
    assert configured.rc == 0, configured.output
    assert awx.secrets(TEMPLATE) == awx.injected(TEMPLATE) == {name: f"secret of {name}" for name in VARIABLES}
    told = json.dumps([awx.find(kind, {}) for kind in awx.names()])
    for secret in every.values():
        assert secret not in told
        assert secret not in configured.output
    for name in VARIABLES:
        kind = awx.named("credential_types", name.replace("flant_gitops_", "flant.gitops "))
        assert kind["inputs"]["fields"] == [
            {"id": name, "label": VARIABLES[name], "type": "string", "secret": True},
        ]


def test_r26_what_is_not_set_is_not_injected(site: Site, awx: Awx) -> None:
    assert configure(site, awx).rc == 0
    assert awx.injected(TEMPLATE) == SET
    cleared = configure(site, awx, **dict.fromkeys(SECRETS, ""))
    assert cleared.rc == 0, cleared.output
    assert awx.credentials(TEMPLATE) == set()
    assert awx.injected(TEMPLATE) == {}
    kept = configure(site, awx, awx_update_secrets=False, **dict.fromkeys(SECRETS, ""))
    assert kept.rc == 0, kept.output
    assert awx.injected(TEMPLATE) == SET


def test_r26_the_credential_of_the_version_before_stays_where_its_secrets_are_not_at_hand(site: Site, awx: Awx) -> None:
    fields = [{"id": f"flant_gitops_{name}", "label": name, "type": "string", "secret": True} for name in SECRETS]
    injectors = {"extra_vars": {field["id"]: f"{{{{ {field['id']} }}}}" for field in fields}}
    kind = awx.create("credential_types", {"name": "old", "inputs": {"fields": fields}, "injectors": injectors})
    awx.create("credentials", {"name": TEMPLATE, "credential_type": kind["id"], "inputs": SET})
    kept = configure(site, awx, awx_update_secrets=False, **dict.fromkeys(SECRETS, ""))
    assert kept.rc == 0, kept.output
    assert awx.injected(TEMPLATE) == {**SET, "flant_gitops_docker_registry_password": None}
    assert configure(site, awx, awx_update_secrets=True).rc == 0
    assert awx.injected(TEMPLATE) == SET


@pytest.mark.parametrize(
    ("variables", "why"),
    [
        ({"awx_organization": "Nobody's"}, "awx_organization: AWX has no organization named Nobody's."),
        ({"awx_scm_credential": "no key"}, "awx_scm_credential: AWX has no credential named no key."),
        (
            {"awx_webhook_credential": "our token"},
            "awx_webhook_credential: it goes with flant_gitops_awx_webhook_service",
        ),
        (
            {"awx_webhook_service": "gitlab", "awx_webhook_credential": "our token"},
            "awx_webhook_credential: AWX has no gitlab_token credential named our token.",
        ),
        ({"awx_credentials": ["our key", "no key"]}, "awx_credentials: AWX has no credential named no key."),
        (
            {"awx_execution_environment": "no EE"},
            "awx_execution_environment: AWX has no execution environment named no",
        ),
        (
            {"awx_rrule": "DTSTART:20260101T000000Z RRULE:FREQ=DAILY;INTERVAL=0"},
            "awx_rrule: its INTERVAL must be there",
        ),
    ],
    ids=["organization", "scm", "service", "token", "credentials", "environment", "rule"],
)
def test_r28_nothing_is_written_where_something_is_wrong(
    site: Site, awx: Awx, variables: dict[str, object], why: str
) -> None:
    refused = configure(site, awx, **variables)
    assert refused.rc == 2, refused.output
    assert f"flant_gitops_{why}" in refused.output
    assert awx.changes == 0


def test_r28_what_awx_itself_refuses_is_told_with_its_field(site: Site, awx: Awx) -> None:
    """As the fake has it: that a playbook is missing is only known once there is a project."""
    assert configure(site, awx).rc == 0
    project = awx.named("projects", "flant.gitops project")
    awx.change("projects", project["id"], {"allow_override": False})
    with pytest.raises(fake_awx_api.RefusedError) as refused:
        awx.change("job_templates", awx.named("job_templates", TEMPLATE)["id"], {"playbook": "none.yml"})
    assert refused.value.field == "playbook"


def test_r29_check_mode_works_before_anything_is_there(site: Site, awx: Awx) -> None:
    before = awx.changes
    first = configure(site, awx, "--check")
    assert first.rc == 0, first.output
    assert f"{TEMPLATE} would be created" in first.output
    assert awx.changes == before
    assert configure(site, awx).rc == 0
    changes = awx.changes
    again = configure(site, awx, "--check", awx_update_secrets=False)
    assert again.rc == 0, again.output
    assert again.recap["changed"] == 0, again.output
    second = configure(site, awx, "--check", instance="second")
    assert second.rc == 0, second.output
    assert awx.changes == changes


def test_second_time_changes_nothing_but_the_secrets_unless_told(site: Site, awx: Awx) -> None:
    configure(site, awx)
    changes = awx.changes
    again = configure(site, awx, awx_update_secrets=False)
    assert again.rc == 0, again.output
    assert again.recap["changed"] == 0, again.output
    assert awx.changes == changes


def test_instances_of_a_host_have_an_alias_and_a_template_each(site: Site, awx: Awx) -> None:
    configure(site, awx)
    configured = configure(site, awx, instance="second")
    assert configured.rc == 0, configured.output
    assert awx.names()["hosts"] == [ALIAS, "second@web1"]
    assert awx.names()["job_templates"] == [TEMPLATE, "flant.gitops second@web1"]
    assert len(awx.names()["projects"]) == 1


def test_secret_options_which_awx_would_show_are_refused(site: Site, awx: Awx) -> None:
    site.variables["vault_requests"] = [{"name": "a", "path": "/a", "secret_options": {"password": "in-the-clear"}}]
    refused = configure(site, awx)
    assert refused.rc == 2
    assert "flant_gitops_vault_requests: AWX would show the secret_options" in refused.output
    assert "in-the-clear" not in refused.output
    assert awx.changes == 0


def test_command_that_a_job_would_take_for_a_template_is_refused(site: Site, awx: Awx) -> None:
    command = {"__ansible_unsafe": "x=abc; echo ${#x}"}
    refused = configure(site, awx, commands=[command])
    assert refused.rc == 2
    assert "flant_gitops_commands: a job in AWX would fill in" in refused.output
    assert awx.changes == 0


def test_r30_a_command_that_is_no_template_is_named(site: Site, awx: Awx) -> None:
    refused = configure(site, awx, commands=["true", "x=abc; echo ${#x}"])
    assert refused.rc == 2
    assert "flant_gitops_commands[1]: Ansible reads it as a template, and it is none (Missing end of comment" in (
        refused.output
    )
    assert awx.changes == 0


def test_what_is_not_set_is_left_to_the_project(site: Site, awx: Awx) -> None:
    del site.variables["commands"]
    configured = configure(site, awx)
    assert configured.rc == 0, configured.output
    assert "flant_gitops_commands" not in json.loads(awx.named("hosts", ALIAS)["variables"])


def test_r29_removed_instance_leaves_nothing_of_its_own_in_awx(site: Site, awx: Awx) -> None:
    configure(site, awx, instance="other")
    assert configure(site, awx, instance="default").rc == 0
    own = ("schedules", "job_templates", "credentials", "hosts")
    assert all(any("default@web1" in name for name in awx.names()[kind]) for kind in own)
    site.variables |= {"remove_awx": True, "remove_confirmed": "yes"}
    removed = play(site, awx, "flant.gitops.remove")
    assert removed.rc == 0, removed.output
    left = awx.names()
    assert not any("default@web1" in name for kind in own for name in left[kind])
    assert all(any("other@web1" in name for name in left[kind]) for kind in own)
    assert left["projects"] == ["flant.gitops project"]
    assert play(site, awx, "flant.gitops.remove").recap["changed"] == 0
