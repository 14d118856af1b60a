# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Submodules from other servers, and what these are not shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.tests.support.repository import Repository
from ansible_collections.flant.gitops.tests.support.signed_commit import contents

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.flant.gitops.tests.support.git_server import HttpServer
    from ansible_collections.flant.gitops.tests.support.signed_commit import Task

ACCOUNT = {"username": "deploy", "password": "secret"}
SHOWN = "deploy:secret"


@pytest.fixture
def library(served: Path) -> Repository:
    return Repository(served / "library.git")


def commit_submodule(task: Task, url: str, commit: str) -> None:
    modules = f'[submodule "lib"]\n\tpath = lib\n\turl = {url}\n'.encode()
    entries = [("100644", ".gitmodules", task.upstream.object("blob", modules)), ("160000", "lib", commit)]
    task.upstream.commit(task.upstream.raw_tree(entries))


def params(task: Task, https: HttpServer, ca_file: Path) -> dict[str, object]:
    https.behaviour.account = SHOWN
    return {
        "repo": f"{https.url}/up.git",
        "ca_cert_file": ca_file,
        **ACCOUNT,
        "archive": task.archive,
        "submodules": True,
    }


@pytest.mark.parametrize("form", ["../library.git", "{url}/library.git"])
@pytest.mark.parametrize("old_protocol", [True, False])
def test_a_submodule_of_the_same_server_gets_the_password(
    task: Task, https: HttpServer, ca_file: Path, library: Repository, form: str, old_protocol: bool
) -> None:
    https.behaviour.old_protocol = old_protocol
    pinned = library.commit({"file": b"pinned"})
    library.commit({"file": b"newer"})
    commit_submodule(task, form.format(url=https.url), pinned)
    task.poll(**params(task, https, ca_file))
    assert contents(task.archive)["lib/file"] == b"pinned"


def test_t6_a_submodule_of_another_server_is_not_shown_the_password(
    task: Task, https: HttpServer, elsewhere: HttpServer, ca_file: Path, library: Repository
) -> None:
    commit_submodule(task, f"{elsewhere.url}/library.git", library.commit({"file": b"pinned"}))
    task.poll(**params(task, https, ca_file))
    assert contents(task.archive)["lib/file"] == b"pinned"
    assert elsewhere.requests
    assert elsewhere.shown_credentials() == set()


def test_t6_another_server_that_asks_for_a_password_gets_none(
    task: Task, https: HttpServer, elsewhere: HttpServer, ca_file: Path, library: Repository
) -> None:
    elsewhere.behaviour.account = SHOWN
    commit_submodule(task, f"{elsewhere.url}/library.git", library.commit({"file": b"pinned"}))
    with pytest.raises(Failure, match=r"^submodules: lib: .*user name and password"):
        task.poll(**params(task, https, ca_file))
    assert elsewhere.shown_credentials() == set()
    assert not task.archive.exists()


@pytest.mark.parametrize("form", ["{path}", "file://{path}"])
def test_t6_a_local_submodule_of_a_remote_repository_is_refused(
    task: Task, https: HttpServer, ca_file: Path, library: Repository, form: str
) -> None:
    commit_submodule(task, form.format(path=library.path), library.commit())
    with pytest.raises(Failure, match=r"^submodules: lib: .*local path"):
        task.poll(**params(task, https, ca_file))


def test_t1_a_submodules_server_that_redirects_is_not_followed(
    task: Task, https: HttpServer, elsewhere: HttpServer, ca_file: Path, library: Repository
) -> None:
    task.upstream.commit({"file": b"x"})
    commit_submodule(task, f"{elsewhere.url}/library.git", library.commit())
    given = params(task, https, ca_file)
    elsewhere.behaviour.redirect_to = https.url
    before = len(https.requests)
    with pytest.raises(Failure, match=r"^submodules: lib: "):
        task.poll(**given)
    assert [path for _other, path, _another in https.requests[before:] if "library" in path] == []


def test_t17_a_branch_of_a_submodule_may_become_the_beginning_of_others(
    task: Task, https: HttpServer, ca_file: Path, library: Repository
) -> None:
    https.behaviour.old_protocol = True
    given = params(task, https, ca_file)
    for branch in ("topic", "topic/one", "topic"):
        pinned = library.commit({"file": branch.encode()})
        library.commit(branch=branch)
        library.commit()
        commit_submodule(task, "../library.git", pinned)
        task.poll(**given)
        assert contents(task.archive)["lib/file"] == branch.encode()
        library.git("update-ref", "-d", f"refs/heads/{branch}")
