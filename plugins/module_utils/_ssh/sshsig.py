# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""SSH signatures (PROTOCOL.sshsig and PROTOCOL.u2f of OpenSSH), read strictly and written anew.

``ssh-keygen -Y verify`` takes more than should count: a security key that nobody touched, short RSA keys, text behind
the armor. So what counts is decided here, and ssh-keygen is only asked whether the numbers fit.
"""

from __future__ import annotations

import base64
import re
from typing import NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._ssh.keys import ALGORITHMS, SECURITY_KEYS
from ansible_collections.flant.gitops.plugins.module_utils._ssh.wire import Reader, string

MAGIC = b"SSHSIG"
BEGIN = b"-----BEGIN SSH SIGNATURE-----"
_VERSION = (1).to_bytes(4, "big")
_LIMIT = 8192
_END = b"-----END SSH SIGNATURE-----"
_ARMOR = re.compile(BEGIN + rb"\n((?:[A-Za-z0-9+/=]{1,76}\n)+)" + _END + rb"\n?")
_DIGESTS = frozenset({b"sha256", b"sha512"})
_FLAGS_AND_COUNTER = 5
_TOUCHED, _VERIFIED = 0x01, 0x04


class SshSignature(NamedTuple):
    """A signature whose form is as it has to be.

    Attributes:
        key: the public key that it says has made it.
        armored: the signature, encoded anew.
        touched: whether it says that a security key was touched.
    """

    key: bytes
    armored: bytes
    touched: bool


def is_one(signature: bytes) -> bool:
    """Return whether this is meant as an SSH signature, good or not."""
    return signature.startswith(MAGIC) or signature.lstrip().startswith(BEGIN)


def unarmored(text: bytes) -> bytes:
    """Return the binary signature in an armor, around which nothing stands.

    Raises:
        ValueError: it is anything else; the text says what, fit to stand after a colon.
    """
    match = _ARMOR.fullmatch(text)
    if not match:
        raise ValueError("it is not exactly one armored SSH signature")
    try:
        return base64.b64decode(match[1].replace(b"\n", b""), validate=True)
    except ValueError:
        raise ValueError("its armor is not base64") from None


def parse(blob: bytes, namespace: bytes, *, user_verification: bool) -> SshSignature:
    """Return the binary signature ``blob``.

    Args:
        blob: the signature.
        namespace: what it has to be made for.
        user_verification: whether a security key must have asked for its PIN or a fingerprint.

    Raises:
        ValueError: it does not count; the text says why, fit to stand after a colon.
    """
    if len(blob) > _LIMIT:
        raise ValueError("it is larger than 8 KiB")
    reader = Reader(blob)
    if reader.take(len(MAGIC)) != MAGIC or reader.take(len(_VERSION)) != _VERSION:
        raise ValueError("it is not an SSH signature of version 1")
    key, made_for, reserved, digest, signature = (reader.string() for _field in range(5))
    reader.end()
    if made_for != namespace:
        raise ValueError(f"it is made for the namespace {_shown(made_for)} and not for {_shown(namespace)}")
    if reserved:
        raise ValueError("its reserved field is not empty")
    if digest not in _DIGESTS:
        raise ValueError(f"its digest {_shown(digest)} does not count; sha256 and sha512 do")
    kind = Reader(key).string()
    if kind not in ALGORITHMS:
        raise ValueError(f"a key of the type {_shown(kind)} does not count")
    touched = _check_inner(Reader(signature), kind, user_verification=user_verification)
    anew = MAGIC + _VERSION + b"".join(string(each) for each in (key, namespace, b"", digest, signature))
    return SshSignature(key, BEGIN + b"\n" + base64.encodebytes(anew) + _END + b"\n", touched)


def _check_inner(reader: Reader, kind: bytes, *, user_verification: bool) -> bool:
    algorithm = reader.string()
    if algorithm not in ALGORITHMS[kind]:
        raise ValueError(f"the algorithm {_shown(algorithm)} does not count")
    reader.string()
    flags = reader.take(_FLAGS_AND_COUNTER)[0] if kind in SECURITY_KEYS else None
    reader.end()
    if flags is None:
        return False
    if not flags & _TOUCHED:
        raise ValueError("the security key was not touched")
    if user_verification and not flags & _VERIFIED:
        raise ValueError("the security key did not ask for a PIN, which ssh_user_verification requires")
    return True


def _shown(name: bytes) -> str:
    return repr(name[:40].decode("ascii", "replace"))
