# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What a container writes, kept within bounds and made fit to show."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._printable import escaped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.flant.gitops.plugins.module_utils._container.masking import Masking

STDOUT = 1
STDERR = 2

_HEADER = struct.Struct(">BxxxL")
# Trimming the end of a stream less often than at every chunk keeps the work linear.
_SLACK = 1 << 16


class Frames:
    """Tells the two streams apart in what the engine sends.

    The format is that of https://docs.docker.com/reference/api/engine/ under "attach to a container": eight bytes of
    header, the first of them the stream and the last four the length, then that many bytes.
    """

    def __init__(self) -> None:
        """Start at a frame's first byte."""
        self._header = bytearray()
        self._stream = 0
        self._left = 0

    def feed(self, data: bytes) -> Iterator[tuple[int, memoryview]]:
        """Yield the stream's number and the bytes for every piece of content in ``data``, which may be cut anywhere."""
        view = memoryview(data)
        while view:
            if self._left:
                piece, view = view[: self._left], view[self._left :]
                self._left -= len(piece)
                yield self._stream, piece
                continue
            missing = _HEADER.size - len(self._header)
            self._header += view[:missing]
            view = view[missing:]
            if len(self._header) == _HEADER.size:
                self._stream, self._left = _HEADER.unpack(self._header)
                self._header.clear()


class BoundedOutput:
    """Keeps the beginning and the end of a stream, however long it is."""

    def __init__(self, limit: int, masking: Masking) -> None:
        """Keep ``limit`` bytes, and show none of the secrets of ``masking``."""
        self._limit = limit
        self._masking = masking
        self._ends = (limit - limit // 2, limit // 2)
        self._head = bytearray()
        self._tail = bytearray()
        self._written = 0

    @property
    def written(self) -> int:
        """How many bytes came in all."""
        return self._written

    def feed(self, chunk: bytes | memoryview) -> None:
        """Take the next bytes of the stream."""
        self._written += len(chunk)
        head, tail = (end + self._masking.margin for end in self._ends)
        room = head - len(self._head)
        if room > 0:
            self._head += chunk[:room]
            chunk = chunk[room:]
        self._tail += chunk
        if len(self._tail) > tail + _SLACK:
            del self._tail[: len(self._tail) - tail]

    def text(self) -> str:
        """Return what was kept: secrets masked, bytes that are no UTF-8 and control characters escaped."""
        head, tail = bytes(self._head), bytes(self._tail)
        if self._written <= self._limit:
            return self._shown(head + tail)
        if self._written == len(head) + len(tail):
            head = tail = head + tail
        before = self._masking.start_of_secret_at(head, _character_start(head, self._ends[0]))
        after = self._masking.end_of_secret_at(tail, _character_end(tail, len(tail) - self._ends[1]))
        kept = before + len(tail) - after
        return (
            f"{self._shown(head[:before])}\n[... {self._written - kept} bytes cut out here ...]\n"
            f"{self._shown(tail[after:])}"
        )

    def _shown(self, data: bytes) -> str:
        return escaped(self._masking.hide(data).decode("utf-8", "backslashreplace"))


def _is_continuation(data: bytes, index: int) -> bool:
    """Whether a UTF-8 character goes on at ``index``."""
    return 0 < index < len(data) and 0x80 <= data[index] < 0xC0  # noqa: PLR2004 -- 10xxxxxx


def _character_start(data: bytes, cut: int) -> int:
    return next((cut - back for back in range(4) if not _is_continuation(data, cut - back)), cut)


def _character_end(data: bytes, cut: int) -> int:
    return next((cut + ahead for ahead in range(4) if not _is_continuation(data, cut + ahead)), cut)
