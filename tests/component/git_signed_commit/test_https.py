# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers reached over HTTPS: what they are shown, what they are checked against, and how long they may take."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

import pytest
import trustme
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.tests.support.processes import command_lines
from ansible_collections.flant.gitops.tests.support.signed_commit import contents

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.flant.gitops.tests.support.git_server import HttpServer
    from ansible_collections.flant.gitops.tests.support.signed_commit import Task
    from ansible_collections.flant.gitops.tests.support.signers import Signers

ACCOUNT = {"username": "deploy", "password": "s3cr:t ä%"}
SHOWN = "deploy:s3cr:t ä%"


def test_the_whole_way_with_a_password_and_a_private_ca(
    task: Task, https: HttpServer, ca_file: Path, signers: Signers
) -> None:
    https.behaviour.account = SHOWN
    params = {
        "repo": f"{https.url}/up.git",
        "ca_cert_file": ca_file,
        **ACCOUNT,
        "required_signatures": 2,
        "trusted_keys": [signers.alice.public_key, signers.bob.public_key],
        "archive": task.archive,
    }
    last = ""
    for number in range(3):
        commit = task.upstream.commit({"file": b"%d" % number, "same": b"same"}, signer=signers.alice)
        task.upstream.note(commit, signers.bob)
        outcome = task.poll(**params, last_commit=last)
        assert (outcome.commit, outcome.verified_signatures) == (commit, 2)
        assert contents(task.archive) == {"file": b"%d" % number, "same": b"same"}
        task.record(commit)
        last = commit
    assert task.poll(**params, last_commit=last).status == "unchanged"


def test_an_unchanged_branch_costs_one_connection(task: Task, https: HttpServer, ca_file: Path) -> None:
    task.upstream.commit()
    params = {"repo": f"{https.url}/up.git", "ca_cert_file": ca_file}
    commit = task.process(**params)
    before = https.connections
    assert task.poll(**params, last_commit=commit).status == "unchanged"
    assert https.connections == before + 1


@pytest.mark.parametrize("posts_only", [True, False])
@pytest.mark.parametrize("known", [True, False])
def test_t1_a_redirect_is_not_followed_and_the_password_stays(
    task: Task, https: HttpServer, elsewhere: HttpServer, ca_file: Path, posts_only: bool, known: bool
) -> None:
    task.upstream.commit()
    params = {"repo": f"{https.url}/up.git", "ca_cert_file": ca_file, **ACCOUNT}
    https.behaviour.account = SHOWN
    if known:
        task.process(**params)
        task.upstream.commit()
    elsewhere.behaviour.account = SHOWN
    https.behaviour.redirect_to = elsewhere.url
    https.behaviour.redirect_posts_only = posts_only
    with pytest.raises(Failure, match=rf"^repo: the server redirects to {elsewhere.url[len('https://') :]}/up\.git, "):
        task.poll(**params)
    assert elsewhere.requests == []


def test_t2_the_password_is_in_no_file_and_on_no_command_line(task: Task, https: HttpServer, ca_file: Path) -> None:
    https.behaviour.account = SHOWN
    task.upstream.commit({"file": b"x"})
    seen: set[bytes] = set()
    https.behaviour.on_request = lambda: seen.update(command_lines(os.getpid()))
    for last in ("", task.upstream.head()):
        task.poll(repo=f"{https.url}/up.git", ca_cert_file=ca_file, **ACCOUNT, archive=task.archive, last_commit=last)
    assert any(b"remote.origin.url" in line for line in seen)
    assert [line for line in seen if ACCOUNT["password"].encode() in line] == []
    for file in task.git_dir.rglob("*"):
        assert not file.is_file() or ACCOUNT["password"].encode() not in file.read_bytes()


def test_a_password_in_a_file_is_read_by_each_poll(
    task: Task, https: HttpServer, ca_file: Path, tmp_path: Path
) -> None:
    file = tmp_path / "password"
    file.touch(0o600)
    params = {"repo": f"{https.url}/up.git", "ca_cert_file": ca_file, "username": "deploy", "password_file": file}
    commit = task.upstream.commit()
    for password in ("first", "second"):
        https.behaviour.account = f"deploy:{password}"
        file.write_text(f"{password}\n")
        assert task.poll(**params).commit == commit
    assert https.shown_credentials() == {"deploy:first", "deploy:second"}
    file.chmod(0o644)
    assert task.poll_refused(**params).startswith(f"password_file: {file} can be read by others")
    assert https.shown_credentials() == {"deploy:first", "deploy:second"}


@pytest.mark.parametrize("account", [{}, {"username": "deploy", "password": "wrong"}])
def test_a_wrong_or_missing_password_is_an_error_that_says_so(
    task: Task, https: HttpServer, ca_file: Path, account: dict[str, str]
) -> None:
    https.behaviour.account = SHOWN
    task.upstream.commit()
    with pytest.raises(Failure, match=r"^repo: .*user name and password") as raised:
        task.poll(repo=f"{https.url}/up.git", ca_cert_file=ca_file, **account)
    assert "wrong" not in str(raised.value)


def test_a_certificate_that_is_not_trusted_is_refused(task: Task, https: HttpServer) -> None:
    task.upstream.commit()
    with pytest.raises(Failure, match=r"^repo: the server's certificate is not trusted\."):
        task.poll(repo=f"{https.url}/up.git")
    assert https.requests == []


def test_a_ca_that_did_not_sign_is_refused(task: Task, https: HttpServer, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(other)
    task.upstream.commit()
    with pytest.raises(Failure, match=r"^repo: the server's certificate is not trusted\."):
        task.poll(repo=f"{https.url}/up.git", ca_cert_file=other)


def test_t3_nothing_of_the_users_configuration_acts(
    task: Task, https: HttpServer, ca_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    ran = tmp_path / "ran"
    (home / ".netrc").write_text("machine 127.0.0.1 login netrc password netrc\n")
    (home / ".gitconfig").write_text(
        f"[http]\n\tsslVerify = false\n\tproxy = http://127.0.0.1:9\n[credential]\n\thelper = !touch {ran}; echo\n"
        f'[url "file://{tmp_path}/"]\n\tinsteadOf = {https.url}/\n[core]\n\tsshCommand = touch {ran}\n'
    )
    for name, value in {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
        "GIT_SSL_NO_VERIFY": "1",
        "GIT_ASKPASS": f"touch {ran}",
        "https_proxy": "http://127.0.0.1:9",
        "GIT_TRACE": str(ran),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "http.sslVerify",
        "GIT_CONFIG_VALUE_0": "false",
    }.items():
        monkeypatch.setenv(name, value)
    commit = task.upstream.commit()
    with pytest.raises(Failure, match="certificate"):
        task.poll(repo=f"{https.url}/up.git")
    https.behaviour.account = SHOWN
    with pytest.raises(Failure, match="user name and password"):
        task.poll(repo=f"{https.url}/up.git", ca_cert_file=ca_file)
    assert https.shown_credentials() == set()
    https.behaviour.account = ""
    assert task.poll(repo=f"{https.url}/up.git", ca_cert_file=ca_file, archive=task.archive).commit == commit
    assert not ran.exists()


@pytest.mark.parametrize("known", [True, False])
def test_a_server_that_does_not_answer_is_given_up_in_time(
    task: Task, https: HttpServer, ca_file: Path, known: bool
) -> None:
    task.upstream.commit()
    params = {"repo": f"{https.url}/up.git", "ca_cert_file": ca_file}
    if known:
        task.poll(**params)
    https.behaviour.stall = threading.Event()
    begun = time.monotonic()
    with pytest.raises(Failure, match=r"^timeout: git was not done within 0\.5 s"):
        task.poll(**params, timeout="500ms")
    assert time.monotonic() - begun < 5
    assert task.running() == []
    assert task.leftovers() == []


def test_an_unreachable_server_is_an_error_that_says_so(task: Task) -> None:
    with pytest.raises(Failure, match=r"^repo: git could not fetch from 127\.0\.0\.1: .*Failed to connect"):
        task.poll(repo="https://127.0.0.1:9/up.git")


def test_a_repository_that_is_not_there_is_an_error_that_says_so(task: Task, https: HttpServer, ca_file: Path) -> None:
    with pytest.raises(Failure, match=r"^repo: git could not fetch from 127\.0\.0\.1: .*/missing\.git/' not found\.$"):
        task.poll(repo=f"{https.url}/missing.git", ca_cert_file=ca_file)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(
    "reply",
    [
        (200, "text/html", b"<!DOCTYPE html><title>Please log in</title>\n"),
        (200, "text/html", b""),
        (200, "text/plain", b""),
    ],
)
def test_t25_what_is_no_git_server_is_said_to_be_none(
    task: Task, https: HttpServer, ca_file: Path, reply: tuple[int, str, bytes], known: bool
) -> None:
    task.upstream.commit()
    params = {"repo": f"{https.url}/up.git", "ca_cert_file": ca_file}
    if known:
        task.process(**params)
    https.behaviour.reply = reply
    with pytest.raises(
        Failure, match=r"^repo: what answers (there|at 127\.0\.0\.1) is not a git server; it may be a login"
    ):
        task.poll(**params)
    https.behaviour.reply = None
    with pytest.raises(Failure, match=r"^branch: refs/heads/none does not exist in the repository\.$"):
        task.poll(**params, branch="none")


@pytest.mark.parametrize("status", [429, 503])
def test_t24_a_server_that_asks_to_wait_is_asked_again_at_the_next_run(
    task: Task, https: HttpServer, ca_file: Path, status: int
) -> None:
    commit = task.upstream.commit()
    params = {"repo": f"{https.url}/up.git", "ca_cert_file": ca_file}
    https.behaviour.reply = (status, "text/plain", b"")
    with pytest.raises(Failure, match=r"^repo: the server asked to wait; it is asked again at the next run\.$"):
        task.poll(**params)
    https.behaviour.reply = None
    assert task.poll(**params).commit == commit


def test_t23_a_redirect_to_another_path_of_the_server_names_it(task: Task, https: HttpServer, ca_file: Path) -> None:
    task.upstream.commit()
    https.behaviour.redirect_to = "/renamed"
    with pytest.raises(
        Failure, match=r"^repo: the server redirects to /renamed/up\.git, and redirects are not followed"
    ):
        task.poll(repo=f"{https.url}/up.git", ca_cert_file=ca_file)


@pytest.mark.parametrize("filters", [True, False])
@pytest.mark.parametrize("old_protocol", [True, False])
def test_servers_of_every_age_are_served(
    task: Task, https: HttpServer, ca_file: Path, signers: Signers, filters: bool, old_protocol: bool
) -> None:
    """Without filters everything comes along; by the old protocol, only what refs point to may be asked for."""
    task.upstream.git("config", "uploadpack.allowFilter", str(filters).lower())
    https.behaviour.old_protocol = old_protocol
    params = {
        "repo": f"{https.url}/up.git",
        "ca_cert_file": ca_file,
        "required_signatures": 1,
        "trusted_keys": [signers.alice.public_key],
        "archive": task.archive,
    }
    last = ""
    for number in range(3):
        commit = task.upstream.commit({"file": b"%d" % number})
        task.upstream.note(commit, signers.alice)
        task.upstream.commit(parents=[commit], branch="aside")
        assert task.process(**params, last_commit=last) == commit
        assert contents(task.archive) == {"file": b"%d" % number}
        last = commit
    assert task.poll(**params, last_commit=last).status == "unchanged"
