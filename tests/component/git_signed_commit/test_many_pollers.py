# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet that polls one server at once: none of it costs the server more than a host that is alone."""

from __future__ import annotations

import multiprocessing
import subprocess
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import pytest
from ansible_collections.flant.gitops.tests.support.environment import clean
from ansible_collections.flant.gitops.tests.support.signed_commit import call

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ansible_collections.flant.gitops.tests.support.git_server import HttpServer
    from ansible_collections.flant.gitops.tests.support.repository import Repository
    from ansible_collections.flant.gitops.tests.support.signers import Signers
    from ansible_collections.flant.gitops.tests.support.soak import Long


ENOUGH = 3000  # bytes for a poll of a branch that has not moved, however many refs there are


class Cost(NamedTuple):
    """What a server was asked for."""

    connections: int
    requests: int
    bytes: int


def cost(server: HttpServer, ask: Callable[[], object]) -> Cost:
    def spent() -> Cost:
        return Cost(server.connections, len(server.requests), server.received + server.sent)

    before = spent()
    ask()
    return Cost(*(after - then for after, then in zip(spent(), before)))


@pytest.mark.soak
def test_each_of_200_pollers_costs_one_connection_and_as_many_requests_as_ls_remote(
    upstream: Repository, https: HttpServer, ca_file: Path, signers: Signers, tmp_path: Path, long: Long
) -> None:
    """Each is a process of its own, with a cache of its own; so is it with a new commit, which costs each the same."""
    trust = {"required_signatures": 1, "trusted_keys": [signers.alice.public_key]}
    server = {"repo": f"{https.url}/up.git", "ca_cert_file": ca_file}
    caches = [{"git_dir": tmp_path / f"host{number}" / "git"} for number in range(long.times(200))]
    commit = upstream.commit(signer=signers.alice)
    requests = "".join(f"create refs/pull/{number}/head {commit}\n" for number in range(500))
    upstream.git("update-ref", "--stdin", stdin=requests.encode())
    least = cost(https, lambda: ls_remote(server["repo"], ca_file))

    with ProcessPoolExecutor(len(caches), multiprocessing.get_context("spawn")) as hosts:

        def poll(hosts_caches: list[dict[str, Path]], last_commit: str) -> list[tuple[str, str]]:
            asked = [hosts.submit(call, **server, **trust, **cache, last_commit=last_commit) for cache in hosts_caches]
            return [(outcome.status, outcome.commit) for outcome in (each.result() for each in asked)]

        for cache in caches:
            cache["git_dir"].parent.mkdir()
        assert poll(caches, "") == [("new", commit)] * len(caches)
        for cache in caches:
            call(action="record", last_commit=commit, **cache)

        unchanged = cost(https, lambda: poll(caches, commit))
        assert unchanged.connections == len(caches)
        assert unchanged.requests == len(caches) * least.requests
        assert unchanged.bytes <= len(caches) * ENOUGH
        assert poll(caches, commit) == [("unchanged", commit)] * len(caches)

        upstream.commit(signer=signers.alice)
        alone = cost(https, lambda: poll(caches[:1], commit))
        together = cost(https, lambda: poll(caches[1:], commit))
        assert together.requests == (len(caches) - 1) * alone.requests
        assert together.bytes <= 1.2 * (len(caches) - 1) * alone.bytes


def ls_remote(repo: str, ca_file: Path) -> None:
    """Ask for the least that could tell."""
    command = ["git", "-c", f"http.sslCAInfo={ca_file}", "ls-remote", "--heads", "--tags", repo]
    subprocess.run(command, env=clean(), capture_output=True, check=True)
