# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What forty wrapped requests cost over TLS to a server 20 ms away: against one, one by one, and by certificate.

Usage: vault_wrapped_requests_calls.py [--rounds N]
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import requests
from ansible_collections.flant.gitops.tests.support import openbao
from ansible_collections.flant.gitops.tests.support.http_faults import faulty
from ansible_collections.flant.gitops.tests.support.ratios import ratio, row
from ansible_collections.flant.gitops.tests.support.slow_link import slow_link
from ansible_collections.flant.gitops.tests.support.vault_call import call
from ansible_collections.flant.gitops.tests.support.vault_logins import CertLogin
from hvac.adapters import JSONAdapter
from hvac.api.auth_methods import AppRole, Token

if TYPE_CHECKING:
    from typing import Any

MANY = 40
MOST_CONNECTIONS = 20
ROUND_TRIP = 0.02


class Site:
    """A secret, and an AppRole that may read it."""

    def __init__(self, server: openbao.OpenBao) -> None:
        self.path = f"/{server.mount('kv', version='1')}/app"
        server.call("POST", f"/v1{self.path}", {"password": "word"})
        self.role = server.approle(f'path "{self.path[1:]}" {{ capabilities = ["read"] }}')
        self.secret_id = server.secret_id(self.role)
        self.by_approle = {"role_id": self.role.role_id, "secret_id": self.secret_id}

    def ours(self, number: int, address: str, **options: Any) -> None:  # noqa: ANN401 -- they are handed on
        """Make ``number`` requests as the module does, by AppRole unless ``options`` say otherwise."""
        wanted = [{"name": f"app {index}", "path": self.path} for index in range(number)]
        credentials = {} if "auth_method" in options else self.by_approle
        outcome = call(vault_addr=address, requests=wanted, **credentials, **options)
        assert len(outcome.env) == number

    def peer(self, number: int, address: str, authority: Path) -> None:
        """Make them with hvac over one connection that is kept, one after the other."""
        with requests.Session() as session:
            session.trust_env = False
            session.verify = str(authority)
            adapter = JSONAdapter(base_uri=address, session=session)
            AppRole(adapter).login(self.role.role_id, self.secret_id)
            for _index in range(number):
                assert adapter.get(f"/v1{self.path}", wrap_ttl="60s")["wrap_info"]["token"]
            Token(adapter).revoke_self()


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=11)
    rounds = parser.parse_args().rounds
    authority = openbao.Authority("127.0.0.1")
    with tempfile.TemporaryDirectory() as folder, openbao.running(authority=authority) as server:
        pem = Path(folder) / "ca.pem"
        pem.write_text(authority.pem)
        site = Site(server)
        with slow_link(urlsplit(server.address).port or 0, ROUND_TRIP) as link:
            address = f"https://127.0.0.1:{link.port}"

            def one() -> None:
                site.ours(1, address, vault_cacert=authority.pem)

            def many() -> None:
                site.ours(MANY, address, vault_cacert=authority.pem)

            def in_turn() -> None:
                site.peer(MANY, address, pem)

            by_certificate = CertLogin(server, Path(folder)).as_role(site.role.name)

            def many_by_certificate() -> None:
                site.ours(MANY, address, vault_cacert=authority.pem, **by_certificate)

            many()
            most = link.most_connections() / MOST_CONNECTIONS
            print(row(f"{MANY} requests, connections / {MOST_CONNECTIONS}", most, 1))
            print(row(f"{MANY} requests / 1 request", ratio(many, one, rounds), 1.7))
            print(row(f"{MANY} requests / in turn on a kept connection", ratio(many, in_turn, rounds), 0.2))
            print(row(f"{MANY} requests by certificate / by AppRole", ratio(many_by_certificate, many, rounds), 1.05))
    with openbao.running() as server, faulty(server.address) as counter:
        Site(server).ours(MANY, counter.address)
        print(row(f"{MANY} requests, calls / {MANY + 2}", len(counter.seen) / (MANY + 2), 1))


if __name__ == "__main__":
    main()
