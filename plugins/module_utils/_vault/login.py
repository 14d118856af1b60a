# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What every way to log in has in common: it is validated without the network, and then it enters.

A method is a file of its own beside this one; `methods` knows which there are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._vault.reply import Rejected

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from ansible_collections.flant.gitops.plugins.module_utils._vault.client import Client
    from ansible_collections.flant.gitops.plugins.module_utils._vault.custody import Custody
    from ansible_collections.flant.gitops.plugins.module_utils._vault.errand import Errand
    from ansible_collections.flant.gitops.plugins.module_utils._vault.reply import Reply


class Method(Protocol):
    """One way to log in."""

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> Method:
        """Make it of the module's parameters; neither a file nor the network is looked at.

        Raises:
            Failure: a parameter is not valid; the sentence names it.
        """

    def enter(self, errand: Errand) -> Entry:
        """Log in; what the credentials are in is read now, before anything is sent.

        Raises:
            Failure: the credentials cannot be read, the server does not accept them, or it cannot be asked.
        """


@dataclass(frozen=True)
class Session:
    """A login: the ``client`` bears its token, which may be used ``uses`` times (0: without limit).

    ``issuer`` is what has set that limit, as a sentence names it.
    """

    client: Client
    token: str = field(repr=False)
    uses: int
    revocable: bool
    issuer: str

    def require_uses(self, calls: int) -> None:
        """Refuse before the first of ``calls`` when the token cannot make them all and revoke itself.

        Raises:
            Failure: ``token_num_uses`` is too small.
        """
        needed = calls + self.revocable
        if self.uses and self.uses < needed:
            raise Failure(
                f"{self.issuer}'s token_num_uses is {self.uses}, but this task needs {needed} uses of its login token."
            )


@dataclass(frozen=True)
class Entry:
    """A login, and when its ``secret_id`` (empty: it has none) is to be replaced (epoch seconds; ``inf``: never).

    There is no ``session`` in check mode where to log in would use something up.
    """

    session: Session | None
    rotate_at: float
    due: bool = False
    rotated: bool = False
    secret_id: str = field(default="", repr=False)


def session_of(reply: Reply, client: Client, custody: Custody, *, issuer: str, mount_option: str) -> Session:
    """Return the login that the ``reply`` to it tells of, with its token in ``custody``.

    Raises:
        Failure: there is none in it; the sentence names ``mount_option``.
    """
    auth = reply.section("auth")
    if auth.mapping("mfa_requirement"):
        raise Failure(f"{reply.purpose}: the server demands a second factor (MFA), which nobody is here to give.")
    token = auth.text("client_token")
    if not token:
        raise Failure(f"{reply.purpose}: the reply has no token; see vault_addr and {mount_option}.")
    # A batch token is not kept by the server, which refuses to revoke it.
    revocable = auth.text("token_type") != "batch"
    if revocable:
        custody.enter(token, "the login token")
    return Session(client.bearing(token), token, auth.number("num_uses"), revocable, issuer)


def enter_as_role(
    errand: Errand, mount_point: str, credentials: str, body: Mapping[str, str], reason: Callable[[int], str]
) -> Entry:
    """Log in with what is in ``body``, which ``credentials`` names in a sentence; other methods than AppRole do so.

    Raises:
        Rejected: the server does not accept it; ``reason`` makes of the status what that may come from.
        Failure: the role's ``token_num_uses`` is too small, or the server cannot be asked.
    """
    try:
        reply = errand.client.login(mount_point, credentials, body)
    except Rejected as rejected:
        raise rejected.because(reason(rejected.status)) from None
    session = session_of(reply, errand.client, errand.custody, issuer="The role", mount_option="auth_mount_point")
    session.require_uses(errand.calls)
    return Entry(session, math.inf)
