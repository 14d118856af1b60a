# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import hashlib
import io
import tarfile
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._container import upload
from ansible_collections.flant.gitops.plugins.module_utils._container.account import Account
from ansible_collections.flant.gitops.plugins.module_utils._container.dialect import DOCKER, PODMAN
from ansible_collections.flant.gitops.plugins.module_utils._container.request import ExtraFile, Request
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from hypothesis import given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ansible_collections.flant.gitops.plugins.module_utils._container.dialect import Dialect

ROOT, WORKER = Account(), Account(5, 6)


def _request(**options: Any) -> Request:  # noqa: ANN401 -- of several types
    return Request(**{"action": "run", "name": "name", **options})


def _members(chunks: Iterable[bytes]) -> list[tarfile.TarInfo]:
    return tarfile.open(fileobj=io.BytesIO(b"".join(chunks))).getmembers()


def _put(request: Request, owner: Account = ROOT, dialect: Dialect = DOCKER) -> list[tarfile.TarInfo]:
    """Return what would be unpacked in the working directory."""
    return _members(upload.tree(request, owner, dialect))


def _names(members: list[tarfile.TarInfo]) -> list[str]:
    return [member.name for member in members]


def _tar(path: Path, *members: tarfile.TarInfo, form: int = tarfile.PAX_FORMAT) -> Path:
    with tarfile.open(path, "w", format=form) as tar:
        for member in members:
            tar.addfile(member, io.BytesIO(b"x" * member.size))
    return path


def _member(name: str, kind: bytes = tarfile.REGTYPE, size: int = 0) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.size, member.linkname = kind, size, "target" if kind == tarfile.SYMTYPE else ""
    return member


def test_a_folder_gets_its_owner_and_those_above_it_are_roots() -> None:
    above, root = _members(upload.folder("srv/tree", WORKER))
    assert (root.name, root.type, root.mode, root.uid, root.gid) == ("srv/tree", tarfile.DIRTYPE, 0o755, 5, 6)
    assert (above.name, above.type, above.mode, above.uid, above.gid) == ("srv", tarfile.DIRTYPE, 0o755, 0, 0)


def test_c13_no_member_leads_out_of_the_folder_that_it_is_sent_to(tmp_path: Path) -> None:
    tree = _tar(tmp_path / "tree.tar", _member("./a"), _member("b/c"))
    request = _request(archive=tree, files=(ExtraFile("/git/d", b"x"),))
    sent = [*_put(request, WORKER), *_members(upload.folder("git", WORKER))]
    sent += _members(upload.single("etc/ca", ExtraFile("/etc/ca", b"x"), WORKER))
    assert not [member.name for member in sent if ".." in member.name.split("/") or member.name.startswith("/")]


def test_podman_gets_no_empty_volume(tmp_path: Path) -> None:
    (placeholder,) = _put(_request(), WORKER, PODMAN)
    assert (placeholder.name, placeholder.uid, placeholder.mode) == (".flant_gitops", 5, 0o755)
    assert _put(_request()) == []
    tree = _tar(tmp_path / "tree.tar", _member("file"))
    assert _names(_put(_request(archive=tree), ROOT, PODMAN)) == ["file"]
    extra = (ExtraFile("/git/extra", b"x"),)
    assert _names(_put(_request(files=extra), ROOT, PODMAN)) == ["extra"]


def test_files_go_where_they_belong() -> None:
    files = (ExtraFile("/git/a/b", b"in", 0o600), ExtraFile("/etc/c", b"out"), ExtraFile("/gitter", b"out, too"))
    request = _request(files=files)
    put = _put(request, WORKER)
    assert _names(put) == ["a", "a/b"]
    assert (put[1].mode, put[1].size, put[1].uid) == (0o600, 2, 5)
    assert [file.path for file in request.files_outside] == ["/etc/c", "/gitter"]
    above, file = _members(upload.single("etc/c", files[1], WORKER))
    assert (above.name, above.uid, file.name, file.uid) == ("etc", 0, "etc/c", 5)


def test_only_what_belongs_to_a_kind_is_kept(tmp_path: Path) -> None:
    file, link, folder = _member("file", size=3), _member("link", tarfile.SYMTYPE), _member("folder", tarfile.DIRTYPE)
    file.mode, file.uid, file.uname, file.mtime = 0o7777, 77, "somebody", 1234.5
    file.pax_headers = {"SCHILY.xattr.security.capability": "x"}
    members = _put(_request(archive=_tar(tmp_path / "t.tar", file, link, folder)), WORKER)
    assert _names(members) == ["file", "link", "folder"]
    assert {(member.uid, member.gid, member.uname) for member in members} == {(5, 6, "")}
    assert (members[0].mode, members[0].mtime, members[0].size, members[0].pax_headers) == (0o777, 1234, 3, {})
    assert members[1].linkname == "target"


def test_folders_that_nobody_names_are_added_before_what_is_in_them(tmp_path: Path) -> None:
    tree = _tar(tmp_path / "t.tar", _member("a/b/c"), _member("a/d"), _member("a", tarfile.DIRTYPE))
    assert _names(_put(_request(archive=tree))) == ["a", "a/b", "a/b/c", "a/d", "a"]


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_every_form_of_tar_is_read(tmp_path: Path, form: int) -> None:
    names = ["d" * 90 + "/" + "f" * 90, "ünïcode", "./dotted", "file"]
    tree = _tar(tmp_path / "t.tar", *(_member(name, size=700) for name in names), form=form)
    got = _names(_put(_request(archive=tree)))
    assert got == ["d" * 90, "d" * 90 + "/" + "f" * 90, "ünïcode", "dotted", "file"]


def test_content_arrives_unchanged(tmp_path: Path) -> None:
    content = bytes(range(256)) * 5000
    path = tmp_path / "t.tar"
    with tarfile.open(path, "w") as tar:
        member = _member("file", size=len(content))
        tar.addfile(member, io.BytesIO(content))
    sent = b"".join(upload.tree(_request(archive=path), ROOT, DOCKER))
    with tarfile.open(fileobj=io.BytesIO(sent)) as tar:
        file = tar.extractfile("file")
        assert file
        assert file.read() == content


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_c16_an_archive_of_the_right_bytes_goes_in(tmp_path: Path, form: int) -> None:
    members = (_member("a", size=700), _member("d" * 200, tarfile.DIRTYPE), _member("l", tarfile.SYMTYPE))
    for tree in (_tar(tmp_path / "t.tar", *members, form=form), _tar(tmp_path / "empty.tar")):
        tree.write_bytes(tree.read_bytes() + bytes(1 << 20))
        _put(_request(archive=tree, archive_sha256=_sha256(tree)))


@pytest.mark.parametrize("at", [0, 600, 1300, 1500, 3000, -1])
def test_c16_other_bytes_are_refused_wherever_they_are(tmp_path: Path, at: int) -> None:
    """Even in the padding, which nothing is made of."""
    tree = _tar(tmp_path / "t.tar", _member("a", size=700))
    expected, content = _sha256(tree), bytearray(tree.read_bytes())
    content[at] ^= 1
    tree.write_bytes(content)
    with pytest.raises(Failure, match=r"^archive"):
        _put(_request(archive=tree, archive_sha256=expected))


def test_c16_what_is_hashed_is_what_is_sent_though_the_file_changes(tmp_path: Path) -> None:
    """What was read is not read again; what is read later counts as it is then."""
    tree = _tar(tmp_path / "t.tar", *(_member(name, size=1 << 20) for name in "ab"))
    whole = tree.read_bytes()
    request = _request(archive=tree, archive_sha256=_sha256(tree))
    sent = upload.tree(request, ROOT, DOCKER)
    begun = [next(sent), next(sent)]
    tree.write_bytes(b"y" * 1024 + whole[1024:])
    assert _names(_members([*begun, *sent])) == ["a", "b"]
    tree.write_bytes(whole)
    sent = upload.tree(request, ROOT, DOCKER)
    begun = [next(sent), next(sent)]
    with tree.open("r+b") as file:
        file.seek(whole.rindex(b"x"))
        file.write(b"y")
    with pytest.raises(Failure, match=r"^archive_sha256: .* has other bytes, whose SHA-256 is [0-9a-f]{64}\.$"):
        list(sent)


@settings(max_examples=50)
@given(st.data())
def test_c9_a_cut_off_archive_is_an_error(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = _tar(tmp_path_factory.mktemp("cut") / "t.tar", _member("a", size=100), _member("b", size=1000))
    whole = path.read_bytes()
    last = whole.rindex(b"x") + 1
    path.write_bytes(whole[: data.draw(st.integers(0, last))])
    with pytest.raises(Failure, match=r"^archive: .* cannot be read: "):
        _put(_request(archive=path))


@given(st.binary(max_size=2000))
@settings(max_examples=50)
def test_noise_is_an_error_and_no_crash(tmp_path_factory: pytest.TempPathFactory, noise: bytes) -> None:
    path = tmp_path_factory.mktemp("noise") / "t.tar"
    path.write_bytes(noise)
    if noise[:512] == bytes(512):  # which is an empty archive
        return
    with pytest.raises(Failure, match=r"^archive: "):
        _put(_request(archive=path))


def test_an_archive_that_went_away_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(Failure, match=r"^archive: .* does not exist"):
        _put(_request(archive=tmp_path / "none"))


def test_r14_an_archive_that_others_can_exchange_since_the_call_began_is_not_sent(tmp_path: Path) -> None:
    request = _request(archive=_tar(tmp_path / "t.tar", _member("a")))
    tmp_path.chmod(0o777)
    with pytest.raises(Failure, match=rf"^archive: {tmp_path} can be written to by others"):
        _put(request)


@pytest.mark.parametrize(
    ("linkname", "escapes"),
    [("../x", True), ("a/../../x", True), ("..", True), ("/etc/passwd", False), ("a/../x", False), ("../git/x", True)],
)
def test_c4_a_link_that_climbs_out_is_refused(tmp_path: Path, linkname: str, *, escapes: bool) -> None:
    link = _member("link", tarfile.SYMTYPE)
    link.linkname = linkname
    tree = _tar(tmp_path / "t.tar", link)
    if escapes:
        with pytest.raises(Failure, match="which is outside of working_dir"):
            _put(_request(archive=tree))
    else:
        assert _put(_request(archive=tree))[0].linkname == linkname


def test_c4_a_name_with_a_nul_is_refused(tmp_path: Path) -> None:
    member = _member("short")
    member.pax_headers = {"path": "file\0hidden"}
    with pytest.raises(Failure, match="does not stay inside of working_dir"):
        _put(_request(archive=_tar(tmp_path / "t.tar", member)))
