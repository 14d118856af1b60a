# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Which ``git_dir`` this is: an id that goes by machine and path, so that a copy elsewhere is another one.

It lies beside ``git_dir``, so that it outlives whatever becomes of that.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._private_file import replace
from ansible_collections.flant.gitops.plugins.module_utils._trusted_path import Missing, trusted_file

_MACHINE_ID = Path("/etc/machine-id")  # see machine-id(5); not every container has one
_LIMIT = 1000


class Identity(NamedTuple):
    """The id, empty if there is none yet; whether it is new; what the operator should know about it."""

    id: str
    new: bool = False
    warnings: tuple[str, ...] = ()


def look(git_dir: Path) -> Identity:
    """Return the identity that ``git_dir`` has, and nothing if it has none on this machine and at this path.

    Raises:
        Failure: others could have written it.
    """
    try:
        with trusted_file(_file(git_dir), "git_dir") as file:
            words = file.read(_LIMIT).decode("utf-8", "replace").split()
    except Missing:
        return Identity("")
    if words[1:] == [_place(git_dir)]:
        return Identity(words[0])
    warning = (
        f"git_dir: {_file(git_dir)} was made on another machine or for another path, so its id does not count here; "
        "what was started under that id is not found by this one."
    )
    return Identity("", warnings=(warning,))


def identify(git_dir: Path) -> Identity:
    """Return the identity of ``git_dir``, which gets one if it has none.

    Raises:
        Failure: others could have written it.
        OSError: it cannot be written.
    """
    found = look(git_dir)
    if found.id:
        return found
    new = os.urandom(16).hex()
    replace(_file(git_dir), f"{new} {_place(git_dir)}\n".encode())
    return found._replace(id=new, new=True)


def _file(git_dir: Path) -> Path:
    return git_dir.with_name(f"{git_dir.name}.id")


def _place(git_dir: Path) -> str:
    """Return a digest of the machine and the path; a machine's id is not to be shown to others."""
    machine = _MACHINE_ID.read_bytes() if _MACHINE_ID.exists() else b""
    return hashlib.sha256(machine.strip() + b"\0" + os.fsencode(os.path.realpath(git_dir))).hexdigest()
