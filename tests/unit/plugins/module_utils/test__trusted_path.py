# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import contextlib
import errno
import os
import stat
import struct
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils import _trusted_path
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._trusted_path import (
    Missing,
    exists,
    trusted_directory,
    trusted_file,
)
from ansible_collections.flant.gitops.tests.support import stranger

if TYPE_CHECKING:
    from collections.abc import Iterator

STRANGER = stranger.UID


@pytest.fixture(autouse=True)
def _generous_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def public() -> Iterator[Path]:
    with stranger.public_directory() as directory:
        yield directory


def enter(path: Path, *, create: bool = False, shared: bool = False) -> None:
    """Walk to a directory, and prove that the descriptor is that of ``path``."""
    with trusted_directory(path, "git_dir", create=create, shared=shared) as descriptor:
        assert os.path.samestat(os.fstat(descriptor), path.stat())


def read(path: Path, *, secret: bool = False, link: bool = False) -> bytes:
    with trusted_file(path, "ca_cert_file", secret=secret, link=link) as file:
        return file.read()


def opened() -> set[str]:
    return {link.name for link in Path("/proc/self/fd").iterdir()}


# -- Directories ---------------------------------------------------------------------------------------------------


def test_a_directory_of_ours_is_trusted(tmp_path: Path) -> None:
    enter(tmp_path)


def test_what_is_missing_is_made_for_us_alone(tmp_path: Path) -> None:
    enter(tmp_path / "a" / "b", create=True)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "a", tmp_path / "a/b")] == [0o700, 0o700]


def test_what_is_missing_is_an_error_of_its_own_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(Missing, match=rf"^git_dir: {tmp_path}/a does not exist \(on the way to {tmp_path}/a/b\)\.$"):
        enter(tmp_path / "a" / "b")
    with pytest.raises(Missing, match=rf"^git_dir: {tmp_path}/a does not exist\.$"):
        enter(tmp_path / "a")


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o757])
def test_r14_a_directory_on_the_way_that_others_may_write_to_is_refused(tmp_path: Path, mode: int) -> None:
    (tmp_path / "open" / "ours").mkdir(parents=True)
    os.chown(tmp_path / "open", -1, os.getegid() or STRANGER)
    (tmp_path / "open").chmod(mode)
    with pytest.raises(Failure, match=rf"^git_dir: {tmp_path}/open can be written to by others .*\(on the way to"):
        enter(tmp_path / "open" / "ours")


@stranger.needs_root
def test_r14_a_directory_on_the_way_of_another_user_is_refused(tmp_path: Path) -> None:
    (tmp_path / "theirs" / "ours").mkdir(parents=True, mode=0o755)
    os.chown(tmp_path / "theirs", STRANGER, STRANGER)
    with pytest.raises(Failure, match=rf"^git_dir: {tmp_path}/theirs belongs to another user \(uid {STRANGER}\)"):
        enter(tmp_path / "theirs" / "ours")


@stranger.needs_root
def test_r14_the_group_of_root_may_write(tmp_path: Path) -> None:
    (tmp_path / "group").mkdir(mode=0o775)
    enter(tmp_path / "group")


@stranger.needs_root
def test_r14_an_access_control_list_within_the_bits_of_the_group_of_root_is_refused(tmp_path: Path) -> None:
    directory = tmp_path / "listed"
    directory.mkdir(mode=0o755)
    grant_writing(directory, STRANGER)
    assert stat.S_IMODE(directory.stat().st_mode) == 0o775, "the list's mask shows as the rights of the group"
    with pytest.raises(Failure, match="can be written to by others"):
        enter(directory)


@stranger.needs_root
def test_r14_a_new_directory_takes_no_rights_from_a_default_access_control_list(public: Path) -> None:
    grant_writing(public, STRANGER, name="system.posix_acl_default")
    enter(public / "new", create=True)
    with pytest.raises(AssertionError, match="could not do it"):
        stranger.does((public / "new" / "file").touch)


def grant_writing(directory: Path, uid: int, name: str = "system.posix_acl_access") -> None:
    """Set the list u::rwx u:uid:rwx g::r-x m::rwx o::r-x; the format is that of linux/posix_acl_xattr.h."""
    nobody = 0xFFFFFFFF
    entries = [(1, 7, nobody), (2, 7, uid), (4, 5, nobody), (0x10, 7, nobody), (0x20, 5, nobody)]
    value = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
    try:
        os.setxattr(directory, name, value)
    except OSError as error:
        if error.errno != errno.ENOTSUP:
            raise
        pytest.skip("this file system has no access control lists")


def test_r14_what_lies_in_a_sticky_directory_and_is_ours_is_trusted(tmp_path: Path) -> None:
    (tmp_path / "sticky").mkdir()
    (tmp_path / "sticky").chmod(0o1777)
    enter(tmp_path / "sticky" / "ours", create=True)


@stranger.needs_root
def test_r14_what_another_user_made_in_a_sticky_directory_is_refused(public: Path) -> None:
    public.chmod(0o1777)
    stranger.does((public / "theirs").mkdir)
    with pytest.raises(Failure, match=rf"^git_dir: {public}/theirs belongs to another user"):
        enter(public / "theirs" / "ours", create=True)


@stranger.needs_root
def test_r14_a_sticky_directory_of_another_user_is_refused(tmp_path: Path) -> None:
    (tmp_path / "sticky" / "ours").mkdir(parents=True)
    (tmp_path / "sticky").chmod(0o1777)
    os.chown(tmp_path / "sticky", STRANGER, STRANGER)
    with pytest.raises(Failure, match="belongs to another user"):
        enter(tmp_path / "sticky" / "ours")


def test_r14_a_sticky_directory_is_for_files_that_are_made_anew_only(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    enter(tmp_path, shared=True)
    with pytest.raises(Failure, match=rf"^git_dir: {tmp_path} can be written to by others"):
        enter(tmp_path)


@pytest.mark.parametrize("create", [False, True])
def test_what_is_not_a_directory_is_refused(tmp_path: Path, create: bool) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Failure, match=rf"^git_dir: {tmp_path}/file is not a directory"):
        enter(tmp_path / "file" / "below", create=create)


@pytest.mark.parametrize("path", ["/", "//", "/proc/self/.."])
def test_odd_ways_lead_where_they_should(path: str) -> None:
    enter(Path(path))


def test_a_relative_path_begins_where_we_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    enter(Path("new"), create=True)
    enter(Path("new/../new"))


# -- Symbolic links ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["{}/real", "real", "./real//", "../{name}/real"])
def test_r14_a_link_of_ours_is_followed(tmp_path: Path, target: str) -> None:
    (tmp_path / "real").mkdir(mode=0o755)
    (tmp_path / "real" / "deep").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(target.format(tmp_path, name=tmp_path.name))
    enter(tmp_path / "link")
    enter(tmp_path / "link" / "deep")
    enter(tmp_path / "link" / "deep" / ".." / ".." / "real")


def test_r14_var_run_is_followed() -> None:
    if not Path("/var/run").is_symlink():
        pytest.skip("this machine has no such link")
    enter(Path("/var/run"))


def test_r14_a_link_to_where_others_may_write_is_refused(tmp_path: Path) -> None:
    (tmp_path / "open" / "ours").mkdir(parents=True)
    (tmp_path / "open").chmod(0o777)
    (tmp_path / "link").symlink_to("open/ours")
    with pytest.raises(Failure, match=rf"^git_dir: {tmp_path}/open can be written to"):
        enter(tmp_path / "link")


@stranger.needs_root
def test_r14_a_link_of_another_user_is_refused(public: Path) -> None:
    (public / "ours").mkdir(mode=0o700)
    public.chmod(0o1777)
    stranger.does(lambda: (public / "link").symlink_to("ours"))
    with pytest.raises(Failure, match=rf"^git_dir: {public}/link is a symbolic link of another user"):
        enter(public / "link")


@pytest.mark.parametrize("create", [False, True])
def test_r14_a_link_that_leads_nowhere_or_in_a_circle_is_refused(tmp_path: Path, create: bool) -> None:
    (tmp_path / "circle").symlink_to("circle")
    with pytest.raises(Failure, match=r"circle is one symbolic link too many"):
        enter(tmp_path / "circle", create=create)


def test_a_link_may_lead_to_what_is_made(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("new")
    enter(tmp_path / "link", create=True)
    assert (tmp_path / "new").is_dir()


# -- Files ---------------------------------------------------------------------------------------------------------


def test_a_file_of_ours_is_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "file").chmod(0o644)
    assert read(tmp_path / "file") == b"x"
    (tmp_path / "file").chmod(0o600)
    assert read(tmp_path / "file", secret=True) == b"x"


@pytest.mark.parametrize("mode", [0o664, 0o646])
def test_r14_a_file_that_others_may_write_is_refused(tmp_path: Path, mode: int) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "file").chmod(mode)
    with pytest.raises(Failure, match=rf"^ca_cert_file: {tmp_path}/file can be written by others"):
        read(tmp_path / "file")


@pytest.mark.parametrize("mode", [0o640, 0o604])
def test_r14_a_secret_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "file").chmod(mode)
    with pytest.raises(Failure, match="can be read by others than its owner; its mode must be 0600"):
        read(tmp_path / "file", secret=True)


@stranger.needs_root
def test_r14_a_file_of_another_user_is_refused(public: Path) -> None:
    public.chmod(0o1777)
    stranger.does((public / "file").touch)
    with pytest.raises(Failure, match=rf"^ca_cert_file: {public}/file belongs to another user"):
        read(public / "file")


def test_r14_a_file_of_root_is_trusted_but_holds_no_secret_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who we are is faked: a process that gives root up could not go on to other tests."""
    monkeypatch.setattr(_trusted_path.os, "geteuid", lambda: STRANGER)
    assert read(Path("/etc/passwd"))
    with pytest.raises(Failure, match="belongs to another user"):
        read(Path("/etc/passwd"), secret=True)


def test_r14_a_link_to_a_file_is_followed_unless_it_is_a_secret(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "file").chmod(0o600)
    (tmp_path / "link").symlink_to("file")
    assert read(tmp_path / "link") == b"x"
    with pytest.raises(Failure, match=rf"^ca_cert_file: {tmp_path}/link is a symbolic link\.$"):
        read(tmp_path / "link", secret=True)


def test_r14_a_secret_may_be_reached_by_a_link_if_that_is_how_it_is_put_there(tmp_path: Path) -> None:
    (tmp_path / "secret").touch(0o600)
    (tmp_path / "link").symlink_to("secret")
    assert read(tmp_path / "link", secret=True, link=True) == b""
    (tmp_path / "secret").chmod(0o640)
    with pytest.raises(Failure, match="can be read by others than its owner; its mode must be 0600"):
        read(tmp_path / "link", secret=True, link=True)


def test_r14_a_file_in_a_directory_that_others_may_write_to_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    (tmp_path / "file").touch()
    with pytest.raises(Failure, match="can be written to by others"):
        read(tmp_path / "file")


@pytest.mark.parametrize("secret", [False, True])
def test_what_is_not_a_regular_file_is_refused_and_not_waited_for(tmp_path: Path, secret: bool) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    for path in (tmp_path / "pipe", tmp_path, Path("/")):
        with pytest.raises(Failure, match="is not a regular file"):
            read(path, secret=secret)


def test_a_file_that_is_not_there_is_missing(tmp_path: Path) -> None:
    with pytest.raises(Missing, match=rf"^ca_cert_file: {tmp_path}/file does not exist\.$"):
        read(tmp_path / "file")


def test_what_exists_is_seen_be_it_a_link_that_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("nowhere")
    tmp_path.chmod(0o1777)
    assert exists(tmp_path / "link", "creates")
    assert exists(tmp_path, "creates")
    assert not exists(tmp_path / "file", "creates")
    assert not exists(tmp_path / "missing" / "file", "creates")


@stranger.needs_root
def test_r14_what_another_user_has_put_there_says_nothing(public: Path) -> None:
    public.chmod(0o1777)
    stranger.does((public / "file").touch)
    with pytest.raises(Failure, match=rf"^creates: {public}/file belongs to another user"):
        exists(public / "file", "creates")


def test_r14_what_exists_where_others_may_write_says_nothing(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(Failure, match="can be written to by others"):
        exists(tmp_path / "file", "creates")


# -- Throughout ----------------------------------------------------------------------------------------------------


@stranger.needs_root
def test_r14_a_directory_that_is_exchanged_all_the_time_never_leads_to_a_stranger(public: Path) -> None:
    """The stranger owns a directory on the way and exchanges what is in it; what is held is never one of theirs."""
    (public / "theirs").mkdir()
    os.chown(public / "theirs", STRANGER, STRANGER)
    (public / "sticky").mkdir()
    (public / "sticky").chmod(0o1777)
    contested = [public / "sticky" / "new", public / "theirs" / "new"]
    with stranger.swapping(contested, b"evil", public / "theirs"):
        for number in range(300):
            enter_or_refuse(contested[number % 2])
            enter(public / "sticky" / f"ours-{number}", create=True)
    assert (public / "theirs" / "replaced-1").exists(), "the stranger could do what was tried"


def enter_or_refuse(path: Path) -> None:
    with contextlib.suppress(Failure), trusted_directory(path, "git_dir", create=True) as descriptor:
        assert os.fstat(descriptor).st_uid == os.geteuid()


def test_no_descriptor_stays_open(tmp_path: Path) -> None:
    (tmp_path / "file").touch(mode=0o600)
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    (tmp_path / "link").symlink_to("link")
    before = opened()
    enter(tmp_path)
    read(tmp_path / "file")
    for path in ("missing", "file/x", "open/x", "open", "link"):
        with pytest.raises(Failure):
            enter(tmp_path / path)
        with pytest.raises(Failure):
            read(tmp_path / path)
    assert opened() == before
