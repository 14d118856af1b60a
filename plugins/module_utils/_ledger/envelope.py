# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""A line of the ledger: a DSSE envelope with one signature, or none, and the only encoding of it that counts.

DSSE: https://github.com/secure-systems-lab/dsse/blob/v1.0.2/protocol.md

One document has one encoding here: keys sorted by their code points, no white space, UTF-8, no fractions. What is read
must be what would be written of it, byte by byte, so that nobody can say the same in two ways, or one thing to a
reader that takes the first of two equal keys and another to one that takes the last.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any, NamedTuple, NoReturn

PAYLOAD_TYPE = "application/vnd.in-toto+json"
LONGEST = 64 * 1024
"""Bytes of the longest line, its line feed not included."""
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


class Envelope(NamedTuple):
    """What is signed, by which key (``SHA256:`` and so on), and the binary signature over `signed`.

    Both are empty where nobody has signed it.
    """

    payload: bytes
    keyid: str
    signature: bytes

    @property
    def signed(self) -> bytes:
        """The bytes that the signature is over: DSSE's pre-authentication encoding of the payload."""
        return pre_authentication(self.payload)

    def line(self) -> bytes:
        """Return the line, without a line feed."""
        signatures = [{"keyid": self.keyid, "sig": _text(self.signature)}] if self.keyid else []
        return canonical({"payload": _text(self.payload), "payloadType": PAYLOAD_TYPE, "signatures": signatures})


def pre_authentication(payload: bytes) -> bytes:
    """Return what DSSE has signed in place of ``payload``."""
    return b"DSSEv1 %d %b %d %b" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(payload), payload)


def open_line(line: bytes) -> Envelope:
    """Return the envelope that ``line``, without its line feed, is.

    Raises:
        ValueError: it is none, or not in its only encoding; the text says so, fit to stand after a colon.
    """
    if len(line) > LONGEST:
        raise ValueError("it is longer than 64 KiB")
    try:
        document = json.loads(line.decode())
        (signature,) = document["signatures"] or [{"keyid": "", "sig": ""}]
        envelope = Envelope(
            base64.b64decode(document["payload"], validate=True),
            signature["keyid"],
            base64.b64decode(signature["sig"], validate=True),
        )
        same = isinstance(envelope.keyid, str) and envelope.line() == line
    except (KeyError, RecursionError, TypeError, ValueError):
        same = False
    if not same:
        raise ValueError("it is not a DSSE envelope with at most one signature over an in-toto statement")
    return envelope


def canonical(document: object) -> bytes:
    """Return the only encoding of ``document``.

    Raises:
        ValueError: it holds what has none, such as half of a surrogate pair.
    """
    return _ENCODER.encode(document).encode()


def parse(octets: bytes) -> dict[str, Any]:
    """Return the object that ``octets`` are the only encoding of.

    Raises:
        ValueError: they are not; the text says so, fit to stand after a colon.
    """
    try:
        document: dict[str, Any] = json.loads(octets.decode(), parse_float=_refuse, parse_constant=_refuse)
        same = isinstance(document, dict) and canonical(document) == octets
    except (ValueError, RecursionError):
        same = False
    if not same:
        raise ValueError("it is not a JSON object in its canonical encoding")
    return document


def digest(line: bytes) -> str:
    """Return the SHA-256 of ``line``, without its line feed, in hexadecimal."""
    return hashlib.sha256(line).hexdigest()


def _text(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def _refuse(text: str) -> NoReturn:
    raise ValueError(text)
