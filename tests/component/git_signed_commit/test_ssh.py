# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real sshd, and nothing of the user's ssh."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.tests.support.environment import clean
from ansible_collections.flant.gitops.tests.support.git_server import SshServer, ssh_server
from ansible_collections.flant.gitops.tests.support.signed_commit import contents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ansible_collections.flant.gitops.tests.support.signed_commit import Task


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[SshServer]:
    with ssh_server(tmp_path / "sshd") as server:
        yield server


def params(task: Task, server: SshServer) -> dict[str, object]:
    return {
        "repo": f"{server.url}{task.upstream.path}",
        "ssh_key_file": server.key,
        "ssh_known_hosts_file": server.known_hosts,
    }


@pytest.mark.parametrize("protocol_2", [True, False])
def test_the_whole_way(task: Task, tmp_path: Path, protocol_2: bool) -> None:
    with ssh_server(tmp_path / "sshd", protocol_2=protocol_2) as server:
        last = ""
        for number in range(3):
            commit = task.upstream.commit({"file": b"%d" % number})
            assert task.process(**params(task, server), archive=task.archive, last_commit=last) == commit
            assert contents(task.archive) == {"file": b"%d" % number}
            last = commit
        assert task.poll(**params(task, server), last_commit=last).status == "unchanged"


def test_t7_an_unknown_host_key_is_refused(task: Task, sshd: SshServer, tmp_path: Path) -> None:
    task.upstream.commit()
    sshd.known_hosts.write_text("")
    with pytest.raises(Failure, match=r"^repo: the server's host key is not in ssh_known_hosts_file\."):
        task.poll(**params(task, sshd))
    assert sshd.known_hosts.read_text() == ""
    assert not (tmp_path / "home").exists()


def test_t7_another_host_key_is_refused(task: Task, sshd: SshServer) -> None:
    task.upstream.commit()
    sshd.known_hosts.write_text(f"[127.0.0.1]:{sshd.port} {sshd.key.with_suffix('.pub').read_text()}")
    with pytest.raises(Failure, match="host key"):
        task.poll(**params(task, sshd))


def test_t7_a_key_that_the_server_does_not_know_is_an_error_that_says_so(
    task: Task, sshd: SshServer, tmp_path: Path
) -> None:
    task.upstream.commit()
    other = tmp_path / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(other)], env=clean(), check=True)
    with pytest.raises(Failure, match=r"^repo: the server refused ssh_key_file\."):
        task.poll(**{**params(task, sshd), "ssh_key_file": other})


@pytest.mark.parametrize("name", ["with space", "quote'\"", "$HOME ${HOME} $(touch x)", "%h%u%%", "-F", "a\\b", "~"])
def test_t7_paths_are_data(task: Task, sshd: SshServer, tmp_path: Path, name: str) -> None:
    commit = task.upstream.commit()
    folder = tmp_path / name
    folder.mkdir()
    key = shutil.copy(sshd.key, folder / name)
    known_hosts = shutil.copy(sshd.known_hosts, folder / f"known {name}")
    given = {**params(task, sshd), "ssh_key_file": key, "ssh_known_hosts_file": known_hosts}
    assert task.poll(**given, git_dir=folder / "cache").commit == commit


def test_t7_neither_the_users_configuration_nor_an_agent_acts(
    task: Task, sshd: SshServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = task.upstream.commit()
    ran = tmp_path / "ran"
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {ran}\n")
    trap.chmod(0o755)
    agent = subprocess.run(
        ["ssh-agent", "-s", "-a", str(tmp_path / "agent")], env=clean(), capture_output=True, check=True
    )
    pid = agent.stdout.decode().split("SSH_AGENT_PID=")[1].split(";")[0]
    try:
        socket = {**clean(), "SSH_AUTH_SOCK": str(tmp_path / "agent")}
        subprocess.run(["ssh-add", "-q", str(sshd.key)], env=socket, check=True)
        for name in ("GIT_SSH", "GIT_SSH_COMMAND", "GIT_PROXY_COMMAND", "SSH_ASKPASS"):
            monkeypatch.setenv(name, str(trap))
        monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
        assert task.poll(**params(task, sshd)).commit == commit
        other = tmp_path / "other"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(other)], env=clean(), check=True)
        with pytest.raises(Failure, match="refused ssh_key_file"):
            task.poll(**{**params(task, sshd), "ssh_key_file": other})
    finally:
        subprocess.run(["kill", pid], check=True)
    assert not ran.exists()


@pytest.mark.parametrize("url", ["ssh://-oProxyCommand=touch${IFS}x/a", "-oProxyCommand=x:a", "ssh://-l@host/a"])
def test_t7_options_in_the_url_are_refused(task: Task, sshd: SshServer, url: str) -> None:
    with pytest.raises(Failure, match=r"^repo: "):
        task.poll(**{**params(task, sshd), "repo": url})


def test_the_scp_form(task: Task, sshd: SshServer) -> None:
    """Without a port it can only reach port 22, where nothing that we know listens."""
    with pytest.raises(Failure, match=r"^repo: "):
        task.poll(**{**params(task, sshd), "repo": f"root@127.0.0.1:{task.upstream.path}", "timeout": "10s"})


@pytest.mark.parametrize("missing", ["ssh_key_file", "ssh_known_hosts_file"])
def test_an_ssh_repository_needs_both_files(task: Task, sshd: SshServer, missing: str) -> None:
    with pytest.raises(Failure, match=f"^{missing}: "):
        task.poll(**{**params(task, sshd), missing: None})


def test_t21_an_encrypted_key_asks_nobody(task: Task, sshd: SshServer) -> None:
    task.upstream.commit()
    subprocess.run(["ssh-keygen", "-q", "-p", "-P", "", "-N", "secret", "-f", str(sshd.key)], env=clean(), check=True)
    with pytest.raises(Failure, match=r"^ssh_key_file: .* is protected by a passphrase, which nobody can be asked for"):
        task.poll(**params(task, sshd), timeout="20s")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda key: key.rstrip(b"\n"), "there is no line feed at its end"),
        (lambda key: key.replace(b"\n", b"\r\n"), "its lines end with carriage returns"),
        (lambda _key: b"", "it is empty"),
        (lambda _key: b"PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n", "it is in PuTTY's format"),
        (lambda _key: b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB0oJ3LJ me\n", "it is a public key"),
        (lambda _key: b"no key at all\n", "error in libcrypto|invalid format"),
    ],
    ids=["no line feed", "carriage returns", "empty", "PuTTY", "public", "junk"],
)
def test_t21_what_is_wrong_with_the_key_is_said(
    task: Task, sshd: SshServer, change: Callable[[bytes], bytes], told: str
) -> None:
    task.upstream.commit()
    sshd.key.write_bytes(change(sshd.key.read_bytes()))
    with pytest.raises(Failure, match=rf"^ssh_key_file: ssh cannot read {sshd.key} as a private key: ({told})"):
        task.poll(**params(task, sshd))


def test_t21_a_key_that_others_may_read_is_named(task: Task, sshd: SshServer) -> None:
    task.upstream.commit()
    sshd.key.chmod(0o644)
    with pytest.raises(Failure, match=rf"^ssh_key_file: others than its owner may read {sshd.key}, .* chmod 600 it\.$"):
        task.poll(**params(task, sshd))


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("{url}{path}.git", r"127\.0\.0\.1: '.*' does not appear to be a git repository"),
        ("ssh://root@127.0.0.1:9{path}", r"127\.0\.0\.1: connect to host 127\.0\.0\.1 port 9: Connection refused"),
        ("ssh://root@nowhere.invalid{path}", r"nowhere\.invalid: Could not resolve hostname nowhere\.invalid: "),
    ],
    ids=["no repository", "refused", "unknown host"],
)
def test_t22_the_cause_is_shown_and_not_the_last_symptom(task: Task, sshd: SshServer, address: str, told: str) -> None:
    task.upstream.commit()
    repo = address.format(url=sshd.url, path=task.upstream.path)
    with pytest.raises(Failure, match=rf"^repo: git could not fetch from {told}"):
        task.poll(**{**params(task, sshd), "repo": repo})
