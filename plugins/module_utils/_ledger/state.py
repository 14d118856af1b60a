# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What the target itself remembers of how an instance stands, in ``state.json``.

``at`` is when the run began that said so last, ``since`` when the status became what it is, ``failing_since`` and
``waiting_since`` when the instance began to fail or to wait, whichever sentence that had since then.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._printable import printable
from ansible_collections.flant.gitops.plugins.module_utils._private_file import open_regular

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.plugins.module_utils._ledger.request import Output, Request

FILE = Path("state.json")
"""The file's name."""
_MOST = 64 * 1024  # bytes

FAILED = "failed"
FAILING = frozenset({FAILED, "waiting_for_retry", "given_up"})
WAITING = frozenset({"awaiting_signatures", "waiting_for_window", "waiting_for_turn"})


class Run(NamedTuple):
    """The run that ended last."""

    commit: str
    rc: int
    started_at: str
    finished_at: str
    signers: tuple[str, ...] = ()


class State(NamedTuple):
    """How an instance stands; what is empty is not so.

    ``attempts`` is how often the commit has failed that is not processed yet.
    """

    status: str = ""
    step: str = ""
    reason: str = ""
    since: str = ""
    at: str = ""
    commit: str = ""
    failing_since: str = ""
    waiting_since: str = ""
    secret_id_rotate_at: str = ""
    attempts: int = 0
    last_run: Run | None = None

    def dump(self) -> bytes:
        """Return it as JSON on one line."""
        return (json.dumps(self.public(), sort_keys=True) + "\n").encode()

    def public(self) -> dict[str, object]:
        """Return it as a dictionary."""
        return {**self._asdict(), "last_run": self.last_run._asdict() if self.last_run else None}


def read(directory: int) -> State:
    """Return the state in the instance's ``directory``, a descriptor; none that is known if there is none.

    Raises:
        OSError: it cannot be read.
    """
    try:
        with os.fdopen(open_regular(FILE, dir_fd=directory), "rb") as file:
            return load(file.read(_MOST))
    except FileNotFoundError:
        return State()


def load(document: bytes) -> State:
    """Return the state that `dump` has written; what cannot be read was cut off, and is an unknown state."""
    try:
        found = json.loads(document)
        run = found.get("last_run")
        texts = {name: str(found.get(name) or "") for name in State._fields if name not in ("attempts", "last_run")}
        return State(
            **texts,
            attempts=int(found.get("attempts") or 0),
            last_run=Run(**{**run, "signers": tuple(run.get("signers", ()))}) if run else None,
        )
    except (AttributeError, TypeError, ValueError):
        return State()


def follow(before: State, request: Request) -> State:
    """Return the state that ``request`` makes of the one ``before``."""
    return State(
        status=request.status,
        step=request.step,
        reason=printable(request.sentence),
        since=_since(before.since, request.at, holds=request.status == before.status, held=True),
        at=request.at,
        commit=request.commit,
        failing_since=_since(before.failing_since, request.at, holds=True, held=request.status in FAILING),
        waiting_since=_since(before.waiting_since, request.at, holds=True, held=request.status in WAITING),
        secret_id_rotate_at=request.secret_id_rotate_at or before.secret_id_rotate_at,
        attempts=request.attempts,
        last_run=_run(request.output, before.last_run) if request.output else before.last_run,
    )


def _since(before: str, at: str, *, holds: bool, held: bool) -> str:
    if not held:
        return ""
    return before if before and holds else at


def _run(output: Output, before: Run | None) -> Run:
    run = Run(output.commit, output.rc, output.started_at, output.finished_at, tuple(output.signers))
    # Who takes up what a killed run has left does not know who has signed it.
    return before if before and not run.signers and before._replace(signers=()) == run else run
