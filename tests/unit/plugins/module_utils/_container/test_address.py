# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._container.address import check
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure


@pytest.mark.parametrize(
    "address", ["unix:///run/docker.sock", "tcp://127.0.0.1:2375", "tcp://[::1]:1", "tcp://localhost:1/"]
)
def test_c17_what_stays_on_the_machine_needs_no_tls(address: str) -> None:
    check(address, tls=False)


@pytest.mark.parametrize("host", ["engine.example.test", "10.0.0.1", "[fd00::1]", "127.0.0.1.example.test"])
def test_c17_a_network_without_tls_is_refused(host: str) -> None:
    with pytest.raises(Failure, match=r"^docker_host: tcp://.* is reached over the network without TLS"):
        check(f"tcp://{host}:2375", tls=False)
    check(f"tcp://{host}:2376", tls=True)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "/run/docker.sock",
        "unix://run/docker.sock",
        "tcp://",
        "tcp://127.0.0.1",
        "tcp://:1",
        "tcp://127.0.0.1:x",
        "tcp://[::1",
        "http://127.0.0.1:1",
        "npipe:////./pipe/docker",
        "tcp://127.0.0.1:1/path",
        "tcp://me@127.0.0.1:1",
    ],
)
def test_what_is_not_an_address_is_refused(address: str) -> None:
    with pytest.raises(Failure, match="is neither unix:///path/to/socket nor tcp://host:port"):
        check(address, tls=False)


def test_c20_ssh_is_told_apart() -> None:
    with pytest.raises(Failure, match=r"^docker_host: ssh://me@host cannot be reached over SSH; forward its socket"):
        check("ssh://me@host", tls=False)


def test_tls_is_not_for_a_socket() -> None:
    with pytest.raises(Failure, match=r"^docker_host: tls_\* options are for a tcp:// address"):
        check("unix:///run/docker.sock", tls=True)
