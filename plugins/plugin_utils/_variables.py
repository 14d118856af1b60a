# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The role's variables and the modules' options that they are for: what a module says of one is told of the other."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.modules import (
    container_command,
    git_signed_commit,
    run_ledger,
    vault_wrapped_requests,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

PREFIX = "flant_gitops_"
_OPENING = re.compile(r"\w+(?:, \w+)*(?=[:\[]| \()")
_WORD = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b")


@dataclass(frozen=True)
class Module:
    """A module of this collection as the role uses it.

    A variable has the option's name behind ``prefix``, but for those in ``otherwise``; an option in ``own`` is set by
    the role itself, and no variable stands for it.
    """

    spec: Mapping[str, Any]
    prefix: str
    otherwise: Mapping[str, str]
    own: frozenset[str]

    def variable(self, option: str) -> str:
        """Return the variable that ``option`` is for, or an empty text."""
        if option not in self.spec or option in self.own:
            return ""
        return PREFIX + self.otherwise.get(option, self.prefix + option)

    def reword(self, sentence: str) -> str:
        """Return ``sentence`` with variables in place of the options that it is about.

        A sentence begins with the options at fault; further on only a name of several words is surely an option.
        """
        opening = _OPENING.match(sentence)
        begin = opening.end() if opening else 0
        return re.sub(r"\w+", self._renamed, sentence[:begin]) + _WORD.sub(self._renamed, sentence[begin:])

    def _renamed(self, name: re.Match[str]) -> str:
        return self.variable(name[0]) or name[0]


GIT = Module(
    git_signed_commit.ARGUMENT_SPEC,
    "git_",
    {
        "repo": "git_repo_url",
        "branch": "git_branch_name",
        "required_signatures": "required_number_of_verified_signatures_on_commit",
        "trusted_keys": "trusted_pgp_public_keys",
        "trusted_signers": "trusted_signers",
        "rules": "signature_rules",
        "ssh_user_verification": "ssh_user_verification",
        "rerun": "rerun",
        "rerun_after": "rerun_after",
        "spread": "spread",
    },
    frozenset({"action", "git_dir", "last_commit", "archive", "hold_file", "attempts"}),
)
CONTAINER = Module(
    container_command.ARGUMENT_SPEC,
    "docker_",
    {"commands": "commands", "docker_host": "docker_host"},
    frozenset(
        (
            *("action", "name", "identity", "owner", "archive", "archive_sha256", "creates"),
            *("env", "files", "secret_env", "cleanup", "return_secret_env"),
        )
    ),
)
VAULT = Module(
    vault_wrapped_requests.ARGUMENT_SPEC,
    "vault_",
    {name: name for name in vault_wrapped_requests.ARGUMENT_SPEC if name.startswith("vault_")}
    | {"metadata": "vault_audit_metadata"},
    frozenset({"action", "tokens"}),
)
LEDGER = Module(
    run_ledger.ARGUMENT_SPEC,
    "ledger_",
    {"keep_logs": "keep_logs", "keep_ledger": "keep_ledger"},
    frozenset(run_ledger.ARGUMENT_SPEC) - {"keep_logs", "keep_ledger", "key_file"},
)
