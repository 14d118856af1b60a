# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The tokens that a run has received: when it fails, each of them is revoked.

Calls are made in worker threads, which signals do not interrupt: a reply that was under way when the run was told to
stop still arrives, and its token is entered here by the thread that received it.
"""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._interruption import uninterrupted
from ansible_collections.flant.gitops.plugins.module_utils._workers import Workers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

    from ansible_collections.flant.gitops.plugins.module_utils._vault.client import Client

MAX_CONNECTIONS = 20

_Result = TypeVar("_Result")


class Custody:
    """Accounts for every token from its arrival until it is revoked or handed over."""

    def __init__(self, client: Client) -> None:
        """Take the ``client`` whose calls are halted when something fails."""
        self._client = client
        self._workers = Workers(MAX_CONNECTIONS)
        self._held: dict[str, str] = {}

    def submit(self, call: Callable[..., _Result], *arguments: object, **keywords: object) -> Future[_Result]:
        """Make the ``call``, which may enter and revoke tokens here, in a thread of its own."""
        return self._workers.submit(call, *arguments, **keywords)

    def enter(self, token: str, whose: str) -> None:
        """Take charge of ``token``; ``whose`` names it in a sentence."""
        self._held[token] = whose

    def revoke(self, token: str) -> None:
        """Let ``token`` revoke itself: the policy of the login need not allow it to revoke others.

        Raises:
            Failure: the token may still be alive.
        """
        self._client.bearing(token, halt=threading.Event()).revoke_self(self._held[token])
        del self._held[token]

    def revoke_all(self) -> list[str]:
        """Send nothing new, await what is under way, revoke all that has arrived; return a sentence for each left."""
        with uninterrupted():
            self._client.halt.set()
            self._workers.shutdown(cancel=True)
            with ThreadPoolExecutor(MAX_CONNECTIONS) as workers:
                return [sentence for sentence in workers.map(self._revoked, list(self._held)) if sentence]

    def close(self) -> None:
        """Await what is under way."""
        self._workers.shutdown()

    def _revoked(self, token: str) -> str:
        try:
            self.revoke(token)
        except Failure as failure:
            return str(failure)
        return ""


@contextlib.contextmanager
def custody(client: Client) -> Iterator[Custody]:
    """Yield a custody; every token still in it is revoked if the body fails or is interrupted, and no other."""
    held = Custody(client)
    try:
        yield held
        held.close()
    except Failure as failure:
        left = [sentence for sentence in held.revoke_all() if sentence != str(failure)]
        raise Failure(" ".join([str(failure), *left]), **failure.result) from None
    except BaseException:
        held.revoke_all()
        raise
