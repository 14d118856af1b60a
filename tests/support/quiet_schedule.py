# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A schedule whose runs may be skipped, with two real repositories.

Only a script stands in for ansible-pull, so that a whole run takes no seconds: it polls nothing and says what the role
would say of the poll that the test has made.
"""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ansible_collections.flant.gitops.plugins.module_utils._pull.word import Word
from ansible_collections.flant.gitops.tests.support.environment import clean
from ansible_collections.flant.gitops.tests.support.repository import Repository
from ansible_collections.flant.gitops.tests.support.scheduled_pull import Installation
from ansible_collections.flant.gitops.tests.support.signed_commit import call, parameters

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.outcome import Outcome

_SCRIPT = 'echo run >> runs; sh ./during; cat said >> "${FLANT_GITOPS_QUIET:-/dev/null}"; exit "$(cat status)"'

_SETTLED = 0.1  # seconds after which a file that was written is not one that changes while the program begins


@dataclass
class QuietSchedule(Installation):
    """An instance that has processed the head of its branch, and the program that looks whether that still stands."""

    options_of_poll: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.playbook = Repository(self.folder / "playbook.git")
        self.playbook.commit()
        self.processed = ""
        self.upstream = Repository(self.folder / "upstream.git")
        self.instance_dir = self.folder / "instance"
        self.inventory = self.folder / "inventory"
        self.inventory.write_text("localhost\n", encoding="ascii")
        self.put("status", "0")
        self.put("during", "true")

    @property
    def quiet_file(self) -> Path:
        return self.instance_dir / "quiet.json"

    def put(self, name: str, text: str) -> None:
        """Write a file that the script reads: ``said``, ``status`` or ``during``."""
        (self.instance_dir / name).write_text(text, encoding="utf-8")

    def poll(self) -> Outcome:
        """Poll as the role does."""
        return call(**self._params(), last_commit=self.processed)

    def process(self) -> Outcome:
        """Process what is new, and return the poll that finds nothing after it."""
        outcome = self.poll()
        if outcome.changed:
            call(action="record", git_dir=self._git_dir, last_commit=outcome.commit)
            self.processed = outcome.commit
            outcome = self.poll()
        return outcome

    def says(self, outcome: Outcome, **changed: object) -> None:
        """Let the script say what the role says of such a poll."""
        word = Word(
            directory=str(self.instance_dir),
            status=outcome.status,
            head=outcome.head,
            signatures_head=outcome.signatures_head,
            poll=parameters(**{**self._params(), "last_commit": self.processed}),
            files=(str(self.instance_dir / "state.json"),),
            due=0,
        )
        self.say(["localhost default", None], ["localhost default", word._replace(**changed)._asdict()])

    def say(self, *lines: object) -> None:
        self.put("said", "".join(json.dumps(line) + "\n" for line in lines))

    def install(self, **changed: object) -> None:
        command = [
            *(str(self.folder / "pull"), f"--url={self.playbook.path}", "--checkout=main"),
            *(f"--directory={self.instance_dir}/checkout", f"--inventory={self.inventory}", "local.yml"),
        ]
        self.set(_SCRIPT, **{"command": command, "full_every": 3600, **changed})

    def ready(self, **changed: object) -> None:
        """Install it, let a whole run go by, and see that the next one is skipped."""
        self.install(**changed)
        time.sleep(_SETTLED)
        assert self.is_whole()
        assert not self.is_whole(), self.last

    def runs(self) -> int:
        """Return how often ansible-pull was started."""
        file = self.instance_dir / "runs"
        return len(file.read_text(encoding="ascii").splitlines()) if file.exists() else 0

    def is_whole(self) -> bool:
        """Let the program run once, and tell whether it has started ansible-pull."""
        before = self.runs()
        self.last = self.tick()
        return self.runs() != before

    def start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(self.command, env=clean(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    @property
    def _git_dir(self) -> Path:
        return self.instance_dir / "git"

    def _params(self) -> dict[str, Any]:
        hold = str(self.instance_dir / "hold")
        return {"repo": self.upstream.path, "git_dir": self._git_dir, "hold_file": hold, **self.options_of_poll}


def skipping(folder: Path) -> QuietSchedule:
    """Return a schedule, in an empty folder, whose next run is skipped."""
    schedule = QuietSchedule(folder)
    schedule.upstream.commit()
    schedule.says(schedule.process())
    schedule.ready()
    return schedule
