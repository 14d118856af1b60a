# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Files that hold one secret and nothing else, which somebody may replace while we look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._trusted_path import trusted_file

if TYPE_CHECKING:
    from pathlib import Path

_LONGEST = 4096


def secret_in(path: Path, option: str) -> str:
    """Return the line that is all there is in the file ``path``, of at most 4 KiB of printable ASCII.

    What is looked at, by the rules of `trusted_file` for secrets, is what is read.

    Raises:
        Failure: others than us have a say in it or can read it, or it holds something else; the sentence begins with
            ``option`` and quotes nothing of the content.
    """
    with trusted_file(path, option, secret=True) as file:
        try:
            content = file.read(_LONGEST + 1)
        except OSError as error:
            raise Failure(f"{option}: {path} cannot be read: {error.strerror}.") from None
    if len(content) > _LONGEST:
        raise Failure(f"{option}: {path} is longer than 4 KiB.")
    line = content.removesuffix(b"\n")
    if not line:
        raise Failure(f"{option}: {path} is empty.")
    if not all(0x20 <= byte < 0x7F for byte in line):  # noqa: PLR2004 -- from the space to the tilde
        raise Failure(f"{option}: {path} must hold one line of printable ASCII and nothing else.")
    return line.decode("ascii")
