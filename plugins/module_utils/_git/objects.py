# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Objects as git keeps them, byte for byte, by id."""

from __future__ import annotations

import contextlib
from typing import IO, TYPE_CHECKING, NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure, Refused
from ansible_collections.flant.gitops.plugins.module_utils._git.commit import Commit, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.flant.gitops.plugins.module_utils._git.command import Git

_CHUNK = 1 << 16
_COMMIT_LIMIT = 1 << 20


class GitObject(NamedTuple):
    """An object's kind (``commit``, ``tree``, ``blob``, ``tag``), its size and its first bytes."""

    kind: str
    size: int
    data: bytes

    @property
    def whole(self) -> bool:
        """Whether ``data`` is all there is."""
        return len(self.data) == self.size


class Objects(NamedTuple):
    """The objects of one repository, asked for one after the other by one ``git cat-file --batch``."""

    questions: IO[bytes]
    answers: IO[bytes]

    def read(self, identity: str, limit: int) -> GitObject | None:
        """Return the object ``identity`` with no more than ``limit`` of its bytes, or None if it is not here."""
        with contextlib.suppress(BrokenPipeError):  # git ends when it is asked for what it may not fetch
            self.questions.write(f"{identity}\n".encode())
            self.questions.flush()
        words = self.answers.readline().decode().split()
        if len(words) != len(("id", "kind", "size")):
            return None
        size = int(words[2])
        data = self.answers.read(min(size, limit))
        self._skip(size - len(data) + len("\n"))
        return GitObject(words[1], size, data)

    def commit(self, identity: str) -> Commit:
        """Return the commit ``identity``.

        Raises:
            Refused: it is no commit, or is one that `parse` refuses.
            Failure: it is not here, or its content is not what its id says.
        """
        found = self.read(identity, _COMMIT_LIMIT)
        if not found:
            raise Failure(f"git_dir: {identity} is missing.")
        if found.kind != "commit" or not found.whole:
            raise Refused(f"git_dir: {identity} is not a commit, or is larger than 1 MiB.")
        return parse(identity, found.data)

    def _skip(self, size: int) -> None:
        while size > 0 and self.answers.read(min(size, _CHUNK)):
            size -= _CHUNK


@contextlib.contextmanager
def objects(git: Git) -> Iterator[Objects]:
    """Yield the repository's objects, those included that arrive while the body runs."""
    with git.conversation("cat-file", "--batch") as (questions, answers):
        yield Objects(questions, answers)
