# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A callback plugin that writes down what each module is given, and answers in its place.

No server, engine and Vault could take every option at once, and Ansible shows no secret option; so a test that wants to
know what the modules are given has to look here, where Ansible has put a task's arguments and its defaults together.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from ansible.plugins.action import ActionBase
from ansible.plugins.callback import CallbackBase

if TYPE_CHECKING:
    from collections.abc import Mapping

DOCUMENTATION = r"""
name: recorder
type: aggregate
short_description: Writes down what modules are given and answers in their place
description:
  - E(RECORDER_FILE) names the file that gets one line of JSON for each call, with C(module) and C(args).
  - E(RECORDER_ANSWERS) names a file with the answers, by the module's name and its C(action), where it has one.
"""


def _execute_module(
    action: ActionBase, module_name: str | None = None, module_args: Mapping[str, object] | None = None, **_: object
) -> dict[str, object]:
    task = action._task  # noqa: SLF001 -- there is no public way to a task's arguments
    module = (module_name or task.action).rpartition(".")[2]
    args = dict(task.args if module_args is None else module_args)
    with Path(os.environ["RECORDER_FILE"]).open("a", encoding="utf-8") as file:
        file.write(json.dumps({"module": module, "args": args}, default=str) + "\n")
    answers = json.loads(Path(os.environ["RECORDER_ANSWERS"]).read_text(encoding="utf-8"))
    return answers.get(f"{module} {args.get('action', '')}".strip(), {"changed": False, "rc": 0})


class CallbackModule(CallbackBase):
    """Takes the place of the call of a module."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "recorder"

    def __init__(self) -> None:
        """Take the place at once: the processes that run tasks are copies of this one."""
        super().__init__()
        if "RECORDER_FILE" in os.environ:
            ActionBase._execute_module = _execute_module  # noqa: SLF001 -- as above
