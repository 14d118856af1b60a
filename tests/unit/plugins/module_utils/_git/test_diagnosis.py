# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._git.diagnosis import explanation, redirect_target
from ansible_collections.flant.gitops.plugins.module_utils._git.environment import Access
from ansible_collections.flant.gitops.plugins.module_utils._git.url import parse
from ansible_collections.flant.gitops.plugins.module_utils._proxy import Proxy
from hypothesis import given
from hypothesis import strategies as st

LOCAL = Access(parse("/srv/a", "repo"))
PROXIED = Access(parse("https://example.org/a", "repo"), proxy=Proxy("proxy", 3128))


@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        ("fatal: mismatched algorithms: client sha1; server sha256", "action: reset"),
        ("fatal: Authentication failed for 'https://example.org/a/'", "refused the user name and password"),
        (
            "fatal: could not read Username for 'https://example.org': terminal prompts disabled",
            "user name and password",
        ),
        ("Host key verification failed.\nfatal: Could not read from remote repository.", "ssh_known_hosts_file"),
        ("git@example.org: Permission denied (publickey).\nfatal: Could not read", "refused ssh_key_file"),
        ("fatal: unable to access 'https://x/': SSL certificate problem: self-signed certificate", "not trusted"),
        ("fatal: unable to access 'https://x/': server certificate verification failed. CAfile: none", "not trusted"),
        (
            "ERROR: Repository not found.\nfatal: Could not read from remote repository.",
            "server: Repository not found.",
        ),
        (
            "remote: \nremote: ===\nremote: ERROR: There is no project\nfatal: Could not read from remote repository.",
            "server: There is no project.",
        ),
        (
            "ssh: connect to host a: refused\r\nfatal: Could not read from remote repository.",
            "connect to host a: refused.",
        ),
        ("fatal: unable to access 'https://x/': The requested URL returned error: 503", "asked to wait"),
        ("fatal: https://x/info/refs not valid: is this a git repository?", "is not a git server"),
        ("warning: a\nfatal: first\nfatal: the last one.\n", "the last one."),
        ("no fatal line", "no fatal line."),
        ("", "git gave no reason."),
        (
            "error: object abc12: badDate: invalid line - bad date\nfatal: fsck error",
            "refuses abc12: badDate: invalid line",
        ),
    ],
)
def test_explanations(errors: str, expected: str) -> None:
    assert expected in explanation(errors, LOCAL)
    assert explanation(errors, LOCAL).startswith("repo: ")
    assert explanation(errors, LOCAL, "submodules: lib").startswith("submodules: lib: ")


@pytest.mark.parametrize(
    ("cause", "sentence"),
    [
        ("CONNECT tunnel failed, response 407", "proxy_username, proxy_password: the proxy {} refused them"),
        ("Received HTTP code 407 from proxy after CONNECT", "proxy_username, proxy_password: the proxy {} refused"),
        ("The requested URL returned error: 407", "proxy_username, proxy_password: the proxy {} refused them"),
        (
            "Received HTTP code 502 from proxy after CONNECT",
            "proxy: {} does not let git through to example.org (HTTP 5",
        ),
        ("Failed to connect to proxy port 3128 after 0 ms: Couldn't connect to server", "proxy: {} cannot be reached."),
        ("Failed to connect to proxy port 3128: Connection refused", "proxy: {} cannot be reached."),
        ("Could not resolve proxy: proxy", "proxy: {} cannot be reached."),
        ("Proxy CONNECT aborted", "proxy: what answers at {} is not an HTTP proxy."),
        ("Received HTTP/0.9 when not allowed", "proxy: what answers at {} is not an HTTP proxy."),
        ("error:0A00010B:SSL routines::wrong version number", "proxy: what answers through {} does not speak TLS as"),
        (
            "gnutls_handshake() failed: An unexpected TLS packet was received.",
            "proxy: what answers through {} does not",
        ),
        ("The requested URL returned error: 403", "repo: the server refused the user name and password"),
        ("server certificate verification failed. CAfile: none", "repo: the server's certificate is not trusted."),
    ],
)
def test_t20_what_ends_at_the_proxy_is_told_of_the_proxy(cause: str, sentence: str) -> None:
    errors = f"fatal: unable to access 'https://example.org/a/': {cause}"
    assert explanation(errors, PROXIED, "repo").startswith(sentence.format("http://proxy:3128"))
    assert "proxy:3128" not in explanation(errors, PROXIED._replace(proxy=None))
    assert explanation(f"remote: {cause}\nfatal: no", PROXIED).startswith("repo: ")


@given(st.text())
def test_an_explanation_is_one_printable_sentence(errors: str) -> None:
    sentence = explanation(errors, LOCAL)
    assert sentence.isprintable()
    assert sentence.endswith(".")
    assert not sentence.endswith("..")


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("https://evil.example/a/info/refs?token=x", "evil.example/a"),
        ("//evil.example:8443/a/git-upload-pack", "evil.example:8443/a"),
        ("https://user:password@evil.example/a", "evil.example/a"),
        ("/elsewhere/on/this/server/info/refs?service=git-upload-pack", "/elsewhere/on/this/server"),
        ("?token=x", "another address"),
    ],
)
def test_t1_the_target_of_a_redirect(location: str, target: str) -> None:
    trace = f"08:20:31.4 http.c:684  <= Recv header: HTTP/1.1 302 Found\n... <= Recv header: Location: {location}\n"
    assert redirect_target(trace) == target
