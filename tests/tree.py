# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the sources stand under their name as a collection."""

from __future__ import annotations

from pathlib import Path

COLLECTION = Path(__file__).absolute().parents[1]


def collections() -> Path:
    """Return a directory that has ``ansible_collections/flant/gitops``: the one it lies in, or one with a link."""
    if COLLECTION.parts[-3:] == ("ansible_collections", "flant", "gitops"):
        return COLLECTION.parents[2]
    tree = COLLECTION / ".cache/tree"
    link = tree / "ansible_collections/flant/gitops"
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.is_symlink():
        link.symlink_to(COLLECTION)
    return tree
