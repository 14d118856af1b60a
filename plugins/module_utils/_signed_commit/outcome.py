# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What a task comes back with."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.identity import Identity
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.polls import Polls
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.reruns import Rerun

NEW = "new"
UNCHANGED = "unchanged"
AWAITING_SIGNATURES = "awaiting_signatures"
RECORDED = "recorded"
HELD = "held"
VERIFIED = "verified"
FAILED = "failed"


class Outcome(NamedTuple):
    """The module's return values, under their own names, and the warnings that go with them."""

    changed: bool
    status: str
    commit: str
    previous_commit: str
    superseded: str
    required_signatures: int
    machine: str = ""
    git_dir: str = ""
    git_dir_id: str = ""
    git_dir_taken_over: bool = False
    polled_at: str = ""
    first_chosen: str = ""
    last_poll: Mapping[str, str] = {}
    hold: str = ""
    held_since: str = ""
    head: str = ""
    signatures_head: str = ""
    commits: tuple[str, ...] = ()
    signers: tuple[str, ...] = ()
    signatures: tuple[dict[str, str | bool], ...] = ()
    verified_signatures: int = 0
    rules: tuple[dict[str, object], ...] = ()
    tree: str = ""
    content_id: str = ""
    identity: str = ""
    last_rerun: str = ""
    open: str = ""
    attempts: int = 0
    retry_at: str = ""
    given_up: bool = False
    turn_at: str = ""
    archive: str = ""
    archive_sha256: str = ""
    subject: str = ""
    author: str = ""
    committed_at: str = ""
    verified: tuple[dict[str, object], ...] = ()
    msg: str = ""
    warnings: Sequence[str] = ()

    def remembering(self, identity: Identity, polls: Polls, moves: int, rerun: Rerun | None) -> Outcome:
        """Return it with what ``git_dir`` remembers, whatever the task was; ``rerun`` is the last one, if any."""
        return self._replace(
            last_rerun=rerun.identity if rerun else "",
            open=rerun.identity if rerun and rerun.is_open else "",
            machine=identity.machine,
            git_dir=identity.path,
            git_dir_id=identity.id,
            polled_at=polls.polled_at(),
            first_chosen=polls.first_chosen(moves),
            last_poll=polls.last()._asdict(),
            warnings=(*identity.warnings, *self.warnings),
        )

    def result(self) -> dict[str, object]:
        """Return the module's return values."""
        return {name: value for name, value in self._asdict().items() if name != "warnings"}
