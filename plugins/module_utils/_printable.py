# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Text that strangers wrote, made fit for a log, a terminal and a database."""

from __future__ import annotations

import unicodedata

_LIMIT = 500


def printable(text: bytes | str) -> str:
    """Return ``text`` on one line, without control and formatting characters, and cut off after 500 characters.

    What cannot be decoded as UTF-8 or could change how its surroundings look (escape sequences, NUL, bidirectional
    overrides) becomes U+FFFD; every run of white space becomes one space.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    words = " ".join(text[: 8 * _LIMIT].split())
    shown = "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(each)[0] == "C" else each for each in words)
    return shown if len(shown) <= _LIMIT else shown[: _LIMIT - 1] + "\N{HORIZONTAL ELLIPSIS}"
