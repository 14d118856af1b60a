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
import re
from pathlib import Path
from typing import NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._private_file import replace
from ansible_collections.flant.gitops.plugins.module_utils._trusted_path import Missing, trusted_file

_MACHINE_ID = Path("/etc/machine-id")  # see machine-id(5); not every container has one
_LIMIT = 1000
_WRITTEN = re.compile(r"(?P<id>\S+) (?P<place>\S+)(?: (?P<moves>\d{1,9}))?\n", re.ASCII)


class Identity(NamedTuple):
    """Which ``git_dir`` it is, and what the operator should know about that.

    The ``id`` is empty if there is none yet. ``machine`` stands for this machine's id, and ``path`` leads to
    ``git_dir`` without a link. ``inherited`` is how often the ratchet had been moved when ``git_dir``, made by a
    version that gave it no id, got this one; None for any other.
    """

    id: str
    machine: str
    path: str
    inherited: int | None = None
    warnings: tuple[str, ...] = ()

    def taken_over(self, moves: int, *, is_told: bool) -> bool:
        """Tell whether that version may have left something that is not seen to yet.

        So it is until the ratchet, after so many ``moves``, has been moved again, and whoever polls ``is_told`` of what
        it stands at: killed anywhere on the way, the next one has to look again.
        """
        return self.inherited is not None and (moves == self.inherited or not is_told)


def look(git_dir: Path) -> Identity:
    """Return the identity that ``git_dir`` has, and nothing if it has none on this machine and at this path.

    Raises:
        Failure: others could have written it.
    """
    path, machine_id = os.path.realpath(git_dir), _machine_id()
    place = _place(machine_id, path)
    nobody = Identity("", _machine(machine_id), path)
    try:
        with trusted_file(_file(git_dir), "git_dir") as file:
            written = _WRITTEN.fullmatch(file.read(_LIMIT).decode("utf-8", "replace"))
    except Missing:
        return nobody
    if written and written["place"] == place:
        return nobody._replace(id=written["id"], inherited=int(written["moves"]) if written["moves"] else None)
    warning = (
        f"git_dir: {_file(git_dir)} was made on another machine or for another path, so its id does not count here; "
        "what was started under that id is not found by this one."
    )
    return nobody._replace(warnings=(warning,))


def identify(git_dir: Path, inherited: int | None) -> Identity:
    """Return the identity of ``git_dir``, which gets one if it has none.

    Args:
        git_dir: the folder, whether it is there or not.
        inherited: how often its ratchet has been moved, if it was there before; None if it is new.

    Raises:
        Failure: others could have written it.
        OSError: it cannot be written.
    """
    found = look(git_dir)
    if found.id:
        return found
    new = found._replace(id=os.urandom(16).hex(), inherited=None if found.warnings else inherited)
    moves = "" if new.inherited is None else f" {new.inherited}"
    replace(_file(git_dir), f"{new.id} {_place(_machine_id(), new.path)}{moves}\n".encode())
    return new


def _file(git_dir: Path) -> Path:
    return git_dir.with_name(f"{git_dir.name}.id")


def _place(machine_id: bytes, path: str) -> str:
    """Return a digest of the machine and the path; a machine's id is not to be shown to others."""
    return hashlib.sha256(machine_id + b"\0" + os.fsencode(path)).hexdigest()


def _machine(machine_id: bytes) -> str:
    """Return what stands for the machine where several of them meet, and for no other application."""
    return hashlib.sha256(b"flant.gitops\0" + machine_id).hexdigest()[:32]


def _machine_id() -> bytes:
    return _MACHINE_ID.read_bytes().strip() if _MACHINE_ID.exists() else b""
