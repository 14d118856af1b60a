# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What the operator's own tasks are told at the end of a run, and whether there is anything to tell.

They are called once for each run of the commands, and once where the status has become another one. One that says the
same of the instance as the one before is no other one, so that a quiet poll after a run that went well tells nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.flant.gitops.plugins.plugin_utils._step import Step

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_AT_REST = ("", "unchanged", "processed", "superseded")
_PASSING = ("new", "not_due", "gone")
REASONS = (
    *("suspended", "held", "unchanged", "awaiting_signatures"),
    *("waiting_for_window", "waiting_for_turn", "waiting_for_retry", "given_up"),
    *("busy", "superseded", "processed"),
    *("poll", "prepare", "begin", "wrap", "start", "run", "record", "remove", "clear", "sweep", "rotate"),
    *("rc", "timeout", "out_of_memory", "cancelled"),
)
"""The words for why: the status, or of one that failed the step, or how the commands ended that failed."""


@dataclass(frozen=True)
class Event:
    """What is told; ``rc`` is None, and what else is missing empty, where no commands have ended.

    ``detail`` is a sentence with others' words in it: those of servers, and of whoever has written the commit.
    """

    status: str
    previous_status: str
    reason: str
    detail: str
    instance: str
    host: str
    commit: str
    signers: list[str]
    rc: int | None
    started_at: str
    finished_at: str


def stands(status: str) -> bool:
    """Return whether ``status`` says how an instance stands, so that it is remembered until there is another one."""
    return status not in _PASSING


def stood(known: Mapping[str, Any]) -> str:
    """Return the status that is ``known``; where a version wrote it that remembered none, whether it was a failure."""
    return str(known.get("status") or ("failed" if known.get("consecutive_failures") else ""))


def differ(previous: str, status: str) -> bool:
    """Return whether an instance stands otherwise than before."""
    return stands(status) and status != previous and not (previous in _AT_REST and status in _AT_REST)


def reason(status: str, step: str, run: Step) -> str:
    """Return one of `REASONS`."""
    if step != "run":
        return step or status
    if run.get("timed_out"):
        return "timeout"
    if run.get("oom_killed"):
        return "out_of_memory"
    if "rc" in run:
        return "rc"
    return "run" if run.refusal else "cancelled"


def subject(poll: Step) -> str:
    """Return the commit that the run was about, which may be the one that waits; empty if none is known."""
    commit = str(poll.get("head" if poll.get("status") == "awaiting_signatures" else "commit"))
    return commit if _COMMIT.fullmatch(commit) else ""


def result(last_run: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what an `Event` has of the ``last_run``, that of this time."""
    nothing: dict[str, Any] = {"signers": [], "rc": None, "started_at": "", "finished_at": ""}
    return {name: (last_run or nothing)[name] for name in nothing}
