# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from importlib import import_module
from pathlib import Path

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.flant.gitops.plugins.filter.decision import _PLACES, decision

ROLE = Path(__file__).resolve().parents[4] / "roles/flant_gitops"
USES = "".join(file.read_text(encoding="utf-8") for file in sorted(ROLE.rglob("*.yml")))
NAMES = sorted(set(re.findall(r"flant\.gitops\.decision\('(\w+)'\)", USES)))


def test_what_follows_is_a_dictionary_or_a_sentence() -> None:
    due = decision({"keys": []}, "schedule_pull")
    assert isinstance(due, dict)
    assert due["imports"] is False
    assert decision({"instance": "web", "changed": True}, "resume") == "web: the next run polls again."


@pytest.mark.parametrize("name", NAMES)
def test_role_asks_for_decisions_that_there_are(name: str) -> None:
    """Without all that it asks for, the function that decides is found and misses it."""
    with pytest.raises(TypeError, match=f"{name}\\(\\) missing"):
        decision({}, name)


@pytest.mark.parametrize("place", sorted(set(_PLACES.values())))
def test_what_follows_has_no_name_that_jinja_takes_for_a_method_of_the_dictionary(place: str) -> None:
    module = import_module(f"ansible_collections.flant.gitops.plugins.plugin_utils.{place}")
    found = [each for each in vars(module).values() if is_dataclass(each) and each.__module__ == module.__name__]
    assert [field.name for each in found for field in fields(each) if hasattr(dict, field.name)] == []


def test_unknown_decision_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match=r"^'resum' is not a decision\.$"):
        decision({}, "resum")


def test_failure_is_told_in_its_own_words(tmp_path: Path) -> None:
    (tmp_path / "web1").write_text("{", encoding="utf-8")
    with pytest.raises(AnsibleFilterError, match=r"^AWX: the host's facts in "):
        decision({"facts": {}, "awx_dir": str(tmp_path), "host": "web1"}, "fact")
