# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real git servers on loopback: ``git http-backend`` behind HTTP or HTTPS, ``git daemon``, and OpenSSH's sshd."""

from __future__ import annotations

import base64
import contextlib
import os
import pwd
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import urlsplit

from ansible_collections.flant.gitops.tests.support.environment import clean
from ansible_collections.flant.gitops.tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import trustme

_CHUNK = 1 << 16


@dataclass
class Behaviour:
    """How an HTTP server answers; may be changed while it runs.

    Attributes:
        account: user name and password that it wants, as in ``user:password``; empty: none.
        redirect_to: where it sends everybody; empty: nowhere.
        redirect_posts_only: only the second request is redirected, after the first one was answered.
        reply: the status, type and body that it answers everybody with; none: it is a git server.
        old_protocol: it does not know git's protocol version 2.
        stall: it takes requests and never answers.
        on_request: called before each answer.
    """

    account: str = ""
    redirect_to: str = ""
    redirect_posts_only: bool = False
    reply: tuple[int, str, bytes] | None = None
    old_protocol: bool = False
    stall: threading.Event | None = None
    on_request: Callable[[], None] | None = None


@dataclass
class HttpServer:
    """A running server, and what it has seen; ``received`` and ``sent`` are bytes, less those of TLS."""

    url: str
    behaviour: Behaviour
    requests: list[tuple[str, str, str]] = field(default_factory=list)  # method, path, Authorization header
    connections: int = 0
    received: int = 0
    sent: int = 0
    _counting: threading.Lock = field(default_factory=threading.Lock)

    def count(self, counter: str, number: int) -> None:
        """Add to a counter, to which many threads do."""
        with self._counting:
            setattr(self, counter, getattr(self, counter) + number)

    def shown_credentials(self) -> set[str]:
        """Return every account that was shown to the server, as in ``user:password``."""
        headers = {header for _other, _another, header in self.requests if header}
        return {base64.b64decode(header.partition(" ")[2]).decode() for header in headers}


@contextlib.contextmanager
def http_server(folder: Path, certificate: trustme.LeafCert | None = None, port: int = 0) -> Iterator[HttpServer]:
    """Serve the repositories in ``folder`` over HTTPS with this certificate, or over HTTP."""

    class Handler(_GitHandler):
        root = folder

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    scheme = "https" if certificate else "http"
    Handler.state = HttpServer(f"{scheme}://127.0.0.1:{server.server_port}", Behaviour())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield Handler.state
    finally:
        if Handler.state.behaviour.stall:
            Handler.state.behaviour.stall.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Counted:
    """A stream whose bytes are counted."""

    def __init__(self, stream: IO[bytes], state: HttpServer, counter: str) -> None:
        self._stream = stream
        self._state = state
        self._counter = counter

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)

    def read(self, size: int) -> bytes:
        return self._count(self._stream.read(size))

    def readline(self, limit: int = -1) -> bytes:
        return self._count(self._stream.readline(limit))

    def write(self, data: bytes) -> int:
        return self._stream.write(self._count(data))

    def _count(self, data: bytes) -> bytes:
        self._state.count(self._counter, len(data))
        return data


class _GitHandler(BaseHTTPRequestHandler):
    """Passes requests on to ``git http-backend``, a CGI program; see its manual page."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or each answer is held up by 40 ms, for what the client has not acknowledged
    root: Path
    state: HttpServer

    def setup(self) -> None:
        self.state.count("connections", 1)
        super().setup()
        self.rfile, self.wfile = _Counted(self.rfile, self.state, "received"), _Counted(self.wfile, self.state, "sent")

    def log_message(self, *arguments: object) -> None:
        pass

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self._body())

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", "0")))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _answer(self, body: bytes) -> None:
        behaviour = self.state.behaviour
        authorization = self.headers.get("Authorization", "")
        self.state.requests.append((self.command, self.path, authorization))
        if behaviour.on_request:
            behaviour.on_request()
        if behaviour.stall:
            behaviour.stall.wait()
            self.close_connection = True
        elif behaviour.reply:
            status, kind, text = behaviour.reply
            self._reply(status, [("Content-Type", kind)], text)
        elif behaviour.redirect_to and (self.command == "POST" or not behaviour.redirect_posts_only):
            self._reply(307, [("Location", behaviour.redirect_to + self.path)], b"")
        elif behaviour.account and authorization != "Basic " + base64.b64encode(behaviour.account.encode()).decode():
            self._reply(401, [("WWW-Authenticate", 'Basic realm="git"')], b"")
        else:
            self._run_backend(body)

    def _run_backend(self, body: bytes) -> None:
        url = urlsplit(self.path)
        variables = {
            **clean(),
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": url.path,
            "QUERY_STRING": url.query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
        }
        if "Git-Protocol" in self.headers and not self.state.behaviour.old_protocol:
            variables["HTTP_GIT_PROTOCOL"] = variables["GIT_PROTOCOL"] = self.headers["Git-Protocol"]
        with subprocess.Popen(
            ["git", "http-backend"],
            env=variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as backend:
            with contextlib.suppress(BrokenPipeError):
                backend.stdin.write(body)
            with contextlib.suppress(BrokenPipeError):
                backend.stdin.close()
            self._relay(backend.stdout)

    def _relay(self, output: object) -> None:
        headers = []
        while line := output.readline().strip():
            name, _separator, value = line.decode().partition(": ")
            headers.append((name, value))
        status = int(dict(headers).pop("Status", "200").split()[0])
        self.send_response(status)
        for name, value in headers:
            if name != "Status":
                self.send_header(name, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        with contextlib.suppress(ConnectionError):
            while chunk := output.read1(_CHUNK):
                self.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
            self.wfile.write(b"0\r\n\r\n")

    def _reply(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response(status)
        for name, value in [*headers, ("Content-Length", str(len(body)))]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@contextlib.contextmanager
def http_process(folder: Path) -> Iterator[str]:
    """Serve over HTTP in a process of its own, that takes no turns from the program that is measured; yield the URL."""
    command = [sys.executable, __file__, str(folder)]
    variables = {**clean(), "PYTHONPATH": str(Path(__file__).absolute().parents[5])}
    with subprocess.Popen(command, env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


@contextlib.contextmanager
def git_daemon(folder: Path) -> Iterator[str]:
    """Serve the repositories in ``folder`` by ``git daemon``, and yield the URL."""
    port = free_port()
    options = ["--reuseaddr", "--export-all", f"--base-path={folder}", "--listen=127.0.0.1", f"--port={port}"]
    with _serving(["git", "daemon", *options, str(folder)], port):
        yield f"git://127.0.0.1:{port}"


@dataclass(frozen=True)
class SshServer:
    """A running sshd and what a client needs for it."""

    url: str
    port: int
    key: Path
    known_hosts: Path


@contextlib.contextmanager
def ssh_server(folder: Path, *, protocol_2: bool = True) -> Iterator[SshServer]:
    """Run a real sshd that takes one key, for the user of this process; its files are in ``folder``.

    As it comes, sshd passes on no variable, so that git speaks its first protocol: ``protocol_2`` lets one pass.
    """
    folder.mkdir(mode=0o700)
    for name in ("host_key", "key"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], env=clean(), check=True
        )
    port = free_port()
    (folder / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host_key\nPidFile none\nUsePAM no\nStrictModes no\n"
        f"AuthorizedKeysFile {folder}/key.pub\nPasswordAuthentication no\nPermitRootLogin yes\n"
        + ("AcceptEnv GIT_PROTOCOL\n" if protocol_2 else "")
    )
    known_hosts = folder / "known_hosts"
    known_hosts.write_text(f"[127.0.0.1]:{port} {(folder / 'host_key.pub').read_text()}")
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    user = pwd.getpwuid(os.getuid()).pw_name
    with _serving([shutil.which("sshd") or "/usr/sbin/sshd", "-D", "-e", "-f", str(folder / "config")], port):
        yield SshServer(f"ssh://{user}@127.0.0.1:{port}", port, folder / "key", known_hosts)


@contextlib.contextmanager
def _serving(command: list[str], port: int) -> Iterator[None]:
    """Run a server until the body is done, which begins when the port answers."""
    with subprocess.Popen(
        command, env=clean(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        try:
            until(lambda: _answers(port), during=process)
            yield
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, 15)


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def _main() -> None:
    with http_server(Path(sys.argv[1])) as server:
        print(server.url, flush=True)  # noqa: T201 -- the one answer of this program
        sys.stdin.read()


if __name__ == "__main__":
    _main()
