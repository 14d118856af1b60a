# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Since when there is something to act on, and when a ``git_dir`` has its turn with it.

Its turn comes after a share of the spread that is always the same, and another one for each host and instance.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._epoch import epoch
from ansible_collections.flant.gitops.plugins.module_utils._offset import host, offset
from ansible_collections.flant.gitops.plugins.module_utils._private_file import replace
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.polls import FIRST_CHOSEN, Polls
from ansible_collections.flant.gitops.plugins.module_utils._timestamp import iso8601

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.ratchet import Ratchet
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.request import Request


def choose(polls: Polls, moves: int, now: float) -> str:
    """Write down that there is something to act on after so many ``moves`` of the ratchet, and return since when.

    Only the first time counts; each move begins anew.
    """
    since = polls.first_chosen(moves)
    if not since:
        since = iso8601(int(now))
        replace(polls.folder / FIRST_CHOSEN, f"{moves} {since}\n".encode())
    return since


def turn_at(request: Request, ratchet: Ratchet) -> str:
    """Return when the turn with a commit that was chosen comes, in UTC as ISO 8601; empty if it has come.

    It has if the commit was first chosen at a time that lies ahead: the clock was set back since.
    """
    now, moves, polls = time.time(), ratchet.moves(), Polls(ratchet.folder)
    since = (polls.first_chosen(moves) or iso8601(int(now))) if request.check_mode else choose(polls, moves, now)
    chosen = epoch(since)
    if chosen is None:
        return ""
    turn = chosen + offset(host(), str(request.git_dir), int(request.spread))
    return iso8601(int(turn)) if chosen <= now < turn else ""
