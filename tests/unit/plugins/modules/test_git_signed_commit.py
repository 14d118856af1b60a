# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import yaml
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.outcome import Outcome
from ansible_collections.flant.gitops.plugins.modules import git_signed_commit as module
from ansible_collections.flant.gitops.tests.support.signed_commit import parameters

OPTIONS = yaml.safe_load(module.DOCUMENTATION)["options"]


def test_the_defaults_of_the_tests_are_those_of_the_module() -> None:
    assert parameters() == {name: option.get("default") for name, option in OPTIONS.items() if name != "git_dir"}


def test_what_is_returned_is_documented() -> None:
    returned = set(Outcome._fields) - {"warnings"}
    assert returned == yaml.safe_load(module.RETURN).keys()


def test_the_password_alone_is_a_secret() -> None:
    assert [name for name, option in module.ARGUMENT_SPEC.items() if option.get("no_log")] == [
        "password",
        "proxy_password",
    ]
