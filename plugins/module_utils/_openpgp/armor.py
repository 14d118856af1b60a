# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""ASCII armor: binary OpenPGP data between ``-----BEGIN PGP ...`` and ``-----END PGP ...`` (RFC 9580, section 6.2)."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

_BEGIN = re.compile(rb"-----BEGIN PGP ([A-Z ]+)-----")
_LIMITS = re.compile(rb"(-----(?:BEGIN|END) PGP [A-Z ]+-----)")
_HEADER = re.compile(rb"[A-Za-z-]+:.*")
_CHECKSUM = re.compile(rb"=[A-Za-z0-9+/]{4}")


@dataclass(frozen=True)
class Block:
    """What one armor holds, and what its first line says that this is, such as ``PUBLIC KEY BLOCK``."""

    label: str
    data: bytes


def blocks(text: bytes) -> list[Block]:
    """Return every armor in ``text`` in its order; text around them is not looked at, nor is indentation.

    The checksum is not looked at either: RFC 9580 has made it optional, and nothing is believed because of it.

    Raises:
        ValueError: its armor has no end or is not base64.
    """
    found = []
    label = None
    content: list[bytes] = []
    for line in map(bytes.strip, text.split(b"\n")):
        if label is None:
            begin = _BEGIN.fullmatch(line)
            if begin:
                label, content = begin[1], []
        elif line == b"-----END PGP " + label + b"-----":
            found.append(Block(label.decode(), _decode(content)))
            label = None
        else:
            content.append(line)
    if label is not None:
        raise ValueError("its armor has no end")
    return found


def unfolded(text: bytes) -> bytes:
    """Return ``text`` with the first and the last line of each armor on lines of their own.

    They no longer are where armors were joined without a line feed, or where YAML's ``>`` has made lines one.
    """
    return _LIMITS.sub(rb"\n\1\n", text)


def _decode(content: list[bytes]) -> bytes:
    """Return the data of an armor's lines: headers, an empty line, base64, perhaps a checksum."""
    words = [word for line in content if not _HEADER.fullmatch(line) for word in line.split()]
    try:
        return base64.b64decode(b"".join(word for word in words if not _CHECKSUM.fullmatch(word)), validate=True)
    except binascii.Error:
        raise ValueError("its armor is not base64") from None
