# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the server is reached, whom it is believed to be, and what is sent again."""

from __future__ import annotations

import resource
import time
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.tests.support import openbao
from ansible_collections.flant.gitops.tests.support.http_faults import Fault, FaultyServer, faulty
from ansible_collections.flant.gitops.tests.support.vault_account import TLS_NAME, Account
from ansible_collections.flant.gitops.tests.support.vault_logins import every_login, every_tls_login

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.flant.gitops.tests.support.openbao import OpenBao

REVOKE = "/v1/auth/token/revoke-self"


def read(account: Account) -> dict[str, object]:
    return {"name": "app", "path": account.app}


def write(account: Account) -> dict[str, object]:
    return {"name": "new", "method": "POST", "path": f"/{account.kv2}/data/new", "options": {"data": {"a": "b"}}}


@every_login
@pytest.mark.parametrize("at_login", [True, False], ids=["login", "request"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_v1_a_redirect_is_refused_and_its_target_named(
    account: Account, proxy: FaultyServer, at_login: bool, status: int
) -> None:
    with faulty() as elsewhere:
        target = elsewhere.address.replace("http://", "http://user:word@") + "/v1/x?canary=1"
        method, path = ("POST", account.login.path) if at_login else ("GET", "/v1/kv")
        proxy.fail(method, path, Fault(status, {"Location": target}))

        with pytest.raises(Failure, match=f"redirects to {elsewhere.address}, which is not followed") as failed:
            account.call(vault_addr=proxy.address, requests=[read(account)])

    assert elsewhere.seen == []
    assert "word" not in str(failed.value)
    assert "canary" not in str(failed.value)


@every_login
def test_v2_no_token_goes_along_with_the_login_and_no_setting_of_the_environment_acts(
    account: Account, proxy: FaultyServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".vault-token").write_text("token-of-home")
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login someone password netrc-word")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    for variable in ("VAULT_TOKEN", "BAO_TOKEN", "VAULT_NAMESPACE", "BAO_NAMESPACE"):
        monkeypatch.setenv(variable, "of-the-environment")
    for variable in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "VAULT_ADDR"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)

    account.call(vault_addr=proxy.address, requests=[read(account)])

    assert [seen.path for seen in proxy.seen] == [account.login.path, f"/v1{account.app}", REVOKE]
    assert {"X-Vault-Token", "Authorization", "X-Vault-Namespace"}.isdisjoint(proxy.seen[0].headers)
    assert all("Authorization" not in seen.headers for seen in proxy.seen)


@every_tls_login
def test_v2_authorities_of_the_environment_are_not_trusted(
    tls_account: Account, tls_bao: OpenBao, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_text(tls_bao.authority.pem if tls_bao.authority else "")
    for variable in ("VAULT_CACERT", "BAO_CACERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(variable, str(bundle))
    monkeypatch.setenv("VAULT_SKIP_VERIFY", "true")

    with pytest.raises(Failure, match=r"not trusted .*; see vault_cacert and vault_tls_server_name\.$"):
        tls_account.call(vault_cacert=None)


@every_login
@pytest.mark.parametrize("status", [500, 502, 504])
def test_v3_a_write_that_may_have_run_is_not_sent_again(account: Account, proxy: FaultyServer, status: int) -> None:
    proxy.fail("POST", f"/v1/{account.kv2}", Fault(status, carried_out=True))

    with pytest.raises(Failure, match=rf"^Request 'new' \(POST /.*may have been carried out \(HTTP {status}\)\.$"):
        account.call(vault_addr=proxy.address, requests=[write(account)])

    assert proxy.count("POST", f"/v1/{account.kv2}") == 1
    account.explain(account.new_tokens())  # the wrapping token that only the proxy has seen ends by itself


@every_login
@pytest.mark.parametrize("cut", ["reply", "body"])
def test_v3_a_write_whose_reply_is_lost_is_not_sent_again(account: Account, proxy: FaultyServer, cut: str) -> None:
    proxy.fail("POST", f"/v1/{account.kv2}", Fault(carried_out=True, cut=cut))

    with pytest.raises(Failure, match=r"the connection was lost; it may have been carried out\.$"):
        account.call(vault_addr=proxy.address, requests=[write(account)])

    assert proxy.count("POST", f"/v1/{account.kv2}") == 1
    account.explain(account.new_tokens())  # likewise


@every_login
@pytest.mark.parametrize(
    "fault", [Fault(500), Fault(502), Fault(504), Fault(cut="reply"), Fault(cut="body"), Fault(delay=4)]
)
@pytest.mark.parametrize("method", ["GET", "LIST"])
def test_v3_a_read_is_sent_again(account: Account, proxy: FaultyServer, fault: Fault, method: str) -> None:
    path = f"/{account.kv2}/metadata/" if method == "LIST" else account.app
    proxy.fail(method, f"/v1/{account.kv2}", fault, times=2)

    outcome = account.call(
        vault_addr=proxy.address, timeout="3s", requests=[{"name": "r", "method": method, "path": path}]
    )

    assert proxy.count(method, f"/v1/{account.kv2}") == 3
    assert len(outcome.tokens) == 1
    account.explain(account.new_tokens())  # those of the replies that did not arrive


@every_login
@pytest.mark.parametrize("status", [412, 429, 503])
def test_v3_what_was_not_carried_out_is_sent_again_even_if_it_writes(
    account: Account, proxy: FaultyServer, status: int
) -> None:
    for path in (account.login.path, f"/v1/{account.kv2}", REVOKE):
        proxy.fail("POST", path, Fault(status))

    account.call(vault_addr=proxy.address, requests=[write(account)])

    assert [proxy.count("POST", path) for path in (account.login.path, f"/v1/{account.kv2}", REVOKE)] == [2, 2, 2]


@every_login
def test_v3_a_refused_connection_is_tried_again(account: Account) -> None:
    with account.proxied() as gone:
        address = gone.address
    start = time.monotonic()

    with pytest.raises(Failure, match=rf"{address} cannot be reached; see vault_addr\.$"):
        account.call(vault_addr=address, timeout="1s", retries=2)

    assert time.monotonic() - start > 1


def test_v3_a_server_that_restarts_is_waited_for(tmp_path: Path) -> None:
    with openbao.running(durable=True) as server:
        account = Account(server, tmp_path)
        server.stop()
        process = account.start(retries=8, timeout="3s", requests=[read(account)])
        server.start()
        time.sleep(1)  # sealed: 503
        server.unseal()

        stdout, stderr = process.communicate(timeout=60)

        assert process.returncode == 0, stderr
        assert "VAULT_REQUEST_TOKEN_APP" in stdout


@every_login
def test_a_slow_answer_is_given_up(account: Account, proxy: FaultyServer) -> None:
    proxy.fail("POST", f"/v1/{account.kv2}", Fault(delay=4))

    with pytest.raises(Failure, match=r"^Request 'new'.* no answer within 2.5s; it may have been carried out\.$"):
        account.call(vault_addr=proxy.address, timeout="2500ms", requests=[write(account)])

    account.explain(account.new_tokens())  # of the answer that came too late


@every_login
@pytest.mark.parametrize(("dripping", "every"), [("headers", 0.1), ("body", 0.1), ("body", 1.7)])
def test_v15_a_server_that_drips_is_given_up_in_time(
    account: Account, proxy: FaultyServer, dripping: str, every: float
) -> None:
    proxy.fail("POST", account.login.path, Fault(200, body=b"x" * 1000, drip=every, dripping=dripping))
    began = time.monotonic()

    with pytest.raises(Failure, match=r"no answer within 2s; it may have been carried out\.$"):
        account.call(vault_addr=proxy.address, timeout="2s", retries=0)

    assert 1.9 < time.monotonic() - began < 3


@every_login
def test_v15_a_reply_that_is_too_long_is_not_read_to_its_end(account: Account, proxy: FaultyServer) -> None:
    account.call(vault_addr=proxy.address)  # what is only loaded once is loaded
    proxy.fail("POST", account.login.path, Fault(200, body=b"x" * (1 << 20), repeat=400))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    with pytest.raises(Failure, match=r"the server's reply is longer than 1 MiB; it may have been carried out\.$"):
        account.call(vault_addr=proxy.address, retries=0)

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 5 << 10


@every_login
def test_v15_a_reply_of_a_mebibyte_is_taken(account: Account, proxy: FaultyServer) -> None:
    body = b'{"auth": {"client_token": "", "x": "%s"}}'
    proxy.fail("POST", account.login.path, Fault(200, body=body % (b"x" * ((1 << 20) - len(body) + 2))))

    with pytest.raises(Failure, match="the reply has no token"):
        account.call(vault_addr=proxy.address)


@every_login
@pytest.mark.parametrize("body", [b"<html>", b"[]", b'"text"', b"[" * 200_000])
def test_an_answer_that_is_not_vaults_is_refused_without_quoting_it(
    account: Account, proxy: FaultyServer, body: bytes
) -> None:
    proxy.fail("GET", f"/v1/{account.kv2}", Fault(200, body=body))

    with pytest.raises(Failure, match=r"the server's reply is not a JSON object; see vault_addr\.$"):
        account.call(vault_addr=proxy.address, requests=[read(account)])


@every_login
@pytest.mark.parametrize("place", ["http://[x", "http://x/\xff"])
def test_v1_a_redirect_to_what_is_no_url_is_refused(account: Account, proxy: FaultyServer, place: str) -> None:
    proxy.fail("GET", f"/v1/{account.kv2}", Fault(302, {"Location": place}), times=9)

    with pytest.raises(Failure, match="redirects to something that is not a URL"):
        account.call(vault_addr=proxy.address, retries=0, requests=[read(account)])


@every_login
def test_an_answer_that_cannot_be_unpacked_is_not_taken_for_unsent(account: Account, proxy: FaultyServer) -> None:
    proxy.fail("POST", f"/v1/{account.kv2}", Fault(200, {"Content-Encoding": "gzip"}))

    with pytest.raises(Failure, match=r"may have been carried out\.$"):
        account.call(vault_addr=proxy.address, requests=[write(account)])


@pytest.mark.parametrize("address", ["http://vault..example.com:8200", f"http://{'a' * 70}.example.com"])
def test_an_address_that_cannot_be_is_refused(account: Account, address: str) -> None:
    with pytest.raises(Failure, match=r"has no host's name; see vault_addr\.$"):
        account.call(vault_addr=address)


def test_a_server_without_tls_is_told_from_a_lost_connection(account: Account, bao: OpenBao) -> None:
    with pytest.raises(Failure, match=r"does not speak TLS as we do \(see vault_addr\)"):
        account.call(vault_addr=bao.address.replace("http:", "https:"), retries=0)


@every_login
@pytest.mark.parametrize("body", [b'{"auth": 5}', b'{"auth": {"client_token": null}}', b"{}"])
def test_a_login_without_a_token_is_refused(account: Account, proxy: FaultyServer, body: bytes) -> None:
    proxy.fail("POST", account.login.path, Fault(200, body=body))

    with pytest.raises(Failure, match="has no token"):
        account.call(vault_addr=proxy.address)


@every_login
def test_v10_a_token_that_fits_no_header_is_not_shown(account: Account, proxy: FaultyServer) -> None:
    proxy.fail("POST", account.login.path, Fault(200, body=b'{"auth": {"client_token": "s.hidden\\r\\nX-Evil: 1"}}'))

    with pytest.raises(Failure) as failed:
        account.call(vault_addr=proxy.address, requests=[read(account)])

    assert "hidden" not in str(failed.value)
    assert failed.value.__cause__ is None
    assert failed.value.__suppress_context__


@every_login
def test_v11_a_sealed_server_is_asked_again_a_bounded_number_of_times(account: Account) -> None:
    options = {"retries": 2, "timeout": "1s"}
    account.bao.seal()
    try:
        with pytest.raises(Failure, match=r"the server is sealed, on standby or overloaded \(HTTP 503\)\.$"):
            account.call(**options)
    finally:
        account.bao.unseal()


@every_login
def test_v11_a_retry_after_is_heeded_but_not_beyond_the_timeout(account: Account, proxy: FaultyServer) -> None:
    proxy.fail("GET", f"/v1/{account.kv2}", Fault(429, {"Retry-After": "1"}))
    proxy.fail("GET", f"/v1/{account.kv2}", Fault(429, {"Retry-After": "86400"}))
    start = time.monotonic()

    account.call(vault_addr=proxy.address, timeout="2s", requests=[read(account)])

    assert 3 <= time.monotonic() - start < 8


@every_login
def test_v11_forty_requests_share_twenty_connections_and_make_two_calls_more(
    account: Account, proxy: FaultyServer
) -> None:
    forty = [{"name": f"app {number}", "path": account.app} for number in range(40)]
    for number in range(3):
        proxy.fail("GET", f"/v1{account.app}", Fault(429 if number else 503))

    outcome = account.call(vault_addr=proxy.address, requests=forty)

    assert len(outcome.env) == 40
    assert len(proxy.seen) == 40 + 3 + 2
    assert len({seen.connection for seen in proxy.seen}) <= 20


@every_tls_login
def test_v11_connections_opened_ahead_are_those_that_are_used(tls_account: Account) -> None:
    forty = [{"name": f"app {number}", "path": tls_account.app} for number in range(40)]
    with tls_account.proxied() as server:
        tls_account.call(vault_addr=server.address, requests=forty)

        assert len(server.seen) == 40 + 2
        assert server.connections <= 20


@every_login
def test_v11_a_failure_among_forty_is_not_lost(account: Account) -> None:
    requests = [{"name": f"app {number}", "path": account.app} for number in range(40)]
    requests[37]["path"] = f"/{account.kv2}/data/missing"

    with pytest.raises(Failure, match=rf"^Request 'app 37' \(GET /{account.kv2}/data/missing\): .*\(HTTP 404\)\.$"):
        account.call(requests=requests)


@every_tls_login
def test_v12_the_server_name_drives_the_check_and_what_is_asked_for(tls_account: Account) -> None:
    with faulty(tls=openbao.Authority(TLS_NAME).server_context()) as server:
        with pytest.raises(Failure, match="not trusted"):
            tls_account.call(vault_addr=server.address, retries=0)
        with pytest.raises(Failure, match="not trusted"):
            tls_account.call(vault_addr=server.address, vault_tls_server_name=None, retries=0)

    assert server.server_names[0] == TLS_NAME
    assert server.server_names[-1] != TLS_NAME
    assert len(tls_account.call(requests=[read(tls_account)]).tokens) == 1


@every_tls_login
@pytest.mark.parametrize("name", [None, "other.example.test"])
def test_v12_a_certificate_for_another_name_is_refused_without_trying_again(
    tls_account: Account, name: str | None
) -> None:
    start = time.monotonic()

    with pytest.raises(Failure, match=r"certificate is not trusted \(.*not valid for"):
        tls_account.call(vault_tls_server_name=name)

    assert time.monotonic() - start < 3  # the pauses before three more tries would take longer


@every_tls_login
def test_v12_a_certificate_of_another_authority_is_refused(tls_account: Account) -> None:
    with pytest.raises(Failure, match=r"certificate is not trusted \("):
        tls_account.call(vault_cacert=openbao.Authority().pem)


@every_tls_login
def test_v12_a_given_authority_replaces_those_of_the_system(
    tls_account: Account, tls_bao: OpenBao, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import ssl  # noqa: PLC0415 -- for the stand-in alone

    system = tmp_path / "system.pem"
    system.write_text(tls_bao.authority.pem if tls_bao.authority else "")
    paths = ssl.get_default_verify_paths()._replace(openssl_cafile=str(system))
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: paths)

    tls_account.call(vault_cacert=None)
    with pytest.raises(Failure, match="not trusted"):
        tls_account.call(vault_cacert=openbao.Authority().pem)


@every_tls_login
@pytest.mark.parametrize("text", ["no PEM", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "\u00e9"])
def test_v12_a_text_without_a_certificate_is_refused(tls_account: Account, text: str) -> None:
    with pytest.raises(Failure, match=r"^vault_cacert: it holds no certificate in PEM form\.$"):
        tls_account.call(vault_cacert=text)
