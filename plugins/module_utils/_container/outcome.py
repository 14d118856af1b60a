# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What the module reports."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from ansible_collections.flant.gitops.plugins.module_utils._container.claim import Container


@dataclass(frozen=True)
class Ending:
    """How a run ended."""

    container: Container
    stdout: str
    stderr: str
    timed_out: bool = False
    adopted: bool = False

    @property
    def succeeded(self) -> bool:
        """Whether every command did its work."""
        return self.container.exit_code == 0 and not self.timed_out and not self.container.oom_killed

    def result(self) -> dict[str, object]:
        """Return the module's values."""
        started, finished = self.container.started_at, self.container.finished_at
        return {
            "rc": self.container.exit_code,
            **texts(self.stdout, self.stderr),
            "started_at": stamp(started),
            "finished_at": stamp(finished),
            "duration": (finished - started).total_seconds() if started and finished else None,
            "timed_out": self.timed_out,
            "oom_killed": self.container.oom_killed,
            "cut_off": not self.container.is_end_known,
            "adopted": self.adopted,
            "container_id": self.container.id,
            "image_id": self.container.image_id,
        }


@dataclass(frozen=True)
class Outcome:
    """What a call came to."""

    changed: bool
    existing: str
    image: str | None = None
    image_id: str | None = None
    container_id: str | None = None
    started_at: str | None = None
    identity: str | None = None
    output: tuple[str, str] | None = None
    secret_env: dict[str, str] | None = field(default=None, repr=False)
    ending: Ending | None = None
    adopted: bool = False
    skipped_start: bool = False
    warnings: list[str] = field(default_factory=list)

    def result(self) -> dict[str, object]:
        """Return the module's values; what there is no value for is left out."""
        values = {
            "image": self.image,
            "image_id": self.image_id,
            "container_id": self.container_id,
            "started_at": self.started_at,
            "identity": self.identity,
            "secret_env": self.secret_env,
            **(texts(*self.output) if self.output else {}),
            **(self.ending.result() if self.ending else {}),
        }
        return {
            "changed": self.changed,
            "existing": self.existing,
            "adopted": self.adopted,
            "skipped_start": self.skipped_start,
            **{name: value for name, value in values.items() if value is not None},
        }


def texts(stdout: str, stderr: str) -> dict[str, object]:
    """Return the module's values of what a container has written."""
    return {
        "stdout": stdout,
        "stderr": stderr,
        "stdout_lines": stdout.splitlines(),
        "stderr_lines": stderr.splitlines(),
    }


def stamp(moment: datetime | None) -> str | None:
    """Return a time in ISO 8601, UTC, None where there is none."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if moment else None
