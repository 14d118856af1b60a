# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way to the files of a task: another user of the machine gets nothing of theirs there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.tests.support import stranger
from ansible_collections.flant.gitops.tests.support.repository import Repository
from ansible_collections.flant.gitops.tests.support.signed_commit import Task, contents

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def public() -> Iterator[Path]:
    before = os.umask(0)
    with stranger.public_directory() as directory:
        yield directory
    os.umask(before)


@stranger.needs_root
def test_r14_nothing_is_exchanged_under_a_run_for_its_whole_length(public: Path, tmp_path: Path) -> None:
    """The umask lets everybody write, and the directories are there only once the first poll has made them."""
    (public / "theirs").mkdir()
    os.chown(public / "theirs", stranger.UID, stranger.UID)
    work = public / "work" / "default"
    task = Task(Repository(tmp_path / "upstream.git"), work)
    contested = [
        *(work, work.parent, task.git_dir, task.git_dir / "last_commit", task.git_dir / "lock"),
        *(task.archive, task.archive.with_name("tree.tar.part"), public / "theirs" / "bait"),
    ]
    with stranger.swapping(contested, b"evil", public / "theirs"):
        for number in range(5):
            commit = task.upstream.commit({"file": b"%d" % number})
            assert task.poll(archive=task.archive).commit == commit
            assert contents(task.archive) == {"file": b"%d" % number}
            task.record(commit)
    done = {mark.name for mark in (public / "theirs").iterdir()} - {"own", "began", "bait"}
    assert {name.partition("-")[2] for name in done} == {str(len(contested) - 1)}, "the bait alone"


@pytest.mark.parametrize("option", ["git_dir", "archive", "ca_cert_file"])
def test_r14_a_way_that_others_could_change_is_refused_by_its_option(task: Task, option: str) -> None:
    task.upstream.commit()
    (task.folder / "open" / "ours").mkdir(parents=True)
    (task.folder / "open" / "ours" / "file").touch()
    (task.folder / "open").chmod(0o777)
    path = task.folder / "open" / "ours" / ("new" if option == "git_dir" else "file")
    with pytest.raises(Failure, match=rf"^{option}: {task.folder}/open can be written to by others"):
        task.poll(**{option: path})
    assert [file.name for file in (task.folder / "open" / "ours").iterdir()] == ["file"]


def test_r14_nothing_is_shown_that_others_could_have_put_there(task: Task) -> None:
    task.upstream.commit()
    task.process()
    task.folder.chmod(0o777)
    with pytest.raises(Failure, match=rf"^git_dir: {task.folder} can be written to by others"):
        task.show()


@pytest.mark.parametrize("option", ["ssh_key_file", "ssh_known_hosts_file", "ca_cert_file"])
def test_r14_a_file_that_others_could_change_is_refused_before_anything_is_done(task: Task, option: str) -> None:
    (task.folder / "file").touch()
    (task.folder / "file").chmod(0o666)
    with pytest.raises(Failure, match=rf"^{option}: {task.folder}/file can be written by others"):
        task.poll(**{option: task.folder / "file"})
    assert not task.git_dir.exists()


@stranger.needs_root
def test_r14_in_a_sticky_directory_an_archive_takes_the_place_of_anything(public: Path, tmp_path: Path) -> None:
    task = Task(Repository(tmp_path / "upstream.git"), tmp_path)
    task.upstream.commit({"file": b"x"})
    public.chmod(0o1777)
    for name in ("tree.tar", "tree.tar.part"):
        stranger.does(lambda name=name: (public / name).write_bytes(b"evil"))
    task.poll(archive=public / "tree.tar")
    assert contents(public / "tree.tar") == {"file": b"x"}
    assert (public / "tree.tar").stat().st_uid == 0
