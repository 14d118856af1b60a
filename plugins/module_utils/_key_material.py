# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Public keys by their numbers alone: what makes two of them one, whatever certificate, line or format they come in."""

from __future__ import annotations

Material = tuple[str, bytes]

_NATIVE = {"ed25519": 32, "x25519": 32, "x448": 56, "ed448": 57}  # octets, behind a prefix at the most
_UNCOMPRESSED, _COMPRESSED = b"\x04", (b"\x02", b"\x03")


def rsa(modulus: bytes) -> Material:
    """Return an RSA key; who can sign for one public exponent can do so for any."""
    return "rsa", modulus.lstrip(b"\0")


def elliptic(curve: str, point: bytes) -> Material:
    """Return the key at ``point``, in the form of SEC 1, of RFC 9580 (section 11.2) or of RFC 8032.

    Of a curve's two points with one x, whoever knows the key of one knows the other's, so that y says nothing.
    """
    if curve in _NATIVE:
        return curve, point[-_NATIVE[curve] :]
    if point[:1] == _UNCOMPRESSED:
        return curve, point[1 : 1 + len(point) // 2].lstrip(b"\0")
    return curve, (point[1:] if point[:1] in _COMPRESSED else point).lstrip(b"\0")
