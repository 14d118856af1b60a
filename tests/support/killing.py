# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kills the process that it is called in, in the midst of what the module does."""

from __future__ import annotations

import os
import signal
from importlib import import_module
from typing import Any, NamedTuple


class Kill(NamedTuple):
    """Where: a method, by its file below ``module_utils``, as in ``_vault.rotation``, its class and its name.

    ``after`` is false to kill instead of what the method does, and true to kill once that is done.
    """

    file: str
    owner: str
    method: str
    after: bool


def arrange(kill: Kill | None) -> None:
    """Let this process kill itself when it comes to ``kill``."""
    if kill is None:
        return
    owner = getattr(import_module(f"ansible_collections.flant.gitops.plugins.module_utils.{kill.file}"), kill.owner)
    whole = getattr(owner, kill.method)

    def killed(*arguments: Any, **keywords: Any) -> None:  # noqa: ANN401 -- whatever the method takes
        if kill.after:
            whole(*arguments, **keywords)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, kill.method, killed)
