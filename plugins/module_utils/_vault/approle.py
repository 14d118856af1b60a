# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Logging in by AppRole.

Protocol: https://openbao.org/api-docs/auth/approle/
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._vault.client import Rejected

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.plugins.module_utils._vault.client import Client
    from ansible_collections.flant.gitops.plugins.module_utils._vault.custody import Custody
    from ansible_collections.flant.gitops.plugins.module_utils._vault.request import AppRole

_NOT_ACCEPTED = 400
_FORBIDDEN = 403
_DEAD = "Either has ended or is another role's; create a new secret-id and give it as secret_id."
_LOCKED = (
    "After a few failed logins, which anybody can send who knows the role_id, a role is locked for 15 minutes; as a "
    "secret-id cannot be guessed, that is best switched off: auth tune -user-lockout-disable=true {}."
)


@dataclass(frozen=True)
class Session:
    """A login: the ``client`` bears its token, which may be used ``uses`` times (0: without limit)."""

    client: Client
    token: str = field(repr=False)
    uses: int
    revocable: bool

    def require_uses(self, calls: int) -> None:
        """Refuse before the first of ``calls`` when the token cannot make them all and revoke itself.

        Raises:
            Failure: the AppRole's ``token_num_uses`` is too small.
        """
        needed = calls + self.revocable
        if self.uses and self.uses < needed:
            raise Failure(
                f"The AppRole's token_num_uses is {self.uses}, but this task needs {needed} uses of its login token."
            )


def log_in(client: Client, approle: AppRole, secret_id: str, source: str, custody: Custody) -> Session:
    """Log in with ``secret_id``, which ``source`` names in a sentence, and enter the token into ``custody``.

    Raises:
        Rejected: the server does not accept the ids.
        Failure: it cannot be asked.
    """
    try:
        reply = client.login(approle, secret_id, source)
    except Rejected as rejected:
        advice = {_NOT_ACCEPTED: _DEAD, _FORBIDDEN: _LOCKED.format(approle.mount_point)}
        raise rejected.because(advice.get(rejected.status, "")) from None
    auth = reply.section("auth")
    if auth.mapping("mfa_requirement"):
        raise Failure(f"{reply.purpose}: the server demands a second factor (MFA), which nobody is here to give.")
    token = auth.text("client_token")
    if not token:
        raise Failure(f"{reply.purpose}: the reply has no token; see vault_addr and approle_mount_point.")
    # A batch token is not kept by the server, which refuses to revoke it.
    revocable = auth.text("token_type") != "batch"
    if revocable:
        custody.enter(token, "the login token")
    return Session(client.bearing(token), token, auth.number("num_uses"), revocable)
