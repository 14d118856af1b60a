# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each variable of the role is used by its tasks, and each option of a module comes from its variable."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest
import yaml
from ansible_collections.flant.gitops.tests.support.role_options import LEFT, MODULES

ROLE = Path(__file__).resolve().parents[3] / "roles/flant_gitops"
ENTRIES = yaml.safe_load((ROLE / "meta/argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]
MAIN = ENTRIES["main"]
VARS = yaml.safe_load((ROLE / "vars/main.yml").read_text(encoding="utf-8"))
CHECKS = {name for name in VARS if name.endswith("_refusal")}  # what is only looked at has not arrived
NO_VARIABLES = {"flant_gitops_state", "flant_gitops_event"}  # the fact, and what the operator's own tasks are told
NAME = re.compile(r"\b_?flant_gitops_\w+")
LOOKED_UP = re.compile(r"{{ (\w+) \| flant\.gitops\.options }}")


def tasks(first: str) -> list[object]:
    """Return all tasks that can be met on the way from a file of them."""
    found: dict[str, object] = {}
    files = [first]
    for file in files:
        found[file] = yaml.safe_load((ROLE / "tasks" / file).read_text(encoding="utf-8"))
        names = re.findall(r"(?:import|include)_tasks': '(\w+\.yml)'", repr(found[file]))
        files += [name for name in names if name not in files]
    return list(found.values())


TASKS = tasks("main.yml")


def used(text: str) -> set[str]:
    """Return the names that ``text`` comes to, through the role's ``vars``."""
    names = set(NAME.findall(text)) - CHECKS
    waiting = list(names)
    while waiting:
        more = set(NAME.findall(repr(VARS.get(waiting.pop(), "")))) - CHECKS - names
        names |= more
        waiting += more
    return names


USED = used(repr(TASKS))


def handed_over(node: object, module: str) -> dict[str, set[str]]:
    """Return the options of ``module`` that tasks set, each with the names that its value comes from."""
    found: dict[str, set[str]] = {}
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        options = VARS.get(value[3:-3], value) if isinstance(value, str) else value
        names = LOOKED_UP.fullmatch(options) if isinstance(options, str) else None
        options = VARS[names[1]] if names else options
        if key == f"flant.gitops.{module}" and isinstance(options, dict):
            for option, text in options.items():
                found.setdefault(option, set()).update(used(repr(text)))
        for option, names in handed_over(value, module).items():
            found.setdefault(option, set()).update(names)
    return found


@pytest.mark.parametrize("name", sorted(MAIN["options"]))
def test_r24_each_variable_is_used(name: str) -> None:
    assert name in USED


@pytest.mark.parametrize("module", sorted(MODULES))
def test_r24_each_option_comes_from_its_variable(module: str) -> None:
    spec = importlib.import_module(f"ansible_collections.flant.gitops.plugins.modules.{module}").ARGUMENT_SPEC
    handed = handed_over(TASKS, module)
    assert set(spec) - set(handed) == set(LEFT[module])
    for option in sorted(set(handed) - MODULES[module].own):
        assert MODULES[module].variable(option) in handed[option], option


@pytest.mark.parametrize("entry", sorted(ENTRIES))
def test_r24_an_entry_point_knows_what_its_tasks_use(entry: str) -> None:
    named = {name for name in used(repr(tasks(f"{entry}.yml"))) - NO_VARIABLES if name.startswith("flant_gitops_")}
    handed_on = MAIN["options"] if entry == "awx" else {}  # to the jobs
    assert named <= {*ENTRIES[entry]["options"], *handed_on}
