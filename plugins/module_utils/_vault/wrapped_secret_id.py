# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The first secret-id, handed out as a token in a file that can be unwrapped once.

Whoever unwraps it first has the secret-id, so a token that somebody else has used is an alarm. For a file ``X``,
``X.begun`` holds the digest of a token that we are about to use: with it, what cannot be unwrapped any more was cut off
here, and without it that was somebody else. Both files are removed once the secret-id is in its own.

Protocol: https://openbao.org/docs/concepts/response-wrapping/
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils import _private_file
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._printable import printable
from ansible_collections.flant.gitops.plugins.module_utils._trusted_path import (
    Missing,
    trusted_directory,
    trusted_file,
)
from ansible_collections.flant.gitops.plugins.module_utils._vault.reply import Rejected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.flant.gitops.plugins.module_utils._vault.approle import AppRole
    from ansible_collections.flant.gitops.plugins.module_utils._vault.client import Client

_OPTION = "wrapped_secret_id_file"
_LONGEST = 4096
_TOKEN = re.compile(r"[!-~]+")
_UNKNOWN = frozenset({400, 403})  # what a server answers about a token that has been used or has expired


class WrappedSecretId:
    """The file ``path`` with the wrapping token, and its companion.

    Every method raises Failure when the file system does not let it do its work; the sentence names the file.
    """

    def __init__(self, path: Path) -> None:
        """Take the path that the operator gave as ``wrapped_secret_id_file``; there need not be a file."""
        self.path = path
        self._begun = path.with_name(f"{path.name}.begun")

    def token(self) -> str:
        """Return the token; empty: there is no file.

        Raises:
            Failure: others could read or change the file, or it holds no token.
        """
        try:
            with trusted_file(self.path, _OPTION, secret=True) as file:
                token = file.read(_LONGEST).decode("ascii", "replace").strip()
        except Missing:
            return ""
        if not _TOKEN.fullmatch(token):
            raise Failure(f"{_OPTION}: {self.path} does not hold a token and nothing else.")
        return token

    def check(self, client: Client, approle: AppRole, token: str) -> None:
        """See that ``token`` can still be unwrapped, to a secret-id of ``approle``.

        Raises:
            Failure: it cannot, which is an alarm unless we have begun to; or it wraps something else.
        """
        try:
            reply = client.look_up_wrapping(token, f"the token in {self.path}")
        except Rejected as rejected:
            raise self._lost(rejected, approle, interrupted=self._is_begun(token)) from None
        creation_path = reply.section("data").text("creation_path")
        expected = f"auth/{approle.mount_point}/role/{approle.role_name}/secret-id"
        if creation_path.strip("/") != expected:
            raise Failure(
                f"{_OPTION}: the token in {self.path} wraps what came of {printable(creation_path)!r}, and not of "
                f"{expected}; it may have been exchanged on its way."
            )

    def unwrap(self, client: Client, approle: AppRole, token: str) -> str:
        """Return the secret-id that ``token`` unwraps to.

        Raises:
            Failure: it cannot be unwrapped any more, or may have been without our hearing of it.
        """
        self.check(client, approle, token)
        self._begin(token)
        try:
            reply = client.unwrap(token, f"the token in {self.path}")
        except Rejected as rejected:
            if rejected.status in _UNKNOWN:  # somebody else came in between, which is to be an alarm from now on
                self._remove(self._begun)
            raise self._lost(rejected, approle, interrupted=False) from None
        secret_id = reply.section("data").text("secret_id")
        if not secret_id:
            raise Failure(f"{_OPTION}: the token in {self.path} wraps no secret-id.")
        return secret_id

    def finish(self) -> None:
        """Remove what is left of a token that has been unwrapped, now that the secret-id is in its own file."""
        begun = self._begun_with()
        if not begun:
            return
        if _digest(self.token()) == begun:  # or else it is a new one
            self._remove(self.path)
        self._remove(self._begun)

    def _lost(self, rejected: Rejected, approle: AppRole, *, interrupted: bool) -> Failure:
        if rejected.status not in _UNKNOWN:
            return rejected
        if interrupted:
            return Failure(
                f"{_OPTION}: a run that was cut off has unwrapped the token in {self.path}, or it has expired since; "
                "ask for a new one."
            )
        return Failure(
            f"{_OPTION}: the token in {self.path} cannot be unwrapped any more, and no run here has done so: it has "
            "expired, or somebody else has unwrapped it and has the secret-id; unless you know that it has expired, "
            f"destroy the secret-ids of {approle.role_name!r} that were made for this host and find out who could read "
            "the token, before you ask for a new one."
        )

    def _is_begun(self, token: str) -> bool:
        """Say whether a run here was about to unwrap ``token``."""
        return self._begun_with() == _digest(token)

    def _begin(self, token: str) -> None:
        """Make durable that ``token`` is about to be unwrapped."""
        with self._directory() as directory, _explained(self._begun, "written"):
            name = Path(self._begun.name)
            _private_file.remove(name, dir_fd=directory)  # of an earlier token
            with os.fdopen(_private_file.create(name, dir_fd=directory), "wb") as file:
                file.write(_digest(token))
                file.flush()
                os.fsync(file.fileno())
            _private_file.sync_directory(directory)

    def _remove(self, path: Path) -> None:
        with self._directory() as directory, _explained(path, "removed"):
            _private_file.remove(Path(path.name), dir_fd=directory)

    def _begun_with(self) -> bytes:
        name = Path(self._begun.name)
        with contextlib.suppress(Missing), self._directory() as directory, _explained(self._begun, "read"):
            try:
                descriptor = _private_file.open_regular(name, dir_fd=directory)
            except FileNotFoundError:
                return b""
            with os.fdopen(descriptor, "rb") as file:
                return file.read(_LONGEST)
        return b""

    def _directory(self) -> contextlib.AbstractContextManager[int]:
        return trusted_directory(self.path.parent, _OPTION)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).hexdigest().encode()


@contextlib.contextmanager
def _explained(path: Path, done: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Failure(f"{_OPTION}: {path} cannot be {done}: {error.strerror}.") from None
