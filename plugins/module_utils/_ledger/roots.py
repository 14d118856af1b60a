# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Whose key is whose, as whoever verifies a ledger knows it: lines as in ``known_hosts`` of OpenSSH (sshd(8))."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._ssh import keys

if TYPE_CHECKING:
    from collections.abc import Iterator

_LINE = re.compile(r"(?P<names>[^\s#@]\S*)\s+(?P<key>\S.*)")
_HASHED = 3


def fingerprints(text: str, host: str) -> set[str]:
    """Return the keys of ``host`` in ``text``, former ones included: whichever names it has there, in full or hashed.

    Raises:
        Failure: a line is none, holds a mark such as ``@revoked``, or a key that does not count.
    """
    return {key.fingerprint for names, key in _lines(text) if any(_is(name, host) for name in names)}


def _lines(text: str) -> Iterator[tuple[list[str], keys.PublicKey]]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        if not match:
            raise Failure(f"known_hosts: line {number} is not names and a key; marks such as @revoked do not count.")
        yield match["names"].split(","), keys.read(match["key"], f"known_hosts: line {number}")


def _is(name: str, host: str) -> bool:
    parts = name.split("|")[1:]
    if len(parts) != _HASHED or parts[0] != "1":
        return name == host
    try:
        salt, digest = (base64.b64decode(part, validate=True) for part in parts[1:])
    except binascii.Error:
        return False
    return hmac.compare_digest(hmac.new(salt, host.encode(), hashlib.sha1).digest(), digest)
