# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Upstream repositories with long histories and large trees, packed as a hosting service packs them."""

from __future__ import annotations

import random
import subprocess
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.tests.support.environment import clean
from ansible_collections.flant.gitops.tests.support.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_PERSON = "A. Author <author@example.test>"
_START = 1_500_000_000
_CHUNK = 1 << 24


def with_history(path: Path, commits: int, files: Mapping[str, int]) -> Repository:
    """Return a repository of that many commits in one line, whose trees hold ``files`` of that many random bytes."""
    repository = Repository(path)
    with subprocess.Popen(
        ["git", f"--git-dir={path}", "fast-import", "--quiet"], stdin=subprocess.PIPE, env=clean()
    ) as importer:
        assert importer.stdin
        for piece in _stream(commits, files):
            importer.stdin.write(piece)
    assert importer.returncode == 0
    as_a_service(repository)
    return repository


def as_a_service(repository: Repository) -> None:
    """Pack a repository and let it answer as hosting services do: with filters, bitmaps and a reverse index."""
    repository.git("config", "uploadpack.allowFilter", "true")
    repository.git("config", "uploadpack.allowAnySHA1InWant", "true")
    repository.git("config", "pack.writeReverseIndex", "true")
    repository.git("-c", "pack.threads=1", "repack", "-adbq")


def _stream(commits: int, files: Mapping[str, int]) -> Iterator[bytes]:
    """Yield what git-fast-import(1) reads."""
    source = random.Random(1)  # noqa: S311 -- the same files in every run
    for number in range(commits):
        message = b"Commit %d" % number
        time = _START + 60 * number
        yield b"commit refs/heads/main\n"
        yield f"author {_PERSON} {time} +0000\ncommitter {_PERSON} {time} +0000\n".encode()
        yield b"data %d\n%b\n" % (len(message), message)
        changed = files if number == 0 else {"changing": 100}
        for name, size in changed.items():
            yield b"M 100644 inline %b\ndata %d\n" % (name.encode(), size)
            for start in range(0, size, _CHUNK):
                yield source.randbytes(min(_CHUNK, size - start))
            yield b"\n"


def tree_of(files: int, size: int) -> dict[str, int]:
    """Return names, in folders of a hundred, for files that have so many bytes together."""
    return {f"folder{number // 100}/file{number}": size // files for number in range(files)}
