# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What gpg's status lines say of one signature (doc/DETAILS of GnuPG, "Format of the --status-fd output").

gpg's exit status says too little: it is 0 for signatures by expired and by revoked keys, and VALIDSIG appears for
these, too. So a signature counts only if every line about it is as it has to be.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from ansible_collections.flant.gitops.plugins.module_utils._printable import printable
from ansible_collections.flant.gitops.plugins.module_utils._timestamp import iso8601
from ansible_collections.flant.gitops.plugins.module_utils._verdict import GoodSignature, Rejected

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.flant.gitops.plugins.module_utils._verdict import Verdict

_LINE = re.compile(rb"\[GNUPG:\] ([A-Z0-9_]+)(?: (.*))?")
_VALIDSIG = re.compile(
    rb"(?P<signing_key>[0-9A-F]{40}) \S+ (?P<created>\d{1,10}) \d+ \d+ \S+ \d+ (?P<digest>\d+) (?P<class>[0-9A-F]{2})"
    rb" (?P<primary_key>[0-9A-F]{40})(?: .*)?"
)
_GOODSIG = re.compile(rb"(?P<key_id>[0-9A-F]{16,40}) (?P<user_id>.*)")
_AGAINST = {
    "REVKEYSIG": "made by a key that was revoked",
    "EXPKEYSIG": "made by a key that has expired",
    "EXPSIG": "it has expired",
    "BADSIG": "it does not match what it is over",
}
_BY_THE_CLOCK = frozenset({"EXPKEYSIG", "EXPSIG"})
_ERRSIG = re.compile(rb"(?P<key_id>[0-9A-F]{16}) (?:\S+ ){4}(?P<error>\d+)(?: (?P<fingerprint>[0-9A-F]{40}))?.*")
_NO_PUBLIC_KEY = b"9"
UNFITTING = Rejected(_AGAINST["BADSIG"])
_DIGESTS = frozenset({8, 9, 10, 11})  # SHA-256, SHA-384, SHA-512 and SHA-224: RFC 9580, section 9.5
_WEAK = {1: "MD5", 2: "SHA-1", 3: "RIPEMD-160"}
_BINARY_DOCUMENT = b"00"


def judge(output: bytes, exit_status: int, trusted: Mapping[str, str | None], now: float) -> Verdict:
    """Return whether the one signature that gpg was asked about counts.

    Args:
        output: all that gpg wrote to the status descriptor.
        exit_status: gpg's.
        trusted: the fingerprints of the trusted primary keys, each with what is wrong with it, or None.
        now: seconds since the epoch.
    """
    lines = _parse(output)
    against = _against(lines, trusted)
    if against:
        return against
    if exit_status or not len(lines["NEWSIG"]) == len(lines["GOODSIG"]) == len(lines["VALIDSIG"]) == 1:
        return Rejected("gpg does not call it one good signature")
    good = _GOODSIG.fullmatch(lines["GOODSIG"][0])
    valid = _VALIDSIG.fullmatch(lines["VALIDSIG"][0])
    if not good or not valid or not valid["signing_key"].endswith(good["key_id"]):
        return Rejected("gpg's words about it make no sense")
    unfit = _unfit(valid, trusted, now)
    if unfit:
        return unfit
    return GoodSignature(
        fingerprint=valid["primary_key"].decode(),
        signing_key=valid["signing_key"].decode(),
        user_id=printable(unquote_to_bytes(good["user_id"])),
        created=iso8601(int(valid["created"])),
    )


def _unfit(valid: re.Match[bytes], trusted: Mapping[str, str | None], now: float) -> Rejected | None:
    """Return why a signature that gpg calls good does not count all the same."""
    primary_key, digest, created = valid["primary_key"].decode(), int(valid["digest"]), int(valid["created"])
    if primary_key not in trusted or trusted[primary_key]:
        return _untrusted(primary_key, trusted)
    if digest not in _DIGESTS:
        return Rejected(f"{_WEAK.get(digest, f'digest algorithm {digest}')} is too weak")
    if valid["class"] != _BINARY_DOCUMENT:
        return Rejected("it signs text and not bytes")
    if created > now:
        return Rejected(f"made in the future, at {iso8601(created)}: check this machine's clock", for_now=True)
    return None


def _parse(output: bytes) -> defaultdict[str, list[bytes]]:
    """Return the arguments of each keyword, one for each of its lines.

    Only a line feed ends a line: gpg escapes it in what others wrote, and leaves other control characters in.
    """
    lines: defaultdict[str, list[bytes]] = defaultdict(list)
    for line in output.split(b"\n"):
        match = _LINE.fullmatch(line)
        if match:
            lines[match[1].decode()].append(match[2] or b"")
    return lines


def _against(lines: defaultdict[str, list[bytes]], trusted: Mapping[str, str | None]) -> Rejected | None:
    """Return what gpg holds against the signature."""
    for keyword, reason in _AGAINST.items():
        if lines[keyword]:
            return Rejected(reason, for_now=keyword in _BY_THE_CLOCK)
    if lines["ERRSIG"]:
        errsig = _ERRSIG.fullmatch(lines["ERRSIG"][0])
        key = (errsig["fingerprint"] or errsig["key_id"]).decode() if errsig else ""
        if errsig and (errsig["error"] == _NO_PUBLIC_KEY or trusted.get(key)):
            return _untrusted(key, trusted)
        return Rejected("gpg cannot check it")
    if lines["NODATA"] or lines["UNEXPECTED"] or lines["PLAINTEXT"]:
        return Rejected("it is not a detached signature")
    return None


def _untrusted(key: str, trusted: Mapping[str, str | None]) -> Rejected:
    reason = trusted.get(key)
    if reason:  # a key that is not fit today was given
        return Rejected(f"made by {key}, which {reason}", for_now=True)
    return Rejected(f"made by a key that is not trusted ({key})")
