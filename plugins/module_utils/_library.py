# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Whether a third-party library is there, whole, and not older than what it is used for."""

from __future__ import annotations

import re
import sys

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure, MissingLibrary
from ansible_collections.flant.gitops.plugins.module_utils._printable import printable

_NUMBER = re.compile(r"[0-9]+", re.ASCII)


def check(name: str, least: str, *, version: str = "", error: ImportError | None = None) -> None:
    """Refuse a library that cannot be used.

    Args:
        name: what the package index calls it.
        least: the oldest version that will do.
        version: its version by its own word; empty: what it was installed as counts.
        error: what came of importing it, if it could not be.

    Raises:
        MissingLibrary: it is not installed.
        Failure: it is too old, or lacks a library that it needs itself.
    """
    version = version or _installed(name)
    if error and not version:
        raise MissingLibrary(name)
    if version and _numbers(version) < _numbers(least):
        raise Failure(
            f"The Python library {name} has to be of version {least} or newer on the target, and {sys.executable} has "
            f"{printable(version)}."
        )
    if error:
        raise Failure(f"The Python library {name} cannot be imported by {sys.executable} on the target: {error}.")


def _installed(name: str) -> str:
    """Return the version that a library was installed as, empty where it was not, or nobody wrote down how."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed(name)
    except PackageNotFoundError:
        return ""


def _numbers(version: str) -> tuple[int, ...]:
    """Return the numbers that a version begins with, before any ``rc`` or ``+local``."""
    return tuple(int(number) for number in _NUMBER.findall(re.split(r"[^0-9.]", version)[0]))
