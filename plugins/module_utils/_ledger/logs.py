# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The outputs of the last runs, one file a run, named by the time of its start so that names sort by age."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._ledger import listing
from ansible_collections.flant.gitops.plugins.module_utils._private_file import open_regular, remove, replace

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.plugins.module_utils._ledger.request import Output

_NAME = re.compile(r"\d{4}-[0-9T:.Z+-]+-[0-9a-f]{12}\.log", re.ASCII)


def keep(directory: int, output: Output) -> None:
    """Keep ``output`` in ``directory``, a descriptor."""
    name = f"{output.started_at}-{output.commit[:12]}.log"
    replace(Path(name), content(output), dir_fd=directory)


def prune(directory: int, most: int) -> None:
    """Remove all kept outputs but the newest ``most``."""
    found = names(directory)
    for name in found[: len(found) - most]:
        remove(Path(name), dir_fd=directory)


def names(directory: int) -> list[str]:
    """Return the names of the kept outputs, the newest last."""
    return [name for name in listing.names(directory) if _NAME.fullmatch(name)]


def read(directory: int, name: str) -> str:
    """Return what is kept as ``name``."""
    with os.fdopen(open_regular(Path(name), dir_fd=directory), "rb") as file:
        return file.read().decode("utf-8", "replace")


def content(output: Output) -> bytes:
    """Return what is kept of ``output``."""
    head = f"commit: {output.commit}\nrc: {output.rc}\nstarted: {output.started_at}\nfinished: {output.finished_at}\n"
    return f"{head}--- stdout\n{output.stdout}\n--- stderr\n{output.stderr}\n".encode("utf-8", "replace")
