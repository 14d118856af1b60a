# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The folder that is kept between runs: a bare repository, and nobody's but ours."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._git import environment
from ansible_collections.flant.gitops.plugins.module_utils._git.names import is_object_id
from ansible_collections.flant.gitops.plugins.module_utils._private_file import lock
from ansible_collections.flant.gitops.plugins.module_utils._trusted_path import Missing, trusted_directory

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCK = "lock"
ACCEPTED = "accepted"
"""The file that says what was accepted of what is here; it bears the time that the folder of packs had then."""

LIMIT = 256 << 20
"""Bytes that a poll may bring here before it has accepted them."""

UNFILTERED = "unfiltered"
_REFS = "refs/flant_gitops"
BRANCH = f"{_REFS}/branch"
SIGNATURES = f"{_REFS}/signatures"
"""Where the branch and the signatures ref are kept."""

WHOLE = f"{_REFS}/whole"
FOLDERS = f"{_REFS}/folders"
"""The last commit whose tree is all here, and the last commit of notes whose folders all are."""

REFS = (BRANCH, SIGNATURES, WHOLE, FOLDERS)
"""All refs there are."""

POLLING = "poll"
"""The branch that HEAD names: there is none, but git's configuration can say of it what is fetched."""

_HEAD = f"ref: refs/heads/{POLLING}\n".encode()


class Cache(NamedTuple):
    """A locked cache folder; ``path`` is the bare repository, once there is one."""

    path: Path

    @property
    def home(self) -> Path:
        """The folder that git takes for the user's home."""
        return self.path / "home"

    @property
    def attributes(self) -> Path:
        """The attributes that overrule those of commits; the last file a new repository gets."""
        return self.path / "info" / "attributes"

    @property
    def ready(self) -> bool:
        """Whether the repository has been created, to its end."""
        return self.attributes.exists()

    def prepare_home(self, access: environment.Access) -> None:
        """Make git's home what ``access`` needs it to be."""
        self.home.mkdir(mode=0o700, exist_ok=True)
        configuration = self.home / ".gitconfig"
        content = environment.global_configuration(access)
        if not configuration.exists() or configuration.read_bytes() != content:
            configuration.write_bytes(content)
        for name, target in (
            (environment.SSH_KEY, access.ssh_key_file),
            (environment.SSH_KNOWN_HOSTS, access.ssh_known_hosts_file),
        ):
            _link(self.home / name, target)

    def ref(self, name: str) -> str:
        """Return the id that a ref of ours holds, or nothing if there is none; such refs are never packed."""
        try:
            return (self.path / name).read_text("ascii").strip()
        except FileNotFoundError:
            return ""

    def prepare_refs(self) -> None:
        """Leave no ref but ours, each a file with an id, whatever an earlier fetch or a power failure has left.

        A fetch fails on a folder where a ref belongs and on a ref without an id, and so could never mend them itself.
        """
        head = self.path / "HEAD"
        if not head.exists() or head.read_bytes() != _HEAD:
            head.write_bytes(_HEAD)
        folder = self.path / _REFS
        for entry in folder.iterdir() if folder.is_dir() else ():
            if not _is_ref(entry):
                remove(entry)

    @property
    def filtered(self) -> bool:
        """Whether fetches leave trees and blobs on the server."""
        return not (self.path / UNFILTERED).exists()


@contextlib.contextmanager
def opened(path: Path, marker: str) -> Iterator[Cache]:
    """Yield the cache at ``path``, locked against other runs and rid of what killed ones left.

    The folder is created where it is missing. One that exists is taken only if nobody else can write to it, and if
    it is empty or holds the file ``marker``: a repository of somebody else's may run commands as us.

    Raises:
        Failure: the folder is not ours, or cannot be created.
    """
    with trusted_directory(path, "git_dir", create=True) as directory, _locked(path, directory, marker):
        clear(path)
        try:
            yield Cache(path)
        except BaseException:
            clear(path)
            raise


def found(path: Path, marker: str) -> bool:
    """Tell whether there is a cache at ``path``, which is left as it is.

    Raises:
        Failure: the folder is not ours.
    """
    try:
        with trusted_directory(path, "git_dir") as directory:
            _refuse_strangers(path, os.fstat(directory), marker)
    except Missing:
        return False
    return True


def clear(path: Path) -> None:
    """Remove what a process that was killed has left in the repository ``path``, which nobody uses now."""
    files = [*path.glob(".*"), *path.glob("*.lock"), *(path / "refs").rglob("*.lock")]
    packs = path / "objects" / "pack"
    for pattern in ("*.lock", "*.keep", "tmp_*", ".*"):
        files += packs.glob(pattern)
    for file in files:
        file.unlink()


def remove(entry: Path) -> None:
    """Remove a file, a link, or a folder with all that is in it."""
    import shutil

    shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()


def _is_ref(entry: Path) -> bool:
    known = f"{_REFS}/{entry.name}" in REFS
    return known and stat.S_ISREG(entry.lstat().st_mode) and is_object_id(entry.read_text("ascii", "replace").strip())


@contextlib.contextmanager
def _locked(path: Path, directory: int, marker: str) -> Iterator[None]:
    _refuse_strangers(path, os.fstat(directory), marker)
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(lock(Path(LOCK), dir_fd=directory))
        except OSError as error:
            raise Failure(f"git_dir: {path / LOCK} cannot be used: {error.strerror}.") from None
        yield


def _refuse_strangers(path: Path, status: os.stat_result, marker: str) -> None:
    if status.st_uid != os.geteuid():
        raise Failure(f"git_dir: {path} belongs to another user, who could make git run anything.")
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise Failure(f"git_dir: {path} can be written to by others than its owner, who could make git run anything.")
    names = {entry.name for entry in path.iterdir() if not entry.name.startswith(f".{marker}.")}
    if marker not in names and not names <= {LOCK}:  # another run may be about to write its marker, or was killed then
        raise Failure(f"git_dir: {path} is neither empty nor a folder that this module has made.")


def _link(name: Path, target: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        if str(name.readlink()) == target:
            return
        name.unlink()
    if target:
        name.symlink_to(target)
