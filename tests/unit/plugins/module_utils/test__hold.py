# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A mark holds whatever it is; what it says is shown only if root or we have said it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._hold import Hold, look
from ansible_collections.flant.gitops.plugins.module_utils._ledger.mark import line

if TYPE_CHECKING:
    from pathlib import Path

NOBODY = 65534
AT = "2026-11-28T12:00:00Z"


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    return tmp_path / "hold"


def test_without_a_mark_nothing_is_held(mark: Path) -> None:
    assert look(mark, "hold_file") is None
    assert look(mark / "deeper/hold", "hold_file") is None


def test_first_line_is_shown_and_since_when(mark: Path) -> None:
    mark.write_bytes(line("Die Datenbank zieht um", "alice", AT) + b"more\n")
    os.utime(mark, (0, 0))
    assert look(mark, "hold_file") == Hold(
        f"Die Datenbank zieht um (suspended by alice at {AT})", "1970-01-01T00:00:00Z"
    )


def a_link(mark: Path) -> None:
    (mark.parent / "other").write_text("said elsewhere\n", encoding="utf-8")
    mark.symlink_to("other")


def writable(mark: Path) -> None:
    mark.write_text("said by anybody\n", encoding="utf-8")
    mark.chmod(0o622)


KINDS = {
    "a link": a_link,
    "a link to nothing": lambda mark: mark.symlink_to("nothing"),
    "a FIFO": os.mkfifo,
    "a directory": lambda mark: mark.mkdir(),
    "written by others": writable,
    "empty": lambda mark: mark.touch(),
    "too long": lambda mark: mark.write_bytes(b"short\n" + b"x" * 1019),
    "an escape sequence": lambda mark: mark.write_bytes(b"\x1b[2J\n"),
    "right to left": lambda mark: mark.write_text("a\u202eb\n", encoding="utf-8"),
    "a tab": lambda mark: mark.write_bytes(b"a\tb\n"),
    "no UTF-8": lambda mark: mark.write_bytes(b"\xff\n"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_stands_there_holds_and_says_nothing(mark: Path, kind: str) -> None:
    KINDS[kind](mark)
    hold = look(mark, "hold_file")
    assert hold is not None
    assert hold.text == ""
    assert hold.since


@pytest.mark.root  # only root can give a file away
def test_mark_of_somebody_else_holds_and_says_nothing(mark: Path) -> None:
    mark.write_text("said by nobody\n", encoding="utf-8")
    os.chown(mark, NOBODY, NOBODY)
    hold = look(mark, "hold_file")
    assert hold
    assert hold.text == ""


def test_longest_mark_is_shown(mark: Path) -> None:
    reason = "x" * (1024 - len(line("x", "alice", AT)) + 1)
    mark.write_bytes(line(reason, "alice", AT))
    hold = look(mark, "hold_file")
    assert hold
    assert hold.text.startswith(reason)
    with pytest.raises(Failure, match="at most 1 KiB"):
        line(f"{reason}x", "alice", AT)


def test_r14_directory_that_others_may_write_to_is_refused(mark: Path) -> None:
    mark.parent.chmod(0o777)
    with pytest.raises(Failure, match=r"^hold_file: "):
        look(mark, "hold_file")
