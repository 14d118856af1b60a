# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Trees and blobs that a poll left on the server, fetched once they are wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._git.arrivals import room
from ansible_collections.flant.gitops.plugins.module_utils._git.cache import FOLDERS, WHOLE
from ansible_collections.flant.gitops.plugins.module_utils._git.command import GitError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible_collections.flant.gitops.plugins.module_utils._git.command import Git
    from ansible_collections.flant.gitops.plugins.module_utils._git.remote import Remote

_FETCH = (
    "fetch",
    "--quiet",
    "--no-tags",
    "--no-recurse-submodules",
    "--no-auto-gc",
    "--no-write-fetch-head",
    "--stdin",
)
_NO_FILES = "--filter=blob:none"
_IDS_AT_ONCE = 10_000  # what a command line has room for


class UnadvertisedError(Failure):
    """The server gives only what its refs point to, as it may by git's older protocols."""


def fetch_tree(remote: Remote, commit: str) -> None:
    """Bring the whole tree of ``commit`` here.

    Raises:
        Failure: the server does not give it, or not in time.
    """
    _complete(remote, commit, mark=WHOLE, filtering="--no-filter")


def fetch_folders(remote: Remote, commit: str) -> None:
    """Bring all folders in the tree of ``commit`` here, but not the files in them.

    Raises:
        Failure: the server does not give them, or not in time.
    """
    _complete(remote, commit, mark=FOLDERS, filtering=_NO_FILES)


def fetch_paths(remote: Remote, commit: str) -> None:
    """Bring all folders in the tree of ``commit`` here once, as `fetch_folders` does for the last commit of notes.

    Raises:
        GitError: the commit is not here.
        Failure: the server does not give them, or not in time.
    """
    _fetch(remote, _missing(remote.git, commit, _NO_FILES), _NO_FILES)


def fetch_blobs(remote: Remote, ids: Sequence[str]) -> None:
    """Bring some blobs here; the server is not asked if they all are.

    Raises:
        Failure: the server does not give them, or not in time.
    """
    _fetch(remote, ids, "--no-filter")


def _complete(remote: Remote, commit: str, *, mark: str, filtering: str) -> None:
    """Bring here what is missing of a commit's tree, and let the ref ``mark`` name the commit from then on."""
    if remote.git.cache.ref(mark) != commit:
        _fetch(remote, _missing(remote.git, commit, filtering), filtering)
        remote.git.output("update-ref", mark, commit)


def _missing(git: Git, commit: str, filtering: str) -> list[str]:
    """Return the objects of the commit's tree that are not here, less those that only missing ones lead to."""
    output = git.output("rev-list", "--objects", "--no-walk", "--missing=print", filtering, commit, "--")
    return [line[1:].decode() for line in output.splitlines() if line.startswith(b"?")]


def _fetch(remote: Remote, ids: Sequence[str], filtering: str) -> None:
    """Fetch objects and what they lead to; the server is told of nothing that is here, and leaves nothing out."""
    try:
        for start in range(0, len(ids), _IDS_AT_ONCE):
            remote.git.output(
                *_FETCH,
                filtering,
                "origin",
                *ids[start : start + _IDS_AT_ONCE],
                access=remote.access,
                timeout=remote.timeout,
                largest=room(remote.cache),
                fetch_negotiationAlgorithm="noop",
                fetch_fsckObjects="false",  # as when polling
            )
    except GitError as error:
        from ansible_collections.flant.gitops.plugins.module_utils._git.diagnosis import explained, explanation

        if "unadvertised object" in error.errors:
            raise UnadvertisedError(explanation(error.errors, remote.access)) from None
        raise explained(error.errors, remote.access) from None
