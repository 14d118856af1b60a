# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What a look at commits of old needs; a poll does without this file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._git.names import is_object_id

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.plugins.module_utils._git.environment import Access
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.request import Request


def check_review(request: Request, check_access: Callable[[Access, int], None]) -> None:
    """Check what `review` looks at, and by whose keys.

    Raises:
        Failure: it does not go together; the sentence names the option.
    """
    if not all(is_object_id(commit) for commit in request.commits):
        raise Failure("commits: each must be a full commit id, which has 40 or 64 hexadecimal digits.")
    if not request.roster.names:
        raise Failure("trusted_signers: action: verify needs those whose signatures are looked for.")
    if request.access:
        check_access(request.access, len(request.roster.names))
