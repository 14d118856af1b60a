# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Costly test data, such as OpenPGP keys, made once in a whole test run.

``ansible-test units`` spreads tests over worker processes and forks a child for each, so that a session fixture is
set up again for every single test, and is not torn down. What a test run shares has to lie on disk instead.
"""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest


def once(factory: pytest.TempPathFactory, name: str, build: Callable[[Path], None]) -> Path:
    """Return the folder ``name`` of this test run, which ``build`` has filled exactly once; treat it as read-only.

    ``build`` gets the folder, new and empty, and may start nothing that outlives it. Other processes wait for it.
    """
    run = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        run = run.parent  # a worker has a folder of its own within the run's
    folder = run / name
    complete = run / f"{name}.complete"
    with (run / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not complete.exists():
            folder.mkdir(mode=0o700)
            build(folder)
            complete.touch()
    return folder
