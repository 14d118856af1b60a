# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The outermost framing of OpenPGP data: which packets stand there, one after the other (RFC 9580, section 4.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SIGNATURE = 2
SECRET_KEY = 5
PUBLIC_KEY = 6
SECRET_SUBKEY = 7
MARKER = 10
TRUST = 12
USER_ID = 13
PUBLIC_SUBKEY = 14
USER_ATTRIBUTE = 17
PADDING = 21


@dataclass(frozen=True)
class Packet:
    """One packet: its type, called tag before RFC 9580, and its content."""

    tag: int
    body: bytes


def split(data: bytes) -> Iterator[Packet]:
    """Yield the packets that ``data`` consists of.

    Partial and indeterminate lengths, which only data packets may have, count as malformed.

    Raises:
        ValueError: ``data`` is not a whole number of packets; raised once the malformed one is reached.
    """
    rest = memoryview(data)
    while rest:
        tag, header, length = _header(bytes(rest[:6]))
        if len(rest) < header + length:
            raise ValueError("a packet is cut off")
        yield Packet(tag, bytes(rest[header : header + length]))
        rest = rest[header + length :]


def subpacket_length(start: bytes) -> tuple[int, int]:
    """Return the length of a signature's subpacket, and of the octets that tell it (section 5.2.3.7)."""
    first = start[0]
    if first < 192:  # noqa: PLR2004 -- the boundaries that the section sets
        return first, 1
    if first < 255:  # noqa: PLR2004 -- likewise
        return ((first - 192) << 8) + int.from_bytes(start[1:2], "big") + 192, 2
    return int.from_bytes(start[1:5], "big"), 5


def _header(start: bytes) -> tuple[int, int, int]:
    """Return the tag, and how long the header and the body are."""
    first = start[0]
    if not first & 0x80:
        raise ValueError("no packet begins here")
    if first & 0x40:
        header, length = _new_length(start)
        return first & 0x3F, header, length
    size = 1 << (first & 0x03)
    if size == 8:  # noqa: PLR2004 -- length type 3: the packet ends where the data does
        raise ValueError("a packet has an indeterminate length")
    return first >> 2 & 0x0F, 1 + size, _number(start[1 : 1 + size], size)


def _new_length(start: bytes) -> tuple[int, int]:
    first = _number(start[1:2], 1)
    if first < 192:  # noqa: PLR2004 -- the boundaries that RFC 9580, section 4.2.1 sets
        return 2, first
    if first < 224:  # noqa: PLR2004 -- likewise
        return 3, ((first - 192) << 8) + _number(start[2:3], 1) + 192
    if first < 255:  # noqa: PLR2004 -- likewise
        raise ValueError("a packet has a partial length")
    return 6, _number(start[2:6], 4)


def _number(octets: bytes, size: int) -> int:
    if len(octets) < size:
        raise ValueError("a packet's header is cut off")
    return int.from_bytes(octets, "big")
