# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Tar files as ``git archive`` writes them, for the format see pax(1): ustar with extended headers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Protocol

    class Target(Protocol):
        """Whatever can be written to."""

        def write(self, data: bytes, /) -> object:
            """Take the next bytes."""


BLOCK = 512
"""The size of a header; the content of a member fills whole blocks."""

GLOBAL_HEADER = b"g"
_EXTENDED_HEADER = b"x"
_SIZE = slice(124, 136)
_TYPE = slice(156, 157)


def kind(header: bytes) -> bytes:
    """Return the type of the member that has this header."""
    return header[_TYPE]


class Unended:
    """Passes on the members of a tar that is written to it, and not what marks its end, so that others may follow."""

    def __init__(self, target: Target) -> None:
        """Take what the members are passed on to."""
        self._target = target
        self._waiting = b""  # an incomplete header, or an extended one with its incomplete content
        self._content = 0  # how much of the current member's content is still to come
        self._size: int | None = None  # of the next member, if an extended header tells it
        self._ended = False

    def write(self, data: bytes) -> None:
        """Take the next bytes of the tar."""
        if self._ended:
            return
        data = self._waiting + data
        position = 0
        while position < len(data) and not self._ended:
            length = self._content or self._headers(data, position)
            if not length:
                break
            self._content = max(0, position + length - len(data))
            position = min(position + length, len(data))
        self._waiting = data[position:]
        self._target.write(data[:position])

    def _headers(self, data: bytes, position: int) -> int:
        """Return how much to pass on without a further look; 0 if the end is here, or more is needed to tell."""
        header = data[position : position + BLOCK]
        if len(header) < BLOCK:
            return 0
        if not any(header):
            self._ended = True
            return 0
        size = self._size if self._size is not None else int(header[_SIZE].rstrip(b" \0") or b"0", 8)
        self._size = None
        length = BLOCK + -(-size // BLOCK) * BLOCK
        if kind(header) == _EXTENDED_HEADER:
            if len(data) < position + length:
                return 0
            self._size = _size(data[position + BLOCK : position + BLOCK + size])
        return length


def _size(records: bytes) -> int | None:
    """Return the size that an extended header tells, which is one too large for the member's own."""
    while records:
        length = records.partition(b" ")[0]
        name, _separator, value = records[len(length) + 1 : int(length)].partition(b"=")
        if name == b"size":
            return int(value)
        records = records[int(length) :]
    return None
