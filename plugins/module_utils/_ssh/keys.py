# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""SSH public keys, a line each: ``<type> <base64> [comment]`` (RFC 4253, section 6.6; PROTOCOL.u2f of OpenSSH)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._key_material import elliptic, rsa
from ansible_collections.flant.gitops.plugins.module_utils._ssh.wire import Reader

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.plugins.module_utils._key_material import Material

_LINE = re.compile(r"(?P<type>[a-z0-9@.-]+)[ \t]+(?P<blob>[A-Za-z0-9+/]+={0,2})(?:[ \t][^\n]*)?")
_ED25519, _RSA = b"ssh-ed25519", b"ssh-rsa"
_SK_ED25519, _SK_ECDSA = b"sk-ssh-ed25519@openssh.com", b"sk-ecdsa-sha2-nistp256@openssh.com"
_COORDINATE = {b"nistp256": 32, b"nistp384": 48, b"nistp521": 66}
_ED25519_LENGTH = 32
_RSA_BITS = range(2048, 8192 + 1)
ALGORITHMS = {  # a key's type, and those of the signatures that it may make
    _ED25519: {_ED25519},
    _SK_ED25519: {_SK_ED25519},
    _SK_ECDSA: {_SK_ECDSA},
    _RSA: {b"rsa-sha2-256", b"rsa-sha2-512"},
    **{b"ecdsa-sha2-" + curve: {b"ecdsa-sha2-" + curve} for curve in _COORDINATE},
}
SECURITY_KEYS = frozenset({_SK_ED25519, _SK_ECDSA})


@dataclass(frozen=True)
class PublicKey:
    """A key, and where it was given.

    Attributes:
        option: where.
        type: the key's type, as in the line.
        blob: the key itself.
        fingerprint: ``SHA256:`` and so on, as ssh-keygen shows it.
        material: its numbers.
    """

    option: str
    type: str
    blob: bytes = field(repr=False)
    fingerprint: str
    material: Material = field(repr=False)


def read(text: str, option: str) -> PublicKey:
    """Return the key in ``text``; cheap enough for every run.

    Raises:
        Failure: it is not one line of a key, or the key is of a type or length that does not count; the sentence begins
            with ``option``.
    """
    match = _LINE.fullmatch(text.strip())
    if not match:
        raise Failure(
            f"{option} is not one SSH public key, which is one line: its type, its base64, perhaps a comment, "
            "and no options."
        )
    kind = match["type"].encode()
    if b"-cert-v0" in kind:
        raise Failure(f"{option} is an SSH certificate, whose signatures do not count; give the key itself.")
    if kind not in ALGORITHMS:
        raise Failure(f"{option} is an SSH key of the type {match['type']}, whose signatures do not count.")
    try:
        blob = base64.b64decode(match["blob"], validate=True)
        material = _material(Reader(blob), kind)
    except (binascii.Error, ValueError) as error:
        raise Failure(f"{option} is not an SSH public key: {error}.") from None
    return PublicKey(option, match["type"], blob, fingerprint(blob), material)


def fingerprint(blob: bytes) -> str:
    """Return what ssh-keygen calls a key."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def _material(reader: Reader, kind: bytes) -> Material:
    if reader.string() != kind:
        raise ValueError("its type and its base64 do not agree")
    if kind == _RSA:
        exponent, modulus = int.from_bytes(reader.natural(), "big"), reader.natural()
        bits = int.from_bytes(modulus, "big").bit_length()
        if bits not in _RSA_BITS or exponent < 3 or exponent % 2 == 0:  # noqa: PLR2004 -- the least exponent of RSA
            raise ValueError(f"an RSA key of {bits} bits does not count; it needs 2048 to 8192")
        material = rsa(modulus)
    elif kind in (_ED25519, _SK_ED25519):
        material = elliptic("ed25519", _sized(reader.string(), _ED25519_LENGTH))
    else:
        curve = reader.string()
        if curve not in _COORDINATE or not kind.partition(b"@")[0].endswith(b"-" + curve):
            raise ValueError("its curve is not the one that its type names")
        material = elliptic(curve.decode(), _point(reader.string(), _COORDINATE[curve]))
    if kind in SECURITY_KEYS and not reader.string().startswith(b"ssh:"):
        raise ValueError("its application does not begin with ssh:")
    reader.end()
    return material


def _sized(octets: bytes, length: int) -> bytes:
    if len(octets) != length:
        raise ValueError("it has the wrong length")
    return octets


def _point(octets: bytes, coordinate: int) -> bytes:
    if octets[:1] != b"\x04":
        raise ValueError("its point is not in uncompressed form")
    return _sized(octets, 1 + 2 * coordinate)
