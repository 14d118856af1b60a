# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What is wrong with a certificate that its packets tell, and gpg does not say by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._openpgp import packets, public_key

if TYPE_CHECKING:
    from collections.abc import Iterator

_MODERN = {25: "X25519", 26: "X448", 27: "Ed25519", 28: "Ed448"}  # RFC 9580, section 9.1
_KNOWN = frozenset({1, 2, 3, 16, 17, 18, 19, 22})
_BINDING = 0x18
_VERSION_4 = 4
_KEY_FLAGS, _EMBEDDED_SIGNATURE = 27, 32  # section 5.2.3.7
_MAY_SIGN = 0x02


def defect(data: bytes) -> str | None:
    """Return why gpg cannot use the certificate, fit to stand after "because it", or None if the packets do not say."""
    found = list(packets.split(data))
    number = next(public_key.algorithm(each.body) for each in found if each.tag == packets.PUBLIC_KEY)
    if number not in _KNOWN:
        name = f"{_MODERN[number]} in the form of RFC 9580" if number in _MODERN else "an unknown algorithm"
        return f"is a key of {name} ({number}), which this gpg does not support"
    if not any(each.tag in (packets.USER_ID, packets.USER_ATTRIBUTE) for each in found):
        return (
            "has no user id, which keys.openpgp.org leaves out as long as its owner has not confirmed it; "
            "export it with gpg --armor --export"
        )
    return None


def without_cross_certification(data: bytes) -> bool:
    """Return whether a subkey is to sign and has not signed that it belongs to the certificate, as gpg demands."""
    subkey = False
    for packet in packets.split(data):
        if packet.tag != packets.SIGNATURE:
            subkey = packet.tag == packets.PUBLIC_SUBKEY
        elif subkey and packet.body[:2] == bytes([_VERSION_4, _BINDING]):
            areas = list(_subpackets(packet.body))
            signs = any(kind == _KEY_FLAGS and value[:1] and value[0] & _MAY_SIGN for kind, value in areas)
            if signs and not any(kind == _EMBEDDED_SIGNATURE for kind, _value in areas):
                return True
    return False


def _subpackets(body: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the subpackets of a signature of version 4, hashed and not."""
    start = 4
    for _area in ("hashed", "unhashed"):
        end = start + 2 + int.from_bytes(body[start : start + 2], "big")
        start += 2
        while start < min(end, len(body)):
            length, header = packets.subpacket_length(body[start : start + 5])
            content = body[start + header : start + header + length]
            if content:
                yield content[0] & 0x7F, content[1:]
            start += header + max(length, 1)
        start = end
