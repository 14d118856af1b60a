# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What git is given, whatever this process was given."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._git import environment
from ansible_collections.flant.gitops.plugins.module_utils._git.environment import Access
from ansible_collections.flant.gitops.plugins.module_utils._git.undisclosed import passes_by_the_proxy
from ansible_collections.flant.gitops.plugins.module_utils._git.url import parse
from ansible_collections.flant.gitops.plugins.module_utils._proxy import Proxy

HOME = Path("/cache/home")
HTTPS = Access(parse("https://example.org/a", "repo"), username="user", password="secret", ca_cert_file="/ca.pem")
SHOWN = "dXNlcjpzZWNyZXQ="  # user:secret
PROXY = Proxy("proxy.example.org", 3128, "me too", "pr:xy@/")
PROXIED = HTTPS._replace(proxy=PROXY)
SSH = Access(parse("git@example.org:a", "repo"), ssh_key_file="/key", ssh_known_hosts_file="/known")
LOCAL = Access(parse("/srv/a", "repo"))


def test_t3_nothing_is_inherited_but_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    before = environment.variables(HOME, HTTPS)
    for name in ("GIT_SSL_NO_VERIFY", "GIT_DIR", "GIT_SSH_COMMAND", "HTTPS_PROXY", "LD_PRELOAD", "SSH_AUTH_SOCK"):
        monkeypatch.setenv(name, "poison")
    assert environment.variables(HOME, HTTPS) == before
    assert before["HOME"] == str(HOME)
    assert before["PATH"] == os.environ["PATH"]


def test_t3_without_a_server_no_protocol_is_allowed() -> None:
    assert environment.variables(HOME)["GIT_ALLOW_PROTOCOL"] == "none"
    assert environment.variables(HOME, HTTPS)["GIT_ALLOW_PROTOCOL"] == "https"
    assert environment.variables(HOME, LOCAL)["GIT_ALLOW_PROTOCOL"] == "file"


def test_t2_the_password_is_on_no_command_line() -> None:
    for access in (HTTPS, PROXIED):
        for secret in ("secret", SHOWN, "pr:xy", "pr%3Axy"):
            assert secret not in " ".join(environment.options(access))
            assert secret not in repr(access)
            assert secret not in repr(access.proxy)
            assert secret not in str(environment.variables(HOME))
            assert secret.encode() not in environment.global_configuration(access)


def configuration(access: Access) -> dict[str, str]:
    """Return what the variables tell git of its configuration."""
    variables = environment.variables(HOME, access)
    count = int(variables.get("GIT_CONFIG_COUNT", "0"))
    assert sum(name.startswith("GIT_CONFIG_KEY_") for name in variables) == count
    return {variables[f"GIT_CONFIG_KEY_{n}"]: variables[f"GIT_CONFIG_VALUE_{n}"] for n in range(count)}


def test_t2_the_password_goes_to_the_server_alone() -> None:
    assert configuration(HTTPS) == {"http.https://example.org:443/.extraHeader": f"Authorization: Basic {SHOWN}"}


def test_t20_the_proxys_password_goes_to_the_proxy() -> None:
    assert configuration(PROXIED) == {
        "http.https://example.org:443/.extraHeader": f"Authorization: Basic {SHOWN}",
        "http.proxy": "http://me%20too:pr%3Axy%40%2F@proxy.example.org:3128",
        "http.proxyAuthMethod": "basic",
    }
    nameless = HTTPS._replace(proxy=Proxy("::1", 3128))
    assert configuration(nameless)["http.proxy"] == "http://[::1]:3128"


@pytest.mark.parametrize("url", ["https://localhost/a", "http://127.9.0.1:8080/a", "https://[::1]/a", "/srv/a"])
def test_t20_the_machine_itself_is_not_reached_through_the_proxy(url: str) -> None:
    access = PROXIED._replace(url=parse(url, "repo"))
    assert access.proxy_on_the_way is None
    assert "http.proxy" not in configuration(access)
    assert not passes_by_the_proxy(access)


def test_t20_submodules_go_through_the_proxy_too() -> None:
    for url in ("https://example.org/b", "https://elsewhere.org/b", "http://example.org/b"):
        assert PROXIED.at(parse(url, "x")).proxy_on_the_way == PROXY
    for url in ("ssh://example.org/b", "git@example.org:b", "git://example.org/b"):
        assert passes_by_the_proxy(PROXIED.at(parse(url, "x")))
        assert not passes_by_the_proxy(HTTPS.at(parse(url, "x")))


@pytest.mark.parametrize("url", ["http://127.0.0.1/a", "ssh://example.org/a", "git://127.0.0.1/a", "/srv/a"])
def test_t2_the_password_goes_along_with_https_only(url: str) -> None:
    access = Access(parse(url, "repo"), username="user", password="secret")
    assert "secret" not in str(environment.variables(HOME, access))
    assert SHOWN not in str(environment.variables(HOME, access))


def test_t6_the_password_goes_along_to_the_same_server_only() -> None:
    assert HTTPS.at(parse("https://example.org/b", "x")).password == "secret"
    for url in ("https://example.org:8443/b", "https://elsewhere.org/b", "http://example.org/b"):
        assert HTTPS.at(parse(url, "x")).password == ""
        assert HTTPS.at(parse(url, "x")).username == ""


def test_t7_ssh_is_told_everything_and_nothing_of_it_needs_quoting() -> None:
    command = environment.variables(HOME, SSH)["GIT_SSH_COMMAND"]
    for option in ("-F none", "BatchMode=yes", "StrictHostKeyChecking=yes", "IdentitiesOnly=yes", "IdentityAgent=none"):
        assert option in command
    assert "/key" not in command
    assert "/known" not in command


def test_one_command_may_have_settings_of_its_own() -> None:
    assert "fetch.negotiationAlgorithm=noop" in environment.options(fetch_negotiationAlgorithm="noop")


def test_t5_a_local_repository_is_trusted_whoever_owns_it_and_no_other_one() -> None:
    assert environment.global_configuration(HTTPS) == b""
    text = environment.global_configuration(Access(parse('/srv/a "b"\\c/', "repo"))).decode()
    assert 'directory = "/srv/a \\"b\\"\\\\c"\n' in text
    assert "*" not in text


def test_a_ca_of_ones_own_is_the_only_one_whatever_curl_is_built_with(tmp_path: Path) -> None:
    """With OpenSSL, curl (8.14, for one) takes an empty path of certificates for an error."""
    access = Access(parse("https://example.test/x.git", "repo"), ca_cert_file="/ca.pem")
    variables = environment.variables(tmp_path, access)
    assert (variables["GIT_SSL_CAINFO"], variables["GIT_SSL_CAPATH"]) == ("/ca.pem", os.devnull)
