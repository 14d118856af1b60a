# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What the rules ask of a commit, going by the trees that are fetched for it, and who has signed for that."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._git.changes import changes
from ansible_collections.flant.gitops.plugins.module_utils._git.command import GitError
from ansible_collections.flant.gitops.plugins.module_utils._git.transfer import UnadvertisedError, fetch_paths
from ansible_collections.flant.gitops.plugins.module_utils._git.tree import MAX_ENTRIES, list_tree
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.rules import demand, everything
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.signatures import look_on

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from ansible_collections.flant.gitops.plugins.module_utils._git.changes import Change
    from ansible_collections.flant.gitops.plugins.module_utils._git.remote import Remote
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.given import Before
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.rules import Demand, Rule
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.signatures import Checked
    from ansible_collections.flant.gitops.plugins.module_utils._verdict import Verifier


class Guard(NamedTuple):
    """The rules, and the commits whose trees may be what stands now."""

    rules: Sequence[Rule]
    before: Before
    remote: Remote

    def look(self, verifier: Verifier, checked: Checked) -> Checked:
        """Return ``checked`` with what the rules ask of it, and with the signers found by going on until they have it.

        Raises:
            Failure: the server does not give the commit's folders, or not in time; its tree is too large or holds a
                name that git refuses; a signature cannot be verified.
        """
        wanted = self._demand(checked.commit.id)
        found = look_on(verifier, checked._replace(demand=wanted), wanted.missing)
        return found._replace(for_now=found.for_now or wanted.for_now)

    def _demand(self, commit: str) -> Demand:
        if self.before.unknown:
            return everything(self.rules, self.before.unknown)
        self._prepare(commit)
        try:
            for other in self.before.commits:
                self._prepare(other)
            with contextlib.closing(self._changes(commit)) as found:
                return demand(self.rules, found)
        except Failure as failure:
            if isinstance(failure, UnadvertisedError) and self.remote.cache.filtered:
                raise  # the server has to be asked for whole commits, and then there is another answer
            return everything(
                self.rules,
                "the files that it is compared with cannot be listed",
                for_now=not isinstance(failure, GitError),
            )

    def _prepare(self, commit: str) -> None:
        """Bring the commit's folders here, and look whether it is safe to compare them: git first collects all changes.

        Raises:
            Failure: the server does not give them; they stand for more than fits anywhere, or are none that git makes.
        """
        fetch_paths(self.remote, commit)
        list_tree(self.remote.git, commit, MAX_ENTRIES)

    def _changes(self, commit: str) -> Generator[Change, None, None]:
        for other in self.before.commits:
            yield from changes(self.remote.git, other, commit)
