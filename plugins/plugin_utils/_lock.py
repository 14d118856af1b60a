# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The container that stands for a run: of all runs of one repository on one target only one can hold it.

What it is known by is what the target says, not what the inventory calls the target: a host may stand there twice.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


class Poll(Protocol):
    """What a poll has returned."""

    def get(self, key: str) -> str:
        """Return one of its values, empty if there is none."""


@dataclass(frozen=True)
class Lock:
    """What ``container_command`` knows a run's container by; without ``identity`` it is whatever has that name."""

    name: str
    identity: str
    owner: Mapping[str, str]


def container(*, instance: str, git_dir_id: str) -> str:
    """Return the name of the container of ``instance``, by what the target has called its repository."""
    return f"flant_gitops-{instance}-{git_dir_id[:12]}"


def container_before(*, instance: str, host: str, work_dir: str) -> str:
    """Return the name that the version before gave it, which went by what the inventory says."""
    return f"flant_gitops-{instance}-{hashlib.sha256(f'{host} {work_dir}'.encode()).hexdigest()[:12]}"


def targets(name: str, instance: str, poll: Poll, identity: str) -> Lock:
    """Return the container of the run with that ``identity`` on the target that ``poll`` tells of."""
    owner = {"machine": poll.get("machine"), "instance": instance, "git_dir": poll.get("git_dir")}
    return Lock(name, identity, owner)


def nobodys(name: str, commit: str) -> Lock:
    """Return the container of ``commit`` as the version before made it, which wrote down no owner."""
    return Lock(name, commit, dict.fromkeys(("machine", "instance", "git_dir"), ""))
