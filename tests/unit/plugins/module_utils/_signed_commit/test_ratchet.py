# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the cache folder remembers, through crashes too."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit import ratchet as ratchet_file
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.ratchet import FILES, NAME, Ratchet

A, B = "a" * 40, "b" * 64


@pytest.fixture
def ratchet(tmp_path: Path) -> Ratchet:
    ratchet = Ratchet(tmp_path)
    ratchet.begin()
    return ratchet


def test_nothing_was_processed_in_the_beginning(ratchet: Ratchet) -> None:
    assert ratchet.commit() == ""


def test_it_remembers_and_forgets(ratchet: Ratchet) -> None:
    for commit in (A, B, "", A):
        ratchet.move(commit)
        assert ratchet.commit() == commit


def test_a_new_beginning_keeps_what_is_remembered(ratchet: Ratchet) -> None:
    ratchet.move(A)
    ratchet.begin()
    assert ratchet.commit() == A


def test_only_its_own_files_are_in_the_folder(ratchet: Ratchet) -> None:
    ratchet.move(A)
    assert {file.name for file in ratchet.folder.iterdir()} == set(FILES)


@pytest.mark.parametrize("content", [b"", b"\n", b"none", b"None\n", A[:39].encode(), b"\0" * 41, b"\xff" * 41])
def test_t13_what_a_crash_left_is_never_taken_for_nothing(ratchet: Ratchet, content: bytes) -> None:
    (ratchet.folder / NAME).write_bytes(content)
    with pytest.raises(Failure, match=r"^git_dir: .*action: reset"):
        ratchet.commit()


def test_moving_it_supersedes_what_was_polled_before_and_nothing_else(ratchet: Ratchet) -> None:
    before = ratchet.superseded()
    assert not Path(before).exists()
    assert ratchet.superseded() == before
    ratchet.move(A)
    after = ratchet.superseded()
    assert Path(before).exists()
    assert not Path(after).exists()
    ratchet.move(A)
    assert Path(before).exists()
    assert Path(after).exists()


def test_a_crash_in_the_middle_of_a_move_remembers_nothing_and_supersedes(
    ratchet: Ratchet, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = ratchet.superseded()
    with monkeypatch.context() as patch:
        patch.setattr(ratchet_file, "replace", lambda *_arguments: (_each for _each in ()).throw(OSError("disk full")))
        with pytest.raises(OSError, match="disk full"):
            ratchet.move(A)
    assert ratchet.commit() == ""
    assert Path(before).exists()
    assert not Path(ratchet.superseded()).exists()


def test_old_moves_are_forgotten_in_time(ratchet: Ratchet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ratchet_file, "_MOVES_KEPT", 3)
    for _index in range(10):
        ratchet.move(A)
    assert sorted(int(move.name) for move in (ratchet.folder / "superseded").iterdir()) == [8, 9, 10]
