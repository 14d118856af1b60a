# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The one question an unchanged repository costs: where do the branch and the signatures stand?"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._git import environment
from ansible_collections.flant.gitops.plugins.module_utils._git.cache import BRANCH, SIGNATURES
from ansible_collections.flant.gitops.plugins.module_utils._git.process import finish

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.plugins.module_utils._git.cache import Cache
    from ansible_collections.flant.gitops.plugins.module_utils._git.environment import Access

_FETCH = ("fetch", "--quiet", "--filter=tree:0", "--prune", "--no-tags", "--no-recurse-submodules", "--no-auto-gc")


@dataclass(frozen=True)
class RemoteRefs:
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
    status, _, errors = run(cache, access, [*_FETCH, "origin", *refspecs], timeout)
    head = _fetched(cache, f"refs/heads/{branch}")
    if status == 0 and head:
        return RemoteRefs(head, _fetched(cache, signatures_ref) if signatures_ref else "")
    from ansible_collections.flant.gitops.plugins.module_utils._git.diagnosis import fetch_failure, missing_branch

    raise missing_branch(branch) if status == 0 else fetch_failure(branch, errors)


def run(cache: Cache, access: Access | None, arguments: list[str], timeout: float) -> tuple[int, bytes, str]:
    """Run git on the cache and return its exit status, output and error text; without GitPython, which loads slowly.

    Raises:
        Failure: git is not installed, or was not done within ``timeout`` seconds.
    """
    command = ["git", *environment.options(access), f"--git-dir={cache.path}", *arguments]
    try:
        process = subprocess.Popen(
            command,
            cwd=cache.home,
            env=environment.variables(cache.home, access),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise Failure(f"git cannot be run on the target: {error.strerror}.") from None
    output, errors = finish(process, timeout)
    return process.returncode, output, errors


def _fetched(cache: Cache, ref: str) -> str:
    """Return the id that the last fetch brought from exactly ``ref``, or nothing.

    ``git fetch`` also takes a ref that only ends in the name it was given; FETCH_HEAD says which one it took.
    """
    for prefix, kind in (
        ("refs/heads/", "branch "),
        ("refs/tags/", "tag "),
        ("refs/remotes/", "remote-tracking branch "),
    ):
        if ref.startswith(prefix):
            source = f"{kind}'{ref[len(prefix) :]}' of "
            break
    else:
        source = f"'{ref}' of "
    for line in (cache.path / "FETCH_HEAD").read_text("utf-8", "replace").splitlines():
        identity, _, description = line.split("\t", 2)
        if description.startswith(source):
            return identity
    return ""
