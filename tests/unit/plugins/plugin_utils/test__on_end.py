# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file of tasks that would end the whole play is refused before anything is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.plugin_utils._on_end import check_on_end
from ansible_collections.flant.gitops.tests.unit.plugins.plugin_utils.test__refusal import configuration, refusal

if TYPE_CHECKING:
    from pathlib import Path


# Short names: those of a collection are only found where Ansible runs a play.
@pytest.mark.parametrize(
    "tasks",
    [
        "",
        "- debug: {msg: '{{ flant_gitops_event.detail }}'}",
        "- include_tasks: '{{ my_file }}'",
        "- ansible.builtin.import_tasks: '{{ my_file }}'",  # which takes the variables of the run
        "- block: [{ansible.builtin.import_tasks: other.yml}]",
        "- debug: {msg: !unsafe '{{ x }}'}",
    ],
)
def test_tasks_that_ansible_can_load(tasks: str, tmp_path: Path) -> None:
    (tmp_path / "tasks.yml").write_text(tasks, encoding="utf-8")
    check_on_end(f"{tmp_path}/tasks.yml")


@pytest.mark.parametrize(
    ("tasks", "said"),
    [
        ("- a: [", "cannot be loaded: "),
        ("a: b", "is not a list of tasks."),
        ("- no.such.module: {}", "cannot be loaded: couldn't resolve module/action 'no.such.module'"),
        ("- ansible.builtin.debug: {}\n  nonsense: 1", "cannot be loaded: conflicting action statements"),
        ("- ansible.builtin.meta: end_role", "cannot be loaded: "),  # it would end ours
    ],
)
def test_tasks_that_ansible_cannot_load(tasks: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "tasks.yml").write_text(tasks, encoding="utf-8")
    with pytest.raises(Failure) as refused:
        check_on_end(f"{tmp_path}/tasks.yml")
    assert f"flant_gitops_on_end: {tmp_path}/tasks.yml {said}" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_missing_file_is_refused_by_the_configuration_check(tmp_path: Path) -> None:
    for missing in (tmp_path / "none.yml", tmp_path):
        said = refusal(configuration(on_end=str(missing)))
        assert said == f"flant_gitops_on_end: {missing} is not a file on the controller."
    (tmp_path / "tasks.yml").touch()
    assert refusal(configuration(on_end=f"{tmp_path}/tasks.yml")) == ""


@pytest.mark.parametrize("begin", ["{{", "{%", "{#"])
def test_path_that_ansible_might_fill_in_is_refused_and_not_repeated(begin: str, tmp_path: Path) -> None:
    file = tmp_path / f"{begin} x"
    file.touch()
    said = refusal(configuration(on_end=str(file)))
    assert said.startswith("flant_gitops_on_end: its value has what begins a template")
    assert begin not in said
