# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What a login is for: the calls to be made with it, and all that is at hand to make it."""

from __future__ import annotations

from concurrent.futures import wait
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._interruption import uninterrupted
from ansible_collections.flant.gitops.plugins.module_utils._workers import result_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ansible_collections.flant.gitops.plugins.module_utils._vault.client import Client
    from ansible_collections.flant.gitops.plugins.module_utils._vault.custody import Custody
    from ansible_collections.flant.gitops.plugins.module_utils._vault.login import Entry


@dataclass(frozen=True)
class Errand:
    """What a login is for: ``calls`` at once; in check mode none, and nothing may be replaced or used up.

    The ``client`` bears no token. What is worth a warning is added to ``warnings``.
    """

    client: Client
    custody: Custody
    warnings: list[str]
    calls: int
    check_mode: bool

    def make(self, call: Callable[[], Entry], *, to_its_end: bool = False) -> Entry:
        """Make the ``call`` that logs in, and open the connections for the calls to come in the meantime.

        Told to stop, a call that has to be made ``to_its_end`` is awaited before this lets go.
        """
        entry = self.custody.submit(call)
        with uninterrupted():  # it takes them out of a queue, whose lock a signal could leave held
            reserved = self.client.reserve_connections(self.calls - 1)
        for open_connection in reserved:
            self.custody.submit(open_connection)
        try:
            return result_of(entry)
        finally:
            if to_its_end:
                wait([entry])
