# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""A mark that holds an instance: as long as its name stands, nothing is polled, whatever it is the name of."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._printable import escaped
from ansible_collections.flant.gitops.plugins.module_utils._private_file import open_regular
from ansible_collections.flant.gitops.plugins.module_utils._timestamp import iso8601
from ansible_collections.flant.gitops.plugins.module_utils._trusted_path import Missing, trusted_directory

LONGEST = 1024
"""Bytes of the longest mark that is shown, its line feed included."""


class Hold(NamedTuple):
    """A mark that stands: what it says, which is empty if that must not be shown, and since when, in UTC."""

    text: str
    since: str


def look(path: Path, option: str) -> Hold | None:
    """Return the mark at ``path``, if one stands there.

    Raises:
        Failure: others could put one there or take one away; the sentence begins with ``option``.
    """
    try:
        with trusted_directory(path.parent, option) as directory:
            status = os.stat(path.name, dir_fd=directory, follow_symlinks=False)
            return Hold(_text(path.name, directory), iso8601(int(status.st_mtime)))
    except (Missing, FileNotFoundError):
        return None
    except OSError as error:
        raise Failure(f"{option}: {path} cannot be looked at: {error.strerror}.") from None


def _text(name: str, directory: int) -> str:
    """Return the first line of a regular file that is root's or ours, and empty for all else."""
    try:
        with os.fdopen(open_regular(Path(name), dir_fd=directory), "rb") as file:
            status = os.fstat(file.fileno())
            others = status.st_uid not in (0, os.geteuid()) or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
            content = file.read(LONGEST + 1)
        text = content.split(b"\n", 1)[0].decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
    return "" if others or len(content) > LONGEST or not is_shown(text) else text.strip()


def is_shown(text: str) -> bool:
    """Say whether ``text`` is one line on which everything is seen as itself."""
    return "\n" not in text and "\t" not in text and escaped(text) == text
