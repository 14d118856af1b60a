# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Three servers with one storage: what one has written, another may not know yet."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from ansible_collections.flant.gitops.tests.support import openbao, vault_call
from ansible_collections.flant.gitops.tests.support.round_robin import round_robin
from ansible_collections.flant.gitops.tests.support.vault_account import ROTATION_POLICY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ansible_collections.flant.gitops.tests.support.openbao import OpenBao
    from ansible_collections.flant.gitops.tests.support.soak import Long

_ROTATIONS = 200
_HOSTS = 20
_REPLICATED = 0.5  # seconds in which a standby has surely learnt of what the operator made


@pytest.fixture(scope="module")
def servers() -> Iterator[list[OpenBao]]:
    with openbao.cluster() as servers:
        yield servers


@pytest.fixture(scope="module", params=["standby", "round robin"])
def address(request: pytest.FixtureRequest, servers: list[OpenBao]) -> Iterator[str]:
    if request.param == "standby":
        yield servers[1].address
    else:
        with round_robin([urlsplit(server.address).port or 0 for server in servers]) as port:
            yield f"http://127.0.0.1:{port}"


@pytest.mark.soak
def test_v13_a_new_secret_id_is_waited_for_and_no_login_fails(
    servers: list[OpenBao], address: str, tmp_path: Path, long: Long
) -> None:
    active = servers[0]
    role = active.approle(ROTATION_POLICY)
    secret_ids = [active.secret_id(role) for _rotation in range(long.times(_ROTATIONS))]
    time.sleep(_REPLICATED)

    for number, secret_id in enumerate(secret_ids):
        file = tmp_path / f"secret-id-{number}"
        assert rotated(address, role, secret_id, file)
        assert file.read_text(encoding="utf-8") not in ("", secret_id)

    assert len(active.secret_ids(role)) == len(secret_ids)


@pytest.mark.soak
def test_v13_hosts_of_one_role_rotate_at_once(servers: list[OpenBao], address: str, tmp_path: Path, long: Long) -> None:
    active = servers[0]
    role = active.approle(ROTATION_POLICY)
    hosts = {f"host{number}": active.secret_id(role) for number in range(max(4, long.times(_HOSTS)))}
    time.sleep(_REPLICATED)

    with ThreadPoolExecutor(len(hosts)) as pool:
        done = list(pool.map(lambda host: rotated(address, role, hosts[host], tmp_path / host), hosts))

    assert done == [True] * len(hosts)
    assert len(active.secret_ids(role)) == len(hosts)


def rotated(address: str, role: openbao.Role, secret_id: str, file: Path) -> bool:
    return vault_call.call(
        vault_addr=address,
        role_id=role.role_id,
        role_name=role.name,
        secret_id=secret_id,
        secret_id_file=str(file),
        secret_id_ttl="24h",
    ).secret_id_rotated
