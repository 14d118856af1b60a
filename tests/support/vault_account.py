# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An AppRole on a real server, and the books on what the module leaves there: in the end nothing may be unexplained."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING
from uuid import uuid4

from ansible_collections.flant.gitops.tests.support import vault_call
from ansible_collections.flant.gitops.tests.support.http_faults import faulty
from ansible_collections.flant.gitops.tests.support.vault_logins import AppRoleLogin

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from ansible_collections.flant.gitops.plugins.module_utils._vault.run import Outcome
    from ansible_collections.flant.gitops.tests.support.http_faults import FaultyServer
    from ansible_collections.flant.gitops.tests.support.openbao import OpenBao
    from ansible_collections.flant.gitops.tests.support.vault_logins import Login

TLS_NAME = "vault.example.test"  # which no server of a test has as its address

# What the module's documentation names as the least that works, beside the paths of the requests themselves.
ROTATION_POLICY = """
path "{role}/secret-id" { capabilities = ["update"] }
path "{role}/secret-id/lookup" { capabilities = ["update"] }
path "{role}/secret-id/destroy" { capabilities = ["update"] }
"""


class Account:
    """Calls the module as one role: an AppRole with one secret-id, unless it is to log in otherwise.

    Attributes:
        bao: the server.
        login: how the role logs in.
        role: the AppRole, with a policy to read, write and list ``kv2`` and to rotate.
        kv2, kv1: paths of a version 2 and a version 1 store; ``app`` in both holds ``password: hidden-value``.
        file: where a test may keep the secret-id.
        options: what every call passes, unless the test says otherwise.
    """

    def __init__(
        self,
        bao: OpenBao,
        directory: Path,
        login: Login | None = None,
        **options: Any,  # noqa: ANN401 -- they are handed on
    ) -> None:
        self.bao = bao
        self.login = login or AppRoleLogin(bao)
        self.file = directory / "secret-id"
        self.kv2 = bao.mount("kv", version="2")
        self.kv1 = bao.mount("kv", version="1")
        bao.call("POST", f"/v1/{self.kv2}/data/app", {"data": {"password": "hidden-value"}})
        bao.call("POST", f"/v1/{self.kv1}/app", {"password": "hidden-value"})
        self.role = bao.approle(self._policy() + ROTATION_POLICY)
        self.secret_id = bao.secret_id(self.role)
        credentials = {"role_id": self.role.role_id, "secret_id": self.secret_id}
        self.options = {
            "vault_addr": bao.address,
            **(login.as_role(self.role.name) if login else credentials),
            **options,
        }
        self._explained = bao.token_accessors()

    def _policy(self) -> str:
        everything = '{ capabilities = ["create", "read", "update", "list", "delete"] }'
        return f'path "{self.kv2}/*" {everything}\npath "{self.kv1}/*" {everything}\n'

    @property
    def app(self) -> str:
        """The path of the secret."""
        return f"/{self.kv2}/data/app"

    @property
    def with_file(self) -> dict[str, Any]:
        """Options that let the secret-id be rotated in the file."""
        return {"role_name": self.role.name, "secret_id_file": str(self.file), "secret_id_ttl": "24h"}

    def as_another(self, rules: str = "", **settings: Any) -> dict[str, Any]:  # noqa: ANN401 -- likewise
        """Return the options to log in as another role, which may read ``kv2`` and what ``rules`` allow."""
        name = f"policy-{uuid4().hex[:8]}"
        self.bao.policy(name, f'path "{self.kv2}/*" {{ capabilities = ["read"] }}\n{rules}')
        return self.login.as_role(name, **settings)

    @contextlib.contextmanager
    def proxied(self) -> Iterator[FaultyServer]:
        """Yield a server before the real one, which can fail as that cannot be made to."""
        authority = self.bao.authority
        tls = authority.server_context() if authority else None
        through = self.login.through or (authority.client_context() if authority else None)
        with faulty(self.bao.address, tls=tls, through=through) as server:
            yield server

    def call(self, *, check_mode: bool = False, **options: Any) -> Outcome:  # noqa: ANN401 -- likewise
        """Call the module here; the wrapping tokens that it returns are explained by that."""
        outcome = vault_call.call(check_mode=check_mode, **{**self.options, **options})
        self._explained |= {token.accessor for token in outcome.tokens}
        return outcome

    def start(self, **options: Any) -> subprocess.Popen[str]:  # noqa: ANN401 -- likewise
        """Call the module in a process of its own; what `vault_call.start` takes may be given too."""
        return vault_call.start(**{**self.options, **options})

    def allow(self, rules: str) -> None:
        """Let the role do more than it may from the beginning."""
        path = f"/v1/sys/policies/acl/{self.role.name}"
        policy = self.bao.call("GET", path)["data"]["policy"]
        self.bao.call("PUT", path, {"policy": f"{policy}\n{rules}"})

    def new_tokens(self) -> set[str]:
        """Return the accessors of tokens that have come into being and are not explained yet."""
        return self.bao.token_accessors() - self._explained

    def explain(self, accessors: set[str]) -> None:
        """Let tokens be alive, for a reason that the test states."""
        self._explained |= accessors

    def end_login(self, *, alive: bool) -> None:
        """Prove that the login token is alive, and end it, or prove that it is not."""
        assert bool(self.new_tokens()) is alive
        for accessor in self.new_tokens():
            self.bao.call("POST", "/v1/auth/token/revoke-accessor", {"accessor": accessor})

    def forget_secret_ids(self) -> None:
        """Destroy all secret-ids, those that a test has explained included."""
        path = f"/v1/auth/{self.role.mount_point}/role/{self.role.name}/secret-id-accessor/destroy"
        for accessor in self.bao.secret_ids(self.role):
            self.bao.call("POST", path, {"secret_id_accessor": accessor})

    def settle(self) -> None:
        """Prove that no token is alive, and of the role no secret-id, but those explained."""
        assert self.new_tokens() == set(), "tokens are left"
        known = {self.secret_id, self.file.read_text(encoding="utf-8") if self.file.exists() else self.secret_id}
        path = f"/v1/auth/{self.role.mount_point}/role/{self.role.name}/secret-id/lookup"
        found = [self.bao.call("POST", path, {"secret_id": secret_id}) for secret_id in known]
        accessors = {reply["data"]["secret_id_accessor"] for reply in found if reply}
        assert set(self.bao.secret_ids(self.role)) <= accessors, "secret-ids are left"
