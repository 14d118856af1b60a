# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""When the branch was asked for last, what that came to, and since when there is something to act on."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._private_file import replace
from ansible_collections.flant.gitops.plugins.module_utils._timestamp import iso8601

if TYPE_CHECKING:
    from pathlib import Path

_POLLED = "polled_at"
_LAST = "last_poll"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")

FIRST_CHOSEN = "first_chosen"
"""The file that says since when there has been something to act on."""

FILES = (_POLLED, FIRST_CHOSEN, _LAST)
"""Everything in the cache folder that belongs to it."""


class Last(NamedTuple):
    """What the last poll came to, since when polls do, and what is to be said of it."""

    status: str = ""
    since: str = ""
    sentence: str = ""


class Polls(NamedTuple):
    """What a locked cache folder remembers of its polls. A crash may cost the last time of each kind."""

    folder: Path

    def answered(self, now: float) -> str:
        """Write down that a server has answered, and return when that was.

        The time takes the place of the one before byte by byte and is not forced to the disk: a quiet poll is cheap.
        """
        time = iso8601(int(now))
        descriptor = os.open(self.folder / _POLLED, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            os.pwrite(descriptor, f"{time}\n".encode(), 0)
        finally:
            os.close(descriptor)
        return time

    def polled_at(self) -> str:
        """Return when a server answered last; empty if none has yet."""
        return self._read(_POLLED, r"(.*)\n")

    def first_chosen(self, moves: int) -> str:
        """Return since when there has been something to act on after ``moves``; empty if there has been nothing."""
        return self._read(FIRST_CHOSEN, rf"{moves} (.*)\n")

    def end(self, status: str, sentence: str, now: float) -> None:
        """Write down what a poll came to, if that is something else than before."""
        before = self.last()
        if sentence:
            from ansible_collections.flant.gitops.plugins.module_utils._printable import printable

            sentence = printable(sentence)
        if (status, sentence) != (before.status, before.sentence):
            since = before.since if status == before.status else iso8601(int(now))
            replace(self.folder / _LAST, f"{status} {since}\n{sentence}\n".encode())

    def last(self) -> Last:
        """Return what the last poll came to."""
        try:
            content = (self.folder / _LAST).read_text("utf-8", "replace")
        except FileNotFoundError:
            return Last()
        match = re.fullmatch(r"([a-z_]+) (.*)\n(.*)\n", content)
        return Last(*match.groups()) if match and _TIME.fullmatch(match[2]) else Last()

    def _read(self, name: str, pattern: str) -> str:
        try:
            content = (self.folder / name).read_text("ascii", "replace")
        except FileNotFoundError:
            return ""
        match = re.fullmatch(pattern, content)
        return match[1] if match and _TIME.fullmatch(match[1]) else ""
