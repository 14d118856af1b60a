# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""From when until when a certificate is valid, for a server that does not say so.

Format: RFC 5280, section 4.1, in DER (ITU-T X.690).
"""

from __future__ import annotations

import re
import ssl
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._timestamp import iso8601

if TYPE_CHECKING:
    from collections.abc import Iterator

_PEM = re.compile("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
_VERSION, _UTC_TIME = 0xA0, 0x17
_SHORT = 0x80


def out_of_date(pem: str, now: float) -> str:
    """Return how the first certificate in ``pem`` is not valid ``now``, as the end of a sentence; empty if it is."""
    found = _PEM.search(pem)
    if not found:
        return ""
    begin, end = _validity(ssl.PEM_cert_to_DER_cert(found[0]))
    if now < begin:
        return f"is not valid before {iso8601(begin)}"
    return f"has expired at {iso8601(end)}" if now > end else ""


def _validity(der: bytes) -> tuple[int, int]:
    ((_tag, certificate),) = _elements(der)
    _tag, signed = next(_elements(certificate))
    fields = [content for tag, content in _elements(signed) if tag != _VERSION]
    _serial, _algorithm, _issuer, validity = fields[:4]
    begin, end = (_seconds(tag, content.decode("ascii")) for tag, content in _elements(validity))
    return begin, end


def _elements(der: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield tag and content of what stands one behind the other in ``der``."""
    at = 0
    while at < len(der):
        tag, length, at = der[at], der[at + 1], at + 2
        if length >= _SHORT:
            octets = length - _SHORT
            length, at = int.from_bytes(der[at : at + octets], "big"), at + octets
        yield tag, der[at : at + length]
        at += length


def _seconds(tag: int, text: str) -> int:
    # Years before 1950 and after 2049 are written with four digits; strptime divides the others at 1969.
    if tag == _UTC_TIME:
        text = ("20" if text < "50" else "19") + text
    return int(datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=timezone.utc).timestamp())
