# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What a signature that does not count looks like, in words that say what to do instead."""

from __future__ import annotations

import hashlib

_DIGESTS = {2: "sha1", 8: "sha256", 9: "sha384", 10: "sha512", 11: "sha224"}
_VERSION_4 = 4
_DETACHED = "make it with gpg --detach-sign"
_OTHER_KINDS = {
    b"-----BEGIN PGP SIGNED MESSAGE-----": f"it is a clear-signed text; {_DETACHED}",
    b"-----BEGIN PGP MESSAGE-----": f"it is a signed message and not a detached signature; {_DETACHED}",
    b"-----BEGIN SSH SIGNATURE-----": "it is an SSH signature, and no SSH key is trusted",
    b"SSHSIG": "it is an SSH signature, and no SSH key is trusted",
    b"-----BEGIN SIGNED MESSAGE-----": "it is an X.509 signature (gpg.format=x509), which does not count",
    b"\x30\x82": "it is an X.509 signature, which does not count",
}


def kind(signature: bytes) -> str | None:
    """Return what ``signature`` is if it is something else than an OpenPGP signature."""
    for beginning, reason in _OTHER_KINDS.items():
        if signature.lstrip().startswith(beginning):
            return reason
    if signature.isascii() and signature.decode("ascii").replace("\n", " ").isprintable():
        return f"it is plain text and not a signature; {_DETACHED}"
    return None


def broken_line() -> str:
    """Return what is said of a part of a signature."""
    return (
        "it is not a whole signature, as if one had been broken into lines; "
        "a note takes one line for each: gpg --detach-sign | base64 --wrap=0"
    )


def signed_instead(body: bytes, payload: bytes) -> str | None:
    """Return what the signature packet with this ``body`` covers in place of ``payload``, if a guess is right.

    The first 16 bits of the digest stand in the packet (RFC 9580, section 5.2.3), which decide nothing here.
    """
    if _covers(body, payload + b"\n") or _covers(body, payload + b"\r\n"):
        return "it signs a line feed too; sign the commit's id alone, as printf %s prints it"
    if _covers(body, b""):
        return "it signs an empty text; was the commit's id missing when it was made?"
    return None


def _covers(body: bytes, text: bytes) -> bool:
    if len(body) < 8 or body[0] != _VERSION_4 or body[3] not in _DIGESTS:  # noqa: PLR2004 -- up to both lengths
        return False
    hashed = 6 + int.from_bytes(body[4:6], "big")
    start = hashed + 2 + int.from_bytes(body[hashed : hashed + 2], "big")
    trailer = b"\x04\xff" + hashed.to_bytes(4, "big")
    digest = hashlib.new(_DIGESTS[body[3]], text + body[:hashed] + trailer, usedforsecurity=False).digest()
    return digest[:2] == body[start : start + 2]
