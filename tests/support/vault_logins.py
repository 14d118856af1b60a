# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways to log in that a real server is set up for, each with credentials of the test's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol
from uuid import uuid4

import pytest
import trustme
from ansible_collections.flant.gitops.tests.support.tokens import AUDIENCE, Issuer

if TYPE_CHECKING:
    import ssl
    from datetime import datetime
    from pathlib import Path
    from typing import Any

    from ansible_collections.flant.gitops.tests.support.openbao import OpenBao
    from ansible_collections.flant.gitops.tests.support.token_review import TokenReview

METHODS = ("approle", "cert", "jwt", "kubernetes")
every_login = pytest.mark.parametrize("account", METHODS, indirect=True)
every_tls_login = pytest.mark.parametrize("tls_account", METHODS, indirect=True)


class Login(Protocol):
    """A way to log in, at a mount point of its own.

    Attributes:
        path: the path of a login.
        through: how a server that stands before the real one reaches that, if it takes more than to trust it.
    """

    path: str
    through: ssl.SSLContext | None

    def as_role(self, policy: str, **settings: Any) -> dict[str, Any]:  # noqa: ANN401 -- they are handed on
        """Make a role with ``policy`` and return the options to log in as it."""


class AppRoleLogin:
    """A role-id and a secret-id."""

    def __init__(self, bao: OpenBao) -> None:
        self.path = "/v1/auth/approle/login"
        self.through = None
        self._bao = bao

    def as_role(self, policy: str, **settings: Any) -> dict[str, Any]:  # noqa: ANN401 -- likewise
        role = self._bao.approle(token_policies=policy, **settings)
        return {"role_id": role.role_id, "secret_id": self._bao.secret_id(role)}


class CertLogin:
    """Certificates of an authority of the test's own.

    Attributes:
        authority: what the role trusts.
        certificate, key: the files that hold those of ``machine.example.test``.
    """

    NAME = "machine.example.test"

    def __init__(self, bao: OpenBao, directory: Path) -> None:
        self.mount_point = _mounted(bao, "cert")
        self.path = f"/v1/auth/{self.mount_point}/login"
        self.authority = trustme.CA()
        self.certificate, self.key = directory / "machine.pem", directory / "machine.key"
        self._bao = bao
        self.write()
        assert bao.authority
        self.through = bao.authority.client_context()
        self.through.load_cert_chain(self.certificate, self.key)

    def write(
        self, authority: trustme.CA | None = None, not_after: datetime | None = None, common_name: str | None = NAME
    ) -> None:
        """Write a new certificate and its key, of the right ``authority`` unless another one is given."""
        leaf = (authority or self.authority).issue_cert(self.NAME, common_name=common_name, not_after=not_after)
        self.certificate.write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
        self.key.touch(mode=0o600)
        self.key.write_bytes(leaf.private_key_pem.bytes())

    def as_role(self, policy: str, **settings: Any) -> dict[str, Any]:  # noqa: ANN401 -- likewise
        name = f"role-{uuid4().hex[:8]}"
        trusted = {"certificate": self.authority.cert_pem.bytes().decode(), "allowed_common_names": [self.NAME]}
        role = {**trusted, "token_policies": policy, "token_ttl": "10m", **settings}
        self._bao.call("POST", f"/v1/auth/{self.mount_point}/certs/{name}", role)
        return {
            "auth_method": "cert",
            "auth_mount_point": f"auth/{self.mount_point}",
            "auth_role": name,
            "client_cert_file": str(self.certificate),
            "client_key_file": str(self.key),
        }


class JwtLogin:
    """Tokens of an issuer of the test's own.

    Attributes:
        issuer: whom the server trusts.
        file: holds the token.
    """

    through = None

    def __init__(self, bao: OpenBao, directory: Path) -> None:
        self.issuer = Issuer()
        self.file = directory / "token"
        self.mount_point = _mounted(bao, "jwt")
        self.path = f"/v1/auth/{self.mount_point}/login"
        self._bao = bao
        bao.call("POST", f"/v1/auth/{self.mount_point}/config", {"jwt_validation_pubkeys": [self.issuer.pem]})
        self.write()

    def write(self, **claims: Any) -> None:  # noqa: ANN401 -- claims are of many types
        """Write a new token."""
        self.file.touch(mode=0o600)
        self.file.write_text(self.issuer.token(**claims), encoding="utf-8")

    def as_role(self, policy: str, **settings: Any) -> dict[str, Any]:  # noqa: ANN401 -- likewise
        bound = {"role_type": "jwt", "bound_audiences": [AUDIENCE], "user_claim": "sub", "bound_subject": "machine"}
        return self._as_role("jwt", policy, {**bound, **settings})

    def _as_role(self, method: str, policy: str, settings: dict[str, Any]) -> dict[str, Any]:
        name = f"role-{uuid4().hex[:8]}"
        role = {"token_policies": policy, "token_ttl": "10m", **settings}
        self._bao.call("POST", f"/v1/auth/{self.mount_point}/role/{name}", role)
        return {
            "auth_method": method,
            "auth_mount_point": self.mount_point,
            "auth_role": name,
            "jwt_file": str(self.file),
        }


class KubernetesLogin(JwtLogin):
    """Tokens of the service account ``deployer`` in ``ops``; `TokenReview` stands in for Kubernetes."""

    def __init__(self, bao: OpenBao, directory: Path, api: TokenReview) -> None:
        self.issuer = Issuer()
        self.file = directory / "token"
        self.api = api
        self.mount_point = _mounted(bao, "kubernetes")
        self.path = f"/v1/auth/{self.mount_point}/login"
        self._bao = bao
        config = {
            "kubernetes_host": api.address,
            "kubernetes_ca_cert": trustme.CA().cert_pem.bytes().decode(),  # which plain http does not come to use
            "disable_local_ca_jwt": True,
            "token_reviewer_jwt": api.reviewer,
        }
        bao.call("POST", f"/v1/auth/{self.mount_point}/config", config)
        self.write()

    def write(self, account: str = "deployer", namespace: str = "ops", **claims: Any) -> None:  # noqa: ANN401 -- likewise
        of = {"namespace": namespace, "serviceaccount": {"name": account, "uid": f"uid-of-{account}"}}
        about = {"sub": f"system:serviceaccount:{namespace}:{account}", "kubernetes.io": of}
        token = self.issuer.token(**{**about, "aud": [AUDIENCE], **claims})
        self.api.known[token] = account, namespace, claims.get("aud", [AUDIENCE])
        self.file.touch(mode=0o600)
        self.file.write_text(f"{token}\n", encoding="utf-8")

    def as_role(self, policy: str, **settings: Any) -> dict[str, Any]:  # noqa: ANN401 -- likewise
        accounts = {"bound_service_account_names": ["deployer"], "bound_service_account_namespaces": ["ops"]}
        return self._as_role("kubernetes", policy, {**accounts, "audience": AUDIENCE, **settings})


def _mounted(bao: OpenBao, kind: str) -> str:
    path = f"{kind}-{uuid4().hex[:8]}"
    bao.call("POST", f"/v1/sys/auth/{path}", {"type": kind})
    return path
