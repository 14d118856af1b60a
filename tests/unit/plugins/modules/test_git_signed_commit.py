# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import yaml
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.outcome import Outcome
from ansible_collections.flant.gitops.plugins.modules import git_signed_commit as module
from ansible_collections.flant.gitops.tests.support.signed_commit import parameters

OPTIONS = yaml.safe_load(module.DOCUMENTATION)["options"]


def test_the_documentation_and_the_argument_specification_agree() -> None:
    documented = {
        name: {key: value for key, value in option.items() if key != "description"} for name, option in OPTIONS.items()
    }
    specified = {
        name: {key: value for key, value in option.items() if key != "no_log"}
        for name, option in module._ARGUMENT_SPEC.items()  # noqa: SLF001 -- what is tested
    }
    assert documented == specified


def test_the_defaults_of_the_tests_are_those_of_the_module() -> None:
    assert parameters() == {name: option.get("default") for name, option in OPTIONS.items() if name != "git_dir"}


def test_what_is_returned_is_documented() -> None:
    returned = set(Outcome._fields) - {"warnings"}
    assert returned == yaml.safe_load(module.RETURN).keys()


def test_the_password_alone_is_a_secret() -> None:
    options = module._ARGUMENT_SPEC  # noqa: SLF001 -- what Ansible masks is said there and nowhere else
    assert [name for name, option in options.items() if option.get("no_log")] == ["password"]
