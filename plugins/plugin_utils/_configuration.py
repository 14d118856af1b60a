# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The role's configuration, checked as a whole by the rules of the modules that it is for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._container.request import Request as ContainerRequest
from ansible_collections.flant.gitops.plugins.module_utils._duration import parse_duration
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._git import url
from ansible_collections.flant.gitops.plugins.module_utils._git.environment import Access
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.request import check_access
from ansible_collections.flant.gitops.plugins.module_utils._vault.request import Request as VaultRequest
from ansible_collections.flant.gitops.plugins.plugin_utils import _values
from ansible_collections.flant.gitops.plugins.plugin_utils._instance import check_instance
from ansible_collections.flant.gitops.plugins.plugin_utils._keys import check_keys

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_VAULT_ONLY = (
    "vault_tls_server_name",
    "vault_cacert",
    "vault_namespace",
    "vault_role_name",
    "vault_role_id",
    "vault_secret_id",
    "vault_secret_id_file",
    "vault_secret_id_ttl",
    "vault_requests",
)
# A module's option -> the role's variable.
_GIT_OPTIONS = {
    "repo": "git_repo_url",
    "username": "git_username",
    "password": "git_password",
    "ssh_key_file": "git_ssh_key_file",
    "ssh_known_hosts_file": "git_ssh_known_hosts_file",
}
_CONTAINER_OPTIONS = {
    "image": "docker_image",
    "commands": "commands",
    "memory": "docker_memory",
    "cpus": "docker_cpus",
    "pids_limit": "docker_pids_limit",
    "timeout": "docker_timeout",
    "max_output": "docker_max_output",
    "network_mode": "docker_network_mode",
    "user": "docker_user",
    "cap_add": "docker_cap_add",
    "read_only": "docker_read_only",
    "pull": "docker_pull",
    "registry_username": "docker_registry_username",
    "registry_password": "docker_registry_password",
    "docker_host": "docker_host",
}
_VAULT_OPTIONS = {
    "vault_addr": "vault_addr",
    "vault_tls_server_name": "vault_tls_server_name",
    "vault_cacert": "vault_cacert",
    "vault_namespace": "vault_namespace",
    "approle_mount_point": "vault_approle_mount_point",
    "role_name": "vault_role_name",
    "role_id": "vault_role_id",
    "secret_id": "vault_secret_id",
    "secret_id_file": "vault_secret_id_file",
    "secret_id_ttl": "vault_secret_id_ttl",
    "requests": "vault_requests",
}
# What the role leaves to the modules, or fills in later.
_CONTAINER_DEFAULTS = {
    "action": "prepare",
    "name": "flant_gitops",
    "require_digest": True,
    "working_dir": "/git",
    "env": {},
    "secret_env": {},
    "files": [],
    "archive": None,
    "archive_sha256": None,
    "identity": "",
    "owner": None,
    "creates": None,
    "cleanup": False,
    "tls_ca_cert": None,
    "tls_client_cert": None,
    "tls_client_key": None,
}
_VAULT_DEFAULTS = {"action": "wrap", "tokens": [], "revoke_login_token": True, "timeout": "30s", "retries": 3}
_REQUEST_DEFAULTS = {"method": "GET", "options": {}, "secret_options": {}, "wrap_ttl": "1m"}
_REQUEST_TEXTS = ("name", "path", "method", "wrap_ttl")
_TEXTS = {
    *("git_poll_period", "git_timeout", "initial_last_successful_commit", "work_dir"),
    *_GIT_OPTIONS.values(),
    *_CONTAINER_OPTIONS.values(),
    *_VAULT_OPTIONS.values(),
} - {"commands", "docker_cpus", "docker_pids_limit", "docker_cap_add", "docker_read_only", "vault_requests"}


def _place(config: Mapping[str, Any]) -> None:
    check_instance(config["instance"])
    if not config["work_dir"].startswith("/"):
        raise Failure("work_dir: it must be an absolute path.")


def _operation(config: Mapping[str, Any]) -> None:
    if config["keep_logs"] < 0:
        raise Failure("keep_logs: it must not be negative.")


def _git(config: Mapping[str, Any]) -> None:
    required = config["required_number_of_verified_signatures_on_commit"]
    keys = config["trusted_pgp_public_keys"]
    initial = config["initial_last_successful_commit"]
    _access(config)
    parse_duration(config["git_poll_period"], "git_poll_period")
    parse_duration(config["git_timeout"], "git_timeout")
    if initial and not _COMMIT.fullmatch(initial):
        raise Failure("initial_last_successful_commit: it must be the full id of a commit.")
    if required < 0:
        raise Failure("required_number_of_verified_signatures_on_commit: it must not be negative.")
    if required and not keys:
        raise Failure("trusted_pgp_public_keys: it must not be empty where signatures are required.")
    check_keys(keys, "trusted_pgp_public_keys")


def _access(config: Mapping[str, Any]) -> None:
    try:
        check_access(
            Access(
                url=url.parse(config["git_repo_url"], "repo"),
                username=config["git_username"] or "",
                password=config["git_password"] or "",
                ssh_key_file=config["git_ssh_key_file"] or "",
                ssh_known_hosts_file=config["git_ssh_known_hosts_file"] or "",
                ca_cert_file="",
            ),
            config["required_number_of_verified_signatures_on_commit"],
        )
    except Failure as failure:
        raise _renamed(failure, _GIT_OPTIONS) from failure


def _container(config: Mapping[str, Any]) -> None:
    params = {option: config[variable] for option, variable in _CONTAINER_OPTIONS.items()}
    params["cpus"] = params["cpus"] or None
    for option, name in (("commands", "commands"), ("cap_add", "docker_cap_add")):
        params[option] = _values.texts(config[name], name)
    _check(ContainerRequest, _CONTAINER_DEFAULTS | params, _CONTAINER_OPTIONS)


def _vault(config: Mapping[str, Any]) -> None:
    if not config["vault_addr"]:
        for name in _VAULT_ONLY:
            if config[name]:
                raise Failure(f"vault_addr: it is needed where {name} is set.")
        return
    params = {option: config[variable] for option, variable in _VAULT_OPTIONS.items()}
    params["requests"] = [
        _request(request, f"vault_requests[{index}]")
        for index, request in enumerate(_values.items(config["vault_requests"], "vault_requests"))
    ]
    _check(VaultRequest, _VAULT_DEFAULTS | params, _VAULT_OPTIONS)


def _request(request: object, option: str) -> dict[str, Any]:
    if not isinstance(request, dict):
        raise Failure(f"{option}: it must be a dictionary.")
    given = {name: value for name, value in request.items() if value is not None}
    texts = {name: _values.text(given[name], f"{option}: {name}") for name in _REQUEST_TEXTS if name in given}
    return {**_REQUEST_DEFAULTS, **given, **texts}


def _check(
    request: type[ContainerRequest | VaultRequest], params: Mapping[str, Any], variables: Mapping[str, str]
) -> None:
    """Let a module check what it would be given; its sentences begin with the option, ours with the variable."""
    try:
        request.from_params(params, check_mode=True)
    except Failure as failure:
        raise _renamed(failure, variables) from failure


def _renamed(failure: Failure, variables: Mapping[str, str]) -> Failure:
    """Return ``failure`` with the role's variable in place of the module's option that it begins with."""
    option = re.split(r"\W", str(failure), maxsplit=1)[0]
    return Failure(variables[option] + str(failure)[len(option) :])


def refusal(config: Mapping[str, Any]) -> str:
    """Return why ``config`` cannot work, or an empty text; without a repository only the instance is looked at."""
    checks = (_place, _operation, _git, _container, _vault) if "git_repo_url" in config else (_place,)
    try:
        config = _values.with_texts(config, sorted(_TEXTS))
        for check in checks:
            check(config)
    except Failure as failure:
        return f"flant_gitops_{failure}"
    return ""
