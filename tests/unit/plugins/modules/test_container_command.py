# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

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
        *("finished_at", "duration", "timed_out", "oom_killed", "adopted", "skipped_start", "existing"),
    }
