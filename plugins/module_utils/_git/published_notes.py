# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The git-signatures notes for some commits, out of the commit that the signatures ref points to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._git.notes import paths
from ansible_collections.flant.gitops.plugins.module_utils._git.transfer import fetch_blobs, fetch_folders

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible_collections.flant.gitops.plugins.module_utils._git.objects import Objects
    from ansible_collections.flant.gitops.plugins.module_utils._git.remote import Remote

_NOTE_LIMIT = 1 << 20
_TREE_LIMIT = 1 << 26
_HEADERS_LIMIT = 1 << 16
_TAG_OF_COMMIT = re.compile(rb"object ([0-9a-f]+)\ntype commit\n")
_TREE_OF_COMMIT = re.compile(rb"tree ([0-9a-f]+)\n")
_FOLDER = b"40000"
_FILES = (b"100644", b"100755")


def published_notes(remote: Remote, objects: Objects, tip: str, commits: Sequence[str]) -> dict[str, list[bytes]]:
    """Return the beginnings of the notes for each of ``commits``.

    There are none if the id ``tip`` is neither a commit nor an annotated tag of one.

    Raises:
        Failure: the server does not give the notes, or not in time.
    """
    notes_commit = _match(objects, tip, "tag", _TAG_OF_COMMIT) or tip
    tree = _match(objects, notes_commit, "commit", _TREE_OF_COMMIT)
    if not tree:
        return {commit: [] for commit in commits}
    fetch_folders(remote, notes_commit)
    folders = _Folders(objects)
    blobs = {commit: folders.files(tree, paths(commit)) for commit in commits}
    fetch_blobs(remote, sorted({blob for found in blobs.values() for blob in found}))
    notes = {commit: [objects.read(blob, _NOTE_LIMIT) for blob in found] for commit, found in blobs.items()}
    return {commit: [note.data for note in found if note] for commit, found in notes.items()}


def _match(objects: Objects, identity: str, kind: str, pattern: re.Pattern[bytes]) -> str:
    found = objects.read(identity, _HEADERS_LIMIT)
    match = pattern.match(found.data) if found and found.kind == kind else None
    return match[1].decode() if match else ""


class _Folders:
    """Tree objects, each of which is read once."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._read: dict[str, dict[bytes, tuple[bytes, str]]] = {}

    def files(self, tree: str, names: Sequence[str]) -> list[str]:
        """Return the ids of those files below ``tree`` that exist."""
        found = (self._file(tree, name.encode().split(b"/")) for name in names)
        return [identity for identity in found if identity]

    def _file(self, tree: str, steps: Sequence[bytes]) -> str:
        *folders, name = steps
        for folder in folders:
            mode, tree = self._entries(tree).get(folder, (b"", ""))
            if mode != _FOLDER:
                return ""
        mode, identity = self._entries(tree).get(name, (b"", ""))
        return identity if mode in _FILES else ""

    def _entries(self, tree: str) -> dict[bytes, tuple[bytes, str]]:
        if tree not in self._read:
            found = self._objects.read(tree, _TREE_LIMIT)
            self._read[tree] = _parse_tree(found.data, len(tree) // 2) if found and found.kind == "tree" else {}
        return self._read[tree]


def _parse_tree(data: bytes, id_length: int) -> dict[bytes, tuple[bytes, str]]:
    """Return the mode and the id of each entry: ``<mode> <name>NUL<id>``, one after the other, ids in binary."""
    entries = {}
    start = 0
    while (end := data.find(b"\0", start)) >= 0:
        mode, _separator, name = data[start:end].partition(b" ")
        start = end + 1 + id_length
        entries[name] = (mode, data[end + 1 : start].hex())
    return entries
