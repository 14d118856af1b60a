# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Trees and blobs that a poll left on the server, fetched once they are wanted."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._git.command import GitError
from ansible_collections.flant.gitops.plugins.module_utils._git.diagnosis import explanation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible_collections.flant.gitops.plugins.module_utils._git.command import Git
    from ansible_collections.flant.gitops.plugins.module_utils._git.environment import Access

_FETCH = (
    "fetch",
    "--quiet",
    "--no-tags",
    "--no-recurse-submodules",
    "--no-auto-gc",
    "--no-write-fetch-head",
    "--stdin",
)
_IDS_AT_ONCE = 10_000  # what a command line has room for


class TransferError(Failure):
    """The server did not give what it was asked for."""


class UnadvertisedError(TransferError):
    """The server gives only what its refs point to, as it may by git's older protocols."""


@dataclass(frozen=True)
class Remote:
    """Git on the cache, the server that the cache is filled from, and the seconds that each transfer may take."""

    git: Git
    access: Access
    timeout: float


def fetch_tree(remote: Remote, commit: str) -> None:
    """Bring the whole tree of ``commit`` here.

    Raises:
        Failure: the server does not give it, or not in time.
    """
    _complete(remote, commit, mark="refs/flant_gitops/whole", filtering="--no-filter")


def fetch_folders(remote: Remote, commit: str) -> None:
    """Bring all trees of ``commit`` here, but not the files in them.

    Raises:
        Failure: the server does not give them, or not in time.
    """
    _complete(remote, commit, mark="refs/flant_gitops/folders", filtering="--filter=blob:none")


def fetch_blobs(remote: Remote, ids: Sequence[str]) -> None:
    """Bring some blobs here.

    Raises:
        Failure: the server does not give them, or not in time.
    """
    if ids:
        _fetch(remote, ids, "--no-filter")


def missing_blobs(git: Git, commit: str) -> frozenset[str]:
    """Return which files of ``commit``, whose folders are all here, are not.

    To ask ``git cat-file --batch`` for one of them would end it, since nothing may be fetched on the side.
    """
    return frozenset(_missing(git, commit, "--no-filter"))


def _complete(remote: Remote, commit: str, *, mark: str, filtering: str) -> None:
    """Bring here what is missing of a commit's tree, and let the ref ``mark`` name the commit from then on.

    The server is told of the commit that ``mark`` names, so that it sends only what is new; of no other, because it
    would leave out what is not here. It takes even that commit's ancestors to be here as a whole, which they are
    not: what it left out for that reason is fetched once more.
    """
    marked = remote.git.cache.ref(mark)
    if marked == commit:
        return
    missing = _missing(remote.git, commit, filtering)
    if missing and marked:
        with contextlib.suppress(TransferError):
            _fetch(remote, missing, filtering, known=mark)
        missing = _missing(remote.git, commit, filtering)
    if missing:
        _fetch(remote, missing, filtering)
    remote.git.output("update-ref", mark, commit)


def _missing(git: Git, commit: str, filtering: str) -> list[str]:
    """Return the objects of the commit's tree that are not here, less those that only missing ones lead to."""
    output = git.output("rev-list", "--objects", "--no-walk", "--missing=print", filtering, commit, "--")
    return [line[1:].decode() for line in output.splitlines() if line.startswith(b"?")]


def _fetch(remote: Remote, ids: Sequence[str], filtering: str, known: str = "") -> None:
    """Fetch objects and what they lead to; the server is told that we have the commit ``known``, or nothing."""
    settings = {} if known else {"fetch_negotiationAlgorithm": "noop"}
    tip = [f"--negotiation-tip={known}"] if known else []
    for start in range(0, len(ids), _IDS_AT_ONCE):
        wanted = ids[start : start + _IDS_AT_ONCE]
        try:
            remote.git.output(
                *_FETCH, filtering, *tip, "origin", *wanted, access=remote.access, timeout=remote.timeout, **settings
            )
        except GitError as error:
            refused = "unadvertised object" in error.errors
            raise (UnadvertisedError if refused else TransferError)(explanation(error.errors)) from None
