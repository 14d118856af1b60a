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

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.plugins.module_utils._vault.client import Client
    from ansible_collections.flant.gitops.plugins.module_utils._vault.custody import Custody
    from ansible_collections.flant.gitops.plugins.module_utils._vault.request import AppRole


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
    reply = client.login(approle, secret_id, source)
    auth = reply.section("auth")
    token = auth.text("client_token")
    if not token:
        raise Failure(f"{reply.purpose}: the reply has no token; see vault_addr and approle_mount_point.")
    # A batch token is not kept by the server, which refuses to revoke it.
    revocable = auth.text("token_type") != "batch"
    if revocable:
        custody.enter(token, "the login token")
    return Session(client.bearing(token), token, auth.number("num_uses"), revocable)
