# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parameters that are no good are refused before anything is done, by the name of their option."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.request import hidden_values

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.tests.support.signed_commit import Task

HTTPS = "https://example.org/a.git"
PROXY = "http://localhost:3128"
SSH = "git@example.org:a.git"


@pytest.mark.parametrize(
    ("option", "params"),
    [
        ("repo", {"repo": None}),
        ("repo", {"repo": ""}),
        ("repo", {"repo": "relative"}),
        ("repo", {"repo": "https://user:secret@example.org/a"}),
        ("repo", {"repo": "http://example.org/a"}),
        ("repo", {"repo": "git://example.org/a"}),
        ("branch", {"branch": ""}),
        ("branch", {"branch": "--upload-pack=x"}),
        ("branch", {"branch": "a b"}),
        ("git_dir", {"git_dir": ""}),
        ("git_dir", {"git_dir": "a\0b"}),
        ("last_commit", {"last_commit": "abc"}),
        ("last_commit", {"last_commit": "HEAD"}),
        ("last_commit", {"last_commit": "--all"}),
        ("last_commit", {"action": "record", "last_commit": ""}),
        ("last_commit", {"action": "reset", "last_commit": "abc"}),
        ("required_signatures", {"required_signatures": -1}),
        ("required_signatures", {"required_signatures": 1}),
        ("trusted_keys", {"trusted_keys": ["none"]}),
        ("trusted_keys", {"trusted_keys": ["none"], "action": "record", "last_commit": "a" * 40}),
        ("signatures_ref", {"signatures_ref": "latest-signature"}),
        ("signatures_ref", {"signatures_ref": ""}),
        ("signatures_ref", {"signatures_ref": "refs/tags/*"}),
        ("max_commits", {"max_commits": 0}),
        ("timeout", {"timeout": "soon"}),
        ("timeout", {"timeout": "0s"}),
        ("username", {"repo": HTTPS, "username": "u"}),
        ("username", {"repo": HTTPS, "password": "secret"}),
        ("username", {"repo": HTTPS, "username": "u", "password": "secret\nhost=evil"}),
        ("password", {"repo": "http://localhost/a", "username": "u", "password": "secret"}),
        ("password", {"repo": SSH, "username": "u", "password": "secret"}),
        ("password", {"username": "u", "password": "secret"}),
        ("ssh_key_file", {"repo": SSH}),
        ("ssh_key_file", {"repo": SSH, "ssh_key_file": "/nonexistent"}),
        ("ssh_key_file", {"repo": SSH, "ssh_key_file": "/tmp"}),
        ("ssh_known_hosts_file", {"repo": SSH, "ssh_key_file": __file__}),
        ("ca_cert_file", {"repo": HTTPS, "ca_cert_file": "/nonexistent"}),
        ("password_file", {"repo": HTTPS, "username": "u", "password_file": "/nonexistent"}),
        ("password_file", {"repo": HTTPS, "username": "u", "password_file": "a\0b"}),
        ("password_file", {"repo": HTTPS, "username": "u", "password": "secret", "password_file": __file__}),
        ("password_file", {"repo": HTTPS, "password_file": __file__}),
        ("password_file", {"repo": "http://localhost/a", "username": "u", "password_file": __file__}),
        ("password_file", {"repo": HTTPS, "username": "u", "password_file": __file__}),
        ("proxy", {"repo": HTTPS, "proxy": "http://me:secret@proxy:3128"}),
        ("proxy", {"repo": HTTPS, "proxy_username": "me", "proxy_password": "secret"}),
        ("proxy", {"repo": SSH, "proxy": PROXY}),
        ("proxy", {"repo": "git://localhost/a", "proxy": PROXY}),
        ("repo: http", {"repo": "http://example.org/a", "proxy": PROXY}),
        (
            "proxy_username, proxy_password",
            {"repo": HTTPS, "proxy": PROXY, "proxy_username": "me", "proxy_password": "secret%41"},
        ),
    ],
)
def test_what_is_no_good_is_refused_by_its_name(task: Task, option: str, params: dict[str, object]) -> None:
    reason = task.poll_refused(**params)
    assert reason.startswith(option)
    assert "secret" not in reason
    assert reason.endswith(".")
    assert not task.git_dir.exists()


def test_plain_http_of_this_very_machine_may_do_without_signatures(task: Task) -> None:
    assert "could not fetch" in task.poll_refused(repo="http://127.0.0.1:9/a")


def test_plain_http_of_others_needs_signatures(task: Task) -> None:
    reason = task.poll_refused(repo="http://example.org/a", required_signatures=0)
    assert "required_signatures: 0" in reason


def test_empty_texts_are_as_good_as_none(task: Task) -> None:
    commit = task.upstream.commit()
    empty = dict.fromkeys(
        ("username", "password", "ssh_key_file", "ssh_known_hosts_file", "ca_cert_file", "archive"), ""
    )
    assert task.poll(**empty).commit == commit


def test_a_duration_without_a_unit_counts_seconds(task: Task) -> None:
    commit = task.upstream.commit()
    assert task.poll(timeout="60").commit == commit


def test_t2_a_url_that_is_refused_for_its_password_is_hidden() -> None:
    assert hidden_values({"repo": "https://user:secret@example.org/a", "proxy": None}) == {"user:secret", "secret"}
    assert hidden_values({"repo": None, "proxy": "http://me:word@proxy:3128"}) == {"me:word", "word"}
    assert hidden_values({"repo": None, "proxy": None}) == set()


@pytest.mark.parametrize("argument", ["$HOME", "${GIT_DIR}", "~", "%h", "`id`", "$(id)", "a;b", "a\\b"])
def test_t14_paths_are_data(task: Task, argument: str) -> None:
    commit = task.upstream.commit({"file": b"x"})
    folder = task.folder / argument
    folder.mkdir()
    upstream = task.upstream.path.rename(folder / f"{argument}.git")
    where = {"repo": upstream, "git_dir": folder / argument, "archive": folder / f"{argument}.tar"}
    assert task.poll(**where).commit == commit
    assert where["archive"].exists()
    assert {file.name for file in folder.iterdir()} == {
        f"{argument}.git",
        argument,
        f"{argument}.id",
        f"{argument}.tar",
    }


@pytest.mark.parametrize("branch", ["$HOME", "a;b", "main'", 'quote"', "%s", "\u00e4", "a@b", "refs/heads/main"])
def test_t14_branch_names_are_data(task: Task, branch: str) -> None:
    commit = task.upstream.commit(branch=branch)
    task.upstream.commit()
    assert task.poll(branch=branch).commit == commit


def test_check_is_what_refuses_not_a_traceback(task: Task) -> None:
    with pytest.raises(Failure):
        task.poll(repo="\udcff")
