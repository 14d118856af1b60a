# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Text that strangers wrote, made fit for a log, a terminal and a database."""

from __future__ import annotations

import functools
import re
import unicodedata

_LIMIT = 500
_PLAIN = re.compile(r"[^\t\n\x20-\x7e]")
# Nobody sees these, though their category would let them through: joiners, fillers and variation selectors. They are
# what https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point has beside characters of the categories C.
_IGNORABLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")


def printable(text: bytes | str) -> str:
    """Return ``text`` on one line, without characters that are not seen, and cut off after 500 characters.

    What cannot be decoded as UTF-8 or is not seen as itself becomes U+FFFD; every run of white space becomes one space.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    words = " ".join(text[: 8 * _LIMIT].split())
    shown = "".join(each if _is_seen(each) else "\N{REPLACEMENT CHARACTER}" for each in words)
    return shown if len(shown) <= _LIMIT else shown[: _LIMIT - 1] + "\N{HORIZONTAL ELLIPSIS}"


def escaped(text: str) -> str:
    """Return ``text`` with all that is not seen as itself, but for tabs and line feeds, as Python's escapes."""
    return _PLAIN.sub(lambda match: _shown(match[0]), text)


@functools.lru_cache(maxsize=1 << 12)
def _shown(character: str) -> str:
    return character if _is_seen(character) else character.encode("unicode_escape").decode("ascii")


def _is_seen(character: str) -> bool:
    """Whether a character shows, and does nothing to how those around it do.

    Controls, escape sequences, bidirectional overrides, zero widths, tags and separators of lines do not.
    """
    category = unicodedata.category(character)
    return category[0] != "C" and category not in ("Zl", "Zp") and not _IGNORABLE.match(character)
