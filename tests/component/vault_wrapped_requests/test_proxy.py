# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server behind an HTTP proxy, from where there is no other way to it."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.tests.support.forward_proxy import ForwardProxy, forward_proxy
from ansible_collections.flant.gitops.tests.support.http_faults import Fault, faulty
from ansible_collections.flant.gitops.tests.support.network import island, needs_root
from ansible_collections.flant.gitops.tests.support.vault_account import TLS_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.flant.gitops.tests.support.network import Island
    from ansible_collections.flant.gitops.tests.support.openbao import OpenBao
    from ansible_collections.flant.gitops.tests.support.vault_account import Account

pytestmark = needs_root

HTTPS, HTTP = f"https://{TLS_NAME}:8200", f"http://{TLS_NAME}:8200"
PROXY_ACCOUNT = {"proxy_username": "way ön", "proxy_password": "pr:xy@w/rd %41ä"}
SHOWN = "way ön:pr:xy@w/rd %41ä"
PAGE = b"Content-Type: text/html\r\n\r\n<!DOCTYPE html><title>Please log in</title>"
LOGIN = "The login at auth/approle with role_id and secret_id"


@pytest.fixture
def lonely() -> Iterator[Island]:
    with island() as made:
        yield made


@pytest.fixture
def proxy(lonely: Island, tls_bao: OpenBao) -> Iterator[ForwardProxy]:
    """The only way out, which leads to the server that speaks TLS: it listens where the module is."""
    with forward_proxy(lonely.listener) as running:
        running.servers[f"{TLS_NAME}:8200"] = port_of(tls_bao)
        yield running


def port_of(bao: OpenBao) -> int:
    port = urlsplit(bao.address).port
    assert port
    return port


def read(account: Account, number: int = 1) -> list[dict[str, object]]:
    return [{"name": f"app {index}", "path": account.app} for index in range(number)]


@pytest.mark.parametrize("wants", ["", SHOWN])
def test_t20_every_call_goes_through_the_proxy(
    tls_account: Account, lonely: Island, proxy: ForwardProxy, wants: str
) -> None:
    proxy.account = wants
    given = {"vault_addr": HTTPS, "proxy": proxy.url, **(PROXY_ACCOUNT if wants else {})}
    with lonely.entered():
        outcome = tls_account.call(**given, **tls_account.with_file, requests=read(tls_account, 40))
        assert len(outcome.env) == 40
        assert outcome.secret_id_rotated
        assert outcome.warnings == ()
        ended = tls_account.call(**given, action="revoke", tokens=outcome.revocable, role_id=None, secret_id=None)
    assert ended.changed
    assert set(proxy.seen) == {("CONNECT", f"{TLS_NAME}:8200")}
    assert 1 < len(proxy.seen) <= 40


def test_t20_connections_are_kept(tls_account: Account, lonely: Island, proxy: ForwardProxy) -> None:
    with lonely.entered():
        tls_account.call(vault_addr=HTTPS, proxy=proxy.url, requests=read(tls_account))
    assert len(proxy.seen) == 1


def test_t20_there_is_no_other_way(tls_account: Account, lonely: Island) -> None:
    """Proves that the tests here would notice a direct connection, by its failure."""
    with lonely.entered():
        for address in (HTTPS, tls_account.bao.address):
            with pytest.raises(Failure, match=r"cannot be reached; see vault_addr\.$"):
                tls_account.call(vault_addr=address, retries=0)


def test_t20_nothing_of_the_environment_acts(
    tls_account: Account, lonely: Island, proxy: ForwardProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "*")
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with lonely.entered():
        tls_account.call(vault_addr=HTTPS, proxy=proxy.url, requests=read(tls_account))
    assert proxy.seen


def test_t20_the_machine_itself_is_not_reached_through_it(tls_account: Account) -> None:
    with forward_proxy() as proxy:
        tls_account.call(proxy=proxy.url, requests=read(tls_account))
    assert proxy.seen == []


@pytest.mark.parametrize("wants", ["", SHOWN])
def test_t20_plain_http_through_it_is_warned_of(
    account: Account, bao: OpenBao, lonely: Island, proxy: ForwardProxy, wants: str
) -> None:
    proxy.servers[f"{TLS_NAME}:8200"] = port_of(bao)
    proxy.account = wants
    with lonely.entered():
        outcome = account.call(
            vault_addr=HTTP, proxy=proxy.url, **(PROXY_ACCOUNT if wants else {}), requests=read(account, 3)
        )
    assert len(outcome.env) == 3
    assert [warning.partition(":")[0] for warning in outcome.warnings] == ["vault_addr"]
    assert {method for method, _target in proxy.seen} == {"POST", "GET"}
    assert all(target.startswith(f"{HTTP}/v1/") for _method, target in proxy.seen)
    assert {headers["Host"] for headers in proxy.headers} == {f"{TLS_NAME}:8200"}


def test_t20_the_servers_never_see_what_the_proxy_is_shown(account: Account, lonely: Island) -> None:
    with faulty(account.bao.address) as server, forward_proxy(lonely.listener) as proxy:
        proxy.servers[f"{TLS_NAME}:8200"] = int(server.address.rpartition(":")[2])
        proxy.account = SHOWN
        with lonely.entered():
            account.call(vault_addr=HTTP, proxy=proxy.url, **PROXY_ACCOUNT, requests=read(account))
    assert server.seen
    assert all("Proxy-Authorization" not in seen.headers for seen in server.seen)


@pytest.mark.parametrize("given", [{}, {**PROXY_ACCOUNT, "proxy_password": "wrong word"}])
@pytest.mark.parametrize("address", [HTTPS, HTTP])
def test_t20_a_wrong_password_for_it_is_told_and_shown_once(
    tls_account: Account, lonely: Island, proxy: ForwardProxy, given: dict[str, str], address: str
) -> None:
    proxy.account = SHOWN
    with lonely.entered(), pytest.raises(Failure) as failed:
        tls_account.call(vault_addr=address, proxy=proxy.url, **given, requests=read(tls_account, 20))
    assert "refused proxy_username and proxy_password, or wants some" in str(failed.value)
    assert str(failed.value).startswith(f"{LOGIN}: the proxy ")
    assert "wrong word" not in str(failed.value)
    shown = [headers for headers in proxy.headers if "Proxy-Authorization" in headers]
    assert len(shown) == (1 if given else 0)


def test_t20_a_proxy_that_is_away_is_told(tls_account: Account, lonely: Island) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        away = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with lonely.entered():
        for address in (HTTPS, HTTP):
            for proxy in (away, "http://nowhere.invalid:3128"):
                with pytest.raises(Failure, match=rf"^{LOGIN}: the proxy {proxy} cannot be reached; see proxy\.$"):
                    tls_account.call(vault_addr=address, proxy=proxy, retries=0)


@pytest.mark.parametrize(
    ("reply", "sentence", "tried"),
    [
        (
            b"HTTP/1.1 403 Forbidden\r\n" + PAGE,
            f"the proxy {{}} does not let it through to {TLS_NAME}:8200 (HTTP 403)",
            1,
        ),
        (b"HTTP/1.1 502 Bad\r\n" + PAGE, f"the proxy {{}} does not let it through to {TLS_NAME}:8200 (HTTP 502)", 2),
        (b"HTTP/1.1 200 OK\r\n" + PAGE, "what answers at {} sends a page in place of the server", 1),
        (PAGE, "what answers at {} is not an HTTP proxy", 1),
    ],
    ids=["403", "502", "200", "no http"],
)
def test_t20_a_proxy_that_answers_a_page_is_told(
    tls_account: Account, lonely: Island, proxy: ForwardProxy, reply: bytes, sentence: str, tried: int
) -> None:
    proxy.reply = reply
    with lonely.entered(), pytest.raises(Failure) as failed:
        tls_account.call(vault_addr=HTTPS, proxy=proxy.url, retries=1)
    assert str(failed.value) == f"{LOGIN}: {sentence.format(proxy.url)}; see proxy."
    assert len(proxy.seen) == tried


def test_t20_a_page_in_place_of_a_plain_server_is_told(
    tls_account: Account, lonely: Island, proxy: ForwardProxy
) -> None:
    proxy.reply = b"HTTP/1.1 200 OK\r\n" + PAGE
    with lonely.entered(), pytest.raises(Failure, match=rf"^{LOGIN}: the server's reply is not a JSON object; "):
        tls_account.call(vault_addr=HTTP, proxy=proxy.url, retries=0)


def test_t20_a_tunnel_that_failed_is_tried_again_even_for_what_writes(
    tls_account: Account, lonely: Island, proxy: ForwardProxy
) -> None:
    asked = []

    def busy_at_first() -> None:
        asked.append(time.monotonic())
        proxy.reply = b"HTTP/1.1 503 Busy\r\n\r\n" if len(asked) < 3 else b""

    proxy.on_request = busy_at_first
    new = {"name": "new", "method": "POST", "path": f"/{tls_account.kv2}/data/new", "options": {"data": {"a": "b"}}}
    with lonely.entered():
        assert len(tls_account.call(vault_addr=HTTPS, proxy=proxy.url, requests=[new]).env) == 1
    assert len(asked) >= 3


@pytest.mark.parametrize("status", [502, 504])
def test_t20_a_gateway_that_fails_after_the_tunnel_may_have_carried_it_out(
    account: Account, lonely: Island, status: int
) -> None:
    with faulty(account.bao.address) as server, forward_proxy(lonely.listener) as proxy:
        proxy.servers[f"{TLS_NAME}:8200"] = int(server.address.rpartition(":")[2])
        server.fail("POST", "/v1/auth/approle/login", Fault(status))
        with lonely.entered(), pytest.raises(Failure, match=r"and it may have been carried out \(HTTP 50[24]\)\.$"):
            account.call(vault_addr=HTTP, proxy=proxy.url)
    assert server.count("POST", "/v1/auth/approle/login") == 1


@pytest.mark.parametrize("reply", [b"", b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 200], ids=["silent", "dripping"])
def test_v15_the_timeout_bounds_the_proxys_answer(
    tls_account: Account, lonely: Island, proxy: ForwardProxy, reply: bytes
) -> None:
    proxy.reply, proxy.drip = reply, 0.1
    if not reply:
        proxy.on_request = lambda: time.sleep(5)
    start = time.monotonic()
    with lonely.entered(), pytest.raises(Failure, match=rf"^{LOGIN}: the proxy \S+ does not answer in time; see proxy"):
        tls_account.call(vault_addr=HTTPS, proxy=proxy.url, timeout="2s", retries=0)
    assert 1.5 < time.monotonic() - start < 3
