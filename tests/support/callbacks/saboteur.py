# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A callback plugin that kills Ansible, or holds it up, right before a task begins.

It stands in for whatever ends a real job at the worst moment: the out-of-memory killer, a lost node, a power cut.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ansible.plugins.callback import CallbackBase

if TYPE_CHECKING:
    from ansible.playbook.task import Task

DOCUMENTATION = r"""
name: saboteur
type: aggregate
short_description: Kills Ansible or holds it up before a task
description:
  - E(SABOTEUR_KILL_AT) names the task before which the whole process group gets SIGKILL.
  - E(SABOTEUR_HOLD_AT) names the task before which the play waits until the file E(SABOTEUR_GO) exists;
    the file E(SABOTEUR_HELD) tells that it waits.
  - E(SABOTEUR_HURRIES), if it is set, ends a task that may take 60 seconds after 3.
"""

GIVES_UP_AFTER = 120  # seconds
ONE_MINUTE = 60  # likewise


class CallbackModule(CallbackBase):
    """Acts on the tasks' names."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "saboteur"

    def v2_playbook_on_task_start(self, task: Task, is_conditional: bool) -> None:
        """Strike before ``task`` begins."""
        del is_conditional
        name = task.get_name().rpartition(" : ")[2]
        if name == os.environ.get("SABOTEUR_KILL_AT"):
            os.killpg(os.getpgrp(), signal.SIGKILL)
        if "SABOTEUR_HURRIES" in os.environ and task.timeout == ONE_MINUTE:
            task.timeout = 3
        if name == os.environ.get("SABOTEUR_HOLD_AT"):
            Path(os.environ["SABOTEUR_HELD"]).touch()
            self._wait_for(Path(os.environ["SABOTEUR_GO"]))

    def _wait_for(self, file: Path) -> None:
        until = time.monotonic() + GIVES_UP_AFTER
        while not file.exists():
            if time.monotonic() > until:
                raise TimeoutError(f"{file} never came")
            time.sleep(0.05)
