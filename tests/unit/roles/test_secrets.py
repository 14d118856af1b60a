# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""R22: what is secret stands in one set, and nothing secret is missing in it."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from ansible_collections.flant.gitops.plugins.filter.secrets import secrets
from ansible_collections.flant.gitops.plugins.plugin_utils._secrets import VARIABLES, WITHIN
from ansible_collections.flant.gitops.tests.support.role_options import MODULES

if TYPE_CHECKING:
    from collections.abc import Iterator

ROLE = Path(__file__).resolve().parents[3] / "roles/flant_gitops"
SPECS = yaml.safe_load((ROLE / "meta/argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]
SOUNDS_SECRET = re.compile(r"password|passphrase|secret|token|credential|private|pin\b|key")
NOT_SECRET = re.compile(
    r"_file$|_key$"  # paths of files on the target
    r"|_ttl$|_method$"
    r"|trusted_pgp_public_keys$|_signing_keys$"
    r"|flant_gitops_awx_(?:(?:scm|webhook)_credential|credentials|update_secrets)$"  # names in AWX, and a yes or no
    r"|flant_gitops_vault_revoke_login_token$"
)


def options(found: dict[str, Any], above: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield all options with their names, those within others with the others' in front."""
    for name, option in found.items():
        yield above + name, option
        yield from options(option.get("options", {}), f"{above}{name}.")


ALL = dict(option for spec in SPECS.values() for option in options(spec["options"]))


@pytest.mark.parametrize("name", sorted(ALL))
def test_r22_what_sounds_secret_is_in_the_set(name: str) -> None:
    known = {*VARIABLES, *(f"{variable}.{key}" for variable, key in WITHIN.items())}
    if name not in known:
        assert not SOUNDS_SECRET.search(name) or NOT_SECRET.search(name), "is it secret? then it belongs into _secrets"


@pytest.mark.parametrize("module", sorted(MODULES))
def test_r22_what_a_module_hides_is_in_the_set(module: str) -> None:
    spec = importlib.import_module(f"ansible_collections.flant.gitops.plugins.modules.{module}").ARGUMENT_SPEC
    hidden = {MODULES[module].variable(name) for name, option in spec.items() if option.get("no_log")} - {""}
    assert hidden <= set(VARIABLES)


def test_r22_the_set_names_nothing_else() -> None:
    assert {*VARIABLES, *(f"{variable}.{key}" for variable, key in WITHIN.items())} <= set(ALL)


def test_r22_no_spec_keeps_inline_vault_values_out() -> None:
    """As ``no_log`` does on ansible-core 2.18."""
    assert [name for name, option in ALL.items() if "no_log" in option] == []


def test_the_filter_tells_the_secret_ones_apart() -> None:
    assert secrets(["flant_gitops_git_password", "flant_gitops_git_username"]) == {
        "flant_gitops_git_password": "Password of the git repository"
    }
    assert secrets(ALL) == VARIABLES
