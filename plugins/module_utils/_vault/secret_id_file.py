# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The file that keeps the current secret-id, and those beside it while the secret-id is being replaced.

For a file ``X``: ``X.new`` holds the next secret-id until it has been proved, ``X.old`` the last one until it has been
destroyed, ``X.rotation`` how long the one in ``X`` lives, and ``X.lock`` is locked by whoever uses any of them.
Whenever a writer is killed, ``X`` is whole, and what is in ``X.new`` or ``X.old`` tells what is left to end.

The directory is one in which only root and we can put files, and all are reached through its descriptor. What lies
there all the same and is not ours is not believed, and never written to: a new file takes its place.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import math
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils import _private_file
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._trusted_path import trusted_directory

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST = 4096
_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH
_READABLE_BY_OTHERS = stat.S_IRGRP | stat.S_IROTH


@dataclass(frozen=True)
class Stored:
    """What the file holds.

    Attributes:
        secret_id: empty if the file is.
        written: when, in seconds since the epoch.
        ttl: the seconds that the server lets it live from then on (``inf``: without limit); None: not known, as it did
            not come from a rotation.
        exposed: whether other users can read it.
    """

    secret_id: str = field(repr=False)
    written: float
    ttl: float | None
    exposed: bool


@contextlib.contextmanager
def opened(path: Path) -> Iterator[SecretIdFile]:
    """Yield the file ``path``, which need not exist; every other run is kept away from it, or waited for.

    Raises:
        Failure: its directory does not exist, or others could put files there; it cannot be locked.
    """
    with contextlib.ExitStack() as stack:
        directory = stack.enter_context(trusted_directory(path.parent, "secret_id_file"))
        file = SecretIdFile(path, directory)
        with _explained(path.with_name(f"{path.name}.lock"), "locked"):
            stack.enter_context(_private_file.lock(Path(f"{path.name}.lock"), dir_fd=directory))
        yield file


class SecretIdFile:
    """The file ``path`` and its companions.

    Every method raises Failure when the file system does not let it do its work; the sentence names the file.
    """

    def __init__(self, path: Path, directory: int) -> None:
        """Take the path that the operator gave as ``secret_id_file``, and a descriptor of its directory."""
        self.path = path
        self._directory = directory
        self._new = self._companion("new")
        self._old = self._companion("old")
        self._rotation = self._companion("rotation")

    def read(self) -> Stored | None:
        """Return what the file holds; None: there is no file."""
        found = self._content(self.path)
        if found is None:
            return None
        secret_id, status = found
        exposed = bool(status.st_mode & _READABLE_BY_OTHERS)
        return Stored(secret_id, status.st_mtime, self._ttl_of(secret_id), exposed)

    def staged(self) -> str:
        """Return the secret-id that a rotation has not come to put into the file; empty: there is none."""
        return self._peek(self._new)

    def superseded(self) -> str:
        """Return the secret-id that a rotation has not come to destroy; empty: there is none."""
        return self._peek(self._old)

    def stage(self, secret_id: str) -> None:
        """Remember a new secret-id beside the file."""
        self._write(self._new, secret_id)

    def prepare(self, old: str, ttl: float, given: str = "") -> None:
        """Remember that ``old`` is to be destroyed, and how many seconds the staged secret-id lives.

        Where ``old`` is the one that the operator has ``given``, that is remembered until another one is.
        """
        spent = given and (given == old or self.is_spent(given))
        self._write(self._old, old)
        record = {
            "sha256": _digest(self.staged()),
            "ttl": None if math.isinf(ttl) else ttl,
            "spent": _digest(given) if spent else None,
        }
        self._write(self._rotation, json.dumps(record))

    def is_spent(self, secret_id: str) -> bool:
        """Say whether a rotation has destroyed ``secret_id``, or was about to."""
        return self._record().get("spent") == _digest(secret_id)

    def promote(self) -> None:
        """Put the staged secret-id into the file, at once or not at all."""
        with _explained(self.path, "replaced"):
            os.replace(self._new.name, self.path.name, src_dir_fd=self._directory, dst_dir_fd=self._directory)

    def sync(self) -> None:
        """Make durable what `promote` did."""
        with _explained(self.path.parent, "synchronised"):
            _private_file.sync_directory(self._directory)

    def forget_staged(self) -> None:
        """Remove the staged secret-id."""
        self._remove(self._new)

    def forget_superseded(self) -> None:
        """Remove the old secret-id, which has been destroyed."""
        self._remove(self._old)

    def _companion(self, suffix: str) -> Path:
        return self.path.with_name(f"{self.path.name}.{suffix}")

    def _peek(self, path: Path) -> str:
        found = self._content(path)
        return found[0] if found else ""

    def _content(self, path: Path) -> tuple[str, os.stat_result] | None:
        with _explained(path, "read"):
            try:
                descriptor = _private_file.open_regular(Path(path.name), dir_fd=self._directory)
            except FileNotFoundError:
                return None
            with os.fdopen(descriptor, "rb") as file:
                status = os.fstat(descriptor)
                content = file.read(_LONGEST)
        if status.st_uid != os.geteuid() or status.st_mode & _WRITABLE_BY_OTHERS:
            raise Failure(
                f"secret_id_file: {path} can be written by others; it needs mode 0600 and the task's user as owner."
            )
        # A file system that lost power may give back a file full of zeros.
        return content.decode("utf-8", "replace").strip(" \t\r\n\0"), status

    def _ttl_of(self, secret_id: str) -> float | None:
        record = self._record()
        ttl = record.get("ttl", "")
        if record.get("sha256") != _digest(secret_id) or not isinstance(ttl, (int, float, type(None))):
            return None
        return math.inf if ttl is None else float(ttl)

    def _record(self) -> dict[str, object]:
        try:
            record = json.loads(self._peek(self._rotation))
        except ValueError:
            return {}
        return record if isinstance(record, dict) else {}

    def _write(self, path: Path, text: str) -> None:
        # Not by way of a temporary file: killed at the wrong time, that would leave a secret-id which nothing ends.
        self._remove(path)  # whoever has the old one open sees nothing of the new one
        with _explained(path, "written"):
            with os.fdopen(
                _private_file.create(Path(path.name), dir_fd=self._directory), "w", encoding="utf-8"
            ) as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            _private_file.sync_directory(self._directory)

    def _remove(self, path: Path) -> None:
        with _explained(path, "removed"):
            _private_file.remove(Path(path.name), dir_fd=self._directory)


def _digest(secret_id: str) -> str:
    return hashlib.sha256(secret_id.encode()).hexdigest()


@contextlib.contextmanager
def _explained(path: Path, done: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = "it is a symbolic link" if error.errno == errno.ELOOP else error.strerror
        raise Failure(f"secret_id_file: {path} cannot be {done}: {reason}.") from None
