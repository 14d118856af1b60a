# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The example of a webhook: what its playbook does, and that its rulebook hands nothing on.

ansible-rulebook itself, which needs Java, is run by hand, as the example's README says.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ansible_collections.flant.gitops.tests.support.environment import clean
from ansible_collections.flant.gitops.tests.support.throwaway_machine import ansible

EXAMPLE = Path(__file__).resolve().parents[3] / "examples/eda"


@pytest.mark.parametrize("is_there", [True, False])
def test_playbook_touches_the_trigger_and_makes_none(tmp_path: Path, is_there: bool) -> None:
    trigger = tmp_path / "trigger"
    if is_there:
        trigger.touch()
        os.utime(trigger, (0, 0))
    variables = ("ansible_connection=local", f"ansible_python_interpreter={sys.executable}", f"trigger={trigger}")
    subprocess.run(
        [
            *(ansible("ansible-playbook"), EXAMPLE / "push.yml", "--inventory=localhost,"),
            *(f"--extra-vars={variable}" for variable in variables),
        ],
        env={**clean(), "LC_ALL": "C.UTF-8", "HOME": str(tmp_path)},
        check=True,
        capture_output=True,
    )
    assert trigger.exists() == is_there
    assert not is_there or trigger.stat().st_mtime > 0


def test_rulebook_hears_what_is_signed_and_hands_nothing_on() -> None:
    (rulebook,) = yaml.safe_load((EXAMPLE / "rulebook.yml").read_text(encoding="utf-8"))
    (source,) = rulebook["sources"]
    webhook = source["eda.builtin.webhook"]
    assert (webhook["host"], webhook["hmac_algo"]) == ("127.0.0.1", "sha256")
    assert webhook["hmac_secret"] == "{{ FLANT_GITOPS_PUSH_SECRET }}"
    assert [rule["action"] for rule in rulebook["rules"]] == [{"run_playbook": {"name": "push.yml"}}]
