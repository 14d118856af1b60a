# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The one word for how an instance stands: the role's status, if that is still so after what came later."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.plugins.module_utils._pull.remembered import Remembered

FAILED, HELD, NEVER, UNCHANGED, AWAITING_SIGNATURES = "failed", "held", "never", "unchanged", "awaiting_signatures"
STATUSES = (
    *(NEVER, UNCHANGED, "new", "running", "processed", "superseded", "busy", "gone"),
    *(AWAITING_SIGNATURES, "waiting_for_window", "waiting_for_turn", "waiting_for_retry", "given_up", HELD, FAILED),
)
"""All words that there are, so that each has a series of its own from the beginning."""

QUIET = frozenset({UNCHANGED, AWAITING_SIGNATURES})
"""What a poll comes to where there is no commit to act on."""

_BESIDE_THE_COMMIT = frozenset({"clear", "sweep", "rotate"})


def standing(remembered: Remembered, exit_status: int) -> str:
    """Return the word; ``exit_status`` is ansible-pull's."""
    state, poll = remembered.state, remembered.poll.status
    if exit_status or poll == FAILED:
        return FAILED
    if remembered.is_held:
        return HELD
    if poll in QUIET:  # nothing is written down beside it; what failed beside the commit still has
        return FAILED if state.status == FAILED and state.step in _BESIDE_THE_COMMIT else poll
    return state.status or poll or NEVER
