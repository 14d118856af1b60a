# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Reruns of the commit processed last, each with a number, so that none takes the result of another for its own.

The number lies beside ``git_dir``, so that it outlives whatever becomes of that, and only ever grows. A rerun is open
from the moment it is given until anything is recorded or reset; while it is, it is given again under the same number.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._private_file import replace
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.kept import rerun_file
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.ratchet import NAME
from ansible_collections.flant.gitops.plugins.module_utils._trusted_path import Missing, trusted_file

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.ratchet import Ratchet

_LIMIT = 1000
_WRITTEN = re.compile(r"(?P<number>\d{1,12}) (?P<content>[0-9a-f]{64}|-) (?P<state>open|closed)\n", re.ASCII)


def is_due(ratchet: Ratchet, after: float, now: float) -> bool:
    """Tell whether ``after`` seconds have passed since anything was recorded or reset.

    They have if that was at a time that lies ahead of ``now``: the clock was set back since.
    """
    since = (ratchet.folder / NAME).stat().st_mtime
    return not since <= now < since + after


class Rerun(NamedTuple):
    """One rerun of the commit with that content id; ``number`` is 0 if there has been none."""

    number: int = 0
    content_id: str = ""
    is_open: bool = False

    @property
    def identity(self) -> str:
        """What tells it from the commit's first run, and from every other rerun; empty if there has been none."""
        return f"{self.content_id}+{self.number}" if self.content_id else ""


class Reruns(NamedTuple):
    """The reruns of a locked ``git_dir``."""

    git_dir: Path

    def last(self) -> Rerun:
        """Return the last rerun that was given.

        Raises:
            Failure: what was written down is lost, or others could have written it.
        """
        file = rerun_file(self.git_dir)
        try:
            with trusted_file(file, "git_dir") as opened:
                written = _WRITTEN.fullmatch(opened.read(_LIMIT).decode("ascii", "replace"))
        except Missing:
            return Rerun()
        if not written:
            raise Failure(
                f"git_dir: {file} does not hold the number of a rerun any more; "
                "say with action: reset which commit was processed last."
            )
        return Rerun(int(written["number"]), written["content"].rstrip("-"), written["state"] == "open")

    def next(self, content_id: str) -> Rerun:
        """Return the rerun to give of the commit with ``content_id``: the one that is open, or another one.

        Raises:
            Failure: as for `last`.
        """
        last = self.last()
        if last.is_open and last.content_id == content_id:
            return last
        return Rerun(last.number + 1, content_id, is_open=True)

    def keep(self, rerun: Rerun) -> None:
        """Write down what was given; it is there after a crash."""
        state = "open" if rerun.is_open else "closed"
        replace(rerun_file(self.git_dir), f"{rerun.number} {rerun.content_id or '-'} {state}\n".encode())

    def close(self) -> None:
        """Write down that the last one is not open any more.

        Raises:
            Failure: as for `last`.
        """
        self.keep(self.last()._replace(is_open=False))

    def begin_anew(self) -> None:
        """Close the last one; if its number is lost, go on from one that none can have had."""
        try:
            self.close()
        except Failure:
            self.keep(Rerun(int(time.time())))
