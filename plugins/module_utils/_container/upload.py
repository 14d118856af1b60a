# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The tree and the extra files on their way into a container, as tar streams whose every member was looked at.

The engine unpacks as root of the host, though inside of the container's root. So only plain files, folders and symbolic
links go through, no name stands for two of them, and all lie below folders only.
"""

from __future__ import annotations

import posixpath
import tarfile
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._container.account import Account
from ansible_collections.flant.gitops.plugins.module_utils._container.once import Once
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._trusted_path import trusted_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ansible_collections.flant.gitops.plugins.module_utils._container.dialect import Dialect
    from ansible_collections.flant.gitops.plugins.module_utils._container.request import ExtraFile, Request

_KINDS = {
    tarfile.REGTYPE: tarfile.REGTYPE,
    tarfile.AREGTYPE: tarfile.REGTYPE,
    tarfile.DIRTYPE: tarfile.DIRTYPE,
    tarfile.SYMTYPE: tarfile.SYMTYPE,
}
_WORDS = {
    tarfile.LNKTYPE: "a hard link",
    tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device",
    tarfile.FIFOTYPE: "a FIFO",
}
_FOLDER_MODE = 0o755
_END = bytes(2 * tarfile.BLOCKSIZE)
# What keeps a volume from being empty, where an empty one would be filled with files of the image.
_PLACEHOLDER = ".flant_gitops"


def tree(request: Request, owner: Account, dialect: Dialect) -> Iterator[bytes]:
    """Yield a tar to unpack in the working directory: the archive, then the files inside of it; all ``owner``'s.

    Raises:
        Failure: the archive cannot be read, is cut off, or holds what must not go in; the sentence names the member.
    """
    files = {posixpath.relpath(file.path, request.working_dir): file for file in request.files_inside}
    placeholder = _PLACEHOLDER if dialect.image_shapes_volume else ""
    return _Tree(owner, files).chunks(request.archive, request.archive_sha256, if_empty=placeholder)


def folder(name: str, owner: Account) -> list[bytes]:
    """Return a tar with one folder, and those above it; a folder that is there already gets owner and mode."""
    return [*_folders_of_the_engine(name), _header(name, tarfile.DIRTYPE, _FOLDER_MODE, owner), _END]


def single(name: str, file: ExtraFile, owner: Account) -> list[bytes]:
    """Return a tar with one file, and the folders above it."""
    return [*_folders_of_the_engine(name), _file(name, file, owner), _END]


def _folders_of_the_engine(name: str) -> Iterator[bytes]:
    """Yield the folders above ``name``, which are not there yet and belong to root."""
    parts = name.split("/")[:-1]
    for index in range(len(parts)):
        yield _header("/".join(parts[: index + 1]), tarfile.DIRTYPE, _FOLDER_MODE, Account())


class _Tree:
    """What goes to the working directory: the archive, then the files inside of it."""

    def __init__(self, owner: Account, files: Mapping[str, ExtraFile]) -> None:
        self._owner = owner
        self._files = files
        # The names so far, and whether each is a folder.
        self._seen: dict[str, bool] = {}

    def chunks(self, archive: Path | None, sha256: str, *, if_empty: str = "") -> Iterator[bytes]:
        """Yield the tar; it has a folder ``if_empty`` if it has nothing else."""
        if archive:
            try:
                with trusted_file(archive, "archive") as file:
                    once = Once(file, hashed=bool(sha256))
                    yield from self._members(once)
                    found = once.finish()
            except (OSError, tarfile.TarError) as error:
                raise Failure(f"archive: {archive} cannot be read: {error}.") from error
            if found != sha256:
                raise Failure(f"archive_sha256: {archive} has other bytes, whose SHA-256 is {found}.")
        for name, extra in self._files.items():
            yield from self._folders_above(name)
            yield _file(name, extra, self._owner)
        if if_empty and not self._seen and not self._files:
            yield _header(if_empty, tarfile.DIRTYPE, _FOLDER_MODE, self._owner)
        yield _END

    def _members(self, once: Once) -> Iterator[bytes]:
        with tarfile.open(  # type: ignore[call-overload]  # it needs no more of a file than this
            fileobj=once, mode="r:", encoding="utf-8", errors="surrogateescape"
        ) as tar:
            if not tar.members:
                return  # an empty archive, which Python 3.9 cannot go through
            while member := tar.next():
                # It would keep every member in memory otherwise.
                tar.members.clear()
                name = self._checked(member)
                if name != ".":
                    yield from self._folders_above(name)
                    self._seen[name] = member.isdir()
                    yield _header(name, _KINDS[member.type], member.mode & 0o777, self._owner, member)
                    if member.isreg():
                        yield from once.content(member.size)
                        yield _padding(member.size)
                once.skip_to(tar.offset)
            # It takes the end of the file, and anything that is no header, for the end of the archive.
            if once.last != bytes(tarfile.BLOCKSIZE):
                raise tarfile.ReadError("its end is missing")

    def _checked(self, member: tarfile.TarInfo) -> str:
        """Return the member's name in its plain form."""
        shown = f"archive: member {member.name!r}"
        if member.type not in _KINDS or member.issparse():
            raise Failure(f"{shown} is {_WORDS.get(member.type, 'of a kind that is not taken')}.")
        if member.name.startswith("/") or ".." in member.name.split("/") or "\0" in member.name:
            raise Failure(f"{shown} does not stay inside of working_dir.")
        name = posixpath.normpath(member.name)
        if name == "." and not member.isdir():
            raise Failure(f"{shown} stands in the place of working_dir.")
        if name in self._seen and not (self._seen[name] and member.isdir()):
            raise Failure(f"{shown} is there twice.")
        if member.issym() and _climbs_out(posixpath.join(posixpath.dirname(name), member.linkname)):
            raise Failure(f"{shown} is a link to {member.linkname!r}, which is outside of working_dir.")
        for path in self._files:
            if path == name or _is_below(path, name) or (_is_below(name, path) and not member.isdir()):
                raise Failure(f"{shown} is in the way of {path}, which is one of files.")
        return name

    def _folders_above(self, name: str) -> Iterator[bytes]:
        """Yield the folders above ``name`` that were not named yet: those that the engine adds would be root's."""
        missing = []
        while (name := posixpath.dirname(name)) and name not in self._seen:
            missing.append(name)
        if name and not self._seen[name]:
            raise Failure(f"archive: member {name!r} is not a folder, yet others are below it.")
        for folder in reversed(missing):
            self._seen[folder] = True
            yield _header(folder, tarfile.DIRTYPE, _FOLDER_MODE, self._owner)


def _climbs_out(path: str) -> bool:
    """Whether a path that is seen from the root of the tree ends above it; Docker unpacks no link to such a one."""
    return posixpath.normpath(path).split("/")[0] == ".."


def _is_below(folder: str, path: str) -> bool:
    return path.startswith(f"{folder}/")


def _file(name: str, file: ExtraFile, owner: Account) -> bytes:
    header = tarfile.TarInfo(name)
    header.size = len(file.content)
    return _header(name, tarfile.REGTYPE, file.mode, owner, header) + file.content + _padding(header.size)


def _header(name: str, kind: bytes, mode: int, owner: Account, origin: tarfile.TarInfo | None = None) -> bytes:
    """Return a header block; size, target and time are those of ``origin``, so far as they belong to ``kind``."""
    header = tarfile.TarInfo(name)
    header.type = kind
    header.mode = mode
    header.uid, header.gid = owner.uid, owner.gid
    if origin:
        header.size = origin.size if kind == tarfile.REGTYPE else 0
        header.linkname = origin.linkname if kind == tarfile.SYMTYPE else ""
        header.mtime = int(origin.mtime)
    return header.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")


def _padding(size: int) -> bytes:
    return bytes(-size % tarfile.BLOCKSIZE)
