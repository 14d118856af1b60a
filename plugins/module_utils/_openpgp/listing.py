# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What gpg lists of the keys it knows (doc/DETAILS of GnuPG, "Format of the colon listings")."""

from __future__ import annotations

import re

_PRIMARY = re.compile(rb"pub:(?P<validity>[^:]*):(?:[^:]*:){9}(?P<capabilities>[^:]*):.*")
_FINGERPRINT = re.compile(rb"fpr:(?:[^:]*:){8}([0-9A-F]+):.*")
INVALID = "is not valid"
_UNFIT = {
    b"r": "was revoked",
    b"e": "has expired",
    b"i": INVALID,
    b"d": "is disabled",
}


def unfitness(listing: bytes) -> dict[str, str | None]:
    """Return for each certificate, by the fingerprint of its primary key, why no signature by it counts, or None.

    A certificate that is listed twice, because gpg was told of another keyring, is as unfit as the worse of both.
    Only a line feed ends a line: user ids may hold other characters that Python takes for line ends.
    """
    reasons: dict[str, str | None] = {}
    primary = None
    name = ""
    named = set()
    for line in listing.split(b"\n"):
        primary = _PRIMARY.fullmatch(line) or primary
        fingerprint = _FINGERPRINT.fullmatch(line)
        if fingerprint and primary:  # those of the subkeys stand further down
            name = fingerprint[1].decode()
            reasons[name] = reasons.get(name) or _unfitness(primary["validity"], primary["capabilities"])
            primary = None
        elif line.startswith((b"uid:", b"uat:")):
            named.add(name)
    # Debian 13's GnuPG 2.4.7 finds nothing wrong in a certificate without a user id, but does not take it.
    return {name: reason if name in named else reason or INVALID for name, reason in reasons.items()}


def _unfitness(validity: bytes, capabilities: bytes) -> str | None:
    if validity in _UNFIT:
        return _UNFIT[validity]
    if b"S" not in capabilities:  # an upper case letter: some key of the certificate can do it today
        return "has no key that may sign"
    return None
