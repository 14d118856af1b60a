# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook flant.gitops.awx, with the real modules of awx.awx and a fake of AWX's API."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.tests.support import fake_awx_api
from ansible_collections.flant.gitops.tests.support.site import COLLECTIONS, Result

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.flant.gitops.tests.support.fake_awx_api import Awx
    from ansible_collections.flant.gitops.tests.support.site import Site

SECRETS = {"git_password": "git-secret", "vault_secret_id": "vault-secret", "docker_registry_password": ""}
ALIAS = "default@web1"
TEMPLATE = f"flant.gitops {ALIAS}"


@pytest.fixture
def awx() -> Iterator[Awx]:
    with fake_awx_api.served() as awx:
        yield awx


def configure(site: Site, awx: Awx, **variables: object) -> Result:
    """Run the playbook; the collection awx.awx is where AWX_COLLECTION says, which noxfile.py sets."""
    site.variables |= {"awx_scm_url": "https://git.example.com/ops/awx.git", **SECRETS, **variables}
    environment = {
        "CONTROLLER_HOST": awx.url,
        "CONTROLLER_OAUTH_TOKEN": fake_awx_api.TOKEN,
        "ANSIBLE_COLLECTIONS_PATH": f"{COLLECTIONS}:{os.environ['AWX_COLLECTION']}",
    }
    process = site.start(playbook="flant.gitops.awx", environment=environment)
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
    assert awx.credentials(TEMPLATE) == {TEMPLATE, "our key"}
    assert awx.named("schedules", TEMPLATE)["unified_job_template"] == template["id"]

    variables = json.loads(awx.named("hosts", ALIAS)["variables"])
    assert variables["ansible_host"] == "web1"
    assert variables["ansible_user"] == "deploy"
    assert variables["flant_gitops_instance"] == "default"
    assert variables["flant_gitops_git_repo_url"] == site.variables["git_repo_url"]
    assert variables["flant_gitops_trusted_pgp_public_keys"] == site.variables["trusted_pgp_public_keys"]
    assert variables["flant_gitops_vault_requests"] == site.variables["vault_requests"]
    assert "flant_gitops_git_branch_name" not in variables  # it has its default


def test_secrets_go_into_the_credential_alone(site: Site, awx: Awx) -> None:
    configured = configure(site, awx)
    assert configured.rc == 0, configured.output
    assert awx.secrets(TEMPLATE) == {f"flant_gitops_{name}": value for name, value in SECRETS.items()}
    injectors = awx.named("credential_types", "flant.gitops secrets")["injectors"]["extra_vars"]
    assert injectors == {name: f"{{{{ {name} }}}}" for name in awx.secrets(TEMPLATE)}
    for secret in filter(None, SECRETS.values()):
        assert secret not in awx.named("hosts", ALIAS)["variables"]
        assert secret not in configured.output


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


def test_what_is_not_set_is_left_to_the_project(site: Site, awx: Awx) -> None:
    del site.variables["commands"]
    configured = configure(site, awx)
    assert configured.rc == 0, configured.output
    assert "flant_gitops_commands" not in json.loads(awx.named("hosts", ALIAS)["variables"])


def test_all_secret_variables_of_the_role_have_a_field_and_an_injector(site: Site, awx: Awx) -> None:
    configure(site, awx)
    kind = awx.named("credential_types", "flant.gitops secrets")
    fields = [field["id"] for field in kind["inputs"]["fields"]]
    assert sorted(fields) == sorted(kind["injectors"]["extra_vars"]) == sorted(awx.secrets(TEMPLATE))
    assert all(field["secret"] for field in kind["inputs"]["fields"])
