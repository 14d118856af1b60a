# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""git-signatures notes, written as its users do, or into a tree of any shape."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.tests.support.environment import clean

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ansible_collections.flant.gitops.tests.support.signers import Signer

_NOTES_REF = "refs/notes/signatures"
SIGNATURES_REF = "refs/tags/latest-signature"


def add(repository: Path, commit_id: str, *signers: Signer) -> None:
    """Let each sign the commit with a note, as ``git signatures add`` does, and `publish` them all."""
    for signer in signers:
        line = signer.note_line(commit_id).decode()
        _git(repository, "notes", f"--ref={_NOTES_REF}", "append", "-m", line, commit_id)
    publish(repository, _git(repository, "rev-parse", _NOTES_REF))


def publish(repository: Path, notes_commit: str, *, annotated: bool = False, ref: str = SIGNATURES_REF) -> None:
    """Let the signatures ref name a commit of notes, or an annotated tag of it."""
    target = notes_commit
    if annotated:
        tag = (
            f"object {notes_commit}\ntype commit\ntag latest-signature\ntagger T <t@example.test> 1700000000 +0000\n\n"
        )
        target = _git(repository, "mktag", stdin=tag.encode())
    _git(repository, "update-ref", ref, target)


def write(repository: Path, notes: Mapping[str, bytes], *, mode: str = "100644") -> str:
    """Return a new commit whose tree holds exactly these files, by path, all of one mode."""
    return _commit(repository, _tree(repository, notes, mode))


def _tree(repository: Path, notes: Mapping[str, bytes], mode: str) -> str:
    entries = []
    folders: dict[str, dict[str, bytes]] = {}
    for path, content in notes.items():
        name, _separator, below = path.partition("/")
        if below:
            folders.setdefault(name, {})[below] = content
        else:
            blob = _git(repository, "hash-object", "-w", "--stdin", stdin=content)
            entries.append(f"{mode} blob {blob}\t{name}")
    for name, content_below in folders.items():
        entries.append(f"040000 tree {_tree(repository, content_below, mode)}\t{name}")
    return _git(repository, "mktree", stdin="".join(f"{entry}\n" for entry in entries).encode())


def _commit(repository: Path, tree: str) -> str:
    return _git(repository, "commit-tree", "-m", "Notes", tree)


def _git(repository: Path, *arguments: str, stdin: bytes = b"") -> str:
    ran = subprocess.run(
        ["git", "-C", str(repository), *arguments], input=stdin, capture_output=True, env=clean(), check=False
    )
    assert ran.returncode == 0, ran.stderr.decode("utf-8", "replace")
    return ran.stdout.decode().strip()
