# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Why ssh could make nothing of a private key: it says so to nobody but itself, and then that the server refused it."""

from __future__ import annotations

import base64
import binascii
import re

MOST_BYTES = 1 << 16  # many times a key

_PUBLIC = re.compile(rb"\s*(?:ssh-|ecdsa-|sk-)\S+ [A-Za-z0-9+/]+=*(?:\s|$)")
_OPENSSH = re.compile(rb"-----BEGIN OPENSSH PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END ")
_UNENCRYPTED = b"openssh-key-v1\0\0\0\0\4none"
_ENCRYPTED_PEM = re.compile(rb"-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED", re.MULTILINE)
_DEFECTS = (
    (re.compile(rb"\s*\Z"), "it is empty"),
    (re.compile(rb"PuTTY-User-Key-File-"), "it is in PuTTY's format; puttygen can write it in OpenSSH's"),
    (_PUBLIC, "it is a public key, and not the private one"),
    (re.compile(rb"[^\n]*\r\n"), "its lines end with carriage returns, which ssh does not take"),
    (re.compile(rb"(?s:.*[^\n])\Z"), "there is no line feed at its end, which ssh wants"),
)


def defect(content: bytes) -> str:
    """Return why ssh cannot read ``content`` as a private key, to stand behind a colon; empty if nothing is seen."""
    return next((words for pattern, words in _DEFECTS if pattern.match(content)), "")


def is_encrypted(content: bytes) -> bool:
    """Return whether the private key ``content`` is protected by a passphrase.

    The formats are those of ssh-keygen(1): OpenSSH's own (PROTOCOL.key), whose first field after the magic names the
    cipher, and PEM (RFC 1421, RFC 5958).
    """
    found = _OPENSSH.search(content)
    if not found:
        return bool(_ENCRYPTED_PEM.search(content))
    try:
        return not base64.b64decode(found[1]).startswith(_UNENCRYPTED)
    except binascii.Error:
        return False
