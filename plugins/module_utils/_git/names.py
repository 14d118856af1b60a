# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The forms of ids and of ref names."""

from __future__ import annotations

import re

_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_NOT_IN_REFS = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(?=/|$)|^[/.]|[/.]$|^@$")


def is_object_id(text: str) -> bool:
    """Tell whether ``text`` is a full id, of a SHA-1 or of a SHA-256 repository."""
    return bool(_ID.fullmatch(text))


def is_ref_name(text: str) -> bool:
    """Tell whether ``text``, such as ``main``, may name a ref or a part of one; see git-check-ref-format(1)."""
    return bool(text) and not text.startswith("-") and not _NOT_IN_REFS.search(text)
