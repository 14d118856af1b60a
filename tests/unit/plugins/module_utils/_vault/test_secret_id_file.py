# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import math
import os
import stat
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._vault.secret_id_file import SecretIdFile, opened
from ansible_collections.flant.gitops.tests.support import stranger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Iterator[SecretIdFile]:
    with opened(tmp_path / "secret-id") as file:
        yield file


def put(file: SecretIdFile, content: bytes, mode: int = 0o600) -> None:
    file.path.write_bytes(content)
    file.path.chmod(mode)


def test_there_is_nothing_at_first(file: SecretIdFile) -> None:
    assert file.read() is None
    assert (file.staged(), file.superseded()) == ("", "")


@pytest.mark.parametrize("ttl", [3600.0, math.inf])
def test_a_staged_secret_id_is_promoted_with_its_life(file: SecretIdFile, ttl: float) -> None:
    put(file, b"first")

    file.stage("second")
    file.prepare("first", ttl)
    file.promote()
    file.sync()

    held = file.read()
    assert held
    assert (held.secret_id, held.ttl, held.exposed) == ("second", ttl, False)
    assert (file.staged(), file.superseded()) == ("", "first")
    file.forget_superseded()
    file.forget_staged()
    assert file.superseded() == ""


def test_the_life_of_another_secret_id_is_not_taken_for_its_own(file: SecretIdFile) -> None:
    put(file, b"first")
    file.stage("second")
    file.prepare("first", 3600)

    held = file.read()

    assert held
    assert held.ttl is None


@pytest.mark.parametrize(
    ("content", "secret_id"),
    [(b"", ""), (b" \n", ""), (b"\0" * 36, ""), (b"id\n", "id"), (b"id", "id"), (b"\xff", "\ufffd")],
)
def test_v9_whatever_is_in_the_file_is_read(file: SecretIdFile, content: bytes, secret_id: str) -> None:
    put(file, content)

    held = file.read()

    assert held
    assert held.secret_id == secret_id


def test_no_secret_id_is_in_what_a_traceback_would_show(file: SecretIdFile) -> None:
    put(file, b"hidden")

    assert "hidden" not in repr(file.read())


@pytest.mark.parametrize(("mode", "exposed"), [(0o600, False), (0o400, False), (0o640, True), (0o604, True)])
def test_v9_a_file_that_others_can_read_is_exposed(file: SecretIdFile, mode: int, exposed: bool) -> None:
    put(file, b"id", mode)

    held = file.read()

    assert held
    assert held.exposed is exposed


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_v9_a_file_that_others_can_write_is_refused(file: SecretIdFile, mode: int) -> None:
    put(file, b"id", mode)

    with pytest.raises(Failure, match=f"^secret_id_file: {file.path} can be written by others"):
        file.read()


def test_v9_a_file_of_another_user_is_refused(file: SecretIdFile, monkeypatch: pytest.MonkeyPatch) -> None:
    put(file, b"id")
    monkeypatch.setattr(os, "geteuid", lambda: file.path.stat().st_uid + 1)

    with pytest.raises(Failure, match=r"it needs mode 0600 and the task's user as owner\.$"):
        file.read()


def test_v9_a_symbolic_link_is_refused(file: SecretIdFile, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("id")
    file.path.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(Failure, match=r"cannot be read: it is a symbolic link\.$"):
        file.read()


def test_v9_a_pipe_or_a_directory_is_refused(file: SecretIdFile, tmp_path: Path) -> None:
    os.mkfifo(file.path)
    with pytest.raises(Failure, match=r"cannot be read: it is not a regular file\.$"):
        file.read()
    with pytest.raises(Failure, match=r"cannot be read: it is not a regular file\.$"), opened(tmp_path) as other:
        other.read()


@pytest.mark.parametrize("companion", ["new", "old", "rotation", "lock"])
def test_v9_a_symbolic_link_beside_it_is_not_followed(tmp_path: Path, companion: str) -> None:
    target = tmp_path / "target"
    target.write_text("untouched")
    (tmp_path / f"secret-id.{companion}").symlink_to(target)

    with pytest.raises(Failure, match=rf"secret-id\.{companion} cannot be"), opened(tmp_path / "secret-id") as file:
        put(file, b"id")
        assert file.staged() + file.superseded() == ""
        assert file.read()

    assert target.read_text() == "untouched"


@pytest.mark.parametrize("companion", ["new", "old", "rotation"])
@pytest.mark.parametrize("mode", [0o600, 0o666])
def test_v18_what_another_user_has_put_beside_it_receives_nothing(
    file: SecretIdFile, tmp_path: Path, companion: str, mode: int
) -> None:
    """Whoever made a file has it open; that it is ours by now does not take the descriptor away."""
    put(file, b"id")
    planted = tmp_path / f"secret-id.{companion}"
    planted.write_text("planted")
    planted.chmod(mode)

    with planted.open() as held:
        file.stage("secret")
        file.prepare("id", 60)
        assert held.read() == "planted"

    assert stat.S_IMODE(planted.stat().st_mode) == 0o600


@pytest.mark.parametrize("companion", ["new", "old", "rotation"])
def test_v18_what_another_user_can_write_beside_it_is_not_believed(
    file: SecretIdFile, tmp_path: Path, companion: str
) -> None:
    put(file, b"id")
    planted = tmp_path / f"secret-id.{companion}"
    planted.write_text("planted")
    planted.chmod(0o666)

    with pytest.raises(Failure, match=rf"^secret_id_file: {planted} can be written by others"):
        (file.staged(), file.superseded(), file.read())


@pytest.mark.parametrize("mode", [0o777, 0o1777])
def test_v18_a_directory_that_others_may_write_to_is_refused(tmp_path: Path, mode: int) -> None:
    tmp_path.chmod(mode)

    with pytest.raises(Failure, match=rf"^secret_id_file: {tmp_path} can be written to by others"):
        enter(tmp_path / "secret-id")

    assert list(tmp_path.iterdir()) == []


@stranger.needs_root
def test_v18_a_lock_of_another_user_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret-id.lock").touch()
    os.chown(tmp_path / "secret-id.lock", stranger.UID, stranger.UID)

    with pytest.raises(Failure, match=r"secret-id\.lock cannot be locked: it belongs to another user\.$"):
        enter(tmp_path / "secret-id")


def enter(path: Path) -> None:
    with opened(path):
        pass


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(Failure, match=rf"^secret_id_file: {tmp_path}/missing does not exist\.$"):
        enter(tmp_path / "missing" / "secret-id")


def test_all_files_are_private_whatever_the_umask_is(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with opened(tmp_path / "secret-id") as file:
            file.stage("first")
            file.prepare("none", 60)
            file.promote()
    finally:
        os.umask(before)

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == dict.fromkeys(["secret-id", "secret-id.lock", "secret-id.old", "secret-id.rotation"], 0o600)
