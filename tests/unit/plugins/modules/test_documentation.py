# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for the documentation of every module."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml
from ansible_collections.flant.gitops.plugins.modules import (
    container_command,
    git_signed_commit,
    run_ledger,
    scheduled_pull,
    vault_wrapped_requests,
)

if TYPE_CHECKING:
    from types import ModuleType

Options = dict[str, dict[str, Any]]


@pytest.mark.parametrize(
    "module", [container_command, git_signed_commit, run_ledger, scheduled_pull, vault_wrapped_requests]
)
def test_documentation_and_argument_specification_agree(module: ModuleType) -> None:
    documented = yaml.safe_load(module.DOCUMENTATION)["options"]
    assert _bare(documented, "suboptions") == _bare(module.ARGUMENT_SPEC, "options")


def _bare(options: Options, below: str) -> Options:
    """Return ``options`` without what only one side has; those of dictionaries stand under the key ``below``."""
    return {
        name: {
            **{key: value for key, value in option.items() if key not in {"description", "no_log", below}},
            **({"options": _bare(option[below], below)} if below in option else {}),
        }
        for name, option in options.items()
    }
