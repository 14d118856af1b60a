# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Whether a poll would come to what an earlier one came to. Nothing is verified, chosen or kept to find that out."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Callable, NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._git.acceptance import arriving, changed
from ansible_collections.flant.gitops.plugins.module_utils._git.cache import opened
from ansible_collections.flant.gitops.plugins.module_utils._git.remote import Remote
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.outcome import HELD, UNCHANGED
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.polls import Polls
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.ratchet import NAME, Ratchet
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.run import ask_for_refs, hold_of, rerun_is_due

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.request import Request


class Seen(NamedTuple):
    """What an earlier poll has returned: its status, and where the branch and the signatures stood."""

    status: str
    head: str
    signatures_head: str


def glance(request: Request, seen: Seen, counts: Callable[[], bool]) -> bool:
    """Tell whether a poll would come to what was ``seen``; one that would not has brought nothing that stays.

    Args:
        request: the poll's, in check mode.
        seen: what an earlier poll with the same options has returned.
        counts: is asked once the server has answered; only if it says so is it written down that it has.

    Raises:
        Failure: the server gives no answer, or a refusal; others could change what decides.
    """
    held = hold_of(request) is not None
    if held or seen.status == HELD:
        return held and seen.status == HELD and counts()
    if not request.access:
        return False
    with opened(request.git_dir, NAME) as cache:
        remote, ratchet = Remote(cache, request.access, request.timeout), Ratchet(cache.path)
        if not cache.ready or not ratchet.begun() or rerun_is_due(request, ratchet):
            return False
        cache.prepare_home(request.access)
        with arriving(cache):
            refs, answer = ask_for_refs(request, remote, ratchet)
            status = answer.status if answer else ""
            if refs.branch == request.last_commit == ratchet.commit():
                status = UNCHANGED
            stands = (status, *refs) == seen and not changed(cache)
        if not (stands and counts()):
            return False
        Polls(cache.path).answered(time.time())
        return True
