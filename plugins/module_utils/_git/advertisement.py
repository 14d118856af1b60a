# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Where a server says that its refs stand, without anything that they lead to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._git.diagnosis import fetch_failure, missing_branch
from ansible_collections.flant.gitops.plugins.module_utils._git.names import is_object_id
from ansible_collections.flant.gitops.plugins.module_utils._git.poll import RemoteRefs
from ansible_collections.flant.gitops.plugins.module_utils._git.process import run

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.plugins.module_utils._git.remote import Remote

_KINDS = ("refs/heads/", "refs/tags/")


def advertised(remote: Remote, branch: str, signatures_ref: str) -> RemoteRefs:
    """Return the ids that a `poll` of the same refs would find, in one exchange that brings nothing here.

    Raises:
        Failure: there is no such branch, the server cannot be reached, or not in time.
    """
    # Names given to ls-remote are looked for in what the server has sent, and kinds are asked for.
    some = not signatures_ref or signatures_ref.startswith(_KINDS)
    ended = run(remote, ["ls-remote", "--quiet", "--refs", *(["--heads", "--tags"] if some else []), "origin"])
    if ended.status != 0:
        raise fetch_failure(remote, branch, ended.errors)
    lines = (line.partition("\t") for line in ended.output.decode("utf-8", "replace").split("\n"))
    ids = {name: identity for identity, _separator, name in lines if is_object_id(identity)}
    head = ids.get(f"refs/heads/{branch}")
    if not head:
        raise missing_branch(remote, branch)
    return RemoteRefs(head, ids.get(signatures_ref, ""))
