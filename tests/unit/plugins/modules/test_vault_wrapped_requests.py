# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from types import SimpleNamespace

import pytest
import yaml
from ansible_collections.flant.gitops.plugins.modules import vault_wrapped_requests as module
from ansible_collections.flant.gitops.tests.support.vault_call import parameters

OPTIONS = yaml.safe_load(module.DOCUMENTATION)["options"]


def test_the_defaults_of_the_component_tests_are_those_of_the_module() -> None:
    defaults = {name: option.get("default") for name, option in OPTIONS.items() if not option.get("required")}

    assert {**parameters(), "timeout": "30s"} == defaults


@pytest.mark.parametrize("pin", ["1", "s.A", "hidden-value"])
def test_no_part_of_a_token_is_masked(pin: str) -> None:
    params = {"secret_id": "given", "requests": [{"name": "it", "secret_options": {"pin": pin}}]}
    stand_in = SimpleNamespace(no_log_values={pin, "given"}, params=params)
    result = {"env": {"VAULT_REQUEST_TOKEN_IT": "s.A1b2C3"}, "changed": True}

    module._leave_whole(stand_in, result)  # noqa: SLF001 -- what is tested

    shown = str(result)
    assert not any(value in shown for value in stand_in.no_log_values)
    assert pin in stand_in.no_log_values or pin not in str(params)
