# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The tree and the extra files on their way into a container, as tar streams whose every member was looked at.

The engine unpacks as root of the host, though inside of the container's root. So only plain files, folders and
symbolic links go through, no name stands for two of them, and all lie below folders only.
"""

from __future__ import annotations

import posixpath
import tarfile
from typing import TYPE_CHECKING, BinaryIO

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from ansible_collections.flant.gitops.plugins.module_utils._container.account import Account
    from ansible_collections.flant.gitops.plugins.module_utils._container.request import ExtraFile

_CHUNK = 1 << 18
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
_END = bytes(2 * tarfile.BLOCKSIZE)


class TreeStream:
    """The tar that is put at the working directory: its own owner and mode, the archive, then files inside of it."""

    def __init__(self, working_dir: str, owner: Account, files: Sequence[ExtraFile]) -> None:
        """Take what is to be ``owner``'s; ``files`` may lie anywhere, those outside of ``working_dir`` are left out."""
        self._root = f"../{posixpath.basename(working_dir)}"
        self._owner = owner
        self._files = {
            posixpath.relpath(file.path, working_dir): file for file in files if _is_below(file, working_dir)
        }
        # The names so far, and whether each is a folder.
        self._seen: dict[str, bool] = {}

    def chunks(self, archive: Path | None) -> Iterator[bytes]:
        """Yield the stream.

        Raises:
            Failure: the archive cannot be read, is cut off, or holds what must not go in; the member is named.
        """
        # Engines skip "./", and cannot write beside the volume where the container's root is read-only.
        yield self._header(self._root, tarfile.DIRTYPE, 0o755)
        if archive:
            try:
                with archive.open("rb") as file:
                    yield from self._tree(file)
            except (OSError, tarfile.TarError) as error:
                raise Failure(f"archive: {archive} cannot be read: {error}.") from error
        for name, extra in self._files.items():
            yield from self._parents(name)
            yield _file(name, extra, self._owner)
        yield _END

    def _tree(self, file: BinaryIO) -> Iterator[bytes]:
        with tarfile.open(fileobj=file, mode="r:", encoding="utf-8", errors="surrogateescape") as tar:
            while member := tar.next():
                # It would keep every member in memory otherwise.
                tar.members.clear()  # type: ignore[attr-defined]  # the documented way to free them is to reopen
                yield from self._member(member, file)
            file.seek(tar.offset)
            if file.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
                raise tarfile.ReadError("its end is missing")

    def _member(self, member: tarfile.TarInfo, file: BinaryIO) -> Iterator[bytes]:
        name = self._checked(member)
        if name == ".":
            return
        yield from self._parents(name)
        self._seen[name] = member.isdir()
        yield self._header(name, _KINDS[member.type], member.mode & 0o777, member)
        if member.isreg():
            yield from _content(file, member.offset_data, member.size)

    def _checked(self, member: tarfile.TarInfo) -> str:
        """Return the member's name in its plain form."""
        if member.type not in _KINDS or member.issparse():
            raise Failure(f"archive: member {member.name!r} is {_WORDS.get(member.type, 'of an unknown type')}.")
        if member.name.startswith("/") or ".." in member.name.split("/") or "\0" in member.name:
            raise Failure(f"archive: member {member.name!r} does not stay inside of working_dir.")
        name = posixpath.normpath(member.name)
        if name == "." and not member.isdir():
            raise Failure(f"archive: member {member.name!r} stands in the place of working_dir.")
        if name in self._seen and not (self._seen[name] and member.isdir()):
            raise Failure(f"archive: member {member.name!r} is there twice.")
        for path in self._files:
            if path == name or (path.startswith(f"{name}/") and not member.isdir()):
                raise Failure(f"archive: member {member.name!r} is in the way of {path}, which is one of files.")
        return name

    def _parents(self, name: str) -> Iterator[bytes]:
        """Yield the folders above ``name`` that nothing has named yet: the engine's own would belong to root."""
        missing = []
        while (name := posixpath.dirname(name)) and name not in self._seen:
            missing.append(name)
        if name and not self._seen[name]:
            raise Failure(f"archive: {name!r} is no folder, yet members stand below it.")
        for folder in reversed(missing):
            self._seen[folder] = True
            yield self._header(folder, tarfile.DIRTYPE, 0o755)

    def _header(self, name: str, kind: bytes, mode: int, origin: tarfile.TarInfo | None = None) -> bytes:
        header = _new(name, kind, mode, self._owner)
        if origin:
            header.size = origin.size if kind == tarfile.REGTYPE else 0
            header.linkname = origin.linkname if kind == tarfile.SYMTYPE else ""
            header.mtime = int(origin.mtime)
        return _encoded(header)


def outside(files: Iterable[ExtraFile], working_dir: str, owner: Account) -> bytes:
    """Return the tar that is put at ``/``: the files outside of ``working_dir``; empty where there are none."""
    members = [_file(file.path[1:], file, owner) for file in files if not _is_below(file, working_dir)]
    return b"".join((*members, _END)) if members else b""


def _is_below(file: ExtraFile, working_dir: str) -> bool:
    return file.path.startswith(f"{working_dir}/")


def _file(name: str, file: ExtraFile, owner: Account) -> bytes:
    header = _new(name, tarfile.REGTYPE, file.mode, owner)
    header.size = len(file.content)
    return _encoded(header) + file.content + _padding(header.size)


def _new(name: str, kind: bytes, mode: int, owner: Account) -> tarfile.TarInfo:
    header = tarfile.TarInfo(name)
    header.type = kind
    header.mode = mode
    header.uid, header.gid = owner.uid, owner.gid
    return header


def _encoded(header: tarfile.TarInfo) -> bytes:
    return header.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")


def _content(file: BinaryIO, offset: int, size: int) -> Iterator[bytes]:
    file.seek(offset)
    left = size
    while left:
        chunk = file.read(min(left, _CHUNK))
        if not chunk:
            raise tarfile.ReadError("unexpected end of data")
        left -= len(chunk)
        yield chunk
    yield _padding(size)


def _padding(size: int) -> bytes:
    return bytes(-size % tarfile.BLOCKSIZE)
