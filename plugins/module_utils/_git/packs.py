# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The packs of a cache: each new commit brings one or two, and the more there are, the slower git is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._git.cache import clear

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.plugins.module_utils._git.remote import Remote

_MOST = 50
_TOO_LARGE = 1 << 30  # bytes, which would take minutes where a disk is slow


def put_together(remote: Remote) -> None:
    """Make one pack of many; nothing is dropped, and what the server has left out stays known to be left out.

    Nothing depends on it: if git cannot, such as on a full disk, it is tried again with the next new commit.
    """
    packs = remote.cache.path / "objects" / "pack"
    sizes = [pack.stat().st_size for pack in packs.glob("*.pack")]
    if len(sizes) <= _MOST or sum(sizes) > _TOO_LARGE:
        return
    # Of what came with a filter git keeps all anyway, and must not take it for complete.
    unreachable = () if any(packs.glob("*.promisor")) else ("-k",)
    try:
        remote.git.output(
            *("repack", "-a", "-d", "-q", *unreachable),
            timeout=remote.timeout,
            pack_deltaCacheSize="8m",
            pack_threads="1",
            pack_windowMemory="8m",
        )
    except Failure:
        clear(remote.cache.path)
