# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The file of the operator's own tasks: whether Ansible will be able to load it when a run has ended.

A file that it cannot parse ends the whole play, with an exit status of its own, and no ``rescue`` is asked.
"""

from __future__ import annotations

from pathlib import Path

from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.helpers import load_list_of_blocks
from ansible.playbook.play import Play
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.plugin_utils._values import has_template

# What names other files is loaded by the variables of a run, and not looked at here.
_ELSEWHERE = {"import_tasks", "import_role", "include_tasks", "include_role"}


def check_on_end(file: str) -> None:
    """Do nothing if ``file``, an absolute path, can be loaded.

    Raises:
        Failure: it cannot; the sentence says why.
    """
    if has_template(file):
        raise Failure("flant_gitops_on_end: its value has what begins a template, which is not filled in.")
    if not Path(file).is_file():
        raise Failure(f"flant_gitops_on_end: {file} is not a file on the controller.")
    loader = DataLoader()
    try:
        tasks = loader.load_from_file(file) or []
        if not isinstance(tasks, list):
            raise Failure(f"flant_gitops_on_end: {file} is not a list of tasks.")
        if not _has(tasks, _ELSEWHERE):
            load_list_of_blocks(tasks, play=Play(), loader=loader)
    except AnsibleError as error:
        said = str(error.message).strip().partition("\n")[0].rstrip(".")
        raise Failure(f"flant_gitops_on_end: {file} cannot be loaded: {said}.") from error


def _has(node: object, keywords: set[str]) -> bool:
    """Return whether one of ``keywords``, by whichever of its names, is used in a list of tasks."""
    if isinstance(node, list):
        return any(_has(item, keywords) for item in node)
    if not isinstance(node, dict):
        return False
    return any(str(key).rpartition(".")[2] in keywords or _has(value, keywords) for key, value in node.items())
