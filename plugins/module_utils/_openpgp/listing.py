# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What gpg lists of the keys it knows (doc/DETAILS of GnuPG, "Format of the colon listings")."""

from __future__ import annotations

_VALIDITY, _FINGERPRINT, _CAPABILITIES = 1, 9, 11
_UNFIT = {
    b"r": "was revoked",
    b"e": "has expired",
    b"i": "is not valid",
    b"d": "is disabled",
}


def unfitness(listing: bytes) -> dict[str, str | None]:
    """Return for each certificate, by the fingerprint of its primary key, why no signature by it counts, or None.

    Only a line feed ends a line: user ids may hold other characters that Python takes for line ends.
    """
    reasons: dict[str, str | None] = {}
    primary: list[bytes] = []
    for line in listing.split(b"\n"):
        fields = line.split(b":")
        if fields[0] == b"pub":
            primary = fields
        elif fields[0] == b"fpr" and primary:
            reasons[fields[_FINGERPRINT].decode()] = _unfitness(primary)
            primary = []
    return reasons


def _unfitness(primary: list[bytes]) -> str | None:
    if primary[_VALIDITY] in _UNFIT:
        return _UNFIT[primary[_VALIDITY]]
    if b"S" not in primary[_CAPABILITIES]:  # an upper case letter: some key of the certificate can do it today
        return "has no key that may sign"
    return None
