# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What a poll brings into a cache only stays once it is accepted, because a server decides how much it is.

A poll that brings nothing needs no more of this than two looks at the time of a folder.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._git.cache import ACCEPTED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.flant.gitops.plugins.module_utils._git.cache import Cache


def changed(cache: Cache) -> bool:
    """Tell whether packs have come or gone since it was written down what is accepted, or refs are kept in no files."""
    accepted, packs = cache.path / ACCEPTED, cache.path / "objects" / "pack"
    if not accepted.exists() or not packs.exists() or (cache.path / "reftable").exists():
        return True
    return accepted.stat().st_mtime_ns != packs.stat().st_mtime_ns


@contextlib.contextmanager
def arriving(cache: Cache) -> Iterator[None]:
    """Let the body fetch into the cache; what came and was not accepted goes again at its end, or before the next.

    Raises:
        Failure: the cache keeps its refs in no files.
    """
    cache.prepare_refs()
    _put_in_order(cache)
    try:
        yield
    finally:
        _put_in_order(cache)


def _put_in_order(cache: Cache) -> None:
    if changed(cache):
        from ansible_collections.flant.gitops.plugins.module_utils._git.arrivals import put_in_order

        put_in_order(cache)
