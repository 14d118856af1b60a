# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The texts of ``trusted_keys``, read without gpg: is each what it has to be, and which certificates does it hold?"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._openpgp import armor, packets

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_SECRET = frozenset({packets.SECRET_KEY, packets.SECRET_SUBKEY})
_PUBLIC = frozenset(
    {
        packets.PUBLIC_KEY,
        packets.PUBLIC_SUBKEY,
        packets.USER_ID,
        packets.USER_ATTRIBUTE,
        packets.SIGNATURE,
        packets.TRUST,
        packets.MARKER,
        packets.PADDING,
    }
)
_VERSION_4 = 4


@dataclass(frozen=True)
class Certificate:
    """A primary key, and where it was given."""

    option: str
    fingerprint: str
    created: int


@dataclass(frozen=True)
class TrustedKeys:
    """The packets of each text, by its place, and the certificates in them all."""

    texts: dict[str, bytes]
    certificates: tuple[Certificate, ...]


def check(armored: Sequence[str]) -> None:
    """Refuse what cannot be an item of ``trusted_keys``; cheap enough for every run.

    Raises:
        Failure: an item holds no armored public key, or a private one; the sentence names the item.
    """
    read(armored)


def read(armored: Sequence[str]) -> TrustedKeys:
    """Return the certificates that the texts hold, one or more each.

    Raises:
        Failure: as in `check`.
    """
    texts = {}
    certificates: list[Certificate] = []
    for index, text in enumerate(armored):
        option = f"trusted_keys[{index}]"
        texts[option] = _public_keys(text, option)
        certificates.extend(_certificates(packets.split(texts[option]), option))
    return TrustedKeys(texts, tuple(certificates))


def _public_keys(text: str, option: str) -> bytes:
    """Return the binary form of the armored public keys in ``text``.

    What decides is the packets and not the armor's first line, as gpg too looks at these alone. Packets that no
    certificate has are refused, because they may hide others: compressed data does.
    """
    try:
        found = armor.blocks(text.encode("ascii", "replace"))
        tags = {packet.tag for block in found for packet in packets.split(block.data)}
    except ValueError as error:
        raise Failure(f"{option} is damaged: {error}.") from None
    if tags & _SECRET or any(block.label == "PRIVATE KEY BLOCK" for block in found):
        raise Failure(f"{option} holds a private key, which must not leave its owner; give the public key.")
    if packets.PUBLIC_KEY not in tags:
        raise Failure(f"{option} holds no ASCII-armored OpenPGP public key.")
    if tags - _PUBLIC:
        raise Failure(f"{option} holds something other than OpenPGP public keys.")
    return b"".join(block.data for block in found)


def _certificates(material: Iterable[packets.Packet], option: str) -> list[Certificate]:
    keys = [packet.body for packet in material if packet.tag == packets.PUBLIC_KEY]
    if any(body[:1] != bytes([_VERSION_4]) or len(body) > 0xFFFF for body in keys):  # noqa: PLR2004 -- two octets
        raise Failure(f"{option} holds an OpenPGP key that is not of version 4; no other version is supported.")
    return [Certificate(option, _fingerprint(body), int.from_bytes(body[1:5], "big")) for body in keys]


def _fingerprint(body: bytes) -> str:
    """Return the fingerprint of a version 4 key (RFC 9580, section 5.5.4.2)."""
    framed = b"\x99" + len(body).to_bytes(2, "big") + body
    return hashlib.sha1(framed, usedforsecurity=False).hexdigest().upper()
