# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._secret_file import secret_in
from ansible_collections.flant.gitops.tests.support import stranger

if TYPE_CHECKING:
    from pathlib import Path


def written(folder: Path, content: bytes, mode: int = 0o600) -> Path:
    path = folder / "secret"
    path.write_bytes(content)
    path.chmod(mode)
    return path


def refused(path: Path) -> str:
    with pytest.raises(Failure) as failed:
        secret_in(path, "password_file")
    assert "s3cret" not in str(failed.value)
    return str(failed.value)


@pytest.mark.parametrize("content", [b"s3cret", b"s3cret\n", b" a:b~ \n", b"x" * 4096, b"x" * 4095 + b"\n"])
def test_one_line_is_the_secret(tmp_path: Path, content: bytes) -> None:
    assert secret_in(written(tmp_path, content), "password_file") == content.decode().rstrip("\n")


@pytest.mark.parametrize(
    "content", [b"s3cret\n\n", b"s3cret\nmore\n", b"s3cret\r\n", b"s3cret\0", b"s3cr\xc3\xa9t", b"\ts3cret", b"\x7f"]
)
def test_r14_anything_else_is_refused(tmp_path: Path, content: bytes) -> None:
    path = written(tmp_path, content)
    assert refused(path) == f"password_file: {path} must hold one line of printable ASCII and nothing else."


def test_r14_nothing_is_no_secret(tmp_path: Path) -> None:
    for content in (b"", b"\n"):
        path = written(tmp_path, content)
        assert refused(path) == f"password_file: {path} is empty."


def test_r14_no_more_than_4_kib_are_read(tmp_path: Path) -> None:
    path = written(tmp_path, b"x" * 4097)
    assert refused(path) == f"password_file: {path} is longer than 4 KiB."


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o660])
def test_r14_a_file_that_others_have_a_part_in_is_refused(tmp_path: Path, mode: int) -> None:
    assert "by others than its owner" in refused(written(tmp_path, b"s3cret", mode))


def test_r14_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, b"s3cret")
    link, pipe = tmp_path / "link", tmp_path / "pipe"
    link.symlink_to(path)
    os.mkfifo(pipe, 0o600)
    assert "is a symbolic link" in refused(link)
    assert "is not a regular file" in refused(pipe)
    assert "is not a regular file" in refused(tmp_path)
    assert "does not exist" in refused(tmp_path / "none")


def test_r14_a_folder_that_others_can_write_to_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, b"s3cret")
    tmp_path.chmod(0o777)
    assert "could put anything there" in refused(path)


@stranger.needs_root
def test_r14_a_file_of_another_user_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, b"s3cret")
    os.chown(path, stranger.UID, stranger.UID)
    assert "belongs to another user" in refused(path)
