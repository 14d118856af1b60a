# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils import _private_directory
from ansible_collections.flant.gitops.plugins.module_utils._private_directory import private_directory

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _generous_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def test_a_private_directory_is_its_owners_alone_and_goes_with_what_is_in_it() -> None:
    with private_directory("gitops-test-") as directory:
        assert directory.name.startswith("gitops-test-")
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
        (directory / "sub").mkdir()
        (directory / "sub/file").write_text("x")
    assert not directory.exists()


def test_a_private_directory_goes_when_the_body_fails() -> None:
    with pytest.raises(KeyboardInterrupt), private_directory("gitops-test-") as directory:
        raise KeyboardInterrupt
    assert not directory.exists()


@pytest.mark.parametrize(("owner", "function"), [(Path, "mkdir"), (_private_directory.shutil, "rmtree")])
@pytest.mark.parametrize("first", [True, False], ids=["before", "after"])
def test_a_private_directory_goes_when_a_signal_comes_while_it_is_made_or_removed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, owner: object, function: str, first: bool
) -> None:
    original = getattr(owner, function)

    def interrupted(*arguments: object, **options: object) -> None:
        monkeypatch.setattr(owner, function, original)
        if not first:
            original(*arguments, **options)
        raise KeyboardInterrupt

    monkeypatch.setattr(_private_directory.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(owner, function, interrupted)
    with pytest.raises(KeyboardInterrupt), private_directory("gitops-test-"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_private_directory_goes_although_a_child_is_still_writing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each file comes between the listing and the removal of the directory, which cannot be timed from outside."""
    remove, late_files = _private_directory.shutil.rmtree, iter(range(10))

    def remove_too_early(path: Path, **options: bool) -> None:
        if next(late_files, None) is None:
            remove(path, **options)

    monkeypatch.setattr(_private_directory.shutil, "rmtree", remove_too_early)
    with private_directory("gitops-test-") as directory:
        (directory / "file").touch()
    assert not directory.exists()


def test_a_private_directory_may_be_gone_already() -> None:
    with private_directory("gitops-test-") as directory:
        directory.rmdir()
