# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The public numbers in a key packet of version 4 (RFC 9580, sections 5.5.2 and 5.5.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._key_material import elliptic, rsa

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.flant.gitops.plugins.module_utils._key_material import Material

_NUMBERS = 6  # behind the version, the time of creation and the algorithm
_RSA = frozenset({1, 2, 3})
_ON_A_NAMED_CURVE = frozenset({18, 19, 22})  # ECDH, ECDSA, EdDSA as GnuPG writes it
_NATIVE = {25: ("x25519", 32), 26: ("x448", 56), 27: ("ed25519", 32), 28: ("ed448", 57)}
_CURVES = {  # section 9.2; any other is told apart by its object identifier
    "2a8648ce3d030107": "nistp256",
    "2b81040022": "nistp384",
    "2b81040023": "nistp521",
    "2b06010401da470f01": "ed25519",
    "2b6570": "ed25519",
    "2b6571": "ed448",
    "2b060104019755010501": "x25519",
    "2b656e": "x25519",
    "2b656f": "x448",
}


def algorithm(body: bytes) -> int:
    """Return the number of the packet's public key algorithm."""
    return body[_NUMBERS - 1] if len(body) >= _NUMBERS else 0


def material(body: bytes) -> Material:
    """Return the key's numbers; for an algorithm that is not known, or what is cut off, the octets as they stand."""
    number, rest = algorithm(body), body[_NUMBERS:]
    try:
        if number in _RSA:
            return rsa(next(_integers(rest)))
        if number in _ON_A_NAMED_CURVE:
            curve = rest[1 : 1 + rest[0]].hex()
            return elliptic(_CURVES.get(curve, curve), next(_integers(rest[1 + rest[0] :])))
        if number in _NATIVE:
            curve, length = _NATIVE[number]
            return elliptic(curve, rest[:length])
        if number:
            return f"algorithm {number}", b"".join(integer.lstrip(b"\0") + b"\0" for integer in _integers(rest))
    except (StopIteration, IndexError, ValueError):
        pass
    return "octets", body


def _integers(octets: bytes) -> Iterator[bytes]:
    """Yield the multiprecision integers (section 3.2), each with its length in bits in front."""
    while octets:
        end = 2 + (int.from_bytes(octets[:2], "big") + 7) // 8
        if len(octets) < end:
            raise ValueError("an integer is cut off")
        yield octets[2:end]
        octets = octets[end:]
