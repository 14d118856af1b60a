# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``flant.gitops.refusal``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._container import image
from ansible_collections.flant.gitops.plugins.module_utils._duration import parse_duration
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._git import url
from ansible_collections.flant.gitops.plugins.module_utils._openpgp import keyring
from ansible_collections.flant.gitops.plugins.module_utils._size import parse_size
from ansible_collections.flant.gitops.plugins.module_utils._vault.request import Request as VaultRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

DOCUMENTATION = r"""
name: refusal
short_description: Why a configuration of the role flant_gitops cannot work
version_added: 1.0.0
author:
  - flant.gitops contributors
description:
  - Applies the modules' own checks to the role's variables before the first module is called,
    so that a mistake in a late step does not show only after the early ones are done.
options:
  _input:
    description: The role's variables without their prefix C(flant_gitops_).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Stop early
  ansible.builtin.assert:
    that: not configuration | flant.gitops.refusal
    fail_msg: "{{ configuration | flant.gitops.refusal }}"
"""

RETURN = r"""
_value:
  description: One sentence that names the variable at fault; empty when there is none.
  type: str
"""

_INSTANCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")
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
_REQUEST_DEFAULTS = {"method": "GET", "options": {}, "secret_options": {}, "wrap_ttl": "1m"}


def _operation(config: Mapping[str, Any]) -> None:
    if not _INSTANCE.fullmatch(config["instance"]):
        raise Failure("instance: it must be a letter or digit and up to 39 letters, digits, '_', '.' or '-'.")
    if not config["work_dir"].startswith("/"):
        raise Failure("work_dir: it must be an absolute path.")
    if config["keep_logs"] < 0:
        raise Failure("keep_logs: it must not be negative.")


def _git(config: Mapping[str, Any]) -> None:
    required = config["required_number_of_verified_signatures_on_commit"]
    keys = config["trusted_pgp_public_keys"]
    named = keys if isinstance(keys, dict) else dict(enumerate(keys))
    initial = config["initial_last_successful_commit"]
    url.parse(config["git_repo_url"], "git_repo_url")
    parse_duration(config["git_poll_period"], "git_poll_period")
    parse_duration(config["git_timeout"], "git_timeout")
    if initial and not _COMMIT.fullmatch(initial):
        raise Failure("initial_last_successful_commit: it must be the full id of a commit.")
    if required < 0:
        raise Failure("required_number_of_verified_signatures_on_commit: it must not be negative.")
    if required and not named:
        raise Failure("trusted_pgp_public_keys: it must not be empty where signatures are required.")
    for name, key in named.items():
        _key(name, key)


def _key(name: object, key: object) -> None:
    option = f"trusted_pgp_public_keys[{name!r}]"
    if not isinstance(key, str):
        raise Failure(f"{option}: it must be a text.")
    try:
        keyring.check([key])
    except Failure as failure:
        raise Failure(str(failure).replace("trusted_keys[0]", option)) from failure


def _container(config: Mapping[str, Any]) -> None:
    try:
        image.parse(config["docker_image"], require_digest=True)
    except Failure as failure:
        raise Failure(f"docker_{failure}") from failure
    if not config["commands"]:
        raise Failure("commands: at least one is needed.")
    parse_duration(config["docker_timeout"], "docker_timeout")
    parse_size(config["docker_max_output"], "docker_max_output")
    if config["docker_memory"]:
        parse_size(config["docker_memory"], "docker_memory")


def _vault(config: Mapping[str, Any]) -> None:
    if not config["vault_addr"]:
        for name in _VAULT_ONLY:
            if config[name]:
                raise Failure(f"vault_addr: it is needed where {name} is set.")
        return
    params = {option: config[variable] for option, variable in _VAULT_OPTIONS.items()}
    params["requests"] = [{**_REQUEST_DEFAULTS, **request} for request in config["vault_requests"]]
    params |= {"revoke_login_token": True, "timeout": "30s", "retries": 3}
    try:
        VaultRequest.from_params(params, check_mode=True)
    except Failure as failure:
        option = re.match(r"\w+", str(failure))[0]
        raise Failure(_VAULT_OPTIONS[option] + str(failure)[len(option) :]) from failure


def refusal(config: Mapping[str, Any]) -> str:
    """Return why ``config`` cannot work, or an empty text."""
    try:
        for check in (_operation, _git, _container, _vault):
            check(config)
    except Failure as failure:
        return f"flant_gitops_{failure}"
    return ""


class FilterModule:
    """What Ansible looks for in this file."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return the filter by its name."""
        return {"refusal": refusal}
