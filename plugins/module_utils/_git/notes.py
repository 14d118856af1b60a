# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""git-signatures notes: where a commit's note lies in the notes tree, and which signatures stand in it.

The format is that of werf's fork of git-signatures: every line of a note is the base64 of a binary detached OpenPGP
signature over the hexadecimal commit id, without a line feed.
"""

from __future__ import annotations

import base64
import binascii

_FAN_OUTS = 4
_NOTE_LIMIT = 1 << 20
_LINE_LIMIT = 1 << 14
_SIGNATURES_LIMIT = 200


def paths(commit_id: str) -> list[str]:
    """Return where the note for a commit may lie in the notes tree, the plain name first.

    git fans a notes tree out by two digits a level as it grows: ``abcd...``, ``ab/cd...``, ``ab/cd/...``.
    """
    return [
        "/".join([*(commit_id[2 * level : 2 * level + 2] for level in range(levels)), commit_id[2 * levels :]])
        for levels in range(_FAN_OUTS)
    ]


def decode(note: bytes) -> list[bytes]:
    """Return the signatures in a note, each once, in their order; whatever is none is left out.

    Looked at are the first MiB of the note, lines up to 16 KiB, and the first 200 signatures.
    """
    signatures = (_signature(line) for line in note[:_NOTE_LIMIT].split(b"\n"))
    return list(dict.fromkeys(each for each in signatures if each))[:_SIGNATURES_LIMIT]


def _signature(line: bytes) -> bytes | None:
    line = line.strip()
    if len(line) > _LINE_LIMIT:
        return None
    try:
        return base64.b64decode(line, validate=True)
    except binascii.Error:
        return None
