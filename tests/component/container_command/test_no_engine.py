# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""C20: each reason why no engine answers has a sentence of its own, in the words of whoever is told it."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trustme
from ansible_collections.flant.gitops.plugins.module_utils._container import engine as engine_client
from ansible_collections.flant.gitops.tests.support.container_call import finished

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.flant.gitops.tests.support.container_call import Caller
    from ansible_collections.flant.gitops.tests.support.engine import Engine

# Options that an operator of the role has as variables, as test__variables.py shows.
KNOWN = {"docker_host", "tls_ca_cert", "tls_client_cert", "tls_client_key"}
ONE = pytest.mark.engines("docker")  # what has nothing to do with the engine
TLS = pytest.mark.engines("tls_docker")


def _why(result: dict[str, object], address: object) -> str:
    """Return what comes behind the address, once it is known to name no option that only some have."""
    message = str(result["msg"])
    begin = f"docker_host: no engine answers at {address}: "
    assert message.startswith(begin)
    assert message.endswith(".")
    why = message[len(begin) : -1]
    assert set(re.findall(r"\w*_\w*", why)) <= KNOWN
    return why


@ONE
def test_c20_no_socket(call: Caller, tmp_path: Path) -> None:
    address = f"unix://{tmp_path}/none"
    assert _why(call("true", docker_host=address), address) == (
        "there is no such socket; the engine may not be running"
    )


@ONE
def test_c20_nobody_listens(call: Caller, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left_over:
        left_over.bind(f"{tmp_path}/s")
    for address in (f"unix://{tmp_path}/s", "tcp://127.0.0.1:9"):
        assert _why(call("true", docker_host=address), address) == (
            "nobody listens there; the engine may not be running"
        )


@ONE
def test_c20_a_host_that_nobody_knows(call: Caller, tmp_path: Path) -> None:
    address = "tcp://engine.invalid:2376"
    authority = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(authority)
    result = call("true", docker_host=address, tls_ca_cert=authority)
    assert _why(result, address) == "this machine does not know the host's name"


@contextlib.contextmanager
def _as_nobody() -> Iterator[None]:
    """Let the kernel take this process for one of the user nobody."""
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(65534)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


@ONE
def test_c20_permission_denied_on_the_socket(call: Caller, engine: Engine) -> None:
    path = Path(engine.url[len("unix://") :])

    def why() -> str:
        with _as_nobody():
            return _why(call("true"), engine.url)

    assert why() == "user nobody may not enter the socket's folder"
    engine.folder.chmod(0o711)
    try:
        shutil.chown(path, group="daemon")
        assert why() == "user nobody may not use the socket, which is for user root and group daemon"
        path.chmod(0o600)
        assert why() == "user nobody may not use the socket, which is for user root"
    finally:
        engine.folder.chmod(0o700)


@ONE
def test_c20_a_usual_socket_in_a_folder_that_is_not_for_us_is_passed_over(
    call: Caller, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder of the tests' own engine, where nobody may not enter, stands in for a usual one."""
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setattr(engine_client, "_USUAL_SOCKETS", (f"{engine.folder}/s",))
    with _as_nobody():
        result = call("true", docker_host=None)
    assert result["msg"] == "docker_host: there is no engine at any of the usual sockets; set it, or DOCKER_HOST."


@TLS
def test_c20_an_engine_that_only_talks_over_tls(call: Caller, engine: Engine) -> None:
    address = engine.options["docker_host"]
    without = dict.fromkeys(("tls_ca_cert", "tls_client_cert", "tls_client_key"))
    assert call("echo there")["stdout"] == "there\n"
    assert _why(call("true", **without), address) == (
        "it only talks over TLS; set tls_ca_cert, tls_client_cert and tls_client_key"
    )


@TLS
def test_c20_an_engine_that_wants_a_certificate(call: Caller, engine: Engine, tmp_path: Path) -> None:
    address = engine.options["docker_host"]
    wants = "it wants a client certificate of an authority that it knows; see tls_client_cert and tls_client_key"
    assert _why(call("true", tls_client_cert=None, tls_client_key=None), address) == wants
    trustme.CA().issue_cert("module@example.test").private_key_and_cert_chain_pem.write_to_path(tmp_path / "other.pem")
    other = tmp_path / "other.pem"
    assert _why(call("true", tls_client_cert=other, tls_client_key=other), address) == wants


@TLS
def test_c20_an_engine_whose_certificate_is_not_trusted(call: Caller, engine: Engine, tmp_path: Path) -> None:
    address = engine.options["docker_host"]
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    for given in (None, tmp_path / "other.pem"):
        assert re.fullmatch(
            r"its certificate is refused \((?:unable to get local issuer certificate|self-signed certificate.*|"
            r"self signed certificate.*|certificate signature failure)\); see tls_ca_cert",
            _why(call("true", tls_ca_cert=given), address),
        )


@TLS
def test_c20_an_engine_whose_certificate_is_for_another_name(call: Caller, engine: Engine) -> None:
    address = str(engine.options["docker_host"]).replace("127.0.0.1", "localhost")
    why = _why(call("true", docker_host=address), address)
    assert why.startswith("its certificate is refused (Hostname mismatch, certificate is not valid for 'localhost'")


@ONE
def test_c20_an_engine_that_talks_no_tls(call: Caller, tmp_path: Path, plain: str) -> None:
    authority = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(authority)
    assert _why(call("true", docker_host=plain, tls_ca_cert=authority), plain) == (
        "it does not talk over TLS, which tls_ca_cert and the like ask for"
    )


@ONE
def test_c20_what_answers_but_is_no_engine(call: Caller, plain: str) -> None:
    assert _why(call("true", docker_host=plain), plain) == "what answers there is not an engine (HTTP status 404)"


@ONE
def test_c20_what_hangs_up(call: Caller) -> None:
    with answering(b"") as address:
        assert _why(call("true", docker_host=address), address) == (
            "what listens there hangs up, or speaks no HTTP; if it wants TLS, set tls_ca_cert"
        )


@ONE
def test_c20_what_says_nothing(call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_client, "_CALL_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        assert _why(call("true", docker_host=address), address) == "it does not answer in time"


@ONE
def test_c20_an_engine_that_is_too_old(call: Caller) -> None:
    """The greeting of Docker Engine 19.03, which no registry of packages has any more, stands in for it."""
    with answering(b"HTTP/1.1 200 OK\r\nApi-Version: 1.40\r\nContent-Length: 2\r\n\r\nOK") as address:
        assert _why(call("true", docker_host=address), address) == (
            "Api-Version 1.40 is too old; it takes Docker Engine 20.10 or Podman 4.3, or newer"
        )


@ONE
def test_c20_an_engine_over_ssh(call: Caller) -> None:
    result = call("true", docker_host="ssh://root@engine.example.test")
    assert result["msg"] == (
        "docker_host: ssh://root@engine.example.test cannot be reached over SSH; forward its socket with ssh -L, and "
        "name that one."
    )


@ONE
def test_c20_a_library_that_does_not_fit_another(call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library is where OLD_DOCKER says; noxfile.py sets it."""
    monkeypatch.syspath_prepend(os.environ["OLD_DOCKER"])
    assert finished(call.start("true"))["msg"] == (
        f"The Python library docker has to be of version 7.1.0 or newer on the target, and {sys.executable} has 7.0.0."
    )


@contextlib.contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """Yield the address of what answers all that it is asked in one way."""

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _other = listener.accept()
                with client:
                    client.recv(1 << 16)
                    client.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        try:
            yield f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def plain() -> Iterator[str]:
    """A web server that is no engine."""
    with answering(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n") as address:
        yield address
