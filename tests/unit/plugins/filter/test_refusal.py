# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from ansible_collections.flant.gitops.plugins.filter.refusal import refusal

ROLE = Path(__file__).resolve().parents[4] / "roles/flant_gitops"
PINNED = "registry.example.com/tool:1@sha256:" + "0" * 64
REQUEST = {"name": "database", "path": "/database/creds/app"}


def configuration(**variables: object) -> dict[str, object]:
    """Return the least configuration that works, on the role's own defaults, with ``variables`` changed."""
    defaults = yaml.safe_load((ROLE / "defaults/main.yml").read_text(encoding="utf-8"))
    settings = {name.removeprefix("flant_gitops_"): value for name, value in defaults.items()}
    required = {"git_repo_url": "https://git.example.com/a.git", "docker_image": PINNED, "commands": ["true"]}
    return {**settings, **required, **variables}


def with_vault(**variables: object) -> dict[str, object]:
    vault = {"vault_addr": "https://vault.example.com", "vault_role_id": "id", "vault_secret_id": "secret-of-test"}
    return configuration(**{**vault, "vault_requests": [REQUEST], **variables})


@pytest.mark.parametrize(
    "config",
    [
        configuration(),
        configuration(docker_image="sha256:" + "0" * 64, docker_cpus=0.5, docker_memory="512m"),
        configuration(initial_last_successful_commit="0" * 64),
        with_vault(),
        with_vault(vault_requests=[]),
    ],
)
def test_what_works_is_not_refused(config: dict[str, object]) -> None:
    assert refusal(config) == ""


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"instance": "../x"}, "flant_gitops_instance: it must be"),
        ({"work_dir": "work"}, "flant_gitops_work_dir: it must be an absolute path"),
        ({"keep_logs": -1}, "flant_gitops_keep_logs: it must not be negative"),
        ({"git_repo_url": "ext::sh -c id"}, "flant_gitops_git_repo_url: "),
        ({"git_poll_period": "often"}, "flant_gitops_git_poll_period: 'often' is no duration"),
        ({"git_timeout": "x"}, "flant_gitops_git_timeout: "),
        (
            {"initial_last_successful_commit": "main"},
            "flant_gitops_initial_last_successful_commit: it must be the full id",
        ),
        ({"required_number_of_verified_signatures_on_commit": -1}, "it must not be negative"),
        (
            {"required_number_of_verified_signatures_on_commit": 1},
            "flant_gitops_trusted_pgp_public_keys: it must not be empty",
        ),
        ({"trusted_pgp_public_keys": ["no key"]}, "flant_gitops_trusted_pgp_public_keys[0]"),
        ({"trusted_pgp_public_keys": {"alice": "no key"}}, "flant_gitops_trusted_pgp_public_keys['alice']"),
        (
            {"trusted_pgp_public_keys": {"alice": None}},
            "flant_gitops_trusted_pgp_public_keys['alice']: it must be a text",
        ),
        ({"docker_image": ""}, "flant_gitops_docker_image: "),
        ({"docker_image": "busybox:1"}, "flant_gitops_docker_image: 'busybox:1' is not pinned"),
        ({"commands": []}, "flant_gitops_commands: "),
        ({"docker_timeout": "x"}, "flant_gitops_docker_timeout: 'x' is no duration"),
        ({"docker_memory": "much"}, "flant_gitops_docker_memory: 'much' is no size"),
        ({"docker_max_output": "much"}, "flant_gitops_docker_max_output: 'much' is no size"),
        ({"docker_network_mode": "host"}, "flant_gitops_docker_network_mode: 'host' is refused"),
        ({"docker_cap_add": ["ALL"]}, "flant_gitops_docker_cap_add: 'ALL'"),
        ({"vault_requests": [REQUEST]}, "flant_gitops_vault_addr: it is needed where vault_requests is set"),
        ({"vault_secret_id": "x"}, "flant_gitops_vault_addr: it is needed where vault_secret_id is set"),
    ],
)
def test_refusal_names_the_variable_at_fault(variables: dict[str, object], sentence: str) -> None:
    refused = refusal(configuration(**variables))
    assert refused.startswith("flant_gitops_")
    assert sentence in refused


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"vault_addr": "vault.example.com"}, "flant_gitops_vault_addr: "),
        ({"vault_role_id": ""}, "flant_gitops_vault_role_id: "),
        ({"vault_secret_id": ""}, "flant_gitops_vault_secret_id: "),
        ({"vault_secret_id_file": "/f"}, "flant_gitops_vault_role_name: "),
        (
            {"vault_requests": [{"name": "a", "path": "secret"}]},
            "flant_gitops_vault_requests[0] ('a'): path must start with a slash",
        ),
        (
            {"vault_requests": [{"name": "a-b", "path": "/x"}, {"name": "a.b", "path": "/x"}]},
            "'a-b' and 'a.b' would both be",
        ),
    ],
)
def test_refusal_of_vault_names_the_variable_and_no_secret(variables: dict[str, object], sentence: str) -> None:
    refused = refusal(with_vault(**variables))
    assert refused.startswith("flant_gitops_")
    assert sentence in refused
    assert "secret-of-test" not in refused
