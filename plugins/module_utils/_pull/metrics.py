# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Metrics in the text format of Prometheus, for the textfile collector of node_exporter.

Format: https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format. The collector drops a file with
a line that it cannot read. Where the help of a metric differs between two files, it shows that of one of them only: the
texts here never change. The instance's label is called ``name``, as ``instance`` is the host's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._epoch import epoch
from ansible_collections.flant.gitops.plugins.module_utils._ledger.state import FAILING
from ansible_collections.flant.gitops.plugins.module_utils._pull.standing import (
    AWAITING_SIGNATURES,
    QUIET,
    STATUSES,
    standing,
)

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.plugins.module_utils._pull.remembered import Remembered
    from ansible_collections.flant.gitops.plugins.module_utils._pull.tally import Tally

_HELP = {
    "last_poll_timestamp_seconds": "When a server last answered a poll of the branch.",
    "last_success_timestamp_seconds": "When ansible-pull last ended with status 0.",
    "failing_since_timestamp_seconds": "Since when the instance has failed; absent if it does not.",
    "attempts": "How often the commit that is not processed yet has failed.",
    "awaiting_signatures_since_timestamp_seconds": "Since when a commit has waited to be signed; absent if none does.",
    "run_duration_seconds": "How long the commands that ended last took.",
    "secret_id_rotate_timestamp_seconds": "When the secret-id is due to be exchanged; absent if none is kept.",
    "status": "1 for how the instance stands, and 0 for all else.",
    "info": "Always 1; the commit is the one that was processed last.",
}
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_WORD = re.compile(r"[a-z_]{1,40}")


class Told(NamedTuple):
    """What there is to tell of."""

    instance: str
    remembered: Remembered
    tally: Tally
    exit_status: int


def render(told: Told) -> bytes:
    """Return the metrics; what is not known is left out. The instance's name must be one."""
    values = _values(told)
    lines = []
    for name, help_text in _HELP.items():
        samples = values.get(name, {})
        if samples:
            metric = f"flant_gitops_{name}"
            lines += [f"# HELP {metric} {help_text}", f"# TYPE {metric} gauge"]
            lines += [f'{metric}{{name="{told.instance}"{more}}} {value:.15g}' for more, value in samples.items()]
    return "".join(f"{line}\n" for line in lines).encode("ascii")


def _values(told: Told) -> dict[str, dict[str, float]]:
    """Return for each metric its samples, which are a value for each text of further labels."""
    state, poll = told.remembered.state, told.remembered.poll
    status = standing(told.remembered, told.exit_status)
    run = state.last_run
    began, ended = (epoch(run.started_at), epoch(run.finished_at)) if run else (None, None)
    since = epoch(state.failing_since) if status in FAILING else None
    waits = status == AWAITING_SIGNATURES
    commit = told.remembered.commit if _COMMIT.fullmatch(told.remembered.commit) else ""
    words = dict.fromkeys([*STATUSES, *([status] if _WORD.fullmatch(status) else [])])
    return {
        "last_poll_timestamp_seconds": _known(epoch(told.remembered.polled_at)),
        "last_success_timestamp_seconds": _known(told.tally.last_success or None),
        "failing_since_timestamp_seconds": _known(_earliest(told.tally.failing_since, since)),
        "awaiting_signatures_since_timestamp_seconds": _known(epoch(poll.since) if waits else None),
        "attempts": {"": 0.0 if poll.status in QUIET else float(state.attempts)},
        "run_duration_seconds": _known(None if began is None or ended is None else max(0.0, ended - began)),
        "secret_id_rotate_timestamp_seconds": _known(epoch(state.secret_id_rotate_at)),
        "status": {f',status="{word}"': float(word == status) for word in words},
        "info": {f',commit="{commit}"': 1.0},
    }


def _known(value: float | None) -> dict[str, float]:
    return {} if value is None else {"": value}


def _earliest(*times: float | None) -> float | None:
    return min((time for time in times if time), default=None)
