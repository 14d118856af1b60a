# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tokens in the hands of those they are meant for: the ``bao`` client in a container, and hvac."""

from __future__ import annotations

from typing import TYPE_CHECKING

import hvac
import pytest
import requests
from ansible_collections.flant.gitops.tests.support import images
from docker import APIClient

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.flant.gitops.tests.support.openbao import OpenBao
    from ansible_collections.flant.gitops.tests.support.vault_account import Account

UNWRAP = """
bao unwrap -format=json "$VAULT_REQUEST_TOKEN_APP" && ! bao unwrap -format=json "$VAULT_REQUEST_TOKEN_APP"
"""


@pytest.fixture
def engine() -> Iterator[APIClient]:
    """The machine's container engine."""
    client = APIClient(base_url="unix:///var/run/docker.sock", timeout=120)
    client.trust_env = False
    yield client
    client.close()


def test_the_client_in_a_container_unwraps_once(account: Account, bao: OpenBao, engine: APIClient) -> None:
    outcome = account.call(requests=[{"name": "app", "path": account.app}])

    with images.busybox().with_files(bin__bao=bao.binary).loaded(engine) as image:
        container = engine.create_container(
            image,
            ["/bin/sh", "-c", UNWRAP],
            environment={**outcome.env, "BAO_ADDR": bao.address},
            host_config=engine.create_host_config(network_mode="host"),
        )
        try:
            engine.start(container)
            status = engine.wait(container)["StatusCode"]
            output = engine.logs(container).decode()
        finally:
            engine.remove_container(container, force=True, v=True)

    assert status == 0, output
    assert '"password": "hidden-value"' in output
    assert "wrapping token is not valid or does not exist" in output


def test_hvac_unwraps_once(account: Account, bao: OpenBao) -> None:
    outcome = account.call(requests=[{"name": "app", "path": account.app}])
    session = requests.Session()
    session.trust_env = False
    client = hvac.Client(bao.address, token=outcome.env["VAULT_REQUEST_TOKEN_APP"], session=session)

    assert client.sys.unwrap()["data"]["data"] == {"password": "hidden-value"}
    with pytest.raises(hvac.exceptions.InvalidRequest):
        client.sys.unwrap()
