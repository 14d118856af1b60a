# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tree goes in as it is, and nothing in it leads out of its folder."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tarfile
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.tests.support.environment import clean

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ansible_collections.flant.gitops.tests.support.container_call import Caller
    from ansible_collections.flant.gitops.tests.support.engine import Engine
    from docker import APIClient

FOLDER, LINK = {"type": tarfile.DIRTYPE, "mode": 0o755}, {"type": tarfile.SYMTYPE, "linkname": "/etc"}


@pytest.mark.contract
def test_c13_the_newest_engines_refuse_what_leads_out_of_the_folder(
    client: APIClient, image: str, archive: Callable[..., Path], engine: Engine
) -> None:
    """That they do is why the module sends no such member; if they did not, the other tests here would show little."""
    container = client.create_container(image, "true")["Id"]
    try:
        url = f"{client.base_url}/v{client.api_version}/containers/{container}/archive"
        with archive(("../tmp", FOLDER)).open("rb") as tar:
            answer = client.put(url, params={"path": "/tmp"}, data=tar)
        assert answer.ok is engine.takes_members_from_outside, answer.text
    finally:
        client.remove_container(container, v=True, force=True)


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ([("/etc/passwd", "x")], "member '/etc/passwd' does not stay inside of working_dir"),
        ([("../etc/passwd", "x")], "member '../etc/passwd' does not stay inside of working_dir"),
        ([("a/../../etc/passwd", "x")], "does not stay inside of working_dir"),
        ([("a/..", FOLDER)], "does not stay inside of working_dir"),
        ([("a", "x"), ("b", {"type": tarfile.LNKTYPE, "linkname": "a"})], "member 'b' is a hard link"),
        ([("b", {"type": tarfile.LNKTYPE, "linkname": "/etc/passwd"})], "member 'b' is a hard link"),
        ([("disk", {"type": tarfile.BLKTYPE, "devmajor": 254})], "member 'disk' is a device"),
        ([("null", {"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": 3})], "member 'null' is a device"),
        ([("pipe", {"type": tarfile.FIFOTYPE})], "member 'pipe' is a FIFO"),
        ([("odd", {"type": b"Z"})], "member 'odd' is of a kind that is not taken"),
        ([("a", "x"), ("a", "y")], "member 'a' is there twice"),
        ([("a", "x"), ("./a", "y")], "member './a' is there twice"),
        ([("a", "x"), ("a", FOLDER)], "member 'a' is there twice"),
        ([("a", FOLDER), ("a", LINK)], "member 'a' is there twice"),
        ([("dir/a", "x"), ("dir", LINK)], "member 'dir' is there twice"),
        ([("a", LINK), ("a/passwd", "x")], "member 'a' is not a folder, yet others are below it"),
        ([("a", LINK), ("a/b/passwd", "x")], "member 'a' is not a folder, yet others are below it"),
        ([("a", "x"), ("a/b", "x")], "member 'a' is not a folder, yet others are below it"),
        ([("up", {"type": tarfile.SYMTYPE, "linkname": "../x"})], "member 'up' is a link to '../x', which is outside"),
        ([("a/up", {"type": tarfile.SYMTYPE, "linkname": "b/../../.."})], "which is outside of working_dir"),
        ([(".", LINK)], "member '.' stands in the place of working_dir"),
    ],
)
def test_c4_a_hostile_member_is_refused(
    call: Caller, archive: Callable[..., Path], members: list[tuple[str, object]], reason: str
) -> None:
    result = call("true", archive=archive(("first", "x"), *members))
    assert result["failed"]
    assert result["msg"].startswith("archive: ")
    assert reason in result["msg"]
    assert "rc" not in result


@pytest.mark.parametrize(
    ("members", "file"),
    [
        ([(".extra", {"type": tarfile.SYMTYPE, "linkname": "/tmp"})], "/git/.extra/ca.crt"),
        ([(".extra", "no folder")], "/git/.extra/ca.crt"),
        ([(".extra/ca.crt", "forged")], "/git/.extra/ca.crt"),
        ([(".extra/ca.crt", LINK)], "/git/.extra/ca.crt"),
        ([(".extra/ca.crt", FOLDER)], "/git/.extra/ca.crt"),
        ([(".extra/ca.crt/below", "x")], "/git/.extra/ca.crt"),
        ([("a/b", {"type": tarfile.SYMTYPE, "linkname": ".."})], "/git/a/b/c/d"),
    ],
)
def test_c3_a_member_in_the_way_of_a_file_is_refused(
    call: Caller, archive: Callable[..., Path], members: list[tuple[str, object]], file: str
) -> None:
    result = call("true", archive=archive(*members), files=[{"path": file, "content": "right"}])
    assert result["failed"]
    assert result["msg"].startswith("archive: member ")
    assert "rc" not in result


@pytest.mark.contract
def test_c3_a_folder_of_the_tree_takes_files(call: Caller, archive: Callable[..., Path]) -> None:
    result = call(
        "cat .extra/ca.crt .extra/own",
        archive=archive((".extra", FOLDER), (".extra/own", "own\n")),
        files=[{"path": "/git/.extra/ca.crt", "content": "right\n"}],
    )
    assert result["stdout"] == "right\nown\n"


@pytest.mark.contract
def test_symbolic_links_are_kept_as_they_are(call: Caller, archive: Callable[..., Path]) -> None:
    targets = {"out": "/etc/passwd", "a/up": "../x", "loop": "loop", "in": "file", "odd": "a b\nc"}
    links = [(name, {"type": tarfile.SYMTYPE, "linkname": target}) for name, target in targets.items()]
    result = call(*(f"readlink {name}" for name in targets), archive=archive(*links))
    assert result["stdout"] == "".join(f"{target}\n" for target in targets.values())


def test_c16_an_archive_that_was_exchanged_never_starts(call: Caller, archive: Callable[..., Path]) -> None:
    expected, exchanged = archive(("run", "echo right\n")), archive(("run", "echo wrong\n"))
    digest = hashlib.sha256(expected.read_bytes()).hexdigest()
    assert call("sh run", archive=expected, archive_sha256=digest)["stdout"] == "right\n"
    exchanged.rename(expected)
    result = call("sh run", archive=expected, archive_sha256=digest, identity="this")
    assert result["msg"].startswith(f"archive_sha256: {expected} has other bytes, whose SHA-256 is ")
    assert "rc" not in result


@pytest.mark.contract
def test_odd_names_and_modes_arrive(call: Caller, archive: Callable[..., Path], tmp_path: Path) -> None:
    long = "d" * 90 + "/" + "e" * 90 + "/" + "f" * 90
    result = call(
        "find . -type f -exec stat -c '%a %n' {} + | sort",
        archive=archive(
            (long, "x"),
            ("with space\ttab", "x"),
            ("ünïcode", "x"),
            ("suid", {"mode": 0o6755}),
            ("-dash", "x"),
        ),
    )
    assert result["stdout_lines"] == sorted(
        ["644 ./-dash", f"644 ./{long}", "644 ./with space\ttab", "644 ./ünïcode", "755 ./suid"]
    )
    latin = tmp_path / "latin.tar"
    with tarfile.open(latin, "w", format=tarfile.GNU_FORMAT, encoding="latin-1") as tar:
        tar.addfile(tarfile.TarInfo("caf\xe9"))
    assert call("echo *", archive=latin)["stdout"] == "caf\\xe9\n"


@pytest.mark.contract
def test_a_git_archive_goes_in(call: Caller, tmp_path: Path) -> None:
    def git(*arguments: str) -> bytes:
        return subprocess.run(["git", *arguments], cwd=tmp_path, env=clean(), check=True, capture_output=True).stdout

    git("init", "--quiet")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/file").write_text("from git\n")
    (tmp_path / "run").write_text("#!/bin/sh\necho ran\n")
    (tmp_path / "run").chmod(0o755)
    (tmp_path / "link").symlink_to("sub/file")
    git("add", ".")
    git("commit", "--quiet", "--message", "x")
    archive = tmp_path / "archive.tar"
    archive.write_bytes(git("archive", "HEAD"))
    assert call("cat link; ./run", archive=archive)["stdout"] == "from git\nran\n"


def test_an_empty_archive_is_an_empty_tree(call: Caller, archive: Callable[..., Path]) -> None:
    assert call("find . -type f; echo empty", archive=archive())["stdout"] == "empty\n"


@pytest.mark.parametrize("cut", [0, 1, 511, 512, 700, 1024, 1536, 1600])
def test_c9_a_cut_off_archive_never_starts(call: Caller, archive: Callable[..., Path], cut: int) -> None:
    path = archive(("one", "x" * 100), ("two", "y" * 100))
    os.truncate(path, cut)
    result = call("true", archive=path)
    assert result["msg"].startswith(f"archive: {path} cannot be read: ")
    assert "rc" not in result


def test_what_is_no_tar_is_refused(call: Caller, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"no tar" * 1000)
    assert call("true", archive=path)["msg"].startswith(f"archive: {path} cannot be read: ")
    assert call("true", archive=tmp_path)["msg"] == f"archive: {tmp_path} is not a regular file."


def test_garbage_behind_a_member_is_refused(call: Caller, archive: Callable[..., Path]) -> None:
    path = archive(("one", "x" * 100))
    with path.open("r+b") as file:
        file.seek(1024)
        file.write(b"garbage" * 20)
    assert "its end is missing" in call("true", archive=path)["msg"]


def test_a_sparse_member_is_refused(call: Caller, tmp_path: Path) -> None:
    hole, path = tmp_path / "hole", tmp_path / "sparse.tar"
    hole.touch()
    os.truncate(hole, 1 << 20)
    for form in ("gnu", "pax"):
        tar = ["tar", "--sparse", f"--format={form}", "-cf", str(path), "-C", str(tmp_path), "hole"]
        subprocess.run(tar, check=True)
        assert "is of a kind that is not taken" in call("true", archive=path)["msg"]


def test_extended_attributes_are_left_out(call: Caller, tmp_path: Path) -> None:
    path = tmp_path / "xattr.tar"
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        member = tarfile.TarInfo("ping")
        member.mode = 0o755
        # cap_net_raw+ep, as security.capability has it
        member.pax_headers = {"SCHILY.xattr.security.capability": "\x01\0\0\x02\0 \0\0\0\0\0\0\0\0\0\0\0\0\0\0"}
        tar.addfile(member)
    assert call("stat -c %a ping", archive=path)["stdout"] == "755\n"
