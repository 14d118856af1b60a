# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine is the one that was named, nobody answers in its place, and a bad connection ends nothing but itself."""

from __future__ import annotations

import contextlib
import socket
import ssl
import tarfile
import threading
import time
from typing import TYPE_CHECKING

import pytest
import trustme
from ansible_collections.flant.gitops.plugins.module_utils._container import engine as engine_client
from ansible_collections.flant.gitops.plugins.module_utils._container.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ansible_collections.flant.gitops.tests.support.container_call import Caller
    from ansible_collections.flant.gitops.tests.support.engine import Engine
    from docker import APIClient


def _forward(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def relay(engine: Engine, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Yield a port on loopback at which the engine answers, over TLS where there is a context."""

    def serve(client: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            plain = stack.enter_context(client)
            near = stack.enter_context(context.wrap_socket(plain, server_side=True)) if context else plain
            far = stack.enter_context(socket.socket(socket.AF_UNIX))
            far.connect(engine.url[len("unix://") :])
            back = threading.Thread(target=_forward, args=(far, near), daemon=True)
            back.start()
            _forward(near, far)
            back.join()

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _other = listener.accept()
                threading.Thread(target=serve, args=(client,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def authority(tmp_path: Path) -> trustme.CA:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    issued = authority.issue_cert("module@example.test")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    issued.private_key_pem.write_to_path(tmp_path / "key.pem")
    return authority


def _context(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_REQUIRED
    authority.issue_cert(name).configure_cert(context)
    authority.configure_trust(context)
    return context


def test_an_engine_over_tls(call: Caller, engine: Engine, authority: trustme.CA, tmp_path: Path) -> None:
    files = {
        f"tls_{what}": tmp_path / f"{name}.pem"
        for what, name in (("ca_cert", "ca"), ("client_cert", "cert"), ("client_key", "key"))
    }
    with relay(engine, _context(authority, "127.0.0.1")) as port:
        there = call.having(docker_host=f"tcp://127.0.0.1:{port}", **files)
        assert there("seq 100000 | tail -n 1; exit 3")["stdout"] == "100000\n"
        assert there("echo kept", identity="x", cleanup=False)["stdout"] == "kept\n"
        assert there("echo kept", identity="x", action="adopt")["adopted"]


def test_an_engine_over_tcp_is_reached_past_every_proxy(call: Caller, engine: Engine) -> None:
    # The environment of these tests names proxies where nobody listens.
    with relay(engine) as port:
        assert call("echo there", docker_host=f"tcp://127.0.0.1:{port}")["stdout"] == "there\n"


@pytest.mark.engines("docker", "newest_docker")
def test_c20_the_least_and_the_newest_api_are_tried(engine: Engine, client: APIClient) -> None:
    version = client.version()
    if engine.takes_members_from_outside:
        assert version["ApiVersion"] == "1.41"
    else:
        assert version["MinAPIVersion"] == "1.44"


def test_docker_host_of_the_environment_is_taken(call: Caller, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", engine.url)
    assert call("echo there", docker_host=None)["stdout"] == "there\n"


def test_c17_docker_host_of_the_environment_needs_tls_too(call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://engine.example.test:2375")
    result = call("true", docker_host=None, secret_env={"TOKEN": "s.Geheimnis"})
    assert result["msg"].startswith(
        "docker_host: tcp://engine.example.test:2375 is reached over the network without TLS"
    )


def test_c7_an_engine_that_is_away_as_a_run_ends_is_asked_again(call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection is cut in between two calls, which cannot be timed from outside."""
    wait, look = engine_client.Engine.wait, engine_client.Engine.container
    cuts: list[str] = []

    def wait_and_cut(self: engine_client.Engine, container: str, seconds: float) -> bool:
        ended = wait(self, container, seconds)
        if ended:
            cuts.append(container)
        return ended

    def look_unless_cut(self: engine_client.Engine, name: str) -> dict[str, object] | None:
        if name in cuts:
            cuts.remove(name)
            raise engine_client.Unreachable("it is away")
        return look(self, name)

    monkeypatch.setattr(engine_client.Engine, "wait", wait_and_cut)
    monkeypatch.setattr(engine_client.Engine, "container", look_unless_cut)
    result = call("echo done", "exit 4")
    assert (result["rc"], result["stdout"]) == (4, "done\n")
    assert "The connection to the engine was lost while container" in result["warnings"][0]


def test_c10_a_tree_that_trickles_in_ends_at_the_deadline_too(engine: Engine, client: APIClient, image: str) -> None:
    header = tarfile.TarInfo("file")
    header.size = 1 << 30

    def trickle() -> Iterator[bytes]:
        yield header.tobuf()
        for _index in range(100):
            time.sleep(0.1)
            yield bytes(1 << 18)

    container = client.create_container(image, ["true"])["Id"]
    try:
        with engine_client.connect(engine.url, None) as connected:
            begun = time.monotonic()
            with pytest.raises(engine_client.TooSlow, match="took longer than timeout allows"):
                connected.put(container, "/", trickle(), Deadline(1))
            assert time.monotonic() - begun < 5
    finally:
        client.remove_container(container, v=True, force=True)
