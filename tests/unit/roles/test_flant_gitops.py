# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role's argument specs, its defaults and its playbooks agree with each other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from ansible.template import Templar
from ansible_collections.flant.gitops.plugins.plugin_utils._values import has_template
from jinja2 import Environment, nodes

try:
    from ansible.template import trust_as_template
except ImportError:  # ansible-core 2.18 takes every text for a template
    trust_as_template = str

COLLECTION = Path(__file__).resolve().parents[3]
ROLE = COLLECTION / "roles/flant_gitops"
SPECS = yaml.safe_load((ROLE / "meta/argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]
VARS = yaml.safe_load((ROLE / "vars/main.yml").read_text(encoding="utf-8"))
CHECKED = "_flant_gitops_checked"
DEFAULTS = yaml.safe_load((ROLE / "defaults/main.yml").read_text(encoding="utf-8"))
STEPS = [*sorted((ROLE / "tasks").glob("*.yml")), *sorted((COLLECTION / "playbooks").glob("*.yml"))]
CONDITIONS = {"when", "that", "failed_when", "changed_when", "until"}
WORD = re.compile(r"\w+(\.\w+)*")
OPTIONS = [(entry, name, option) for entry, spec in SPECS.items() for name, option in spec["options"].items()]


def conditions(node: object) -> list[object]:
    """Return the conditions of all tasks below ``node``; several of them in one task are a list, and no word."""
    if isinstance(node, dict):
        own = [value for key, value in node.items() if key in CONDITIONS]
        return own + [each for value in node.values() for each in conditions(value)]
    return [each for item in node for each in conditions(item)] if isinstance(node, list) else []


@pytest.mark.parametrize(("entry", "name", "option"), OPTIONS)
def test_spec_and_default_agree(entry: str, name: str, option: dict[str, object]) -> None:
    assert name.startswith("flant_gitops_"), entry
    if option.get("required"):
        assert name not in DEFAULTS
    else:
        assert option["default"] == DEFAULTS[name]
        assert type(option["default"]) is type(DEFAULTS[name])


def test_nothing_in_the_specs_begins_a_template() -> None:
    """Ansible fills in the whole spec when it checks a run's variables, and ends the run where it can't."""
    text = (ROLE / "meta/argument_specs.yml").read_text(encoding="utf-8")
    assert not has_template(text)


def test_every_default_is_an_option() -> None:
    assert set(DEFAULTS) <= {name for _entry, name, _option in OPTIONS}


@pytest.mark.parametrize("entry", sorted(set(SPECS) - {"main"}))
def test_every_entry_point_has_tasks_and_a_playbook(entry: str) -> None:
    assert (ROLE / "tasks" / f"{entry}.yml").exists()
    assert f"tasks_from: {entry}" in (COLLECTION / "playbooks" / f"{entry}.yml").read_text(encoding="utf-8")


@pytest.mark.parametrize("tasks", sorted((ROLE / "tasks").glob("*.yml")), ids=lambda path: path.stem)
def test_r16_what_tasks_register_and_set_is_no_variable_of_operators(tasks: Path) -> None:
    """Names that are not the role's own begin otherwise, so that what an entry point leaves is refused by none."""
    text = tasks.read_text(encoding="utf-8")
    registered = set(re.findall(r"register: (\w+)", text))
    registered |= set(re.findall(r"set_fact:\n\s+(\w+):", text))
    assert {name for name in registered if not name.startswith("_flant_gitops_")} == set()


@pytest.mark.parametrize("entry", sorted(SPECS))
def test_r16_each_entry_point_refuses_variables_that_nobody_knows(entry: str) -> None:
    refusals = set(
        re.findall(r"_flant_gitops_(?:\w+_)?refusal\b", (ROLE / "tasks" / f"{entry}.yml").read_text("utf-8"))
    )
    looked_at = [VARS.get(name, "").replace(CHECKED, repr(VARS[CHECKED])) for name in refusals]
    assert any("'names': '_flant_gitops_names'" in names for names in looked_at)


def test_every_name_of_the_roles_own_is_one_that_something_gives() -> None:
    """Jinja takes a variable that nobody defines for one that is empty, wherever a default stands behind it."""
    texts = [file.read_text(encoding="utf-8") for file in [*STEPS, *(ROLE / "vars").glob("*.yml")]]
    given = {name for text in texts for name in re.findall(r"(?m)^\s*(?:- )?(_flant_gitops_\w+):", text)}
    given |= {name for text in texts for name in re.findall(r"(?:register|loop_var): (_flant_gitops_\w+)", text)}
    others = [*(ROLE / "templates").iterdir(), *(COLLECTION / "plugins").rglob("*.py")]
    texts += [file.read_text(encoding="utf-8") for file in others]
    assert {name for text in texts for name in re.findall(r"\b_flant_gitops_\w+", text)} - given == set()


@pytest.mark.parametrize("steps", STEPS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_no_task_decides_by_itself(steps: Path) -> None:
    """What is due is one word, of the role's ``vars`` or of the Python behind them, where the unit tests see it."""
    found = conditions(yaml.safe_load(steps.read_text(encoding="utf-8")))
    assert [text for text in found if not WORD.fullmatch(str(text))] == []


def evaluated(template: str) -> list[str]:
    """Return each of the role's ``vars`` that Ansible evaluates for a template: all that it names, needed or not."""
    found = []
    for name in {node.name for node in Environment(autoescape=True).parse(template).find_all(nodes.Name)} & VARS.keys():
        values = looked_up(VARS[name]) if name.endswith("_variables") else texts(VARS[name])
        found += [name, *(more for text in values for more in evaluated(text))]
    return found


def looked_up(names: object) -> set[str]:
    """Return templates of the variables that options come from, each of which is filled in once."""
    return {f"{{{{ {re.split('[ .]', text)[0]} }}}}" for text in texts(names)}


def texts(node: object) -> list[str]:
    """Return the texts in a variable or a task, each of which Ansible evaluates apart."""
    if isinstance(node, (dict, list)):
        return [text for value in (node.values() if isinstance(node, dict) else node) for text in texts(value)]
    return [node] if isinstance(node, str) else []


@pytest.mark.filterwarnings("ignore:invalid escape sequence")  # which Ansible takes as it is meant
def test_a_quiet_poll_asks_for_the_course_four_times() -> None:
    """It takes longer to evaluate than all else of a task, so that this is what a poll costs."""
    main, poll = (yaml.safe_load((ROLE / "tasks" / f"{name}.yml").read_text("utf-8")) for name in ("main", "poll"))
    ending = next(index for index, task in enumerate(main) if task.get("ansible.builtin.meta") == "end_role")
    asked = {}
    for task in [*main[: ending + 1], *poll]:
        conditions = [f"{{{{ {task['when']} }}}}"] if "when" in task else []
        names = [name for text in texts({**task, "when": conditions}) for name in evaluated(text)]
        asked[task["name"]] = names.count("_flant_gitops_course")
    assert {name: count for name, count in asked.items() if count} == {
        "Remember when this poll began": 1,
        "Poll the branch": 1,
        "Tell that there is nothing to do": 2,
    }


@pytest.mark.parametrize("playbook", sorted((COLLECTION / "playbooks").glob("*.yml")), ids=lambda path: path.stem)
def test_every_playbook_takes_the_same_hosts_variable(playbook: Path) -> None:
    for play in yaml.safe_load(playbook.read_text(encoding="utf-8")):
        assert play["hosts"] == "{{ flant_gitops_hosts | default('all') }}"


REQUEST = {"name": "a", "path": "/v1/a", "options": {"ttl": "1h"}}


def tried(**variables: object) -> str:
    """Return what the attempts go by besides the commit; the keys of ``variables`` are without their prefix."""
    given = {"git_repo_url": "r", "docker_image": "i", "commands": ["c"], "vault_requests": [REQUEST], **variables}
    known = {**DEFAULTS, **{f"flant_gitops_{name}": value for name, value in given.items()}}
    own = {name: VARS[name] for name in ("_flant_gitops_env", "_flant_gitops_files", "_flant_gitops_cacert_path")}
    known |= {name: trust_as_template(text) for name, text in own.items()}
    return Templar(None, variables=known).template(trust_as_template(VARS["_flant_gitops_tried"]))


@pytest.mark.parametrize(
    "variables",
    [
        {"docker_image": "j"},
        {"commands": ["c", "d"]},
        {"docker_memory": "1g"},
        {"docker_timeout": "2h"},
        {"vault_addr": "https://vault.example.com"},
        {"vault_role_name": "other"},
        {"vault_requests": [{**REQUEST, "path": "/v1/b"}]},
        {"vault_requests": [{**REQUEST, "options": {"ttl": "2h"}}]},
        {"vault_requests": []},
    ],
)
def test_attempts_begin_anew_with_what_may_have_been_at_fault(variables: dict[str, object]) -> None:
    assert re.fullmatch(r"[0-9a-f]{64}", tried())
    assert tried(**variables) != tried()


@pytest.mark.parametrize(
    "variables",
    [
        {"vault_requests": [{**REQUEST, "secret_options": {"pin": "1234"}}]},
        {"vault_secret_id": "secret"},
        {"docker_registry_password": "secret"},
        {"git_password": "secret"},
        {"retry_delay": "1h"},
        {"suspend": "Frozen"},
    ],
)
def test_attempts_do_not_go_by_what_is_secret_or_starts_nothing(variables: dict[str, object]) -> None:
    assert tried(**variables) == tried()
