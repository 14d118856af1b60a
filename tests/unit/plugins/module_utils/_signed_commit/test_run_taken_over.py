# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A git_dir that version 1.0.0 has made is taken over with all that it remembers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.tests.support import git_dir_1_0
from ansible_collections.flant.gitops.tests.support.signed_commit import contents

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.tests.support.signed_commit import Task


@pytest.fixture
def commits(task: Task) -> list[str]:
    """Return the recorded commit and the one that was polled after it."""
    git_dir_1_0.restore(task.git_dir)
    return [task.upstream.commit(), task.upstream.commit()]


def test_r32_a_poll_goes_on_from_what_is_remembered(task: Task, commits: list[str]) -> None:
    shown = task.show()
    assert (shown.commit, shown.git_dir_id, shown.polled_at) == (commits[0], "", "")
    outcome = task.poll(last_commit=commits[0], archive=task.archive)
    assert (outcome.commit, outcome.previous_commit, outcome.warnings) == (commits[1], commits[0], ())
    assert outcome.superseded == shown.superseded == str(task.git_dir / "superseded" / "2")
    assert outcome.git_dir_taken_over
    assert contents(task.archive) == {"number": b"1\n"}
    task.record(commits[1])
    assert Path(shown.superseded).exists()
    quiet = task.poll(last_commit=commits[1])
    assert (quiet.status, quiet.git_dir_id, quiet.git_dir_taken_over) == ("unchanged", outcome.git_dir_id, False)


def test_r32_what_is_polled_next_arrives(task: Task, commits: list[str]) -> None:
    head = task.upstream.commit({"file": b"x"})
    outcome = task.poll(last_commit=commits[0], archive=task.archive)
    assert (outcome.commit, outcome.commits) == (head, (commits[1], head))
    assert contents(task.archive) == {"file": b"x"}


def test_r32_the_version_before_finds_what_it_needs(task: Task, commits: list[str]) -> None:
    """It takes a folder with a file of its marker's name, and reads that file and the names in one folder."""
    task.poll(last_commit=commits[0])
    task.record(commits[1])
    assert (task.git_dir / "last_commit").read_text() == f"{commits[1]}\n"
    assert sorted(move.name for move in (task.git_dir / "superseded").iterdir()) == ["1", "2"]
    assert not [entry for entry in task.git_dir.iterdir() if entry.name.startswith(".")]
