# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder kept between runs: ours alone, and usable whatever killed processes have left in it."""

from __future__ import annotations

import os
import shutil
import stat
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._git import packs
from ansible_collections.flant.gitops.plugins.module_utils._git.cache import ACCEPTED, Cache
from ansible_collections.flant.gitops.plugins.module_utils._git.creation import begin_unfiltered
from ansible_collections.flant.gitops.plugins.module_utils._git.environment import Access
from ansible_collections.flant.gitops.plugins.module_utils._git.remote import Remote
from ansible_collections.flant.gitops.plugins.module_utils._git.url import parse
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit import polls
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.kept import GIVEN
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.ratchet import FILES
from ansible_collections.flant.gitops.tests.support.repository import Repository
from ansible_collections.flant.gitops.tests.support.signed_commit import contents

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.flant.gitops.tests.support.signed_commit import Task


def test_a_new_folder_is_ours_alone(task: Task) -> None:
    task.upstream.commit()
    task.poll(git_dir=task.folder / "deep" / "down" / "cache")
    assert stat.S_IMODE((task.folder / "deep" / "down" / "cache").stat().st_mode) == 0o700


def test_t4_a_folder_of_another_user_is_refused(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    task.upstream.commit()
    task.poll()
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(Failure, match=r"^git_dir: .* belongs to another user"):
        task.poll()


@pytest.mark.parametrize("mode", [0o770, 0o702, 0o777])
def test_t4_a_folder_that_others_can_write_to_is_refused(task: Task, mode: int) -> None:
    task.upstream.commit()
    task.poll()
    task.git_dir.chmod(mode)
    with pytest.raises(Failure, match=r"^git_dir: .* can be written to by others than its owner"):
        task.poll()


def test_t4_a_repository_that_is_not_ours_is_refused_and_runs_nothing(task: Task) -> None:
    task.upstream.commit()
    ran = task.folder / "ran"
    trap = Repository(task.git_dir)
    trap.git("config", "core.sshCommand", f"touch {ran}")
    trap.git("config", "core.fsmonitor", f"touch {ran}")
    before = {file.name for file in task.git_dir.iterdir()}
    with pytest.raises(Failure, match=r"^git_dir: .* is neither empty nor a folder that this module has made"):
        task.poll()
    assert not ran.exists()
    assert {file.name for file in task.git_dir.iterdir()} == before


@pytest.mark.parametrize("make", [lambda path: path.write_text("file"), lambda path: path.symlink_to(path.parent)])
def test_t4_what_is_no_folder_is_refused(task: Task, make: object) -> None:
    task.upstream.commit()
    make(task.git_dir)
    with pytest.raises(Failure, match=r"^git_dir: "):
        task.poll()


def test_an_empty_folder_is_taken(task: Task) -> None:
    commit = task.upstream.commit()
    task.git_dir.mkdir(mode=0o755)
    assert task.poll().commit == commit


def test_a_folder_that_cannot_be_made_is_an_error_that_says_so(task: Task) -> None:
    task.upstream.commit()
    (task.folder / "file").touch()
    with pytest.raises(Failure, match=r"^git_dir: .*/file is not a directory"):
        task.poll(git_dir=task.folder / "file" / "cache")


LEFTOVERS = [
    "HEAD.lock",
    "config.lock",
    "packed-refs.lock",
    "shallow.lock",
    "refs/flant_gitops/branch.lock",
    "refs/flant_gitops/whole.lock",
    "refs/flant_gitops/signatures/deep.lock",
    "objects/pack/tmp_pack_abcdef",
    "objects/pack/tmp_idx_abcdef",
    "objects/pack/.tmp-123-pack-abc.pack",
    "objects/pack/pack-abc.keep",
    "objects/pack/multi-pack-index.lock",
    ".last_commit.abcdef",
]


def test_t12_what_a_killed_git_left_is_cleared(task: Task) -> None:
    task.upstream.commit()
    last = task.process(archive=task.archive)
    head = task.upstream.commit()
    for name in LEFTOVERS:
        (task.git_dir / name).parent.mkdir(exist_ok=True)
        (task.git_dir / name).touch()
    assert task.poll(last_commit=last, archive=task.archive).commit == head
    assert [name for name in LEFTOVERS if (task.git_dir / name).exists()] == []


@pytest.mark.parametrize("left", ["nothing", "ratchet", "half a repository"])
def test_t12_a_first_run_that_was_killed_is_completed(task: Task, left: str) -> None:
    commit = task.upstream.commit()
    task.poll()
    (task.git_dir / "info" / "attributes").unlink()
    if left == "half a repository":
        (task.git_dir / "HEAD").unlink()
    else:
        for name in ("objects", "refs", "info"):
            shutil.rmtree(task.git_dir / name)
        files = ["HEAD", "config", "FETCH_HEAD", ACCEPTED]
        if left == "nothing":
            files += ["last_commit", GIVEN, *polls.FILES]
        for name in files:
            (task.git_dir / name).unlink()
        shutil.rmtree(task.git_dir / "home")
    assert task.poll(archive=task.archive).commit == commit


def test_no_background_process_or_gc_is_started(task: Task) -> None:
    for _index in range(3):
        task.upstream.commit()
    task.poll()
    assert not (task.git_dir / "gc.pid").exists()
    assert task.cache.git("count-objects").startswith("0 objects")


def test_the_url_of_the_repository_is_not_written_into_its_configuration(task: Task, tmp_path: Path) -> None:
    task.upstream.commit()
    task.poll(archive=task.archive)
    assert str(tmp_path) not in (task.git_dir / "config").read_text()


def test_a_server_that_moves_to_another_address_is_followed_by_its_history(task: Task, tmp_path: Path) -> None:
    task.upstream.commit()
    last = task.process()
    head = task.upstream.commit()
    moved = task.upstream.path.rename(tmp_path / "moved.git")
    assert task.poll(repo=f"file://{moved}", last_commit=last).commit == head


def test_another_branch_can_be_polled_with_the_same_folder(task: Task) -> None:
    root = task.upstream.commit()
    task.process()
    release = task.upstream.commit(parents=[root], branch="release/1.x")
    assert task.poll(branch="release/1.x", last_commit=root).commit == release


@pytest.mark.slow
@pytest.mark.parametrize("filtered", [True, False])
def test_many_packs_become_one_and_nothing_is_lost(task: Task, monkeypatch: pytest.MonkeyPatch, filtered: bool) -> None:
    monkeypatch.setattr(packs, "_MOST", 4)
    first = last = task.upstream.commit()
    task.poll()
    if not filtered:
        begin_unfiltered(Cache(task.git_dir), kept=FILES)
    counts = []
    for number in range(8):
        head = task.upstream.commit({"folder/file": b"%d" % number, "other": b"same"})
        last = task.process(last_commit=last, archive=task.archive)
        assert last == head
        assert contents(task.archive) == {"folder/file": b"%d" % number, "other": b"same"}
        counts.append(len(list((task.git_dir / "objects" / "pack").glob("*.pack"))))
    assert max(counts) <= 4 + 2
    assert counts != sorted(counts)
    assert "broken" not in task.cache.git("fsck", "--connectivity-only")
    task.upstream.point("refs/heads/main", first)
    assert f"does not descend from {last}" in task.poll_refused(last_commit=last)
    task.upstream.point("refs/heads/main", last)
    assert task.poll(last_commit=last).status == "unchanged"


@pytest.mark.parametrize("timeout", [0.0, 60.0])
def test_packs_that_take_too_long_to_put_together_stay_as_they_are(
    task: Task, monkeypatch: pytest.MonkeyPatch, timeout: float
) -> None:
    task.upstream.commit()
    task.poll(archive=task.archive)
    before = {file.name for file in (task.git_dir / "objects" / "pack").iterdir()}
    monkeypatch.setattr(packs, "_MOST", 0)
    if timeout:
        monkeypatch.setattr(packs, "_TOO_LARGE", 0)
    packs.put_together(Remote(Cache(task.git_dir), Access(parse("/none", "repo")), timeout))
    assert {file.name for file in (task.git_dir / "objects" / "pack").iterdir()} == before


def test_t12_a_first_run_that_was_killed_while_it_wrote_its_marker_is_completed(task: Task) -> None:
    commit = task.upstream.commit()
    task.git_dir.mkdir(mode=0o700)
    for name in ("lock", ".last_commit.abcdef"):
        (task.git_dir / name).touch()
    assert task.poll().commit == commit
    assert not (task.git_dir / ".last_commit.abcdef").exists()


@pytest.mark.parametrize("removed", ["objects", "refs", "config", "HEAD", "home", "objects/pack"])
def test_t12_a_reset_that_was_killed_is_completed(task: Task, removed: str) -> None:
    commit = task.upstream.commit()
    task.poll(archive=task.archive)
    (task.git_dir / "info" / "attributes").unlink()
    left = task.git_dir / removed
    shutil.rmtree(left) if left.is_dir() else left.unlink()
    assert task.poll(archive=task.archive).commit == commit


GIT_OF_THE_FUTURE = """#!/bin/sh
# Stands in for a git whose refs are no files unless it is told so, which git before 2.45 cannot be.
{git} "$@" || exit
case " $* " in *" init "*) ;; *) exit 0 ;; esac
for argument; do case $argument in --git-dir=*) folder=${{argument#--git-dir=}} ;; esac; done
[ "${{GIT_DEFAULT_REF_FORMAT:-reftable}}" = files ] ||
    printf '[extensions]\\n\\trefStorage = reftable\\n' >>"$folder/config"
"""


def test_t19_refs_are_files_whatever_git_makes_by_itself(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    program = task.folder / "bin" / "git"
    program.parent.mkdir()
    program.write_text(GIT_OF_THE_FUTURE.format(git=shutil.which("git")))
    program.chmod(0o755)
    commit = task.upstream.commit()
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("GIT_DEFAULT_REF_FORMAT", "reftable")
    assert task.poll().commit == commit
    assert "refStorage" not in (task.git_dir / "config").read_text()


@pytest.mark.parametrize("reset_to_a_commit", [True, False])
@pytest.mark.parametrize("setting", ["\trefStorage = reftable\n", "\trefstorage=reftable:///elsewhere\n"])
def test_t19_a_folder_whose_refs_are_no_files_is_refused_until_a_reset(
    task: Task, setting: str, reset_to_a_commit: bool
) -> None:
    task.upstream.commit()
    last = task.process()
    shutil.rmtree(task.git_dir / "refs")  # in such a repository this is all there is there
    (task.git_dir / "refs").mkdir()
    (task.git_dir / "refs" / "heads").write_text("this repository uses the reftable format\n")
    (task.git_dir / "reftable").mkdir()
    with (task.git_dir / "config").open("a") as configuration:
        configuration.write(f"[extensions]\n{setting}")
    head = task.upstream.commit()
    with pytest.raises(Failure, match=r"^git_dir: .*/cache keeps its refs in the format reftable.*action: reset"):
        task.poll(last_commit=last)
    assert task.show().commit == last
    task.reset(last if reset_to_a_commit else "none")
    assert task.poll(last_commit=last).commit == head
    assert not (task.git_dir / "reftable").exists()
