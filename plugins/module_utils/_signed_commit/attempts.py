# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""How often each commit that was given since the last record has been tried, and what follows for the next time.

A commit is known by its content, so that a twin has been tried as often as the first. What is forgotten, or cannot be
read any more, makes the attempts begin anew: that costs an attempt and leaves nothing undone.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._private_file import replace
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.kept import ATTEMPTS
from ansible_collections.flant.gitops.plugins.module_utils._timestamp import iso8601

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.pace import Pace

_LIMIT = 1000


class Tries(NamedTuple):
    """The attempts of one commit.

    Attributes:
        of: what they go by besides the commit.
        failed: how many have failed.
        at: when the last one was counted, in seconds since the epoch.
        run: what the last one was told apart by.
        head: the content id of the branch's head when the first one was given; empty if that was the commit itself.
        again: whether they have begun anew already because of another head.
    """

    of: str = ""
    failed: int = 0
    at: float = 0
    run: str = ""
    head: str = ""
    again: bool = False


class Verdict(NamedTuple):
    """Whether a commit may be tried; neither is so if ``retry_at`` (ISO 8601, UTC) and ``given_up`` are empty."""

    attempts: int = 0
    retry_at: str = ""
    given_up: bool = False

    @property
    def may_be_tried(self) -> bool:
        """Whether it may be now."""
        return not (self.retry_at or self.given_up)


def judge(tries: Tries, pace: Pace, now: float) -> Verdict:
    """Return what follows from ``tries``; a last attempt that lies ahead of ``now`` does not delay the next."""
    if pace.gives_up(tries.failed):
        return Verdict(tries.failed, given_up=True)
    due = tries.at + pace.wait(tries.failed)
    waits = tries.failed > 0 and tries.at <= now < due
    return Verdict(tries.failed, iso8601(-int(-due // 1)) if waits else "")


class Attempts(NamedTuple):
    """The attempts that a locked cache folder remembers."""

    folder: Path

    def of(self, content_id: str) -> int:
        """Return how often the commit has been tried, whatever else that went by."""
        return self.table().get(content_id, Tries()).failed

    def verdict(self, content_id: str, pace: Pace, now: float) -> Verdict:
        """Return whether the commit may be tried."""
        return judge(_by(self.table().get(content_id), pace.of), pace, now)

    def is_passed(self, content_id: str, pace: Pace, head: str) -> bool:
        """Tell whether the commit gives way to one behind it: it is given up, and no new ``head`` lets it begin anew.

        ``head`` is a content id.
        """
        tries = _by(self.table().get(content_id), pace.of)
        return content_id != head and pace.gives_up(tries.failed) and not _begins_again(tries, content_id, head)

    def give(self, content_id: str, pace: Pace, head: str) -> None:
        """Write down under which ``head``, a content id, the commit is given, which lets it begin anew once."""
        before = self.table().get(content_id)
        tries = _by(before, pace.of)
        if pace.gives_up(tries.failed) and _begins_again(tries, content_id, head):
            tries = tries._replace(failed=0, again=True)
        tries = tries._replace(head=tries.head or head)
        if tries != before:
            self._write(content_id, tries)

    def add(self, content_id: str, of: str, run: str, now: float) -> int:
        """Count the attempt ``run``, unless it is the one that was counted last, and return how many there are now."""
        before = self.table().get(content_id, Tries())
        if run == before.run:
            return before.failed
        tries = _by(before, of)
        tries = tries._replace(failed=tries.failed + 1, at=now, run=run)
        self._write(content_id, tries)
        return tries.failed

    def forget(self) -> None:
        """Let the attempts of all commits begin anew."""
        (self.folder / ATTEMPTS).unlink(missing_ok=True)

    def table(self) -> Mapping[str, Tries]:
        """Return all attempts by the commits' content ids, those that were changed last at the end."""
        try:
            kept = json.loads((self.folder / ATTEMPTS).read_bytes())
            return {content_id: Tries(*tries) for content_id, tries in kept.items()}
        except (FileNotFoundError, AttributeError, TypeError, ValueError):
            return {}

    def _write(self, content_id: str, tries: Tries) -> None:
        others = [each for each in self.table().items() if each[0] != content_id]
        table = dict([*others, (content_id, tries)][-_LIMIT:])
        replace(self.folder / ATTEMPTS, json.dumps(table).encode())


def _by(tries: Tries | None, of: str) -> Tries:
    """Return ``tries`` if they go by ``of``, else none that have failed; which attempt was counted last stays known."""
    if tries and tries.of == of:
        return tries
    return Tries(of=of, run=tries.run if tries else "")


def _begins_again(tries: Tries, content_id: str, head: str) -> bool:
    return not tries.again and head != (tries.head or content_id)
