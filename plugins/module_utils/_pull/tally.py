# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""How ansible-pull itself has fared, which nobody else remembers: the playbook may never have come to the role."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._private_file import open_regular, replace

FILE = Path("pull.json")
_MOST = 4096  # bytes


class Tally(NamedTuple):
    """When ansible-pull last ended well, and since when it has not; in seconds of the epoch, 0 for never."""

    last_success: int = 0
    failing_since: int = 0


def follow(before: Tally, status: int, began: float, ended: float) -> Tally:
    """Return what a run that ended with ``status`` makes of the tally ``before``."""
    if not status:
        return Tally(last_success=int(ended))
    return before._replace(failing_since=before.failing_since or int(began))


def load(directory: int) -> Tally:
    """Return what is kept in ``directory``, a descriptor; what cannot be read is nothing."""
    try:
        with os.fdopen(open_regular(FILE, dir_fd=directory), "rb") as file:
            found = json.loads(file.read(_MOST))
        return Tally(*(int(found[name]) for name in Tally._fields))
    except (KeyError, OSError, TypeError, ValueError):
        return Tally()


def keep(directory: int, tally: Tally) -> None:
    """Keep ``tally`` in ``directory``.

    Raises:
        OSError: it cannot be written.
    """
    replace(FILE, (json.dumps(tally._asdict()) + "\n").encode(), dir_fd=directory)
