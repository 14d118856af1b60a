# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._secret_file import read_secret

if TYPE_CHECKING:
    from pathlib import Path


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_a_secret_is_the_line_of_its_file(tmp_path: Path, end: bytes) -> None:
    assert read_secret(written(tmp_path / "file", b"p ss~" + end), "password_file") == "p ss~"


def test_a_secret_may_have_4_kib(tmp_path: Path) -> None:
    assert len(read_secret(written(tmp_path / "file", b"x" * 4096 + b"\r\n"), "password_file")) == 4096


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"x" * 4097, "more than 4 KiB"),
        (b"hunter2\nhunter2\n", "one line of printable ASCII"),
        (b"hunter2\0", "one line of printable ASCII"),
        (b"hunter2\t", "one line of printable ASCII"),
        ("hünter2".encode(), "one line of printable ASCII"),
    ],
)
def test_what_is_not_one_line_is_refused_and_not_shown(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(Failure, match=rf"^password_file: .*{reason}") as failure:
        read_secret(written(tmp_path / "file", content), "password_file")
    assert "nter2" not in str(failure.value)


def test_r14_a_secret_that_others_may_read_is_refused(tmp_path: Path) -> None:
    written(tmp_path / "file", b"x").chmod(0o640)
    with pytest.raises(Failure, match=r"^password_file: .* can be read by others"):
        read_secret(tmp_path / "file", "password_file")
