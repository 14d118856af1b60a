# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""How often ansible-pull runs though nothing has changed, where nobody has said so.

Whoever had a schedule before counts on each run of the playbook, whatever else that does: there each stays a whole one.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._pull import settings
from ansible_collections.flant.gitops.plugins.module_utils._trusted_path import Missing, trusted_file

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_NEW, _EACH = 3600, 0  # seconds


def full_every(folder: Path, before: Iterable[Path]) -> int:
    """Return the seconds between two whole runs of a schedule whose program is to lie in ``folder``.

    Args:
        folder: where its settings may lie already.
        before: what a schedule has left that was installed by a version without such a program.
    """
    try:
        with trusted_file(folder / settings.FILE, "dir") as file:
            return int(json.loads(file.read()).get("full_every", _EACH))
    except Missing:
        return _EACH if any(path.exists() for path in before) else _NEW
    except (AttributeError, Failure, TypeError, ValueError):
        return _EACH
