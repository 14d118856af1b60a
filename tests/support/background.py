# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A script that a playbook starts to serve something: it says in a file how that is reached, and ends when told to."""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_LONGEST = 600  # seconds, should nobody end it
_SIGNALS = {signal.SIGTERM, signal.SIGINT}


def run(main: Callable[[], None]) -> None:
    """Run ``main``, in which ``serve`` is called, so that a signal that comes early is not lost."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    main()


def serve(file: Path, described: Mapping[str, object]) -> None:
    """Write ``described`` and this process's ``pid`` to ``file`` in one go, and wait until a signal comes."""
    part = file.with_suffix(".part")
    part.write_text(json.dumps({"pid": os.getpid(), **described}), encoding="utf-8")
    part.rename(file)
    signal.sigtimedwait(_SIGNALS, _LONGEST)
