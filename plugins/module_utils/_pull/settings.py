# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What the program of a schedule is told, in a JSON file beside it."""

from __future__ import annotations

import json
from typing import NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._instance import is_instance
from ansible_collections.flant.gitops.plugins.module_utils._pull.repository import Repository

FILE, PROGRAM = "settings.json", "flant-gitops-pull.pyz"
"""The names of the file, and of the program that it lies beside."""

_DAMAGED = f"{FILE}: it is damaged; install the schedule again with flant.gitops.schedule."


class Settings(NamedTuple):
    """One instance's schedule.

    Attributes:
        instance: its name.
        directory: its folder, an absolute path; ansible-pull runs there.
        user: who runs it.
        python: the interpreter of ansible-pull.
        command: ansible-pull and its arguments.
        environment: further variables of it.
        repository: where the playbook comes from, and the files that git needs for it.
        timeout: after how many seconds it is ended.
        delay: up to how many seconds after its time this host has its own turn; 0 for none.
        metrics_dir: where node_exporter looks for metrics, an absolute path; empty for none.
        trigger: what somebody touches to ask for a run, an absolute path; empty for none.
        keeps_log: whether the output is kept in the instance's folder and told to the system's log.
        full_every: after how many seconds at most ansible-pull is run though nothing has changed; 0 if it always is.
        files: what else it goes by, such as the unit that starts the program.
    """

    instance: str
    directory: str
    user: str
    python: str
    command: tuple[str, ...]
    environment: dict[str, str]
    repository: Repository
    timeout: int
    delay: int
    metrics_dir: str
    trigger: str
    keeps_log: bool
    full_every: int = 0
    files: tuple[str, ...] = ()

    def dump(self) -> bytes:
        """Return it as JSON."""
        document = {**self._asdict(), "repository": self.repository._asdict()}
        return (json.dumps(document, indent=2, sort_keys=True) + "\n").encode()


def load(document: bytes) -> Settings:
    """Return the settings that `Settings.dump` has written.

    Raises:
        Failure: they are damaged, or of another version.
    """
    try:
        found = json.loads(document)
        found.update(
            command=tuple(found["command"]),
            files=tuple(found.get("files", ())),
            repository=Repository(**found.get("repository", {})),
            trigger=found.get("trigger", ""),
        )
        settings = Settings(**found)
        sound = is_instance(settings.instance) and settings.command
    except (AttributeError, KeyError, TypeError, ValueError):
        sound = None
    if not sound:
        raise Failure(_DAMAGED)
    return settings
