# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of the role's variables is meant for which option of a module, as the names say it."""

from __future__ import annotations

PREFIXES = {"git_signed_commit": "git_", "container_command": "docker_", "vault_wrapped_requests": "vault_"}
_OTHERWISE = {  # option -> variable, where the names do not say it
    "repo": "git_repo_url",
    "branch": "git_branch_name",
    "required_signatures": "required_number_of_verified_signatures_on_commit",
    "trusted_keys": "trusted_pgp_public_keys",
    "commands": "commands",
    "docker_host": "docker_host",
    "vault_addr": "vault_addr",
    "vault_tls_server_name": "vault_tls_server_name",
    "vault_cacert": "vault_cacert",
    "vault_namespace": "vault_namespace",
}
# What the role leaves to the modules, and why; all else comes from a variable or is the role's own to say.
LEFT = {
    "git_signed_commit": {
        "ssh_user_verification": "the role gives no SSH keys",
        "trusted_signers": "the role gives a key a name by trusted_pgp_public_keys",
        "signatures_ref": "git-signatures writes to this one",
        "max_commits": "a bound that no honest history meets",
    },
    "container_command": {
        "require_digest": "the role runs nothing that is not pinned",
        "working_dir": "commands count on it",
        "tls_ca_cert": "the role talks to a socket",
        "tls_client_cert": "likewise",
        "tls_client_key": "likewise",
        "owner": "its names are not shared",
    },
    "vault_wrapped_requests": {
        "action": "the role asks for tokens, which end by themselves",
        "tokens": "likewise",
        "timeout": "a bound on one call",
        "retries": "likewise",
    },
}
OWN = {  # what only the role can know
    "git_signed_commit": {"action", "git_dir", "last_commit", "archive"},
    "container_command": {
        "action",
        "name",
        "identity",
        "archive",
        "archive_sha256",
        "creates",
        "env",
        "files",
        "secret_env",
        "cleanup",
    },
    "vault_wrapped_requests": set(),
}


def variable_of(module: str, option: str) -> str:
    """Return the name, less C(flant_gitops_), of the variable that ``option`` of ``module`` comes from."""
    return _OTHERWISE.get(option, PREFIXES[module] + option)
