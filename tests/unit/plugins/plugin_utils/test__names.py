# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from ansible_collections.flant.gitops.plugins.plugin_utils._names import known, refusal

SPECS = Path(__file__).resolve().parents[4] / "roles/flant_gitops/meta/argument_specs.yml"


def test_r16_the_names_are_those_of_the_specs() -> None:
    specs = yaml.safe_load(SPECS.read_text(encoding="utf-8"))["argument_specs"]
    options = {name for spec in specs.values() for name in spec["options"]}
    assert known() == options | {"flant_gitops_hosts", "flant_gitops_state", "flant_gitops_event"}


def test_r16_known_names_pass() -> None:
    assert refusal(sorted(known())) == ""
    assert refusal(["flant_gitops_my_own", "flant_gitops_hosts", "flant_gitops_state"]) == ""
    assert {"flant_gitops_suspend", "flant_gitops_awx_name", "flant_gitops_reset_commit"} <= known()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("flant_gitops_supend", "did you mean flant_gitops_suspend?"),
        (
            "flant_gitops_required_number_of_verified_signatures",
            "did you mean flant_gitops_required_number_of_verified_signatures_on_commit?",
        ),
        ("flant_gitops_docker_network", "did you mean flant_gitops_docker_network_mode?"),
        ("flant_gitops_poll", "would have no effect"),
        ("flant_gitops_" + "q" * 60, "name a variable of your own flant_gitops_my_..."),
    ],
)
def test_r16_unknown_name_is_refused_with_the_nearest(name: str, words: str) -> None:
    refused = refusal(["flant_gitops_instance", name])
    assert refused.startswith(f"{name}: ")
    assert words in refused
