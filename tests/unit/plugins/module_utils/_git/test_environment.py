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
from ansible_collections.flant.gitops.plugins.module_utils._git.url import parse

HOME = Path("/cache/home")
HTTPS = Access(parse("https://example.org/a", "repo"), username="user", password="secret", ca_cert_file="/ca.pem")
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
    assert "secret" not in " ".join(environment.options(HTTPS))
    assert "secret" not in repr(HTTPS)
    assert [name for name, value in environment.variables(HOME, HTTPS).items() if "secret" in value] == [
        "FLANT_GITOPS_PASSWORD"
    ]
    assert "secret" not in str(environment.variables(HOME))
    assert b"secret" not in environment.global_configuration(HTTPS)


@pytest.mark.parametrize("url", ["http://127.0.0.1/a", "ssh://example.org/a", "git://127.0.0.1/a", "/srv/a"])
def test_t2_the_password_goes_along_with_https_only(url: str) -> None:
    access = Access(parse(url, "repo"), username="user", password="secret")
    assert "secret" not in str(environment.variables(HOME, access))
    assert "helper=!" not in str(environment.options(access))


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
