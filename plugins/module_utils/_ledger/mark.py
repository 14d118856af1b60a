# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The mark that holds an instance, as operators put it."""

from __future__ import annotations

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._hold import LONGEST, is_shown


def line(reason: str, by: str, at: str) -> bytes:
    """Return what a mark holds, so that `_hold` shows it.

    Args:
        reason: why the instance is held.
        by: who holds it.
        at: since when, in UTC as ISO 8601.

    Raises:
        Failure: there is no reason or nobody's name, or they cannot be shown on one line of at most 1 KiB; the sentence
            begins with the argument at fault.
    """
    if not reason.strip():
        raise Failure("reason: say why.")
    if not by:
        raise Failure("by: say who.")
    content = f"{reason.strip()} (suspended by {by} at {at})\n"
    if not is_shown(content[:-1]) or len(content.encode()) > LONGEST:
        raise Failure("reason: it must be one line of printable characters, at most 1 KiB with who and when.")
    return content.encode()
