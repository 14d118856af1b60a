# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What lies in ``git_dir`` beside the repository, which is only a cache and may be begun anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._signed_commit import polls, ratchet

if TYPE_CHECKING:
    from pathlib import Path

GIVEN = "given"
"""The file with the commits that were given since the last one was recorded."""

ATTEMPTS = "attempts"
"""The file with how often those were tried."""

KEPT = (*ratchet.FILES, *polls.FILES, GIVEN, ATTEMPTS)
"""The files and folders that outlive the repository."""

ANSWER = "answer"
"""The file with the last answer that gave nothing to act on; where it is, a server is first asked for its refs."""


def rerun_file(git_dir: Path) -> Path:
    """Return the file beside ``git_dir``, which it outlives, that holds the last rerun once one was given."""
    return git_dir.with_name(f"{git_dir.name}.rerun")
