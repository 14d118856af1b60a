# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The decision which commit may be acted on: only one whose signatures were looked at, and suffice."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ansible_collections.flant.gitops.plugins.module_utils._git.commit import Commit
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.signatures import Signature


class Checked(NamedTuple):
    """A commit whose signatures were looked at: who signed it, why other signatures do not count."""

    commit: Commit
    signers: Sequence[Signature] = ()
    rejected: Sequence[str] = ()
    required: int = 0

    @property
    def sufficient(self) -> bool:
        """Whether enough distinct signers stand behind the commit."""
        return len(self.signers) >= self.required


class Selection(NamedTuple):
    """The commit ``checked``, which is either ``chosen`` or the reason why none is."""

    checked: Checked
    chosen: bool


def first_sufficient(candidates: Iterable[Checked]) -> Selection:
    """Choose the first of ``candidates``, of which there is one at least, that is sufficiently signed.

    The reason why none is chosen is the last one.
    """
    for checked in candidates:
        if checked.sufficient:
            return Selection(checked, chosen=True)
    return Selection(checked, chosen=False)


def last_of_all_sufficient(way: Iterable[Checked]) -> Selection:
    """Choose the last commit on ``way``, which has one at least, if all of them are sufficiently signed.

    The reason why none is chosen is the first one that is not.
    """
    for checked in way:
        if not checked.sufficient:
            return Selection(checked, chosen=False)
    return Selection(checked, chosen=True)
