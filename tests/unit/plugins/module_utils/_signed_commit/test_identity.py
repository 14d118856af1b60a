# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which folder this is, on this machine and at this path."""

from __future__ import annotations

import hashlib
import re
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
    assert (look(git_dir).id, look(git_dir).warnings) == ("", ())
    made = identify(git_dir, None)
    assert (len(made.id), made.inherited, made.warnings) == (32, None, ())
    assert identify(git_dir, 3) == look(git_dir) == made
    file = git_dir.with_name("git.id")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_two_of_them_differ(tmp_path: Path) -> None:
    assert identify(tmp_path / "a", None).id != identify(tmp_path / "b", None).id


def test_it_does_not_show_the_machines_id(git_dir: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "machine-id").write_text("a" * 32)
    monkeypatch.setattr(identity, "_MACHINE_ID", tmp_path / "machine-id")
    identify(git_dir, None)
    assert "a" * 32 not in git_dir.with_name("git.id").read_text()


def test_another_machine_makes_another_one(git_dir: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    first = identify(git_dir, None)
    (tmp_path / "machine-id").write_text("cloned")
    monkeypatch.setattr(identity, "_MACHINE_ID", tmp_path / "machine-id")
    assert look(git_dir).id == ""
    second = identify(git_dir, 3)
    assert (second.inherited, second.id == first.id, second.machine == first.machine) == (None, False, False)
    assert "git.id was made on another machine or for another path" in second.warnings[0]
    assert identify(git_dir, None) == second._replace(warnings=())


def test_what_stands_for_the_machine_is_not_its_id(
    git_dir: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "machine-id").write_text("a" * 32)
    monkeypatch.setattr(identity, "_MACHINE_ID", tmp_path / "machine-id")
    machine = look(git_dir).machine
    assert re.fullmatch(r"[0-9a-f]{32}", machine)
    assert machine not in ("a" * 32, hashlib.sha256(b"a" * 32).hexdigest()[:32])


def test_r13_what_was_inherited_is_looked_for_until_it_is_seen_to(git_dir: Path) -> None:
    made = identify(git_dir, 2)
    assert look(git_dir) == identify(git_dir, None) == made
    for moves, is_told, taken_over in ((2, True, True), (2, False, True), (3, False, True), (3, True, False)):
        assert made.taken_over(moves, is_told=is_told) == taken_over
    assert not made._replace(inherited=None).taken_over(2, is_told=False)


def test_a_machine_without_an_id_is_one_too(git_dir: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(identity, "_MACHINE_ID", tmp_path / "missing")
    assert identify(git_dir, None).id == identify(git_dir, None).id


def test_another_path_makes_another_one(git_dir: Path) -> None:
    first = identify(git_dir, None)
    git_dir.with_name("git.id").rename(git_dir.with_name("moved.id"))
    moved = identify(git_dir.with_name("moved"), None)
    assert (moved.id == first.id, len(moved.warnings)) == (False, 1)


def test_the_same_folder_by_another_way_is_the_same(git_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "way").symlink_to(tmp_path)
    assert identify(git_dir, None) == identify(tmp_path / "way" / "git", None)
    assert look(git_dir).path == str(git_dir)


@pytest.mark.parametrize("content", [b"", b"\n", b"abc\n", b"\xff\0" * 50, b"x" * 5000, b"abc def 1\n"])
def test_what_a_crash_left_is_replaced_with_a_warning(git_dir: Path, content: bytes) -> None:
    git_dir.with_name("git.id").write_bytes(content)
    made = identify(git_dir, None)
    assert (len(made.id), len(made.warnings)) == (32, 1)
    assert identify(git_dir, None).id == made.id


def test_r14_one_that_others_may_write_is_refused(git_dir: Path) -> None:
    identify(git_dir, None)
    git_dir.with_name("git.id").chmod(0o666)
    with pytest.raises(Failure, match=r"^git_dir: .*git\.id"):
        identify(git_dir, None)
