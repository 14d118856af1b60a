# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What is due where a schedule is installed or removed, and what its command is given for it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

_AUTO = "auto"


@dataclass(frozen=True)
class Course:
    """What is due; a state that is empty is none to bring about."""

    installs: bool
    removes: bool
    manager: str
    keeps_log: bool
    has_pull: bool
    has_crontab: bool
    knows_calendar: bool
    reloads: bool
    starts: bool
    start_state: str
    stop_state: str
    can_trigger: bool
    triggers: bool
    triggers_no_more: bool
    trigger: str
    units: list[str]
    starters: list[str]
    forgets_watch: bool


@dataclass(frozen=True)
class Pull:
    """What follows for ansible-pull.

    ``trusted`` are the keys that may sign the repository of the playbook, and ``keyring`` is the name of the folder
    that they are imported into, if there are any: it tells one set of keys from another, so that a new set is a new
    folder, which is complete as soon as it is there. ``verify`` is the option that makes ansible-pull go by them.
    """

    imports: bool
    trusted: list[str]
    keyring: str
    verify: list[str]


def schedule(
    *,
    wanted: Mapping[str, str],
    booted: bool,
    steps: Mapping[str, Mapping[str, Any]],
    check_mode: bool,
) -> Course:
    """Return what is due, from what the tasks have returned so far.

    Args:
        wanted: the ``state``, ``present`` or ``absent``; the ``manager``, ``systemd``, ``cron`` or ``auto`` for the one
            that there is; and the path of the file that somebody touches to ask for a run as ``trigger``, empty if
            nobody may.
        booted: whether systemd runs the host.
        steps: what the looks for ansible-pull as ``pull`` and for ``crontab`` have returned, what systemd has said of
            the ``calendar`` event, what writing or deleting the ``units`` has come to, and deleting the one that
            watches the trigger as ``unwatched``; empty what has not come.
        check_mode: whether Ansible only looks.
    """
    changed = bool(steps["units"].get("changed"))
    state, manager, trigger = (wanted[name] for name in ("state", "manager", "trigger"))
    chosen = ("systemd" if booted else "cron") if manager == _AUTO else manager
    starters = ["timer", "path"] if trigger else ["timer"]
    return Course(
        installs=state == "present",
        removes=state == "absent",
        manager=chosen,
        keeps_log=chosen == "cron",  # which mails what it prints, or loses it
        has_pull=str(steps["pull"].get("stdout", "")).startswith("/"),
        has_crontab=steps["crontab"].get("rc") == 0,
        knows_calendar=steps["calendar"].get("rc") == 0,
        reloads=booted and changed,
        starts=not (check_mode and changed),  # there is no unit to look at yet
        start_state=("restarted" if changed else "started") if booted else "",
        stop_state="stopped" if booted else "",
        can_trigger=not trigger or chosen == "systemd",
        triggers=trigger != "",
        triggers_no_more=trigger == "",
        trigger=trigger,
        units=["service", *starters],
        starters=starters,
        forgets_watch=booted and bool(steps["unwatched"].get("changed")),
    )


def schedule_pull(*, keys: Mapping[str, str] | Sequence[str]) -> Pull:
    """Return what follows from variables that were checked.

    Args:
        keys: the keys that may sign the repository of the playbook, with or without names.
    """
    trusted = list(keys.values() if isinstance(keys, dict) else keys)
    digest = hashlib.sha256(json.dumps(trusted).encode()).hexdigest()[:12]
    return Pull(
        imports=trusted != [],
        trusted=trusted,
        keyring=f"gnupg-{digest if trusted else 'none'}",
        verify=["--verify-commit"] if trusted else [],
    )
