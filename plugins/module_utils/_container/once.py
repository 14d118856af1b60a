# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""A file that is read once, from its beginning to its end, so that what is used of it is what is hashed."""

from __future__ import annotations

import hashlib
import tarfile
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK = 1 << 18


class Once:
    """A file for `tarfile`, which reads it in order as long as the contents that it leaves out are taken from here.

    Somebody may change the file while it is read. Bytes that were read, hashed and looked at are never read again.
    """

    def __init__(self, file: BinaryIO, *, hashed: bool) -> None:
        """Read ``file`` from where it is, and take its SHA-256 if ``hashed``."""
        self._file = file
        self._position = 0
        self._digest = hashlib.sha256() if hashed else None
        self.last = b""
        """What was read last."""

    def tell(self) -> int:
        """Return how far it was read."""
        return self._position

    def read(self, size: int) -> bytes:
        """Return the next bytes, fewer only at the end."""
        self.last = self._file.read(size)
        self._position += len(self.last)
        if self._digest:
            self._digest.update(self.last)
        return self.last

    def content(self, size: int) -> Iterator[bytes]:
        """Yield the next ``size`` bytes.

        Raises:
            tarfile.ReadError: the file has fewer.
        """
        left = size
        while left:
            chunk = self.read(min(left, _CHUNK))
            if not chunk:
                raise tarfile.ReadError("unexpected end of data")
            left -= len(chunk)
            yield chunk

    def skip_to(self, position: int) -> None:
        """Read on to a position ahead.

        Raises:
            tarfile.ReadError: the file ends before.
        """
        for _chunk in self.content(position - self._position):
            pass

    def finish(self) -> str:
        """Read the rest, and return the SHA-256 of all, ``""`` where it is not taken."""
        if not self._digest:
            return ""
        while self.read(_CHUNK):
            pass
        return self._digest.hexdigest()
