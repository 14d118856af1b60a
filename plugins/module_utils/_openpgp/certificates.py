# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""A text that is to hold one OpenPGP certificate, read without gpg: is it what it has to be, and whose key is it?"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._openpgp import armor, packets, public_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible_collections.flant.gitops.plugins.module_utils._key_material import Material

_SECRET = frozenset({packets.SECRET_KEY, packets.SECRET_SUBKEY})
_KEYS = frozenset({packets.PUBLIC_KEY, packets.PUBLIC_SUBKEY})
_PUBLIC = _KEYS | {
    packets.USER_ID,
    packets.USER_ATTRIBUTE,
    packets.SIGNATURE,
    packets.TRUST,
    packets.MARKER,
    packets.PADDING,
}
_VERSION_4 = 4


@dataclass(frozen=True)
class Certificate:
    """A primary key and what belongs to it.

    Attributes:
        option: where it was given.
        fingerprint: of the primary key, upper case hexadecimal.
        created: seconds since the epoch.
        copies: how many of it the text holds; one may have been revoked since the other was made.
        data: the packets of them all, in binary.
        material: the numbers of the primary key and of every subkey.
    """

    option: str
    fingerprint: str
    created: int
    copies: int
    data: bytes = field(repr=False)
    material: frozenset[Material] = field(repr=False)


def read(text: str, option: str) -> Certificate:
    """Return the certificate in ``text``, of which several copies are one; cheap enough for every run.

    What decides is the packets and not the armor's first line, as gpg too looks at these alone. Packets that no
    certificate has are refused, because they may hide others: compressed data does.

    Raises:
        Failure: the text holds no armored public key, a private one, or several certificates; the sentence begins with
            ``option``.
    """
    if "PRIVATE KEY-----" in text:  # of SSH, or of X.509
        raise Failure(f"{option} holds a private key, which must not leave its owner; give the public key.")
    try:
        found = armor.blocks(armor.unfolded(text.encode("ascii", "replace")))
        material = [packet for block in found for packet in packets.split(block.data)]
    except ValueError as error:
        raise Failure(f"{option} is damaged: {error}.") from None
    tags = {packet.tag for packet in material}
    if tags & _SECRET or any(block.label == "PRIVATE KEY BLOCK" for block in found):
        raise Failure(f"{option} holds a private key, which must not leave its owner; give the public key.")
    if packets.PUBLIC_KEY not in tags:
        raise Failure(f"{option} holds no ASCII-armored OpenPGP public key.")
    if tags - _PUBLIC:
        raise Failure(f"{option} holds something other than OpenPGP public keys.")
    primary_keys = [packet.body for packet in material if packet.tag == packets.PUBLIC_KEY]
    primary = _only(primary_keys, option)
    return Certificate(
        option=option,
        fingerprint=_fingerprint(primary),
        created=int.from_bytes(primary[1:5], "big"),
        copies=len(primary_keys),
        data=b"".join(block.data for block in found),
        material=frozenset(public_key.material(packet.body) for packet in material if packet.tag in _KEYS),
    )


def _only(bodies: Sequence[bytes], option: str) -> bytes:
    if any(body[:1] != bytes([_VERSION_4]) or len(body) > 0xFFFF for body in bodies):  # noqa: PLR2004 -- two octets
        raise Failure(f"{option} holds an OpenPGP key that is not of version 4; no other version is supported.")
    if len(set(bodies)) > 1:
        fingerprints = " and ".join(_fingerprint(body) for body in list(dict.fromkeys(bodies))[:2])
        raise Failure(
            f"{option} holds {len(set(bodies))} certificates ({fingerprints}), but an entry is one key of one signer; "
            "give each an entry of its own, and the keys of one person together in trusted_signers."
        )
    return bodies[0]


def _fingerprint(body: bytes) -> str:
    """Return the fingerprint of a version 4 key (RFC 9580, section 5.5.4.2)."""
    framed = b"\x99" + len(body).to_bytes(2, "big") + body
    return hashlib.sha1(framed, usedforsecurity=False).hexdigest().upper()
