# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Log in, rotate, wrap, revoke."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._vault.approle import Session, log_in
from ansible_collections.flant.gitops.plugins.module_utils._vault.client import connect
from ansible_collections.flant.gitops.plugins.module_utils._vault.custody import MAX_CONNECTIONS, custody
from ansible_collections.flant.gitops.plugins.module_utils._vault.wrapping import WrappedToken, wrap_all

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.plugins.module_utils._vault.client import Client
    from ansible_collections.flant.gitops.plugins.module_utils._vault.custody import Custody
    from ansible_collections.flant.gitops.plugins.module_utils._vault.request import Request


@dataclass(frozen=True)
class Outcome:
    """What the module returns."""

    changed: bool
    tokens: tuple[WrappedToken, ...] = ()
    secret_id_rotated: bool = False
    secret_id_rotate_at: str | None = None
    warnings: tuple[str, ...] = field(default=())

    @property
    def env(self) -> dict[str, str]:
        """The variables that hand the tokens to a process."""
        return {token.request.env: token.token for token in self.tokens}

    def result(self) -> dict[str, object]:
        """Return it as Ansible takes it."""
        return {
            "changed": self.changed,
            "env": self.env,
            "requests": [token.described() for token in self.tokens],
            "secret_id_rotated": self.secret_id_rotated,
            "secret_id_rotate_at": self.secret_id_rotate_at,
        }


def run(request: Request) -> Outcome:
    """Do what ``request`` asks for, all or nothing.

    Raises:
        Failure: something went wrong, and every token that was obtained has been revoked, or the sentence says which
            may be alive.
    """
    warnings = ("vault_addr: tokens cross the network unencrypted, as it is a plain http URL.",)
    with connect(request.server) as client, custody(client) as held:
        session = _log_in(client, request, held)
        tokens: tuple[WrappedToken, ...] = ()
        if not request.check_mode:
            session.require_uses(len(request.requests))
            tokens = wrap_all(session.client, request.requests, held)
        if session.revocable and (request.revoke_login_token or not tokens):
            held.revoke(session.token)
    return Outcome(
        changed=bool(request.requests),
        tokens=tokens,
        warnings=warnings if request.server.overheard else (),
    )


def _log_in(client: Client, request: Request, held: Custody) -> Session:
    login = held.workers.submit(log_in, client, request.approle, request.approle.secret_id, held)
    if not request.check_mode:
        for _ in range(min(len(request.requests), MAX_CONNECTIONS) - 1):
            held.workers.submit(client.open_connection)
    return login.result()
