# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers behind an HTTP proxy, from where there is no other way to them."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.tests.support import git_server
from ansible_collections.flant.gitops.tests.support.forward_proxy import ForwardProxy, forward_proxy
from ansible_collections.flant.gitops.tests.support.network import island, needs_root
from ansible_collections.flant.gitops.tests.support.processes import command_lines
from ansible_collections.flant.gitops.tests.support.repository import Repository
from ansible_collections.flant.gitops.tests.support.signed_commit import contents

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import trustme
    from ansible_collections.flant.gitops.tests.support.git_server import HttpServer
    from ansible_collections.flant.gitops.tests.support.network import Island
    from ansible_collections.flant.gitops.tests.support.signed_commit import Task
    from ansible_collections.flant.gitops.tests.support.signers import Signers

pytestmark = needs_root

NAME, OTHER = "git.example.test", "library.example.test"
ACCOUNT = {"username": "deploy", "password": "s3cr:t ä%"}
PROXY_ACCOUNT = {"proxy_username": "way ön", "proxy_password": "pr:xy@w/rd %4zä"}
SHOWN, SHOWN_TO_PROXY = "deploy:s3cr:t ä%", "way ön:pr:xy@w/rd %4zä"
HTML = b"<!DOCTYPE html><title>Please log in</title>" + b"." * 300


@pytest.fixture
def lonely() -> Iterator[Island]:
    with island() as made:
        yield made


@pytest.fixture
def server(authority: trustme.CA, served: Path) -> Iterator[HttpServer]:
    """A server whose name is known to the proxy alone."""
    with git_server.http_server(served, authority.issue_cert(NAME)) as running:
        yield running


@pytest.fixture
def library(authority: trustme.CA, served: Path) -> Iterator[HttpServer]:
    with git_server.http_server(served, authority.issue_cert(OTHER)) as running:
        yield running


@pytest.fixture
def plain(served: Path) -> Iterator[HttpServer]:
    with git_server.http_server(served) as running:
        yield running


@pytest.fixture
def proxy(lonely: Island, server: HttpServer, library: HttpServer, plain: HttpServer) -> Iterator[ForwardProxy]:
    """The only way out: it listens where the module is, and its connections begin where the servers are."""
    with forward_proxy(lonely.listener) as running:
        running.servers = {
            f"{NAME}:443": port_of(server),
            f"{OTHER}:443": port_of(library),
            f"{NAME}:80": port_of(plain),
        }
        yield running


def port_of(server: HttpServer) -> int:
    return int(server.url.rpartition(":")[2])


@pytest.fixture
def params(ca_file: Path, proxy: ForwardProxy) -> dict[str, object]:
    return {"repo": f"https://{NAME}/up.git", "ca_cert_file": ca_file, "proxy": proxy.url}


def commit_with_submodule(task: Task, url: str) -> str:
    """Commit a submodule from ``url``, where the repository ``library.git`` is."""
    pinned = Repository(task.upstream.path.parent / "library.git").commit({"file": b"pinned"})
    modules = f'[submodule "lib"]\n\tpath = lib\n\turl = {url}\n'.encode()
    entries = [("100644", ".gitmodules", task.upstream.object("blob", modules)), ("160000", "lib", pinned)]
    return task.upstream.commit(task.upstream.raw_tree(entries))


@pytest.mark.parametrize("account", [{}, PROXY_ACCOUNT])
def test_t20_everything_goes_through_the_proxy(
    task: Task,
    lonely: Island,
    proxy: ForwardProxy,
    params: dict[str, object],
    server: HttpServer,
    library: HttpServer,
    signers: Signers,
    account: dict[str, str],
) -> None:
    server.behaviour.account = SHOWN
    proxy.account = SHOWN_TO_PROXY if account else ""
    params |= {**ACCOUNT, **account, "submodules": True, "archive": task.archive}
    params |= {"required_signatures": 1, "trusted_keys": [signers.alice.public_key]}
    last = ""
    with lonely.entered():
        for url in ("../library.git", f"https://{OTHER}/library.git"):
            commit = commit_with_submodule(task, url)
            task.upstream.note(commit, signers.alice)
            assert task.poll(**params, last_commit=last).commit == commit
            assert contents(task.archive)["lib/file"] == b"pinned"
            task.record(commit)
            last = commit
        before = len(proxy.seen)
        assert task.poll(**params, last_commit=last).status == "unchanged"
    assert proxy.seen[before:] == [("CONNECT", f"{NAME}:443")]
    assert set(proxy.seen) == {("CONNECT", f"{NAME}:443"), ("CONNECT", f"{OTHER}:443")}
    assert (server.connections + library.connections) == len(proxy.seen)
    assert library.shown_credentials() == set()


def test_t20_neither_password_is_shown_to_the_other_and_none_is_seen(
    task: Task, lonely: Island, proxy: ForwardProxy, params: dict[str, object], server: HttpServer
) -> None:
    server.behaviour.account, proxy.account = SHOWN, SHOWN_TO_PROXY
    task.upstream.commit({"file": b"x"})
    seen: set[bytes] = set()
    server.behaviour.on_request = proxy.on_request = lambda: seen.update(command_lines(os.getpid()))
    with lonely.entered():
        for last in ("", task.upstream.head()):
            task.poll(**params, **ACCOUNT, **PROXY_ACCOUNT, archive=task.archive, last_commit=last)
    assert server.shown_credentials() == {SHOWN}
    assert all("Authorization" not in headers for headers in proxy.headers)
    assert any(b"remote.origin.url" in line for line in seen)
    canaries = [text.encode() for text in (ACCOUNT["password"], PROXY_ACCOUNT["proxy_password"], "Basic ", "w%2Frd")]
    everything = [*seen, *(file.read_bytes() for file in task.git_dir.rglob("*") if file.is_file())]
    assert [text for text in everything if any(canary in text for canary in canaries)] == []


def test_t20_there_is_no_other_way(task: Task, lonely: Island, params: dict[str, object], server: HttpServer) -> None:
    """Proves that the tests here would notice a direct connection, by its failure."""
    task.upstream.commit()
    with lonely.entered():
        assert "git could not fetch" in task.poll_refused(**{**params, "proxy": None})
        assert "git could not fetch" in task.poll_refused(**{**params, "repo": f"{server.url}/up.git"})


@pytest.mark.parametrize("no_proxy", ["*", NAME])
def test_t20_nothing_of_the_environment_acts(
    task: Task,
    lonely: Island,
    params: dict[str, object],
    no_proxy: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, no_proxy)
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("GIT_HTTP_PROXY_AUTHMETHOD", "digest")
    commit = task.upstream.commit()
    with lonely.entered():
        assert task.poll(**params).commit == commit


def test_t20_the_machine_itself_is_not_reached_through_it(task: Task, https: HttpServer, ca_file: Path) -> None:
    commit = task.upstream.commit()
    with forward_proxy() as proxy:
        params = {"repo": f"{https.url}/up.git", "ca_cert_file": ca_file, "proxy": proxy.url}
        assert task.poll(**params).commit == commit
    assert proxy.seen == []


def test_t20_plain_http_through_it_needs_signatures(
    task: Task,
    lonely: Island,
    proxy: ForwardProxy,
    params: dict[str, object],
    plain: HttpServer,
    signers: Signers,
) -> None:
    proxy.account = SHOWN_TO_PROXY
    commit = task.upstream.commit({"file": b"x"}, signer=signers.alice)
    given = {**params, **PROXY_ACCOUNT, "repo": f"http://{NAME}/up.git", "archive": task.archive}
    with lonely.entered():
        assert task.poll_refused(**given).startswith("repo: http is not encrypted")
        assert proxy.seen == []
        polled = task.poll(**given, required_signatures=1, trusted_keys=[signers.alice.public_key])
    assert polled.commit == commit
    assert contents(task.archive) == {"file": b"x"}
    assert {target.partition("?")[0] for _method, target in proxy.seen} == {
        f"http://{NAME}/up.git/info/refs",
        f"http://{NAME}/up.git/git-upload-pack",
    }
    assert plain.requests
    assert plain.shown_credentials() == set()


@pytest.mark.parametrize("url", ["ssh://git@127.0.0.1/up.git", "git@git.example.test:up.git", "git://127.0.0.1/up.git"])
def test_t20_what_would_pass_by_it_is_refused(task: Task, url: str, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.touch(0o600)
    given = {"repo": url, "ssh_key_file": key, "ssh_known_hosts_file": key, "proxy": "http://127.0.0.1:9"}
    scheme = "git" if url.startswith("git:") else "ssh"
    assert task.poll_refused(**given) == f"proxy: {scheme} has none; use an https repo, or no proxy."


@pytest.mark.parametrize("scheme", ["ssh", "git"])
def test_t20_a_submodule_that_would_pass_by_it_is_refused(
    task: Task, lonely: Island, proxy: ForwardProxy, params: dict[str, object], scheme: str
) -> None:
    commit_with_submodule(task, f"{scheme}://{OTHER}/library.git")
    with lonely.entered():
        refused = task.poll_refused(**params, submodules=True, archive=task.archive)
    assert refused == f"submodules: lib: it comes by {scheme}, for which there is no proxy."
    assert {target for _method, target in proxy.seen} == {f"{NAME}:443"}


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("repo", [f"https://{NAME}/up.git", f"http://{NAME}/up.git"])
@pytest.mark.parametrize("account", [{}, {**PROXY_ACCOUNT, "proxy_password": "wrong word"}])
def test_t20_a_wrong_password_for_it_is_told(
    task: Task,
    lonely: Island,
    proxy: ForwardProxy,
    params: dict[str, object],
    signers: Signers,
    repo: str,
    account: dict[str, str],
    known: bool,
) -> None:
    task.upstream.commit(signer=signers.alice)
    params |= {"repo": repo, "required_signatures": 1, "trusted_keys": [signers.alice.public_key]}
    with lonely.entered():
        if known:
            task.poll(**params)
        proxy.account = SHOWN_TO_PROXY
        before = len(proxy.seen)
        refused = task.poll_refused(**params, **account)
    sentence = f"proxy_username, proxy_password: the proxy {proxy.url} refused them, or wants some."
    assert refused == sentence
    assert len(proxy.seen) == before + 1


def test_t20_a_proxy_that_is_away_is_told(task: Task, lonely: Island, params: dict[str, object]) -> None:
    task.upstream.commit()
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with lonely.entered():
        away = task.poll_refused(**{**params, "proxy": f"http://127.0.0.1:{port}"})
        unknown = task.poll_refused(**{**params, "proxy": "http://nowhere.invalid:3128"})
    assert away == f"proxy: http://127.0.0.1:{port} cannot be reached."
    assert unknown == "proxy: http://nowhere.invalid:3128 cannot be reached."


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        (
            b"HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\n\r\n",
            f"{{}} does not let git through to {NAME} (HTTP 403)",
        ),
        (
            b"HTTP/1.1 503 Busy\r\nContent-Type: text/html\r\n\r\n",
            f"{{}} does not let git through to {NAME} (HTTP 503)",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n",
            "what answers through {} does not speak TLS as git does; it may be a login page or a captive portal",
        ),
        (b"", "what answers at {} is not an HTTP proxy"),
    ],
    ids=["403", "503", "200", "no http"],
)
def test_t20_a_proxy_that_answers_a_page_is_told(
    task: Task, lonely: Island, proxy: ForwardProxy, params: dict[str, object], reply: bytes, sentence: str
) -> None:
    task.upstream.commit()
    proxy.reply = reply + HTML
    with lonely.entered():
        assert task.poll_refused(**params) == f"proxy: {sentence.format(proxy.url)}."


def test_t20_a_page_in_place_of_a_plain_server_is_told(
    task: Task, lonely: Island, proxy: ForwardProxy, params: dict[str, object], signers: Signers
) -> None:
    proxy.reply = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + HTML
    params |= {"repo": f"http://{NAME}/up.git", "required_signatures": 1, "trusted_keys": [signers.alice.public_key]}
    with lonely.entered():
        refused = task.poll_refused(**params)
    assert refused == f"repo: what answers at {NAME} is not a git server; it may be a login page or a captive portal."


def test_t20_a_submodule_behind_it_that_fails_is_told(
    task: Task, lonely: Island, proxy: ForwardProxy, params: dict[str, object]
) -> None:
    commit_with_submodule(task, f"https://{OTHER}/library.git")
    proxy.servers.pop(f"{OTHER}:443")
    with lonely.entered(), pytest.raises(Failure, match=r"^proxy: what answers at http://\S+ is not an HTTP proxy\.$"):
        task.poll(**params, submodules=True, archive=task.archive)
    assert not task.archive.exists()
