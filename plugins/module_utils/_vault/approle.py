# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Logging in by AppRole.

Protocol: https://openbao.org/api-docs/auth/approle/
"""

from __future__ import annotations

import math
import re
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._vault import witness
from ansible_collections.flant.gitops.plugins.module_utils._vault.login import Entry, session_of
from ansible_collections.flant.gitops.plugins.module_utils._vault.options import DAY, bounded_duration, mount_point
from ansible_collections.flant.gitops.plugins.module_utils._vault.reply import Rejected

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ansible_collections.flant.gitops.plugins.module_utils._vault.client import Client
    from ansible_collections.flant.gitops.plugins.module_utils._vault.custody import Custody
    from ansible_collections.flant.gitops.plugins.module_utils._vault.errand import Errand
    from ansible_collections.flant.gitops.plugins.module_utils._vault.login import Session
    from ansible_collections.flant.gitops.plugins.module_utils._vault.wrapped_secret_id import WrappedSecretId

_ROLE_NAME = re.compile(r"\w[\w.-]*", re.ASCII)
_NOT_ACCEPTED = 400
_KNOWN_WITHIN = 5.0  # seconds in which every server of a cluster has learnt of what one of them has made
_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 0.5  # seconds between two looks; before the second login the longest
_FORBIDDEN = 403
_DEAD = "Either has ended or is another role's; create a new secret-id and give it as secret_id."
_LOCKED = (
    "After a few failed logins, which anybody can send who knows the role_id, a role is locked for 15 minutes; as a "
    "secret-id cannot be guessed, that is best switched off: auth tune -user-lockout-disable=true {}."
)


@dataclass(frozen=True)
class AppRole:
    """Who logs in; ``mount_point`` is without ``auth/``, ``secret_id_ttl`` in seconds (``inf``: not limited).

    ``mount_option`` is the option that the mount point is, or would be, given by.
    """

    mount_point: str
    mount_option: str
    role_name: str
    role_id: str
    secret_id: str = field(repr=False)
    secret_id_file: Path | None
    secret_id_ttl: float
    wrapped_secret_id_file: Path | None
    metadata: Mapping[str, str]

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> AppRole:
        """Make it of the module's parameters.

        Raises:
            Failure: a parameter is not valid; the sentence names it.
        """
        mount_option = _mount_option(params)
        ttl = params["secret_id_ttl"]
        secret_id_file, wrapped = (
            Path(params[option]) if params[option] else None for option in ("secret_id_file", "wrapped_secret_id_file")
        )
        approle = cls(
            mount_point=mount_point(params[mount_option] or "approle", mount_option),
            mount_option=mount_option,
            role_name=params["role_name"] or "",
            role_id=(params["role_id"] or "").strip(),
            secret_id=(params["secret_id"] or "").strip(),
            secret_id_file=secret_id_file,
            secret_id_ttl=_lifetime(ttl) if ttl else math.inf,
            wrapped_secret_id_file=wrapped,
            metadata=witness.check(params["metadata"] or {}),
        )
        if not approle.role_id:
            raise Failure("role_id: it must not be empty.")
        if approle.role_name and not _ROLE_NAME.fullmatch(approle.role_name):
            raise Failure(f"role_name: {approle.role_name!r} is not the name of an AppRole.")
        if secret_id_file and not approle.role_name:
            raise Failure("role_name: it is needed to rotate the secret-id in secret_id_file.")
        if approle.metadata and not approle.role_name:
            raise Failure("role_name: it is needed for metadata.")
        if ttl and not secret_id_file:
            raise Failure("secret_id_ttl: it needs secret_id_file, where a rotated secret-id is kept.")
        if wrapped and not secret_id_file:
            raise Failure("wrapped_secret_id_file: it needs secret_id_file, where the secret-id is kept from then on.")
        if wrapped and approle.secret_id:
            raise Failure("wrapped_secret_id_file: secret_id is for the same; give one of the two.")
        if not secret_id_file and not approle.secret_id:
            raise Failure("secret_id: it or secret_id_file must be given.")
        return approle

    def enter(self, errand: Errand) -> Entry:
        """Log in with the secret-id that is given, or with that in the file, which is replaced when that is due.

        Raises:
            Failure: no secret-id is accepted, it cannot be replaced, or the server cannot be asked.
        """
        if not self.secret_id_file:
            return errand.make(partial(self._enter_once, errand))
        from ansible_collections.flant.gitops.plugins.module_utils._vault.rotation import Rotation
        from ansible_collections.flant.gitops.plugins.module_utils._vault.secret_id_file import opened

        with opened(self.secret_id_file) as file:
            rotation = Rotation(errand.client, self, file, errand.custody, errand.warnings, self._wrapped())
            # Told to stop, a rotation is completed or undone before the lock is let go.
            enter = partial(rotation.enter, self._calls(errand), check_mode=errand.check_mode)
            return errand.make(lambda: self._witnessed(errand, enter()), to_its_end=True)

    def log_in(self, client: Client, secret_id: str, source: str, custody: Custody) -> Session:
        """Log in with ``secret_id``, which ``source`` names in a sentence, and enter the token into ``custody``.

        Raises:
            Rejected: the server does not accept the ids.
            Failure: it cannot be asked.
        """
        body = {"role_id": self.role_id, "secret_id": secret_id}
        try:
            reply = client.login(self.mount_point, f"role_id and {source}", body)
        except Rejected as rejected:
            advice = {_NOT_ACCEPTED: _DEAD, _FORBIDDEN: _LOCKED.format(self.mount_point)}
            raise rejected.because(advice.get(rejected.status, "")) from None
        return session_of(reply, client, custody, issuer="The AppRole", mount_option=self.mount_option)

    def log_in_anew(self, client: Client, maker: Session, secret_id: str, custody: Custody) -> Session:
        """Log in with a secret-id that the login ``maker`` has just made, once the server has heard of it.

        Raises:
            Rejected: the server does not accept it.
            Failure: it cannot be asked.
        """
        self._await_known(client, maker, secret_id)
        try:
            return self.log_in(client, secret_id, "a new secret-id", custody)
        except Rejected as rejected:
            if rejected.status != _NOT_ACCEPTED or client.halt.wait(_LONGEST_PAUSE):
                raise
            return self.log_in(client, secret_id, "a new secret-id", custody)

    def _await_known(self, client: Client, maker: Session, secret_id: str) -> None:
        """Wait until the server that answers us knows a new secret-id, which another one may have made.

        A standby or a load balancer does not know it at once, and a failed login counts towards the role's lockout; to
        look it up does not. Where a login has few uses, all of which have their purpose, nothing is looked up.
        """
        if maker.uses:
            return
        end, pause = time.monotonic() + _KNOWN_WITHIN, _FIRST_PAUSE
        while not maker.client.look_up_secret_id(self, secret_id).section("data"):
            if time.monotonic() >= end or client.halt.wait(pause):
                return
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _wrapped(self) -> WrappedSecretId | None:
        if not self.wrapped_secret_id_file:
            return None
        from ansible_collections.flant.gitops.plugins.module_utils._vault.wrapped_secret_id import WrappedSecretId

        return WrappedSecretId(self.wrapped_secret_id_file)

    def _enter_once(self, errand: Errand) -> Entry:
        session = self.log_in(errand.client, self.secret_id, "secret_id", errand.custody)
        session.require_uses(self._calls(errand))
        return self._witnessed(errand, Entry(session, math.inf, secret_id=self.secret_id))

    def _is_witnessed(self, errand: Errand) -> bool:
        return bool(self.metadata) and errand.calls > 0

    def _calls(self, errand: Errand) -> int:
        """Return how many calls the first login is for."""
        return witness.CALLS if self._is_witnessed(errand) else errand.calls

    def _witnessed(self, errand: Errand, entry: Entry) -> Entry:
        return witness.enter(self, errand, entry) if self._is_witnessed(errand) else entry


def _lifetime(text: str) -> float:
    return bounded_duration(text, "secret_id_ttl", shortest=120, longest=36525 * DAY)


def _mount_option(params: Mapping[str, Any]) -> str:
    if not params["auth_mount_point"]:
        return "approle_mount_point"
    if params["approle_mount_point"]:
        raise Failure("auth_mount_point: approle_mount_point says the same; give one of the two.")
    return "auth_mount_point"
