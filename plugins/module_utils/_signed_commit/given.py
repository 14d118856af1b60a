# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The commits that polls have given since the last one was recorded, any of which may have been started.

A run that failed may have done anything that its commit says. So what the next commit changes is what it changes
against each of them, and not only against the commit that was recorded: that one may say the same again.

The file that holds them is bound to the recorded commit. Where it is missing, or about another commit, nobody knows:
so it is for a commit that is in the ratchet because it was claimed, and was not recorded here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._git.names import is_object_id
from ansible_collections.flant.gitops.plugins.module_utils._private_file import replace
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.kept import GIVEN

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_NONE = "none"
_LIMIT = 100


class Before(NamedTuple):
    """The commits whose trees may be what stands now, or why they are not known."""

    commits: Sequence[str] = ()
    unknown: str = ""


class Given(NamedTuple):
    """What a locked cache folder remembers of them."""

    folder: Path

    def before(self, recorded: str) -> Before:
        """Return the commits to compare with; ``recorded`` (empty: none) is the one that the ratchet holds."""
        known, given = self._read()
        if not recorded or known != recorded:
            return Before(unknown="it is not known here what ran before")
        return Before((recorded, *given))

    def add(self, commit: str) -> None:
        """Write down that ``commit`` is given; it is on the disk before anybody can start it."""
        recorded, given = self._read()
        given = [*(each for each in given if each != commit), commit]
        if len(given) > _LIMIT:
            recorded = _NONE
        self._write(recorded, given[-_LIMIT:])

    def record(self, commit: str) -> None:
        """Write down that ``commit`` (empty: none) is about to be recorded; only what was given later stays."""
        _recorded, given = self._read()
        self._write(commit or _NONE, given[given.index(commit) + 1 :] if commit in given else given)

    def _read(self) -> tuple[str, list[str]]:
        """Return the commit that the file is about, and the commits that it holds; neither where it is damaged."""
        try:
            recorded, *given = (self.folder / GIVEN).read_text("ascii", "replace").splitlines()
        except (FileNotFoundError, ValueError):
            return _NONE, []
        if not all(is_object_id(commit) for commit in given):
            return _NONE, []
        return recorded, given

    def _write(self, recorded: str, given: Sequence[str]) -> None:
        if (recorded, given) != self._read() or recorded == _NONE:
            replace(self.folder / GIVEN, "".join(f"{line}\n" for line in (recorded, *given)).encode())
