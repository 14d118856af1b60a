# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The Python that a command of Ansible runs with, as its first lines say.

Format: execve(2), and where a path is longer than that takes, what pip's distlib writes in its place.
"""

from __future__ import annotations

import re
import shutil
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_DIRECT = re.compile(rb"#! *(/[A-Za-z0-9/._+-]*/python[0-9.]*)(?: [^\n]*)?\n")
_BY_NAME = re.compile(rb"#! */usr/bin/env (?:-S )?(python[0-9.]*)(?: [^\n]*)?\n")
_LONG = re.compile(rb"#!/bin/sh\n'''exec' \"?(/[A-Za-z0-9/._+-]*/python[0-9.]*)\"? ")
_MOST = 4096  # bytes


def interpreter(command: Path) -> str:
    """Return the path of the Python of ``command``, or where that runs with no Python, of the one that runs this.

    Raises:
        OSError: the command cannot be read.
    """
    with command.open("rb") as file:
        begin = file.read(_MOST)
    found = _DIRECT.match(begin) or _LONG.match(begin)
    if found:
        return found[1].decode("ascii")
    named = _BY_NAME.match(begin)
    return (named and shutil.which(named[1].decode("ascii"))) or sys.executable
