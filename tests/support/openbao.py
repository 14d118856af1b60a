# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real OpenBao server for one test or many: started on free ports, gone with the block that asked for it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import requests
import trustme
from ansible_collections.flant.gitops.tests.support.waiting import until
from requests.adapters import HTTPAdapter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

_PATIENCE = 60.0


@dataclass(frozen=True)
class Role:
    """An AppRole as an operator hands it out."""

    name: str
    role_id: str
    mount_point: str = "approle"


class Authority:
    """A certificate authority of the test's own; ``names`` are those that the server's certificate is for."""

    def __init__(self, *names: str) -> None:
        self._ca = trustme.CA()
        self._leaf = self._ca.issue_cert(*(names or ("localhost", "127.0.0.1")))
        self.name = names[0] if names else "localhost"

    @property
    def pem(self) -> str:
        """The authority's certificate."""
        return self._ca.cert_pem.bytes().decode()

    def write(self, directory: Path) -> tuple[Path, Path]:
        """Write the server's certificate chain and key into ``directory`` and return where they are."""
        chain, key = directory / "chain.pem", directory / "key.pem"
        chain.write_bytes(b"".join(blob.bytes() for blob in self._leaf.cert_chain_pems))
        key.write_bytes(self._leaf.private_key_pem.bytes())
        key.chmod(0o600)
        return chain, key

    def client_context(self) -> ssl.SSLContext:
        """Return what a Python client needs to trust this authority, whatever name a server has."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=self.pem)
        context.check_hostname = False
        return context

    def server_context(self) -> ssl.SSLContext:
        """Return what a Python server needs to speak as this authority's leaf."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._leaf.configure_cert(context)
        return context


class OpenBao:
    """A server and its root token.

    ``bao`` is found on PATH. Requests to it take nothing from the environment. Start it with `running`.

    Attributes:
        address: ``http://127.0.0.1:<port>``, or ``https://`` with an authority.
        authority: whose certificate it shows; None: plain http.
        root_token: what every request of a test is made with.
    """

    def __init__(
        self, directory: Path, authority: Authority | None, *, durable: bool, host: str, audited: bool = False
    ) -> None:
        self.authority = authority
        self.root_token = ""
        self._unseal_key = ""
        self._directory = directory
        self._durable = durable
        self._audited = audited
        self._host = host
        self._port = _free_port(host)
        self._process: subprocess.Popen[bytes] | None = None
        self._session = requests.Session()
        self._session.trust_env = False
        if authority:
            self._session.mount("https://", _Trusting(authority))

    @property
    def address(self) -> str:
        """The URL to give to a client."""
        return f"{'https' if self.authority else 'http'}://{self._host}:{self._port}"

    @property
    def binary(self) -> Path:
        """The program itself, which is a client too; what PATH leads to is but a script that starts it."""
        assert self._process
        return Path(f"/proc/{self._process.pid}/exe").resolve()

    @property
    def _audit_log(self) -> Path:
        return self._directory / "audit.log"

    @property
    def audit_log(self) -> list[dict[str, Any]]:
        """What the server has logged; it has to be ``audited``."""
        return [json.loads(line) for line in self._audit_log.read_text(encoding="utf-8").splitlines()]

    def start(self) -> None:
        """Start the server and wait until it answers; it is sealed then, or not initialised yet."""
        (self._directory / "data").mkdir(exist_ok=True)
        configuration = self._directory / "bao.hcl"
        configuration.write_text(self._configuration(), encoding="utf-8")
        with (self._directory / "bao.log").open("ab") as log:
            self._process = subprocess.Popen(
                ["bao", "server", f"-config={configuration}"],
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={"PATH": os.environ["PATH"], "HOME": str(self._directory)},
            )
        until(lambda: self._answers("/v1/sys/seal-status"), during=self._process, log=self._directory / "bao.log")

    def stop(self) -> None:
        """End the server and all it started; only if it is durable does it keep anything."""
        if self._process is None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=10)
                break
        self._process = None
        self._session.close()

    def restart(self) -> None:
        """Stop, start and unseal; needs ``durable=True``."""
        self.stop()
        self.start()
        self.unseal()

    def initialise(self) -> None:
        """Make the unseal key and the root token, and unseal."""
        keys = self.call("POST", "/v1/sys/init", {"secret_shares": 1, "secret_threshold": 1}, token="")
        self._unseal_key, self.root_token = keys["keys_base64"][0], keys["root_token"]
        self.unseal()

    def join(self, leader: OpenBao) -> None:
        """Become a standby of the ``leader``, and have its secrets; both have to be durable."""
        self.call("POST", "/v1/sys/storage/raft/join", {"leader_api_addr": leader.address}, token="")
        self.root_token, self._unseal_key = leader.root_token, leader._unseal_key
        self.call("POST", "/v1/sys/unseal", {"key": self._unseal_key}, token="")
        until(lambda: self._answers("/v1/sys/health?standbyok=true"))

    def seal(self) -> None:
        """Let the server answer 503 to everything until `unseal`."""
        self.call("POST", "/v1/sys/seal")

    def unseal(self) -> None:
        """Open the storage again and wait until everything can be done."""
        self.call("POST", "/v1/sys/unseal", {"key": self._unseal_key}, token="")
        until(lambda: self._answers("/v1/sys/health"))  # 200 only if unsealed and active

    def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        token: str | None = None,
        namespace: str = "",
        wrap_ttl: str = "",
    ) -> dict[str, Any]:
        """Make a request, as root unless another ``token`` is given, and return its JSON; an error status raises."""
        bearer = self.root_token if token is None else token
        headers = {"X-Vault-Token": bearer} if bearer else {}
        if wrap_ttl:
            headers["X-Vault-Wrap-TTL"] = wrap_ttl
        if namespace:
            headers["X-Vault-Namespace"] = namespace
        response = self._session.request(method, self.address + path, json=body, headers=headers, timeout=_PATIENCE)
        if not response.ok:
            raise requests.HTTPError(f"{response.status_code} {method} {path}: {response.text}", response=response)
        content: dict[str, Any] = response.json() if response.content else {}
        return content

    def mount(self, kind: str, namespace: str = "", **options: str) -> str:
        """Mount a new secrets engine and return its path, which no other call returns."""
        path = f"{kind}-{uuid4().hex[:8]}"
        self.call("POST", f"/v1/sys/mounts/{path}", {"type": kind, "options": options}, namespace=namespace)
        if options.get("version") == "2":  # which it is being upgraded to from version 1
            until(lambda: self._answers(f"/v1/{path}/config", namespace=namespace))
        return path

    def policy(self, name: str, rules: str, *, namespace: str = "") -> None:
        """Let the policy ``name`` consist of ``rules``."""
        self.call("PUT", f"/v1/sys/policies/acl/{name}", {"policy": rules or "# none"}, namespace=namespace)

    def approle(
        self,
        policy: str = "",
        *,
        namespace: str = "",
        mount_point: str = "approle",
        name: str = "",
        **settings: Any,  # noqa: ANN401 -- they are handed on to the server
    ) -> Role:
        """Create an AppRole with a policy of its own; its ``{role}`` stands for ``auth/<mount point>/role/<name>``."""
        name = name or f"role-{uuid4().hex[:8]}"
        path = f"auth/{mount_point}/role/{name}"
        mounts = self.call("GET", "/v1/sys/auth", namespace=namespace)["data"]
        if f"{mount_point}/" not in mounts:
            self.call("POST", f"/v1/sys/auth/{mount_point}", {"type": "approle"}, namespace=namespace)
        self.policy(name, policy.replace("{role}", path), namespace=namespace)
        role = {"token_policies": name, "token_ttl": "10m", **settings}
        self.call("POST", f"/v1/{path}", role, namespace=namespace)
        role_id = self.call("GET", f"/v1/{path}/role-id", namespace=namespace)["data"]["role_id"]
        return Role(name, role_id, mount_point)

    def secret_id(self, role: Role, *, namespace: str = "", **properties: Any) -> str:  # noqa: ANN401 -- likewise
        """Create a secret-id of ``role``."""
        path = f"/v1/auth/{role.mount_point}/role/{role.name}/secret-id"
        secret_id: str = self.call("POST", path, properties, namespace=namespace)["data"]["secret_id"]
        return secret_id

    def secret_ids(self, role: Role, *, namespace: str = "") -> dict[str, dict[str, Any]]:
        """Return the properties of all secret-ids of ``role`` by their accessors."""
        path = f"/v1/auth/{role.mount_point}/role/{role.name}"
        accessors = self._list(f"{path}/secret-id", namespace)
        return {
            accessor: self.call(
                "POST", f"{path}/secret-id-accessor/lookup", {"secret_id_accessor": accessor}, namespace=namespace
            )["data"]
            for accessor in accessors
        }

    def token_accessors(self, *, namespace: str = "") -> set[str]:
        """Return the accessors of all tokens that are alive."""
        return set(self._list("/v1/auth/token/accessors", namespace))

    def unwrap(self, token: str) -> dict[str, Any]:
        """Unwrap ``token``, which ends it."""
        return self.call("POST", "/v1/sys/wrapping/unwrap", token=token)

    def _list(self, path: str, namespace: str) -> list[str]:
        try:
            keys: list[str] = self.call("LIST", path, namespace=namespace)["data"]["keys"]
        except requests.HTTPError as error:
            if error.response.status_code == requests.codes.not_found:
                return []
            raise
        return keys

    def _configuration(self) -> str:
        tls = "tls_disable = true"
        if self.authority:
            chain, key = self.authority.write(self._directory)
            tls = f'tls_cert_file = "{chain}"\n  tls_key_file = "{key}"'
        storage = 'storage "inmem" {}'
        if self._durable:
            storage = f'storage "raft" {{\n  path = "{self._directory}/data"\n  node_id = "{self._directory.name}"\n}}'
        audit = ""
        if self._audited:
            audit = f'audit "file" "file" {{\n  options {{ file_path = "{self._audit_log}" }}\n}}'
        cluster = f"127.0.0.1:{_free_port()}"
        return f"""
api_addr = "{self.address}"
cluster_addr = "https://{cluster}"
listener "tcp" {{
  address = "{self._host}:{self._port}"
  cluster_address = "{cluster}"
  {tls}
}}
{storage}
{audit}
"""

    def _answers(self, path: str, *, namespace: str = "") -> bool:
        try:
            self.call("GET", path, namespace=namespace)
        except requests.RequestException:
            return False
        return True


class _Trusting(HTTPAdapter):
    """Trusts one authority and looks for the name its certificates carry, whatever the address is."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **keywords: Any) -> None:  # noqa: ANN401 -- the base class's own
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=self._authority.pem)
        super().init_poolmanager(*arguments, ssl_context=context, server_hostname=self._authority.name, **keywords)


@contextlib.contextmanager
def running(
    *, authority: Authority | None = None, durable: bool = False, host: str = "127.0.0.1", audited: bool = False
) -> Iterator[OpenBao]:
    """Yield a new server, initialised and unsealed; ``durable`` ones can be restarted, ``audited`` ones keep a log.

    ``host`` is the address of this machine that it listens at, such as a bridge's, where containers reach it.
    """
    with _started(authority, durable=durable, host=host, audited=audited) as server:
        server.initialise()
        yield server


@contextlib.contextmanager
def cluster(size: int = 3) -> Iterator[list[OpenBao]]:
    """Yield the servers of a cluster, the active one first; the others are standbys that answer what they can."""
    with contextlib.ExitStack() as stack:
        active = stack.enter_context(running(durable=True))
        standbys = [stack.enter_context(_started(durable=True)) for _index in range(size - 1)]
        for standby in standbys:
            standby.join(active)
        yield [active, *standbys]


@contextlib.contextmanager
def _started(
    authority: Authority | None = None, *, durable: bool, host: str = "127.0.0.1", audited: bool = False
) -> Iterator[OpenBao]:
    """Yield a server that answers and was never initialised; nothing of it stays."""
    directory = Path(tempfile.mkdtemp(prefix="bao-"))
    server = OpenBao(directory, authority, durable=durable, host=host, audited=audited)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)


def _free_port(host: str = "127.0.0.1") -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
    return port
