# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who revokes what, and when.

The client is a fake: signals have to meet threads at moments that no server can bring about.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import TYPE_CHECKING, cast

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._interruption import interruptible
from ansible_collections.flant.gitops.plugins.module_utils._vault.custody import Custody, custody

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.plugins.module_utils._vault.client import Client


class FakeClient:
    """Notes which tokens have revoked themselves; those in ``immortal`` cannot."""

    def __init__(self, token: str = "", revoked: set[str] | None = None) -> None:
        self.halt = threading.Event()
        self.revoked: set[str] = set() if revoked is None else revoked
        self.immortal: set[str] = set()
        self._token = token

    def bearing(self, token: str, *, halt: threading.Event) -> FakeClient:
        assert not halt.is_set()
        client = FakeClient(token, self.revoked)
        client.immortal = self.immortal
        return client

    def revoke_self(self, whose: str) -> None:
        if self._token in self.immortal:
            raise Failure(f"Revoking {whose}: refused.")
        self.revoked.add(self._token)


@pytest.fixture
def fake() -> FakeClient:
    return FakeClient()


@pytest.fixture
def client(fake: FakeClient) -> Client:
    return cast("Client", fake)


def receive(held: Custody, token: str, delay: float = 0, begun: threading.Event | None = None) -> None:
    if begun:
        begun.set()
    time.sleep(delay)
    held.enter(token, f"the token {token!r}")


def test_what_is_handed_over_is_left_alone(client: Client, fake: FakeClient) -> None:
    with custody(client) as held:
        held.submit(receive, held, "login").result()
        held.submit(receive, held, "wrapping").result()
        held.submit(held.revoke, "login").result()

    assert fake.revoked == {"login"}
    assert not fake.halt.is_set()


def test_v6_a_failure_ends_everything_that_has_arrived_or_is_under_way(client: Client, fake: FakeClient) -> None:
    begun = threading.Event()

    with pytest.raises(Failure, match=r"^It failed\.$"), custody(client) as held:
        held.submit(receive, held, "arrived").result()
        held.submit(receive, held, "under way", 0.3, begun)
        begun.wait()
        raise Failure("It failed.")

    assert fake.revoked == {"arrived", "under way"}
    assert fake.halt.is_set()


def test_v6_a_bug_ends_everything_too(client: Client, fake: FakeClient) -> None:
    with pytest.raises(ZeroDivisionError), custody(client) as held:
        held.submit(receive, held, "arrived").result()
        _other = 1 / 0

    assert fake.revoked == {"arrived"}


def test_v6_what_cannot_be_revoked_is_told_once(client: Client, fake: FakeClient) -> None:
    fake.immortal = {"login", "wrapping"}

    with pytest.raises(Failure) as failed, custody(client) as held:
        for token in ("login", "wrapping", "other"):
            held.enter(token, f"the token {token!r}")
        held.revoke("login")

    assert str(failed.value) == "Revoking the token 'login': refused. Revoking the token 'wrapping': refused."
    assert fake.revoked == {"other"}


def test_a_signal_while_a_thread_is_started_does_not_lose_its_token(
    client: Client, fake: FakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = threading.Thread.start

    def start_and_interrupt(thread: threading.Thread) -> None:
        start(thread)
        os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(Failure, match=r"^Interrupted by SIGTERM"), interruptible(), custody(client) as held:
        monkeypatch.setattr(threading.Thread, "start", start_and_interrupt)
        try:
            held.submit(receive, held, "login", 0.3)
        finally:
            monkeypatch.undo()

    assert fake.revoked == {"login"}


def test_a_signal_while_tokens_are_revoked_waits(client: Client, fake: FakeClient) -> None:
    begun = threading.Event()

    def interrupt(held: Custody) -> None:
        begun.set()
        time.sleep(0.2)
        os.kill(os.getpid(), signal.SIGTERM)
        receive(held, "under way", 0.2)

    with pytest.raises(Failure, match=r"^Interrupted by SIGTERM"), interruptible(), custody(client) as held:
        held.submit(interrupt, held)
        begun.wait()
        raise Failure("It failed.")

    assert fake.revoked == {"under way"}
