# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The commit processed last, given once more where there is nothing new to act on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.advance import give, refuse, verified
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.check import select
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.given import Before
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.reruns import Reruns

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.plugins.module_utils._git.remote import Remote
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.outcome import Outcome
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.request import Request

_EVERYTHING = Before(unknown="a rerun may change again whatever its commit holds")


def once_more(request: Request, remote: Remote, signatures: str, outcome: Outcome) -> Outcome:
    """Return the commit that ``outcome`` found unchanged as one to act on, as today's keys and rules allow it.

    Its number is written down last, so that a rerun is open only once all that it needs is there.

    Args:
        request: the task.
        remote: where the commit is.
        signatures: the id that the signatures ref has on the server, or nothing.
        outcome: what the poll has come to.

    Raises:
        Failure: it must not be acted on any more, or a server does not give what is needed.
    """
    selection = select(request, remote, signatures, [outcome.commit], lambda: _EVERYTHING)
    outcome = verified(outcome, selection)
    if not selection.chosen:
        return refuse(request, selection, outcome)
    outcome = give(request, remote, selection.checked.commit, outcome)
    reruns = Reruns(request.git_dir)
    rerun = reruns.next(outcome.content_id)
    if not request.check_mode:
        reruns.keep(rerun)
    return outcome._replace(identity=rerun.identity)
