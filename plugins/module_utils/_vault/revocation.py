# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Ending the tokens of an earlier call, after a run that did not come to use them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._vault.custody import MAX_CONNECTIONS
from ansible_collections.flant.gitops.plugins.module_utils._vault.reply import Rejected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible_collections.flant.gitops.plugins.module_utils._vault.client import Client
    from ansible_collections.flant.gitops.plugins.module_utils._vault.request import Revocable

_FORBIDDEN = 403  # what a server answers to a token that it does not know


def revoke(client: Client, tokens: Sequence[Revocable], warnings: list[str]) -> tuple[str, ...]:
    """Let each of the ``tokens`` revoke itself, and return the names of those that had ended before.

    A wrapping token that had ended was used, as far as anybody can tell, and what it led to may hang on the login; so
    the login lives on then, and ``warnings`` say so.

    Raises:
        Failure: some of them may still be alive; all have been tried.
    """
    wrapping = [token for token in tokens if not token.login]
    used = _revoke(client, wrapping)
    logins = [token for token in tokens if token.login]
    if used and logins:
        names = ", ".join(used)
        warnings.append(f"tokens: {names} had been used or had expired, so the login token lives on until its TTL.")
        return used
    warnings.extend(
        f"tokens: {ended} had ended, or its policy does not allow auth/token/revoke-self."
        for ended in _revoke(client, logins)
    )
    return used


def _revoke(client: Client, tokens: Sequence[Revocable]) -> tuple[str, ...]:
    with ThreadPoolExecutor(MAX_CONNECTIONS) as workers:
        ends = list(workers.map(lambda token: _end(client, token), tokens))
    alive = [str(end) for end in ends if isinstance(end, Failure)]
    if alive:
        raise Failure(" ".join(alive))
    return tuple(token.name for token, end in zip(tokens, ends) if end is False)


def _end(client: Client, token: Revocable) -> bool | Failure:
    """Say whether the token was alive, or why it may still be."""
    try:
        client.bearing(token.token).revoke_self(f"the token {token.name!r}")
    except Rejected as rejected:
        return False if rejected.status == _FORBIDDEN else rejected
    except Failure as failure:
        return failure
    return True
