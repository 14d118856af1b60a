# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A private repository, behind a real sshd and a real git over https; git alone stands in for ansible-pull."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
import trustme
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.tests.support.environment import clean
from ansible_collections.flant.gitops.tests.support.git_server import HttpServer, SshServer, http_server, ssh_server
from ansible_collections.flant.gitops.tests.support.repository import Repository
from ansible_collections.flant.gitops.tests.support.scheduled_pull import Installation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PASSWORD = "correct horse' battery\" $staple"
REFUSED = 78


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(tmp_path / "installation", environment=clean())


@pytest.fixture
def served(tmp_path: Path) -> Path:
    """A folder with one repository in it."""
    Repository(tmp_path / "served/host.git").commit()
    return tmp_path / "served"


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[SshServer]:
    with ssh_server(tmp_path / "sshd") as server:
        yield server


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def https(authority: trustme.CA, served: Path) -> Iterator[HttpServer]:
    with http_server(served, authority.issue_cert("127.0.0.1")) as server:
        server.behaviour.account = f"deploy:{PASSWORD}"
        yield server


@pytest.fixture
def by_ssh(sshd: SshServer, served: Path) -> dict[str, str]:
    """What is said of the repository behind sshd."""
    return {
        "url": f"{sshd.url}{served}/host.git",
        "ssh_key_file": str(sshd.key),
        "ssh_known_hosts_file": str(sshd.known_hosts),
    }


@pytest.fixture
def by_https(https: HttpServer, authority: trustme.CA, tmp_path: Path) -> dict[str, str]:
    """What is said of the repository behind https."""
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    password = tmp_path / "password"
    password.touch(mode=0o600)
    password.write_text(f"{PASSWORD}\n", encoding="ascii")
    return {
        "url": f"{https.url}/host.git",
        "ca_cert_file": str(tmp_path / "ca.pem"),
        "username": "deploy",
        "password_file": str(password),
    }


def tick(installation: Installation, repository: dict[str, str], before: str = "env") -> tuple[int, str]:
    """Install the program for git, which asks for the branch, and run it once."""
    installation.set(f"{before}; GIT_TRACE=1 exec git ls-remote {repository['url']} main", repository=repository)
    return installation.tick()


def test_deploy_key_and_host_keys_are_all_that_ssh_goes_by(installation: Installation, by_ssh: dict[str, str]) -> None:
    status, output = tick(installation, by_ssh)
    assert status == 0, output
    assert "\trefs/heads/main\n" in output


@pytest.mark.parametrize("options", ["", " -o StrictHostKeyChecking=no"])  # as --accept-host-key adds it
def test_an_unknown_host_key_is_refused_and_stays_unknown(
    installation: Installation, by_ssh: dict[str, str], sshd: SshServer, options: str
) -> None:
    sshd.known_hosts.write_text("", encoding="ascii")
    status, output = tick(installation, by_ssh, f'GIT_SSH_COMMAND="$GIT_SSH_COMMAND{options}"')
    assert status == 128
    assert "Host key verification failed" in output
    assert sshd.known_hosts.read_text(encoding="ascii") == ""


def test_the_password_is_on_no_command_line_and_in_no_variable(
    installation: Installation, by_https: dict[str, str], https: HttpServer
) -> None:
    status, output = tick(installation, by_https)
    assert status == 0, output
    assert "\trefs/heads/main\n" in output
    assert "GIT_CONFIG_COUNT=" in output
    assert "run_command: " in output  # git's own trace of what it starts
    assert "horse" not in output
    assert https.shown_credentials() == {f"deploy:{PASSWORD}"}
    settings = (installation.folder / "program/settings.json").read_text(encoding="utf-8")
    assert "horse" not in settings


def test_a_password_that_is_renewed_is_the_next_runs(
    installation: Installation, by_https: dict[str, str], https: HttpServer, tmp_path: Path
) -> None:
    assert tick(installation, by_https)[0] == 0
    https.behaviour.account = "deploy:renewed"
    assert installation.tick()[0] == 128
    (tmp_path / "password").write_text("renewed\n", encoding="ascii")
    assert installation.tick()[0] == 0


@pytest.mark.parametrize("posts_only", [False, True])
def test_t1_no_other_server_is_shown_the_password(
    installation: Installation,
    by_https: dict[str, str],
    https: HttpServer,
    authority: trustme.CA,
    served: Path,
    posts_only: bool,
) -> None:
    with http_server(served, authority.issue_cert("127.0.0.1")) as elsewhere:
        elsewhere.behaviour.account = "deploy:other"
        https.behaviour.redirect_to, https.behaviour.redirect_posts_only = elsewhere.url, posts_only
        assert tick(installation, by_https)[0] == 128
        assert elsewhere.requests == []


def test_a_certificate_of_another_authority_is_refused(
    installation: Installation, by_https: dict[str, str], https: HttpServer, tmp_path: Path
) -> None:
    trustme.CA().cert_pem.write_to_path(tmp_path / "ca.pem")
    status, output = tick(installation, by_https)
    assert status == 128
    assert "certificate" in output
    assert https.requests == []


@pytest.mark.parametrize("name", ["ssh_key_file", "ssh_known_hosts_file"])
@pytest.mark.parametrize("place", ["file", "folder"])
def test_r14_files_for_ssh_that_others_have_a_say_in_are_used_at_no_run(
    installation: Installation, by_ssh: dict[str, str], tmp_path: Path, name: str, place: str
) -> None:
    assert tick(installation, by_ssh)[0] == 0
    (tmp_path / "sshd").chmod(0o777 if place == "folder" else 0o700)
    if place == "file":
        (tmp_path / "sshd" / by_ssh[name].rpartition("/")[2]).chmod(0o622)
    status, output = installation.tick()
    assert status == REFUSED
    assert output.startswith("flant_gitops_schedule_ssh_k")
    assert output.count("\n") == 1
    with pytest.raises(Failure, match=r"^flant_gitops_schedule_ssh_k"):
        tick(installation, {**by_ssh, "url": f"{by_ssh['url']}/other"})


@pytest.mark.parametrize(
    ("mode", "content", "sentence"),
    [
        (0o640, "secret", "can be read by others than its owner; its mode must be 0600"),
        (0o600, "", "is empty"),
        (0o600, "two\nlines", "must hold one line of printable ASCII and nothing else"),
    ],
)
def test_r14_a_password_that_others_can_read_or_that_is_none_is_refused_and_not_shown(
    installation: Installation, by_https: dict[str, str], tmp_path: Path, mode: int, content: str, sentence: str
) -> None:
    assert tick(installation, by_https)[0] == 0
    (tmp_path / "password").chmod(mode)
    (tmp_path / "password").write_text(content, encoding="ascii")
    refused = f"flant_gitops_schedule_password_file: {tmp_path}/password {sentence}.\n"
    assert installation.tick() == (REFUSED, refused)
    asked = subprocess.run([*installation.command, "credential", "get"], capture_output=True, text=True, check=False)
    assert (asked.returncode, asked.stdout, asked.stderr) == (REFUSED, "", refused)


@pytest.mark.parametrize(
    ("passphrase", "content", "sentence"),
    [
        ("", "", "ssh cannot read {}: it is empty."),
        ("secret", None, "{} is protected by a passphrase, which nobody can enter."),
    ],
)
def test_t21_a_key_that_ssh_could_make_nothing_of_is_named(
    installation: Installation,
    by_ssh: dict[str, str],
    tmp_path: Path,
    passphrase: str,
    content: str | None,
    sentence: str,
) -> None:
    key = tmp_path / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", key], env=clean(), check=True)
    if content is not None:
        key.write_text(content, encoding="ascii")
    with pytest.raises(Failure) as refused:
        tick(installation, {**by_ssh, "ssh_key_file": str(key)})
    assert str(refused.value) == f"flant_gitops_schedule_ssh_key_file: {sentence.format(key)}"


def test_git_neither_stores_nor_erases_anything(installation: Installation, by_https: dict[str, str]) -> None:
    installation.set("exit 0", repository=by_https)
    for operation in ("store", "erase"):
        asked = subprocess.run([*installation.command, "credential", operation], capture_output=True, check=False)
        assert (asked.returncode, asked.stdout) == (0, b"")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"ssh_key_file": "/k"}, "ssh_key_file: it goes with flant_gitops_schedule_ssh_known_hosts_file"),
        ({"ssh_known_hosts_file": "/k"}, "ssh_known_hosts_file: it goes with flant_gitops_schedule_ssh_key_file"),
        ({"username": "me"}, "username: it goes with flant_gitops_schedule_password_file"),
        ({"password_file": "/p"}, "password_file: it goes with flant_gitops_schedule_username"),
        ({"ssh_key_file": "/a b", "ssh_known_hosts_file": "/k"}, "ssh_key_file: it must be an absolute path"),
        ({"url": "http://x/y", "ca_cert_file": "/c"}, "ca_cert_file: it is for https only"),
        ({"url": "http://x/y", "username": "a", "password_file": "/p"}, "username: it is for https only"),
        ({"username": "a\nb", "password_file": "/p"}, "username: it must be printable ASCII"),
        ({"ssh_key_file": "/k", "ssh_known_hosts_file": "/k"}, "ssh_key_file: it is for ssh only"),
    ],
)
def test_what_does_not_go_together_is_refused(installation: Installation, given: dict[str, str], sentence: str) -> None:
    with pytest.raises(Failure, match=f"^flant_gitops_schedule_{sentence}"):
        installation.set("exit 0", repository={"url": "https://git.example.com/host.git", **given})
