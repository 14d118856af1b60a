# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from types import SimpleNamespace

import pytest
import yaml
from ansible_collections.flant.gitops.plugins.modules import container_command as module
from ansible_collections.flant.gitops.tests.support.container_call import DEFAULTS

OPTIONS = yaml.safe_load(module.DOCUMENTATION)["options"]


def test_the_defaults_of_the_component_tests_are_those_of_the_module() -> None:
    assert {name: option.get("default") for name, option in OPTIONS.items() if not option.get("required")} == DEFAULTS


def test_what_is_returned_is_documented() -> None:
    returned = yaml.safe_load(module.RETURN)
    assert set(returned) == {
        *("rc", "stdout", "stderr", "stdout_lines", "stderr_lines", "image", "image_id", "container_id", "started_at"),
        *("finished_at", "duration", "timed_out", "oom_killed", "adopted", "skipped_start", "existing", "identity"),
        *("secret_env", "cut_off"),
    }


@pytest.mark.parametrize(("secret", "masked"), [("0", False), ("2026", False), ("word", True)])
def test_what_the_engine_says_is_not_masked(secret: str, masked: bool) -> None:
    params = {"secret_env": {"PIN": secret}, "registry_password": None}
    stand_in = SimpleNamespace(no_log_values={secret}, params=params)

    module._leave_whole(stand_in, {"rc": 0, "started_at": "2026-11-24T07:50:00Z", "stdout": "word"})  # noqa: SLF001 -- what is tested

    assert (secret in stand_in.no_log_values) is masked
    assert masked or secret not in str(params)
