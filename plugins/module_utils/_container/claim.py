# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What stands under a container's name, and what that means for a caller."""

from __future__ import annotations

import enum
import json
import math
import re
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Callable

from ansible_collections.flant.gitops.plugins.module_utils._container import labels

if TYPE_CHECKING:
    from collections.abc import Mapping

_TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)", re.ASCII)
# Docker's words, then Podman's.
_UNDER_WAY = frozenset({"running", "paused", "restarting", "stopping"})
_GOING_AWAY = frozenset({"removing", "dead"})
# What Docker says of a run whose machine went down; Podman leaves it at 0.
_CUT_OFF = 255


class Standing(enum.Enum):
    """What a container is to a caller."""

    NONE = enum.auto()
    GOING_AWAY = enum.auto()
    BEING_MADE = enum.auto()
    HALF_MADE = enum.auto()
    SAME_RUNNING = enum.auto()
    SAME_EXITED = enum.auto()
    OTHER_RUNNING = enum.auto()
    OTHER_EXITED = enum.auto()
    FOREIGN = enum.auto()

    @property
    def existing(self) -> str:
        """The module's word for it."""
        if self in (Standing.SAME_RUNNING, Standing.SAME_EXITED):
            return "same"
        if self in (Standing.OTHER_RUNNING, Standing.BEING_MADE):
            return "other_running"
        if self in (Standing.OTHER_EXITED, Standing.FOREIGN):
            return "other_exited"
        return "none"


@dataclass(frozen=True)
class Container:
    """A container as the engine describes it."""

    id: str
    name: str
    status: str
    started_at: datetime | None
    finished_at: datetime | None
    exit_code: int
    is_end_known: bool
    oom_killed: bool
    error: str
    image_id: str
    labels: Mapping[str, str]
    env: Mapping[str, str]

    @classmethod
    def from_inspect(cls, described: Mapping[str, Any]) -> Container:
        """Read the answer of ``GET /containers/{id}/json``."""
        state, config = described["State"], described["Config"]
        started, finished = moment(state["StartedAt"]), moment(state["FinishedAt"])
        is_end_known = finished is not None
        if started and (finished is None or finished < started):
            finished = started  # Podman notes the start when that call returns, and some runs are over before
        return cls(
            id=described["Id"],
            name=described.get("Name", "").lstrip("/"),
            status=state["Status"],
            started_at=started,
            finished_at=finished,
            exit_code=state["ExitCode"] if is_end_known else _CUT_OFF,
            is_end_known=is_end_known,
            oom_killed=state["OOMKilled"],
            error=state.get("Error") or "",
            image_id=described["Image"],
            labels=config.get("Labels") or {},
            env=dict(variable.split("=", 1) for variable in config.get("Env") or () if "=" in variable),
        )

    @property
    def is_under_way(self) -> bool:
        """Whether its commands still run, or would if somebody let them."""
        return self.status in _UNDER_WAY

    @property
    def is_going_away(self) -> bool:
        """Whether somebody removes it, or tried to."""
        return self.status in _GOING_AWAY

    @property
    def timeout(self) -> float:
        """The seconds that its commands may run; without end if its label does not say, or no number."""
        try:
            return float(self.labels.get(labels.TIMEOUT, "inf"))
        except ValueError:
            return math.inf

    @property
    def secret_env(self) -> dict[str, str]:
        """The variables that its label calls secret."""
        names = json.loads(self.labels.get(labels.SECRET_ENV, "[]"))
        return {name: self.env[name] for name in names if name in self.env}

    @property
    def secrets(self) -> list[str]:
        """The values of the variables that its label calls secret."""
        return list(self.secret_env.values())


def is_of(container: Container, owner: Mapping[str, str]) -> bool:
    """Whether a container's labels are those of ``owner``."""
    return all(container.labels.get(label, "") == text for label, text in owner.items())


def belongs_to_another(container: Container, owner: Mapping[str, str]) -> bool:
    """Whether a container has an owner, who is not ``owner``."""
    return any(container.labels.get(label) for label in owner) and not is_of(container, owner)


def judge(container: Container | None, run_digest: str, is_alive: Callable[[str], bool]) -> Standing:
    """Return what ``container`` is to the run of this digest; ``is_alive`` tells of a builder's label."""
    if container is None:
        return Standing.NONE
    if container.is_going_away:
        return Standing.GOING_AWAY
    same = container.labels.get(labels.DIGEST) == run_digest
    if container.is_under_way:
        return Standing.SAME_RUNNING if same else Standing.OTHER_RUNNING
    if labels.DIGEST not in container.labels:
        return Standing.FOREIGN
    if container.started_at is None:
        return Standing.BEING_MADE if is_alive(container.labels.get(labels.BUILDER, "")) else Standing.HALF_MADE
    return Standing.SAME_EXITED if same else Standing.OTHER_EXITED


def moment(text: str) -> datetime | None:
    """Return the time of an RFC 3339 text with any number of decimals; the engines' zero time is None."""
    match = _TIMESTAMP.fullmatch(text)
    if not match or match[1].startswith("0001-"):
        return None
    zone = "+00:00" if match[3] == "Z" else match[3]
    return datetime.fromisoformat(f"{match[1]}.{(match[2] or '')[:6]:0<6}{zone}").astimezone(timezone.utc)
