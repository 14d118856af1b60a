# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What a task comes back with."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ansible_collections.flant.gitops.plugins.module_utils._ledger.audit import Report
    from ansible_collections.flant.gitops.plugins.module_utils._ledger.state import State


class Outcome(NamedTuple):
    """The module's return values, under their own names; ``logs`` are names and texts, the newest last.

    ``entries`` are the ledger's, in the same order.
    ``run`` is the id that a run was given, ``head`` the digest of the ledger's last line, and
    ``verified`` what a ledger that was verified has come to.
    """

    changed: bool
    state: State
    logs: tuple[tuple[str, str], ...] = ()
    entries: Sequence[Mapping[str, object]] = ()
    run: str = ""
    head: str = ""
    warnings: tuple[str, ...] = ()
    verified: Report | None = None

    def result(self) -> dict[str, object]:
        """Return what Ansible is to show."""
        logs = [{"name": name, "text": text} for name, text in self.logs]
        values = {**self._asdict(), "state": self.state.public(), "logs": logs}
        values["entries"] = [*self.entries]
        values["verified"] = self.verified._asdict() if self.verified else {}
        del values["warnings"]
        return values
