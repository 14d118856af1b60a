# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What an instance's folder tells of how the instance stands, whoever has written it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils import _hold
from ansible_collections.flant.gitops.plugins.module_utils._ledger import state
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.polls import Last, Polls
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.ratchet import Ratchet
from ansible_collections.flant.gitops.plugins.module_utils._trusted_path import Missing, trusted_directory

if TYPE_CHECKING:
    from pathlib import Path

_OPTION = "flant_gitops_work_dir"


class Remembered(NamedTuple):
    """What is known; what is not is empty.

    Attributes:
        state: what the last run has come to.
        poll: what the last poll has come to.
        polled_at: when a server answered last.
        commit: the commit that was processed last.
        is_held: whether a mark holds the instance.
    """

    state: state.State = state.State()
    poll: Last = Last()
    polled_at: str = ""
    commit: str = ""
    is_held: bool = False


def read(instance: Path) -> Remembered:
    """Return what the folder of an ``instance`` tells.

    Raises:
        Failure: others could change it, or what was processed last is lost.
        OSError: something cannot be read.
    """
    found = Remembered(is_held=_hold.look(instance / "hold", _OPTION) is not None)
    with trusted_directory(instance, _OPTION) as directory:
        found = found._replace(state=state.read(directory))
    git_dir = instance / "git"
    with contextlib.suppress(Missing), trusted_directory(git_dir, _OPTION):
        polls, ratchet = Polls(git_dir), Ratchet(git_dir)
        found = found._replace(poll=polls.last(), polled_at=polls.polled_at())
        return found._replace(commit=ratchet.commit() if ratchet.begun() else "")
    return found
