# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The data types of SSH (RFC 4251, section 5), read strictly: what has two encodings is refused."""

from __future__ import annotations


class Reader:
    """Octets that are read from their beginning."""

    def __init__(self, octets: bytes) -> None:
        """Begin with the first of ``octets``."""
        self._rest = octets

    def take(self, number: int) -> bytes:
        """Return the next octets.

        Raises:
            ValueError: there are fewer.
        """
        if len(self._rest) < number:
            raise ValueError("it is cut off")
        taken, self._rest = self._rest[:number], self._rest[number:]
        return taken

    def string(self) -> bytes:
        """Return a string's content.

        Raises:
            ValueError: it is cut off.
        """
        return self.take(int.from_bytes(self.take(4), "big"))

    def natural(self) -> bytes:
        """Return the octets of an integer above 0, without leading zeros.

        Raises:
            ValueError: it is cut off, not above 0, or not in its shortest form.
        """
        octets = self.string()
        bare = octets.lstrip(b"\0")
        if not bare or octets != bytes(bare[0] >> 7) + bare:
            raise ValueError("it holds an ill-formed number")
        return bare

    def end(self) -> None:
        """Check that nothing is left.

        Raises:
            ValueError: something is.
        """
        if self._rest:
            raise ValueError("something follows it")


def string(content: bytes) -> bytes:
    """Return ``content`` as a string."""
    return len(content).to_bytes(4, "big") + content
