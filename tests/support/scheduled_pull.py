# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program of a schedule, installed as a file and run as a process; a script stands in for ansible-pull."""

from __future__ import annotations

import os
import pwd
import re
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._pull.request import Request
from ansible_collections.flant.gitops.plugins.module_utils._pull.run import Outcome, run

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class Installation:
    """A program with all that it needs, in a folder that it may trust."""

    folder: Path
    instance: str = "default"
    command: tuple[str, ...] = ()
    environment: dict[str, str] | None = None  # that the program is started with; None for this process' own

    def __post_init__(self) -> None:
        for name in ("program", "instance", "metrics"):
            (self.folder / name).mkdir(mode=0o755, parents=True)

    def options(self, **changed: object) -> dict[str, object]:
        return {
            "state": "present",
            "dir": str(self.folder / "program"),
            "instance": self.instance,
            "instance_dir": str(self.folder / "instance"),
            "user": pwd.getpwuid(os.geteuid()).pw_name,
            "command": [str(self.folder / "pull")],
            "environment": {},
            "repository": {},
            "timeout": 60,
            "delay": 0,
            "metrics_dir": str(self.folder / "metrics"),
            "trigger": None,
            "keep_log": False,
            "full_every": 0,
            "files": [],
            "takes_over": [],
            **changed,
        }

    def set(self, script: str, *, check_mode: bool = False, **changed: object) -> Outcome:
        """Install the program for a script that stands in for ansible-pull."""
        (self.folder / "pull").write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (self.folder / "pull").chmod(0o755)
        outcome = run(Request.from_params(self.options(**changed), check_mode=check_mode))
        self.command = outcome.command
        return outcome

    def start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def tick(self) -> tuple[int, str]:
        """Run the program once; return its status and what it printed."""
        with self.start() as process:
            output = process.communicate(timeout=60)[0]
        return process.returncode, output

    def metrics(self) -> dict[str, float]:
        text = (self.folder / f"metrics/flant_gitops_{self.instance}.prom").read_text(encoding="ascii")
        return {name: float(value) for name, value in re.findall(r"^(flant_\S+) (\S+)$", text, re.MULTILINE)}
