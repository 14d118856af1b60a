# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which folder this is, on this machine and at this path."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit import identity
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.identity import identify, look

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def git_dir(tmp_path: Path) -> Path:
    return tmp_path / "git"


def test_it_is_made_once(git_dir: Path) -> None:
    assert look(git_dir) == ("", False, ())
    made = identify(git_dir)
    assert (len(made.id), made.new, made.warnings) == (32, True, ())
    assert identify(git_dir) == look(git_dir) == (made.id, False, ())
    file = git_dir.with_name("git.id")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_two_of_them_differ(tmp_path: Path) -> None:
    assert identify(tmp_path / "a").id != identify(tmp_path / "b").id


def test_it_does_not_show_the_machines_id(git_dir: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "machine-id").write_text("a" * 32)
    monkeypatch.setattr(identity, "_MACHINE_ID", tmp_path / "machine-id")
    identify(git_dir)
    assert "a" * 32 not in git_dir.with_name("git.id").read_text()


def test_another_machine_makes_another_one(git_dir: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    first = identify(git_dir)
    (tmp_path / "machine-id").write_text("cloned")
    monkeypatch.setattr(identity, "_MACHINE_ID", tmp_path / "machine-id")
    assert look(git_dir).id == ""
    second = identify(git_dir)
    assert second.new
    assert second.id != first.id
    assert "git.id was made on another machine or for another path" in second.warnings[0]
    assert identify(git_dir) == (second.id, False, ())


def test_a_machine_without_an_id_is_one_too(git_dir: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(identity, "_MACHINE_ID", tmp_path / "missing")
    assert identify(git_dir).id == identify(git_dir).id


def test_another_path_makes_another_one(git_dir: Path) -> None:
    first = identify(git_dir)
    git_dir.with_name("git.id").rename(git_dir.with_name("moved.id"))
    moved = identify(git_dir.with_name("moved"))
    assert (moved.new, len(moved.warnings)) == (True, 1)
    assert moved.id != first.id


def test_the_same_folder_by_another_way_is_the_same(git_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "way").symlink_to(tmp_path)
    assert identify(git_dir).id == identify(tmp_path / "way" / "git").id


@pytest.mark.parametrize("content", [b"", b"\n", b"abc\n", b"\xff\0" * 50, b"x" * 5000])
def test_what_a_crash_left_is_replaced_with_a_warning(git_dir: Path, content: bytes) -> None:
    git_dir.with_name("git.id").write_bytes(content)
    made = identify(git_dir)
    assert (made.new, len(made.warnings)) == (True, 1)
    assert identify(git_dir).id == made.id


def test_r14_one_that_others_may_write_is_refused(git_dir: Path) -> None:
    identify(git_dir)
    git_dir.with_name("git.id").chmod(0o666)
    with pytest.raises(Failure, match=r"^git_dir: .*git\.id"):
        identify(git_dir)
