# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import contextlib
import os
import stat
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils import _private_file
from ansible_collections.flant.gitops.plugins.module_utils._private_file import (
    create,
    lock,
    open_regular,
    replace,
    sync_directory,
)
from ansible_collections.flant.gitops.plugins.module_utils._trusted_path import trusted_directory
from ansible_collections.flant.gitops.tests.support import stranger

if TYPE_CHECKING:
    from collections.abc import Iterator

DESCRIPTORS = Path("/proc/self/fd")


@pytest.fixture(autouse=True)
def _generous_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_replace_writes_a_new_file_that_only_its_owner_may_read(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    replace(file, b"one\n")
    assert file.read_bytes() == b"one\n"
    assert mode(file) == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_replace_narrows_the_mode_of_an_old_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_bytes(b"old")
    file.chmod(0o644)
    replace(file, b"new")
    assert file.read_bytes() == b"new"
    assert mode(file) == 0o600


def test_replace_puts_a_file_in_the_place_of_a_link_and_leaves_its_target(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"target")
    link.symlink_to(target)
    replace(link, b"new")
    assert not link.is_symlink()
    assert target.read_bytes() == b"target"


@pytest.mark.parametrize("function", ["fsync", "fdopen"])
def test_replace_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    file = tmp_path / "secret"
    file.write_bytes(b"old")
    monkeypatch.setattr(_private_file.os, function, full)
    with pytest.raises(OSError, match="No space left"):
        replace(file, b"new")
    monkeypatch.undo()
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]


def test_replace_reports_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        replace(tmp_path / "missing/secret", b"new")


def test_replace_syncs_the_data_before_the_rename_and_the_folder_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "secret"
    synced = []

    def fsync(descriptor: int) -> None:
        is_directory = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        synced.append(("folder" if is_directory else "data", file.exists()))

    monkeypatch.setattr(_private_file.os, "fsync", fsync)
    replace(file, b"new")
    assert synced == [("data", False), ("folder", True)]


def test_replace_leaks_no_descriptor(tmp_path: Path) -> None:
    replace(tmp_path / "secret", b"x")
    with contextlib.suppress(FileNotFoundError):
        replace(tmp_path / "missing/secret", b"x")
    opened = [link.readlink() for link in DESCRIPTORS.iterdir() if link.is_symlink()]
    assert [target for target in opened if tmp_path in (target, *target.parents)] == []


def test_a_lock_keeps_the_second_holder_waiting(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    events = []

    def second() -> None:
        with lock(file):
            events.append("second")

    with lock(file):
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.1)
        events.append("first")
    thread.join(10)
    assert events == ["first", "second"]
    assert mode(file) == 0o600


def test_a_lock_is_free_again_after_a_failure_and_its_file_stays(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    with pytest.raises(ValueError, match="failed"), lock(file):
        raise ValueError("failed")
    assert file.exists()
    with lock(file):
        pass


def test_a_lock_does_not_follow_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic link"), lock(tmp_path / "link"):
        pass
    assert not (tmp_path / "elsewhere").exists()


def test_a_child_process_does_not_inherit_the_lock(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    with lock(file):
        held = [int(link.name) for link in DESCRIPTORS.iterdir() if link.exists() and link.samefile(file)]
        assert [os.get_inheritable(descriptor) for descriptor in held] == [False]


@stranger.needs_root
def test_r14_a_lock_of_another_user_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lock").touch()
    os.chown(tmp_path / "lock", stranger.UID, stranger.UID)
    with pytest.raises(OSError, match="belongs to another user"), lock(tmp_path / "lock"):
        pass


def test_with_a_descriptor_a_path_is_a_name_in_its_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    with trusted_directory(tmp_path, "dir") as directory:
        replace(Path("file"), b"x", dir_fd=directory)
        with lock(Path("lock"), dir_fd=directory), os.fdopen(open_regular(Path("file"), dir_fd=directory)) as file:
            assert file.read() == "x"
        os.close(create(Path("new"), dir_fd=directory))
        sync_directory(directory)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "lock", "new"]
    assert mode(tmp_path / "new") == 0o600


def test_nothing_that_stands_there_already_is_taken_for_a_new_file(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(FileExistsError):
        create(tmp_path / "link")
    assert not (tmp_path / "target").exists()


def test_only_a_regular_file_is_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    for name, reason in (("pipe", "not a regular file"), (".", "not a regular file"), ("link", "symbolic link")):
        with pytest.raises(OSError, match=reason):
            open_regular(tmp_path / name)
