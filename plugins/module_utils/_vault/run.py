# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Log in, rotate, wrap, revoke; or end the tokens of an earlier call."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._timestamp import iso8601
from ansible_collections.flant.gitops.plugins.module_utils._vault.client import connect
from ansible_collections.flant.gitops.plugins.module_utils._vault.custody import custody
from ansible_collections.flant.gitops.plugins.module_utils._vault.errand import Errand
from ansible_collections.flant.gitops.plugins.module_utils._vault.request import Revocable
from ansible_collections.flant.gitops.plugins.module_utils._vault.revocation import revoke
from ansible_collections.flant.gitops.plugins.module_utils._vault.wrapping import WrappedToken, wrap_all
from ansible_collections.flant.gitops.plugins.module_utils._workers import result_of

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.plugins.module_utils._vault.login import Method, Session
    from ansible_collections.flant.gitops.plugins.module_utils._vault.request import Request

_OVERHEARD = "vault_addr: it is plain http, so tokens and secret-ids cross the network unencrypted."


@dataclass(frozen=True)
class Outcome:
    """What the module returns."""

    changed: bool
    tokens: tuple[WrappedToken, ...] = ()
    secret_id_rotated: bool = False
    secret_id_rotate_at: str | None = None
    login: Session | None = None
    used: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def env(self) -> dict[str, str]:
        """The variables that hand the tokens to a process."""
        return {token.request.env: token.token for token in self.tokens}

    @property
    def revocable(self) -> list[dict[str, object]]:
        """The tokens that live on, as ``action: revoke`` takes them."""
        alive = [Revocable(token.request.name, token.token, login=False) for token in self.tokens]
        if self.login:
            alive.append(Revocable("the login token", self.login.token, login=True))
        return [vars(token) for token in alive]

    def result(self) -> dict[str, object]:
        """Return it as Ansible takes it."""
        return {
            "changed": self.changed,
            "env": self.env,
            "requests": [token.described() for token in self.tokens],
            "revocable": self.revocable,
            "used": list(self.used),
            "secret_id_rotated": self.secret_id_rotated,
            "secret_id_rotate_at": self.secret_id_rotate_at,
        }


def run(request: Request) -> Outcome:
    """Do what ``request`` asks for, all or nothing.

    Raises:
        Failure: something went wrong; no token that was obtained lives on, except where the sentence says so.
    """
    warnings = [_OVERHEARD] if request.server.overheard else []
    try:
        outcome = _wrap(request, request.method, warnings) if request.method else _revoke(request, warnings)
        return replace(outcome, warnings=tuple(warnings))
    except Failure as failure:
        raise failure.after(warnings) from None


def _revoke(request: Request, warnings: list[str]) -> Outcome:
    if not request.tokens or request.check_mode:
        return Outcome(changed=bool(request.tokens))
    with connect(request.server) as client:
        used = revoke(client, request.tokens, warnings)
    return Outcome(changed=len(used) < len(request.tokens), used=used)


def _wrap(request: Request, method: Method, warnings: list[str]) -> Outcome:
    calls = 0 if request.check_mode else len(request.requests)
    with connect(request.server) as client, custody(client) as held:
        entry = method.enter(Errand(client, held, warnings, calls, request.check_mode))
        session = entry.session
        tokens = wrap_all(session.client, request.requests, held) if session and not request.check_mode else ()
        login = session if session and session.revocable else None
        ends = request.revoke_login_token or not tokens
        if login and ends:
            result_of(held.submit(held.revoke, login.token))
    return Outcome(
        changed=bool(request.requests) or entry.due,
        tokens=tokens,
        login=None if ends else login,
        secret_id_rotated=entry.rotated,
        secret_id_rotate_at=None if math.isinf(entry.rotate_at) else iso8601(math.ceil(entry.rotate_at)),
    )
