# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What has come into a cache, and either stays there or goes again with all traces of it.

What a cache holds, its packs and where its refs point to, is written down before a poll and forgotten once the poll
accepts what came. As long as it stands there, the cache can be put back to it: at the end of a poll that has accepted
nothing, and at the beginning of the next one if that end never came.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from typing import TYPE_CHECKING, NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._git.cache import ACCEPTED, BRANCH, LIMIT, REFS
from ansible_collections.flant.gitops.plugins.module_utils._printable import printable
from ansible_collections.flant.gitops.plugins.module_utils._private_file import replace, sync_directory

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ansible_collections.flant.gitops.plugins.module_utils._git.cache import Cache


_REF_STORAGE = re.compile(rb"^\s*refstorage\s*=\s*(\S+)", re.IGNORECASE | re.MULTILINE)


class _Accepted(NamedTuple):
    """What is accepted of a cache: the files of its packs, and the ids of its refs, each empty where there is none."""

    cache: Cache
    packs: frozenset[str]
    refs: Mapping[str, str]

    def others(self) -> list[Path]:
        """Return the files that are not, an index before the pack that git would miss without it."""
        files = [file for file in _packs(self.cache).iterdir() if file.name not in self.packs]
        return sorted(files, key=lambda file: file.suffix != ".idx")

    def restore(self) -> None:
        """Put the cache back to it."""
        for name, identity in self.refs.items():
            if self.cache.ref(name) != identity:
                _set_ref(self.cache, name, identity)
        for file in self.others():
            file.unlink()
        time = _packs(self.cache).stat().st_mtime_ns
        os.utime(self.cache.path / ACCEPTED, ns=(time, time))


def put_in_order(cache: Cache) -> None:
    """Drop what is not accepted; where nothing is written down, all that is here is accepted from now on.

    Raises:
        Failure: the repository keeps its refs in no files.
    """
    _refuse_other_ref_formats(cache)
    _packs(cache).mkdir(parents=True, exist_ok=True)
    accepted = _written_down(cache)
    if not accepted:
        nothing = _Accepted(cache, frozenset(), {name: cache.ref(name) for name in REFS})
        accepted = nothing._replace(packs=frozenset(file.name for file in nothing.others()))
        content = {"packs": sorted(accepted.packs), "refs": accepted.refs}
        replace(cache.path / ACCEPTED, json.dumps(content).encode())
    accepted.restore()


def accept(cache: Cache) -> None:
    """Keep what has come, and from now on whatever else comes in this poll."""
    (cache.path / ACCEPTED).unlink(missing_ok=True)
    sync_directory(cache.path)


def room(cache: Cache) -> int | None:
    """Return how many bytes may still come without being accepted; None: as many as there are."""
    accepted = _written_down(cache)
    if not accepted:
        return None
    return max(0, LIMIT - sum(file.stat().st_size for file in accepted.others()))


def begin_anew(cache: Cache) -> None:
    """Take the next poll for the first one, whose size is not limited; what was accepted stays."""
    accepted = _written_down(cache)
    if accepted:
        accepted.restore()
    accept(cache)
    _set_ref(cache, BRANCH, "")


def _packs(cache: Cache) -> Path:
    return cache.path / "objects" / "pack"


def _refuse_other_ref_formats(cache: Cache) -> None:
    """Go by ``extensions.refStorage`` of git-config(1), which git writes where refs are no files."""
    configuration = cache.path / "config"
    found = _REF_STORAGE.search(configuration.read_bytes()) if configuration.exists() else None
    if found and found[1].lower() != b"files":
        raise Failure(
            f"git_dir: {cache.path} keeps its refs in the format {printable(found[1])}, and not in files; "
            "say with action: reset which commit was processed last, and it is begun anew."
        )


def _written_down(cache: Cache) -> _Accepted | None:
    with contextlib.suppress(FileNotFoundError):
        content = json.loads((cache.path / ACCEPTED).read_bytes())
        return _Accepted(cache, frozenset(content["packs"]), content["refs"])
    return None


def _set_ref(cache: Cache, name: str, identity: str) -> None:
    ref = cache.path / name
    if not identity:
        ref.unlink(missing_ok=True)
        return
    ref.parent.mkdir(parents=True, exist_ok=True)
    replace(ref, f"{identity}\n".encode())
