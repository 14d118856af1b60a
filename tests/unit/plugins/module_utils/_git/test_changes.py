# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What git says that has changed; what it looks like from outside is tested with the rules that go by it."""

from __future__ import annotations

import contextlib
import io
from typing import IO, TYPE_CHECKING, cast

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._git.changes import Change, changes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.flant.gitops.plugins.module_utils._git.command import Git

OLD, NEW = "1" * 40, "2" * 40
CHANGED = b":100644 100755 %b %b M\0a b/\xff\n\0" % (OLD.encode(), NEW.encode())
LINKED = b":120000 000000 %b %b D\0l\0" % (OLD.encode(), NEW.encode())


class Saying:
    """Stands in for git, which does not say all that its format allows for when it is asked as here."""

    def __init__(self, output: bytes) -> None:
        self._output = output

    @contextlib.contextmanager
    def stream(self, *_arguments: str) -> Iterator[IO[bytes]]:
        yield io.BytesIO(self._output)


def said(output: bytes) -> list[Change]:
    return list(changes(cast("Git", Saying(output)), OLD, NEW))


def test_paths_are_bytes() -> None:
    assert said(CHANGED + LINKED) == [Change(b"a b/\xff\n"), Change(b"l", leads_elsewhere=True)]
    assert said(b"") == []


@pytest.mark.parametrize(
    "output",
    [
        CHANGED.replace(b" M", b" R100"),
        CHANGED.replace(b" M", b" U"),
        CHANGED.replace(b" M", b""),
        CHANGED.replace(b":", b"::1 "),
        b"a" + CHANGED,
        CHANGED[: CHANGED.index(b"\0") + 1],
    ],
    ids=["two paths", "unmerged", "no status", "two parents", "no colon", "no path"],
)
def test_what_is_not_understood_is_no_change_that_can_be_left_out(output: bytes) -> None:
    with pytest.raises(Failure, match=f"cannot tell what has changed between {OLD} and {NEW}"):
        said(CHANGED + output)
