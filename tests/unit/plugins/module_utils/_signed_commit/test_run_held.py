# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""As long as a mark stands, nobody is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.flant.gitops.tests.support.signed_commit import Task

NOWHERE = "/nowhere/at/all.git"


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    return tmp_path / "hold"


def test_nothing_is_polled_while_a_mark_stands(task: Task, mark: Path) -> None:
    task.upstream.commit()
    done = task.process(hold_file=mark)
    before = task.show()
    mark.write_text("The database is being moved\n", encoding="utf-8")
    held = task.poll(repo=NOWHERE, hold_file=mark, archive=task.archive)
    assert (held.status, held.changed, held.hold) == ("held", False, "The database is being moved")
    assert held.msg == f"{mark}: The database is being moved."
    assert (held.commit, held.previous_commit, held.head, held.archive) == (done, done, "", "")
    assert (held.git_dir_id, held.superseded, held.polled_at) == (
        before.git_dir_id,
        before.superseded,
        before.polled_at,
    )
    assert held.held_since
    assert task.show(hold_file=mark) == held
    assert not task.archive.exists()
    mark.unlink()
    with pytest.raises(Failure, match=r"^repo: "):
        task.poll(repo=NOWHERE, hold_file=mark)
    after = task.show(hold_file=mark)
    assert after.last_poll["status"] == "failed"
    assert after._replace(last_poll=before.last_poll) == before


def test_mark_holds_where_nothing_is_yet(task: Task, mark: Path) -> None:
    mark.symlink_to("nothing")
    held = task.poll(repo=NOWHERE, hold_file=mark)
    assert (held.status, held.hold, held.commit, held.git_dir_id) == ("held", "", "", "")
    assert held.msg == f"{mark}: what it says cannot be shown."
    assert not task.git_dir.exists()


def test_what_runs_while_a_mark_is_put_is_recorded(task: Task, mark: Path) -> None:
    task.upstream.commit()
    found = task.poll(hold_file=mark)
    mark.touch()
    assert task.record(found.commit, hold_file=mark).status == "recorded"
    assert task.reset(hold_file=mark).status == "recorded"


def test_r14_mark_that_others_could_put_or_take_is_refused(task: Task, mark: Path) -> None:
    mark.parent.chmod(0o777)
    with pytest.raises(Failure, match=r"^hold_file: "):
        task.poll(hold_file=mark)
