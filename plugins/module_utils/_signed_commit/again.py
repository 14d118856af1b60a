# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""A poll of a server whose refs may stand where they stood: they are looked at before anything is fetched."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._failure import Refused
from ansible_collections.flant.gitops.plugins.module_utils._git.advertisement import advertised
from ansible_collections.flant.gitops.plugins.module_utils._git.arrivals import accept
from ansible_collections.flant.gitops.plugins.module_utils._git.poll import poll
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.answers import Answers
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.kept import ANSWER
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.polls import Polls

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.plugins.module_utils._git.cache import Cache
    from ansible_collections.flant.gitops.plugins.module_utils._git.poll import RemoteRefs
    from ansible_collections.flant.gitops.plugins.module_utils._git.remote import Remote
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.outcome import Outcome
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.ratchet import Ratchet
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.request import Request


def look_again(
    request: Request, remote: Remote, ratchet: Ratchet, signatures_ref: str
) -> tuple[RemoteRefs, Outcome | None]:
    """Return where the refs stand, and the answer that was given to that, if it is still good.

    Without one, what the refs name has been fetched, unless the branch is where the ratchet is.

    Raises:
        Failure: that answer was a refusal, or the server gives none.
    """
    refs = advertised(remote, request.branch, signatures_ref)
    if not request.check_mode:
        Polls(remote.cache.path).answered(time.time())
    if refs.branch == request.last_commit == ratchet.commit():
        return refs, None
    answers = Answers(request, ratchet)
    answer = answers.recall(refs)
    if answer:
        return refs, answer
    try:
        return poll(remote, request.branch, signatures_ref), None
    except Refused as refusal:
        # What was fetched is not known, and need not be what the refs named before.
        if advertised(remote, request.branch, signatures_ref) == refs:
            answers.keep_refusal(refs, refusal)
        raise


def settle(cache: Cache, *, moved: bool) -> None:
    """Accept what has come with a branch that has ``moved`` to where the ratchet is; notes alone nobody needs yet.

    That these are there is not to be found out by fetching them each time.
    """
    if moved:
        accept(cache)
    else:
        (cache.path / ANSWER).touch()
