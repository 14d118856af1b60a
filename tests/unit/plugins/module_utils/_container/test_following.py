# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an engine does only when it is broken, which those of the component tests are not: a fake stands in for it."""

from __future__ import annotations

import struct
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._container import following
from ansible_collections.flant.gitops.plugins.module_utils._container.claim import Container
from ansible_collections.flant.gitops.plugins.module_utils._container.engine import Gone, Unreachable
from ansible_collections.flant.gitops.plugins.module_utils._container.following import Follower
from ansible_collections.flant.gitops.plugins.module_utils._container.masking import Masking
from ansible_collections.flant.gitops.plugins.module_utils._container.request import Request
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure

if TYPE_CHECKING:
    from collections.abc import Iterator


class Broken:
    """An engine and the connection to it, whose container runs until it is told otherwise."""

    def __init__(self, *, ends_when_killed: bool = True) -> None:
        self.running = True
        self.exit_code = 0
        self.killed = 0
        self.unreachable = 0
        self.asked_in_vain = 0
        self.there = True
        self.received: list[bytes | None] = []
        self._ends_when_killed = ends_when_killed

    def attach(self, _container: str) -> Any:  # noqa: ANN401 -- a context manager of this
        return closing(self)

    def close(self) -> None:
        pass

    def receive(self, _seconds: float) -> bytes | None:
        return self.received.pop(0) if self.received else None

    def start(self, _container: str) -> None:
        pass

    def wait(self, _container: str, _seconds: float) -> bool:
        if self.unreachable:
            self.unreachable -= 1
            raise Unreachable("away")
        return False  # even of what has ended

    def kill(self, _container: str) -> None:
        self.killed += 1
        if self._ends_when_killed:
            self.running, self.exit_code = False, 137

    def log(self, _container: str, *, stdout: bool) -> Iterator[bytes]:
        yield b"logged out" if stdout else b"logged err"

    def container(self, _container: str) -> dict[str, Any] | None:
        if self.asked_in_vain:
            self.asked_in_vain, self.running = 0, False
            raise Unreachable("away")
        state = {
            "Status": "running" if self.running else "exited",
            "StartedAt": "2026-01-01T00:00:00Z",
            "FinishedAt": "2026-01-01T00:00:01Z",
            "ExitCode": self.exit_code,
            "OOMKilled": False,
        }
        return {"Id": "id", "Image": "image", "State": state, "Config": {}} if self.there else None


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "_PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(following, "_DOUBT_SECONDS", 0.01)
    monkeypatch.setattr(following, "_RETRY_SECONDS", 0.01)


def _follower(engine: Broken, timeout: float = 0.05) -> tuple[Follower, list[str]]:
    warnings: list[str] = []
    request = Request(action="run", name="name", timeout=timeout)
    return Follower(engine, request, "id", Masking([]), warnings), warnings  # type: ignore[arg-type]  # the fake


def test_c7_a_container_that_does_not_die_is_named() -> None:
    engine = Broken(ends_when_killed=False)
    follower, _other = _follower(engine)
    with pytest.raises(Failure, match=r"^Container name did not end within 0 s after it was killed\.$") as raised:
        follower.start()
    assert engine.killed == 1
    assert raised.value.result == {"timed_out": True, "container_id": "id"}


def test_c7_a_follow_that_hangs_after_the_end_is_noticed() -> None:
    engine = Broken()
    engine.running, engine.exit_code = False, 3
    engine.received = [struct.pack(">BxxxL", 1, 3) + b"out"]
    follower, warnings = _follower(engine, timeout=60)
    ending = follower.start()
    assert (ending.container.exit_code, ending.stdout, ending.timed_out) == (3, "logged out", False)
    assert engine.killed == 0
    assert len(warnings) == 1  # what came after that, the log has


def test_c7_an_engine_that_cannot_be_asked_in_a_silence_ends_nothing() -> None:
    engine = Broken()
    engine.received = [None, struct.pack(">BxxxL", 1, 3) + b"out", b""]
    engine.asked_in_vain = 1
    follower, warnings = _follower(engine, timeout=60)
    assert (follower.start().stdout, warnings) == ("out", [])


def test_c7_a_wait_that_hangs_is_noticed() -> None:
    engine = Broken()
    engine.running, engine.received = False, [b""]
    assert _follower(engine, timeout=60)[0].start().succeeded


def test_c7_what_was_written_while_the_engine_was_away_is_in_its_log() -> None:
    engine = Broken()
    engine.received, engine.unreachable, engine.running = [b""], 3, False
    follower, warnings = _follower(engine, timeout=60)
    ending = follower.start()
    assert (ending.stdout, ending.stderr) == ("logged out", "logged err")
    assert warnings == [
        "The connection to the engine was lost while container name ran; its output is what the engine's log has."
    ]


def test_a_container_that_vanished_is_said() -> None:
    engine = Broken()
    engine.received, engine.there = [b""], False
    with pytest.raises(Gone, match=r"^Container name was removed by somebody else, and its result with it"):
        _follower(engine, timeout=60)[0].start()


def test_an_exited_run_that_outlived_its_time_was_killed_for_it() -> None:
    engine = Broken()
    engine.running, engine.exit_code = False, 137
    described = engine.container("id")
    assert described
    found = Container.from_inspect(described)
    assert _follower(engine, timeout=1.0)[0].adopt(found).timed_out
    assert not _follower(engine, timeout=2.0)[0].adopt(found).timed_out
