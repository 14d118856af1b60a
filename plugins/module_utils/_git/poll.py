# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The one question an unchanged repository costs: where do the branch and the signatures stand?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._git.cache import (
    BRANCH,
    FOLDERS,
    LIMIT,
    POLLING,
    SIGNATURES,
    WHOLE,
    clear,
)
from ansible_collections.flant.gitops.plugins.module_utils._git.process import run
from ansible_collections.flant.gitops.plugins.module_utils._printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.flant.gitops.plugins.module_utils._git.cache import Cache
    from ansible_collections.flant.gitops.plugins.module_utils._git.remote import Remote

_FETCH = ("fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-auto-gc")
# Git before 2.44 takes no exceptions from its consistency check in a fetch with a filter, and real histories need some.
# What is done without the check is done by `tree`, which looks at every name.
_UNCHECKED = ("-c", "fetch.fsckObjects=false")
_KINDS = {"refs/heads/": "branch", "refs/tags/": "tag", "refs/remotes/": "remote-tracking branch"}


class RemoteRefs(NamedTuple):
    """The ids that refs had at one and the same moment; ``signatures`` is empty where there is no such ref."""

    branch: str
    signatures: str


def poll(remote: Remote, branch: str, signatures_ref: str) -> RemoteRefs:
    """Fetch the commits of ``refs/heads/<branch>`` and of ``signatures_ref`` (empty: none), and return their ids.

    Files stay where they are, and folders too at first. A server that cannot leave them out sends them along.

    Raises:
        Refused: what is new is too large, or refused by git.
        Failure: there is no such branch, the server cannot be reached, or not in time.
    """
    # What is fetched for the first time is the repository itself, as large as it is.
    largest = LIMIT if remote.cache.ref(BRANCH) else None
    fetch_head = remote.cache.path / "FETCH_HEAD"
    fetch_head.unlink(missing_ok=True)
    for fetch in _fetches(remote.cache, signatures_ref):
        ended = run(remote, [*_what_to_fetch(branch, signatures_ref), *fetch, "origin"], largest=largest)
        if ended.status == 0 or not re.search(r"unresolved deltas?|promisor", ended.errors):
            break
        clear(remote.cache.path)
    fetched = fetch_head.read_text("utf-8", "replace") if fetch_head.exists() else ""
    head = _id_of(f"refs/heads/{branch}", fetched)
    if ended.status == 0 and head:
        signatures = _id_of(signatures_ref, fetched) if signatures_ref else ""
        if signatures_ref and signatures != remote.cache.ref(SIGNATURES):
            _keep(remote, SIGNATURES, signatures)
        return RemoteRefs(head, signatures)
    from ansible_collections.flant.gitops.plugins.module_utils._git.diagnosis import fetch_failure, missing_branch

    if fetched and not head:
        raise missing_branch(remote, branch)
    raise fetch_failure(remote, branch, ended.errors)


def _what_to_fetch(branch: str, signatures_ref: str) -> list[str]:
    """Return the options that say what is fetched: the branch, which must exist, and a signatures ref that need not.

    Of all that ``git fetch`` takes, only the branch that a configured branch is to be merged with may be missing, where
    it is named exactly. A pattern would match other refs as well, and make paths here of names chosen by the server.
    """
    settings = {"remote.origin.fetch": f"+refs/heads/{branch}:{BRANCH}"}
    if signatures_ref:
        settings[f"branch.{POLLING}.remote"] = "origin"
        settings[f"branch.{POLLING}.merge"] = signatures_ref
    return [argument for name, value in settings.items() for argument in ("-c", f"{name}={value}")]


def _keep(remote: Remote, ref: str, identity: str) -> None:
    change = ["update-ref", ref, identity] if identity else ["update-ref", "-d", ref]
    ended = run(remote, change, offline=True)
    if ended.status != 0:
        raise Failure(f"git_dir: git update-ref failed: {printable(ended.errors)}.")


def _fetches(cache: Cache, signatures_ref: str) -> Iterator[list[str]]:
    """Yield how to fetch, and how to try again if the server made use of objects that are not here.

    Once a whole tree is here, new folders come along with the commits, at almost no cost: then only the files that
    are new have to be asked for. The server must be told of nothing but what is complete, because it leaves out
    everything that it takes to be here, and may send differences to it.
    """
    if not cache.filtered:
        yield [*_FETCH, "--no-filter"]
        return
    complete = [f"--negotiation-tip={ref}" for ref in (WHOLE, FOLDERS) if cache.ref(ref)]
    notes_are_known = bool(signatures_ref and cache.ref(SIGNATURES))
    if cache.ref(WHOLE) and (cache.ref(FOLDERS) or not notes_are_known):
        yield [*_UNCHECKED, *_FETCH, "--filter=blob:none", *complete]
    yield [*_UNCHECKED, *_FETCH, "--filter=tree:0"]


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
