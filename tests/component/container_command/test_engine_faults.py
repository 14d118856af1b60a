# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine restarts, crashes, hangs or has no room: the result is still known, or the container is named."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.tests.component.container_command.conftest import inventory
from ansible_collections.flant.gitops.tests.support import engine as engines
from ansible_collections.flant.gitops.tests.support import images
from ansible_collections.flant.gitops.tests.support.container_call import Caller, finished
from ansible_collections.flant.gitops.tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from subprocess import Popen

    from ansible_collections.flant.gitops.tests.support.engine import Engine

    Lone = tuple[Engine, Caller]


class LiveDocker(engines.Docker):
    """A dockerd whose containers live on without it, as Podman's do."""

    def _command(self) -> list[str]:
        return [*super()._command(), "--live-restore"]


@contextlib.contextmanager
def lone(kind: type[Engine], name: str, size: str = "") -> Iterator[Lone]:
    """An engine that no other test uses, and calls for it."""
    with engines.running(kind, size=size) as engine, engine.client() as client:
        image = images.busybox().load(client)
        before = inventory(client)
        try:
            yield engine, Caller({"docker_host": engine.url, "image": image, "name": name, "identity": "this"})
        finally:
            assert inventory(client) == before


@pytest.fixture
def docker(name: str) -> Iterator[Lone]:
    with lone(engines.Docker, name) as pair:
        yield pair


@pytest.fixture(params=[LiveDocker, engines.Podman])
def lasting(request: pytest.FixtureRequest, name: str) -> Iterator[Lone]:
    """An engine whose containers live on without it."""
    with lone(request.param, name) as pair:
        yield pair


@pytest.fixture(autouse=True)
def _nothing_left() -> None:
    """Every engine here is of one test only, which looks after it."""


def _running(engine: Engine, name: str, process: Popen[str]) -> None:
    """Wait until the container that ``process`` starts has written something, and the process knows that it runs."""
    running = {"name": name, "status": "running"}
    with engine.client() as client:
        until(lambda: client.containers(filters=running) and client.logs(name), during=process)
    time.sleep(0.5)


@pytest.mark.parametrize("crash", [False, True])
def test_c7_an_engine_that_restarts_ends_the_run(
    docker: Lone,
    name: str,
    *,
    crash: bool,
) -> None:
    engine, call = docker
    process = call.start("echo before; trap 'exit 77' TERM; sleep 60 & wait")
    _running(engine, name, process)
    if crash:
        engine.crash()
    else:
        engine.stop()
    time.sleep(1)
    engine.start()
    result = finished(process)
    assert result["failed"]
    assert result["rc"] not in (None, 0)
    assert result["stdout"] == "before\n"


def test_c7_a_run_that_outlives_its_engine_is_followed_to_its_end(lasting: Lone, name: str) -> None:
    engine, call = lasting
    process = call.start("echo before; sleep 20; echo after; exit 5")
    _running(engine, name, process)
    engine.stop()
    time.sleep(2)
    engine.start()
    result = finished(process)
    assert (result["rc"], result["stdout"]) == (5, "before\nafter\n")
    assert any("The connection to the engine was lost" in warning for warning in result["warnings"])


def test_c7_an_engine_that_stays_away_is_given_up_at_the_deadline(lasting: Lone, name: str) -> None:
    engine, call = lasting
    process = call.start("echo before; sleep 8", timeout="3s", cleanup=False)
    _running(engine, name, process)
    engine.stop()
    time.sleep(6)
    engine.start()
    result = finished(process)
    assert result["failed"]
    assert name in result["msg"]
    call("echo before; sleep 8", action="remove")


def test_c7_an_engine_that_hangs_is_waited_for(docker: Lone, name: str) -> None:
    engine, call = docker
    process = call.start("echo before; sleep 3; echo after")
    _running(engine, name, process)
    engine.signal(signal.SIGSTOP)
    time.sleep(4)
    engine.signal(signal.SIGCONT)
    assert finished(process)["stdout"] == "before\nafter\n"


def test_c7_a_run_that_podman_lost_sight_of_has_not_succeeded(name: str) -> None:
    with lone(engines.Podman, name) as (engine, call):
        process = call.start("echo before; sleep 60; echo after")
        _running(engine, name, process)
        with engine.client() as client:
            pid = client.inspect_container(name)["State"]["Pid"]
        conmon = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]
        os.kill(int(conmon), signal.SIGKILL)
        result = finished(process)
        assert (result["failed"], result["rc"]) == (True, 255)
        assert "the engine does not know how they ended" in result["msg"]


@pytest.fixture
def large(archive: Callable[..., Path]) -> Path:
    return archive(*((f"file{number}", "x" * 1_000_000) for number in range(60)))


def test_c10_a_full_disk_is_said_and_leaves_nothing(name: str, large: Path) -> None:
    with lone(engines.Docker, name, size="30m") as (_other, call):
        result = call("true", archive=large)
        assert result["failed"]
        assert "no space left on device" in result["msg"]
        assert result["warnings"] == []
        assert call("echo works")["stdout"] == "works\n"


def test_c10_what_podman_cannot_remove_from_a_full_disk_is_said_and_removed_later(name: str, large: Path) -> None:
    with lone(engines.Podman, name, size="30m") as (engine, call):
        result = finished(call.start("true", archive=large))
        assert result["failed"]
        assert "no space left on device" in result["msg"]
        (warning,) = result["warnings"]
        assert warning.startswith(f"Container {name} could not be removed and has to be later: ")
        remount = ["mount", "-o", "remount,size=60m", str(engine.folder / "data")]
        subprocess.run(remount, check=True)
        assert call("echo works")["stdout"] == "works\n"


@pytest.mark.parametrize("kind", [engines.Docker, engines.Podman])
def test_c10_output_on_a_full_disk_is_bounded_too(kind: type[Engine], name: str) -> None:
    with lone(kind, name, size="30m") as (_other, call):
        result = call("head -c 10000000 /dev/zero | tr '\\0' '\\n'", "echo end >&2", max_output="64k")
        assert (result["rc"], result["stderr"]) == (0, "end\n")


def _stopped_while_the_tree_is_sent(engine: Engine, start: Callable[[], Popen[str]]) -> Popen[str]:
    """Start a call, and stop the engine once the container is created: sending the tree takes longer than that."""
    with engine.client() as client:
        created = client.events(until=int(time.time()) + 60, decode=True, filters={"event": "create"})
        process = start()
        next(created)
        engine.signal(signal.SIGSTOP)
    return process


def test_c10_an_upload_ends_at_the_deadline(docker: Lone, large: Path) -> None:
    engine, call = docker
    process = _stopped_while_the_tree_is_sent(engine, lambda: call.start("true", archive=large, timeout="4s"))
    time.sleep(8)
    engine.signal(signal.SIGCONT)
    result = finished(process)
    assert result["failed"]
    assert "sending the tree to" in result["msg"].lower()


def test_c10_an_upload_may_take_longer_than_a_minute(docker: Lone, large: Path) -> None:
    engine, call = docker
    process = _stopped_while_the_tree_is_sent(engine, lambda: call.start("ls | wc -l", archive=large))
    time.sleep(65)
    engine.signal(signal.SIGCONT)
    assert finished(process)["stdout"] == "60\n"


class DockerWithoutInit(engines.Docker):
    """A dockerd whose init program is not there."""

    def _command(self) -> list[str]:
        return [*super()._command(), "--init-path=/nonexistent/init"]


class DockerThatFindsNoInit(engines.Docker):
    """A dockerd that finds its init program no more, as after a wrong choice of packages."""

    def _command(self) -> list[str]:
        hide = 'mount --bind /dev/null "$(command -v docker-init)"; exec "$@"'
        return ["sh", "-ec", hide, "sh", *super()._command()]


class PodmanWithoutInit(engines.Podman):
    """Podman's service without catatonit."""

    configuration = engines.Podman.configuration.replace("[engine]", '[engine]\ninit_path = "/nonexistent/init"')


@pytest.mark.parametrize("kind", [DockerWithoutInit, DockerThatFindsNoInit, PodmanWithoutInit])
def test_c22_an_engine_without_an_init(kind: type[Engine], name: str) -> None:
    with lone(kind, name) as (_other, call):
        result = call("true", secret_env={"TOKEN": "s.Geheimnis"})
        assert result["msg"].startswith(
            "docker_host: the engine has no init program, which every run needs; for Docker it is docker-init, and for"
            " Podman catatonit (The engine failed at "
        )
        assert "s.Geheimnis" not in str(result)
        assert result["warnings"] == []
