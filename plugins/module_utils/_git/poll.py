# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The one question an unchanged repository costs: where do the branch and the signatures stand?"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._git.cache import BRANCH, SIGNATURES
from ansible_collections.flant.gitops.plugins.module_utils._git.process import run

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.plugins.module_utils._git.cache import Cache
    from ansible_collections.flant.gitops.plugins.module_utils._git.environment import Access

_FETCH = ("fetch", "--quiet", "--prune", "--no-tags", "--no-recurse-submodules", "--no-auto-gc")
# In a fetch with a filter, git before 2.44 takes no exceptions from its consistency check, which the ill-formed names
# and dates in real histories need. Trees that a server sends nevertheless are looked over before they are used.
_COMMITS_ONLY = ("-c", "fetch.fsckObjects=false", *_FETCH, "--filter=tree:0")
_EVERYTHING = (*_FETCH, "--no-filter")
_KINDS = {"refs/heads/": "branch", "refs/tags/": "tag", "refs/remotes/": "remote-tracking branch"}


class RemoteRefs(NamedTuple):
    """The ids that refs had at one and the same moment; ``signatures`` is empty where there is no such ref."""

    branch: str
    signatures: str


def poll(cache: Cache, access: Access, branch: str, signatures_ref: str, timeout: float) -> RemoteRefs:
    """Fetch the commits of ``refs/heads/<branch>`` and of ``signatures_ref`` (empty: none), and return their ids.

    Trees and blobs stay where they are; a server that cannot leave them out sends them along.

    Raises:
        Failure: there is no such branch, the server cannot be reached, or it was not done within ``timeout`` seconds.
    """
    refspecs = [f"+refs/heads/{branch}:{BRANCH}"]
    if signatures_ref:
        # A pattern may match nothing, where a name would have to exist.
        refspecs.append(f"+{signatures_ref}*:{SIGNATURES}*")
    fetch_head = cache.path / "FETCH_HEAD"
    fetch_head.unlink(missing_ok=True)
    ended = run(cache, access, [*(_COMMITS_ONLY if cache.filtered else _EVERYTHING), "origin", *refspecs], timeout)
    fetched = fetch_head.read_text("utf-8", "replace") if fetch_head.exists() else ""
    head = _id_of(f"refs/heads/{branch}", fetched)
    if ended.status == 0 and head:
        return RemoteRefs(head, _id_of(signatures_ref, fetched) if signatures_ref else "")
    from ansible_collections.flant.gitops.plugins.module_utils._git.diagnosis import fetch_failure, missing_branch

    if fetched and not head:
        raise missing_branch(branch)
    raise fetch_failure(cache, access, branch, ended.errors, timeout)


def _id_of(ref: str, fetched: str) -> str:
    """Return the id that came from exactly ``ref``, as told by the content of FETCH_HEAD, or nothing.

    ``git fetch`` is content with a ref that only ends in the name it was given; its lines here say which one it took.
    """
    source = f"'{ref}' of "
    for prefix, kind in _KINDS.items():
        if ref.startswith(prefix):
            source = f"{kind} '{ref[len(prefix) :]}' of "
    for line in fetched.split("\n"):
        fields = line.split("\t")  # the id, a mark or nothing, where it came from
        if fields[-1].startswith(source):
            return fields[0]
    return ""
