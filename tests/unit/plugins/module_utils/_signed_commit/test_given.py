# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which commits may have been started since the last one was recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.given import Given

if TYPE_CHECKING:
    from pathlib import Path

A, B, C, D = (letter * 40 for letter in "abcd")


@pytest.fixture
def given(tmp_path: Path) -> Given:
    return Given(tmp_path)


def known(given: Given, recorded: str) -> tuple[str, ...]:
    """Return what there is to compare with, nothing where that is not known."""
    before = given.before(recorded)
    assert bool(before.commits) != bool(before.unknown)
    return tuple(before.commits)


def test_nothing_is_known_before_something_is_recorded(given: Given) -> None:
    assert known(given, "") == known(given, A) == ()
    given.add(A)
    assert known(given, "") == known(given, A) == ()
    given.record(A)
    assert known(given, "") == ()
    assert known(given, A) == (A,)


def test_all_that_was_given_since_may_have_been_started(given: Given) -> None:
    given.record(A)
    for commit in (B, C, C):
        given.add(commit)
    assert known(given, A) == (A, B, C)


def test_what_was_given_once_more_is_the_newest(given: Given) -> None:
    given.record(A)
    for commit in (B, C, B):
        given.add(commit)
    given.record(B)
    assert known(given, B) == (B,)


def test_what_was_given_after_the_recorded_one_stays(given: Given) -> None:
    given.record(A)
    for commit in (B, C, D):
        given.add(commit)
    given.record(C)
    assert known(given, C) == (C, D)


def test_what_was_recorded_without_being_given_ends_nothing(given: Given) -> None:
    given.record(A)
    given.add(B)
    given.record(C)
    assert known(given, C) == (C, B)


def test_what_was_forgotten_ends_nothing(given: Given) -> None:
    given.record(A)
    given.add(B)
    given.record("")
    assert known(given, A) == ()
    given.record(C)
    assert known(given, C) == (C, B)


def test_it_is_about_one_recorded_commit(given: Given) -> None:
    given.record(A)
    assert known(given, B) == ()


def test_more_than_can_be_compared_is_not_known_until_one_of_them_is_recorded(given: Given) -> None:
    given.record(A)
    for number in range(100):
        given.add(f"{number:040x}")
    assert len(known(given, A)) == 101
    given.add(f"{100:040x}")
    assert known(given, A) == ()
    assert len((given.folder / "given").read_text().splitlines()) == 101
    given.record(f"{99:040x}")
    assert known(given, f"{99:040x}") == (f"{99:040x}", f"{100:040x}")


def test_nothing_is_written_that_stands_there(given: Given) -> None:
    given.record(A)
    given.add(B)
    before = (given.folder / "given").stat().st_ino
    given.add(B)
    given.record(A)
    assert (given.folder / "given").stat().st_ino == before


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff", b"none\n", f"{A}\n\n".encode(), f"{A}\n{B}\0\n".encode()])
def test_what_is_damaged_is_not_known(given: Given, content: bytes) -> None:
    (given.folder / "given").write_bytes(content)
    assert known(given, A) == known(given, "") == ()
    given.add(B)
    assert known(given, A) == ()
