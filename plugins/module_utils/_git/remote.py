# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""A server, and the cache that is filled from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.plugins.module_utils._git.cache import Cache
    from ansible_collections.flant.gitops.plugins.module_utils._git.command import Git
    from ansible_collections.flant.gitops.plugins.module_utils._git.environment import Access


class Remote(NamedTuple):
    """A cache, the server that it is filled from, and the seconds that each exchange with the server may take."""

    cache: Cache
    access: Access
    timeout: float

    @property
    def git(self) -> Git:
        """Git on the cache, by GitPython, which is loaded once this is asked for."""
        from ansible_collections.flant.gitops.plugins.module_utils._git.command import Git

        return Git(self.cache)
