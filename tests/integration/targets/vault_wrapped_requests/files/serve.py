# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs an OpenBao server as the examples of the module's documentation expect it, until it is told to end.

Usage: serve.py FOLDER. Once the server can be used, FOLDER/server.json says how.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import trustme
from ansible_collections.flant.gitops.tests.support import background, openbao, token_review
from ansible_collections.flant.gitops.tests.support.tokens import Issuer

POLICY = """
path "secret/data/database" { capabilities = ["read"] }
path "secret/data/missing" { capabilities = ["read"] }
path "kv1/*" { capabilities = ["create", "update", "list"] }
path "pki/issue/web" { capabilities = ["update"] }
path "transit/encrypt/deploy" { capabilities = ["update"] }
path "auth/token/create" { capabilities = ["update"] }
path "{role}/secret-id" { capabilities = ["update"] }
path "{role}/secret-id/lookup" { capabilities = ["update"] }
path "{role}/secret-id/destroy" { capabilities = ["update"] }
"""


def fill(server: openbao.OpenBao) -> openbao.Role:
    """Set up the engines and the AppRole that the examples name."""
    for path, engine in (("secret", "kv"), ("kv1", "kv"), ("pki", "pki"), ("transit", "transit")):
        options = {"version": "2"} if path == "secret" else {}
        server.call("POST", f"/v1/sys/mounts/{path}", {"type": engine, "options": options})
    server.call("POST", "/v1/secret/data/database", {"data": {"password": "hidden-value"}})
    server.call("POST", "/v1/pki/root/generate/internal", {"common_name": "root.test"})
    server.call("POST", "/v1/pki/roles/web", {"allow_any_name": True, "ttl": "10m"})
    server.call("POST", "/v1/transit/keys/deploy")
    server.call("PUT", "/v1/sys/policies/acl/reader", {"policy": 'path "kv1/*" { capabilities = ["read"] }'})
    return server.approle(POLICY, name="deploy", token_policies=["deploy", "reader"])


def admit_certificate(server: openbao.OpenBao, folder: Path) -> None:
    """Let a machine with the files machine-cert.pem and machine-key.pem be the role ``web``."""
    authority = trustme.CA()
    leaf = authority.issue_cert("web.test", common_name="web.test")
    (folder / "machine-cert.pem").write_bytes(leaf.cert_chain_pems[0].bytes())
    (folder / "machine-key.pem").touch(mode=0o600)
    (folder / "machine-key.pem").write_bytes(leaf.private_key_pem.bytes())
    server.call("POST", "/v1/sys/auth/cert", {"type": "cert"})
    trusted = authority.cert_pem.bytes().decode()
    server.call("POST", "/v1/auth/cert/certs/web", {"certificate": trusted, "token_policies": "deploy"})


def admit_service_account(server: openbao.OpenBao, folder: Path, api: token_review.TokenReview) -> None:
    """Let the service account of vault/token be the role ``deploy``; the ``api`` stands in for Kubernetes."""
    of = {"namespace": "ops", "serviceaccount": {"name": "deployer", "uid": "uid-of-deployer"}}
    token = Issuer().token(aud=["vault"], sub="system:serviceaccount:ops:deployer", **{"kubernetes.io": of})
    api.known[token] = "deployer", "ops", ["vault"]
    (folder / "vault").mkdir()
    (folder / "vault/token").touch(mode=0o600)
    (folder / "vault/token").write_text(token, encoding="utf-8")
    server.call("POST", "/v1/sys/auth/kubernetes", {"type": "kubernetes"})
    config = {"kubernetes_host": api.address, "kubernetes_ca_cert": server.authority.pem if server.authority else ""}
    reviewer = {"disable_local_ca_jwt": True, "token_reviewer_jwt": api.reviewer}
    server.call("POST", "/v1/auth/kubernetes/config", {**config, **reviewer})
    bound = {"bound_service_account_names": ["deployer"], "bound_service_account_namespaces": ["ops"]}
    role = {**bound, "audience": "vault", "token_policies": "deploy"}
    server.call("POST", "/v1/auth/kubernetes/role/deploy", role)


def main() -> None:
    """Serve."""
    folder = Path(sys.argv[1])
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(openbao.running(authority=openbao.Authority("localhost", "127.0.0.1")))
        role = fill(server)
        admit_certificate(server, folder)
        api = stack.enter_context(token_review.reviewing())
        admit_service_account(server, folder, api)
        described = {
            "address": server.address,
            "cacert": server.authority.pem if server.authority else "",
            "root_token": server.root_token,
            "role_id": role.role_id,
            "secret_id": server.secret_id(role),
            "secret_id_for_file": server.secret_id(role),
        }
        background.serve(folder / "server.json", described)


if __name__ == "__main__":
    background.run(main)
