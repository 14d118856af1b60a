# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The newest commit that was processed: it only ever moves forward, unless an operator resets it.

It lies in a file of the cache folder, which is there from the beginning: a file that is missing or empty was lost,
and is never taken for "nothing was processed yet".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._git.names import is_object_id
from ansible_collections.flant.gitops.plugins.module_utils._private_file import replace, sync_directory

if TYPE_CHECKING:
    from pathlib import Path

NAME = "last_commit"
"""The file's name."""

_NONE = b"none\n"
_MOVES = "superseded"
_MOVES_KEPT = 1000

FILES = (NAME, _MOVES)
"""Everything in the cache folder that belongs to the ratchet."""


class Ratchet(NamedTuple):
    """The ratchet of a locked cache folder."""

    folder: Path

    def begin(self) -> bool:
        """Write down that nothing was processed yet, and return True, unless something is written down already."""
        if self.begun():
            return False
        replace(self.folder / NAME, _NONE)
        return True

    def begun(self) -> bool:
        """Tell whether something is written down."""
        return (self.folder / NAME).exists()

    def commit(self) -> str:
        """Return the newest commit that was processed; empty if there is none yet.

        Raises:
            Failure: what was written down is lost.
        """
        content = (self.folder / NAME).read_bytes()
        if content == _NONE:
            return ""
        commit = content.decode("ascii", "replace").rstrip("\n")
        if not is_object_id(commit):
            raise Failure(
                f"git_dir: {self.folder / NAME} does not hold a commit any more; "
                "say with action: reset which commit was processed last."
            )
        return commit

    def move(self, commit: str) -> None:
        """Write down that ``commit`` (empty: nothing yet) was processed last.

        What `superseded` has returned so far exists before that and ever after.
        """
        number = self.moves() + 1
        (self.folder / _MOVES).mkdir(exist_ok=True)
        (self.folder / _MOVES / str(number)).touch()
        sync_directory(self.folder / _MOVES)
        replace(self.folder / NAME, f"{commit}\n".encode() if commit else _NONE)
        (self.folder / _MOVES / str(number - _MOVES_KEPT)).unlink(missing_ok=True)

    def superseded(self) -> str:
        """Return a path that exists as soon as the ratchet has been moved again."""
        return str(self.folder / _MOVES / str(self.moves() + 1))

    def moves(self) -> int:
        """Return how often the ratchet has been moved."""
        try:
            return max((int(move.name) for move in (self.folder / _MOVES).iterdir()), default=0)
        except FileNotFoundError:
            return 0
