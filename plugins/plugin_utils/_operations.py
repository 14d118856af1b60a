# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What the entry points that operate an instance do and say, beside those that have a file of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any


@dataclass(frozen=True)
class Reset:
    """What is to be remembered from now on, and the sentence that says so."""

    change: dict[str, str]
    sentence: str


@dataclass(frozen=True)
class Log:
    """What there is to print: lines of the ledger, and those of the command that is running."""

    has_entries: bool
    entries: list[str]
    is_running: bool
    output: list[str]
    is_empty: bool


def cancel(*, instance: str, results: Sequence[Mapping[str, Any]]) -> str:
    """Return what was ended.

    Args:
        instance: the instance on the host.
        results: what the removal of each container has returned, as a loop over ``item`` registers it.
    """
    names = [str(each["item"]["name"]) for each in results if each.get("changed")]
    if not names:
        return f"{instance}: nothing was running."
    return f"{instance}: the command was ended and its container {' and '.join(names)} removed."


def resume(*, instance: str, changed: bool) -> str:
    """Return what came of lifting the mark of a suspension, which has ``changed`` something if there was one."""
    return f"{instance}: {'the next run polls again' if changed else 'it was not suspended'}."


def reset(*, instance: str, ratchet: Mapping[str, Any], fact: object, check_mode: bool) -> Reset:
    """Return what follows once the target has set its last processed commit.

    Args:
        instance: the instance on the host.
        ratchet: what the target has returned: its ``commit``, empty if it forgets, and the ``previous_commit``.
        fact: what the fact cache holds of all instances, which need not be sound.
        check_mode: whether Ansible only looks.
    """
    commit, previous = str(ratchet["commit"]), str(ratchet["previous_commit"])
    known = _last_commit(fact, instance)
    said = (
        f"{instance}: the last processed commit {'would be' if check_mode else 'is'} set from {previous or 'none'} "
        f"to {commit or 'none'}."
    )
    if previous not in ("", known):
        said += (
            f" This fact cache had {known or 'none'}; if the schedule has another one, its commit is still there: "
            "run this with the schedule's ansible.cfg."
        )
    return Reset({"last_successful_commit": commit} if commit else {}, said)


def remove(*, instance: str, folder: str, ledger: bool, check_mode: bool) -> str:
    """Return what is left of an instance, whose ``folder`` keeps its ledger unless that went, too."""
    said = f"{instance}: {'would be removed' if check_mode else 'removed'}"
    return f"{said}." if ledger else f"{said}; its ledger, if it has one, stays in {folder}."


def log(*, entries: Sequence[Mapping[str, Any]], logs: Sequence[object], container: Mapping[str, Any]) -> Log:
    """Return what there is to print.

    Args:
        entries: the last ones of the ledger, each with its ``text`` and the ``key`` that has signed it, if any has.
        logs: the outputs that are kept.
        container: what the engine says of the instance's container; without its state where there is no engine.
    """
    is_running = container.get("existing") == "other_running"
    return Log(
        has_entries=len(entries) > 0,
        entries=[
            *(str(each["text"]) for each in entries),
            *(f"signed by {each['key'] or 'nobody'}" for each in entries[-1:]),
        ],
        is_running=is_running,
        output=f"{container['stdout']}{container['stderr']}".splitlines() if is_running else [],
        is_empty=not logs,
    )


def output(*, stdout: str, stderr: str) -> list[str]:
    """Return the lines that commands have written, those to standard error behind a line of their own."""
    return [*stdout.splitlines(), *(["--- stderr", *stderr.splitlines()] if stderr else [])]


def _last_commit(fact: object, instance: str) -> str:
    state = fact.get(instance) if isinstance(fact, dict) else None
    return str(state.get("last_successful_commit") or "") if isinstance(state, dict) else ""
