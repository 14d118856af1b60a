# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role's variables as the modules get them."""

from __future__ import annotations

from pathlib import Path

import yaml
from ansible_collections.flant.gitops.plugins.plugin_utils._looked_up import looked_up
from ansible_collections.flant.gitops.plugins.plugin_utils._variables import CONTAINER, GIT, LEDGER, PREFIX, VAULT

MODULES = {
    "git_signed_commit": GIT,
    "container_command": CONTAINER,
    "vault_wrapped_requests": VAULT,
    "run_ledger": LEDGER,
}
# What the role leaves to the modules, and why; all else comes from a variable or is the role's own to say.
LEFT = {
    "git_signed_commit": {"max_commits": "a bound that no honest history meets", "commits": "for another playbook"},
    "container_command": {
        "require_digest": "the role runs nothing that is not pinned",
        "working_dir": "commands count on it",
    },
    "vault_wrapped_requests": {},
    "run_ledger": dict.fromkeys(
        (
            "reason",
            "by",
            "logs",
            "host",
            "known_hosts",
            "heads",
            "copies",
            "counted_today",
            "entries",
            "ledger",
            "list_commits",
            "previous_commit",
        ),
        "for other playbooks",
    ),
}
_VARS = yaml.safe_load(
    (Path(__file__).resolve().parents[2] / "roles/flant_gitops/vars/main.yml").read_text(encoding="utf-8")
)


def rendered(name: str, variables: dict[str, object]) -> dict[str, object]:
    """Return the options that the role's ``vars`` keep under ``name``, made of ``variables`` without their prefix."""
    known = {PREFIX + variable: value for variable, value in variables.items()}
    known["_flant_gitops_trusted"] = {"trusted_signers": [], "trusted_keys": []}
    known |= {"_flant_gitops_env": {}, "_flant_gitops_files": []}
    return looked_up(known, _VARS[f"_flant_gitops_{name}_variables"])
