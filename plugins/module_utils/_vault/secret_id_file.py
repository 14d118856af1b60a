# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The file that keeps the current secret-id, and those beside it while the secret-id is being replaced.

For a file ``X``: ``X.new`` holds the next secret-id until it has been proved, ``X.old`` the last one until it has been
destroyed, ``X.rotation`` how long the one in ``X`` lives, and ``X.lock`` is locked by whoever uses any of them.
Whenever a writer is killed, ``X`` is whole, and what is in ``X.new`` or ``X.old`` tells what is left to end.
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
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils import _private_file
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

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


class SecretIdFile:
    """The file ``path`` and its companions.

    Every method raises Failure when the file system does not let it do its work; the sentence names the file.
    """

    def __init__(self, path: Path) -> None:
        """Take the path that the operator gave as ``secret_id_file``."""
        self.path = path
        self._new = self._companion("new")
        self._old = self._companion("old")
        self._rotation = self._companion("rotation")

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Keep every other run away from the file; waits for the one that has it."""
        lock = self._companion("lock")
        with contextlib.ExitStack() as stack:
            with _explained(lock, "locked"):
                stack.enter_context(_private_file.lock(lock))
            yield

    def read(self) -> Stored | None:
        """Return what the file holds; None: there is no file."""
        with _explained(self.path, "read"), contextlib.ExitStack() as stack:
            try:
                file = stack.enter_context(_open_for_reading(self.path))
            except FileNotFoundError:
                return None
            status = os.fstat(file.fileno())
            secret_id = _secret_id(file)
        if status.st_uid != os.geteuid() or status.st_mode & _WRITABLE_BY_OTHERS:
            raise Failure(f"secret_id_file: {self.path} may be written by other users; it must be mode 0600 and ours.")
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

    def prepare(self, old: str, ttl: float) -> None:
        """Remember that ``old`` is to be destroyed, and how many seconds the staged secret-id lives."""
        self._write(self._old, old)
        record = {"sha256": _digest(self.staged()), "ttl": None if math.isinf(ttl) else ttl}
        self._write(self._rotation, json.dumps(record))

    def promote(self) -> None:
        """Put the staged secret-id into the file, at once or not at all."""
        with _explained(self.path, "replaced"):
            self._new.replace(self.path)

    def sync(self) -> None:
        """Make durable what `promote` did."""
        with _explained(self.path.parent, "synchronised"):
            _private_file.sync_directory(self.path.parent)

    def forget_staged(self) -> None:
        """Remove the staged secret-id."""
        _remove(self._new)

    def forget_superseded(self) -> None:
        """Remove the old secret-id, which has been destroyed."""
        _remove(self._old)

    def _companion(self, suffix: str) -> Path:
        return self.path.with_name(f"{self.path.name}.{suffix}")

    def _peek(self, path: Path) -> str:
        try:
            with _explained(path, "read"), _open_for_reading(path) as file:
                return _secret_id(file)
        except FileNotFoundError:
            return ""

    def _ttl_of(self, secret_id: str) -> float | None:
        try:
            record = json.loads(self._peek(self._rotation))
            known, ttl = record["sha256"], record["ttl"]
        except (ValueError, TypeError, KeyError):
            return None
        if known != _digest(secret_id) or not isinstance(ttl, (int, float, type(None))):
            return None
        return math.inf if ttl is None else float(ttl)

    def _write(self, path: Path, text: str) -> None:
        # Not by way of a temporary file: killed at the wrong time, that would leave a secret-id which nothing ends.
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        with _explained(path, "written"):
            with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            _private_file.sync_directory(path.parent)


def _open_for_reading(path: Path) -> BinaryIO:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is no regular file")
    return os.fdopen(descriptor, "rb")


def _secret_id(file: BinaryIO) -> str:
    # A file system that lost power may give back a file full of zeros.
    return file.read(_LONGEST).decode("utf-8", "replace").strip(" \t\r\n\0")


def _digest(secret_id: str) -> str:
    return hashlib.sha256(secret_id.encode()).hexdigest()


def _remove(path: Path) -> None:
    with _explained(path, "removed"):
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def _explained(path: Path, done: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        if path.parent.is_dir():
            raise
        raise Failure(f"secret_id_file: the directory {path.parent} does not exist.") from None
    except OSError as error:
        reason = "it is a symbolic link" if error.errno == errno.ELOOP else error.strerror
        raise Failure(f"secret_id_file: {path} cannot be {done}: {reason}.") from None
