# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""A file that holds one secret, a password or a token, which somebody else may renew at any time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._trusted_path import trusted_file

if TYPE_CHECKING:
    from pathlib import Path

_LONGEST = 4096


def read_secret(path: Path, option: str) -> str:
    """Return the one line that the file ``path`` holds.

    Raises:
        Failure: others could read or replace the file, or it does not hold one line of printable ASCII of at most
            4 KiB; the sentence begins with ``option`` and quotes nothing.
    """
    with trusted_file(path, option, secret=True) as file:
        content = file.read(_LONGEST + 2)
    line = content.removesuffix(b"\n").removesuffix(b"\r")
    if not line:
        raise Failure(f"{option}: {path} is empty.")
    if len(line) > _LONGEST:
        raise Failure(f"{option}: {path} holds more than 4 KiB, which is not a secret.")
    secret = line.decode("ascii", "replace")
    if not (line.isascii() and secret.isprintable()):
        raise Failure(f"{option}: {path} must hold one line of printable ASCII and nothing else.")
    return secret
