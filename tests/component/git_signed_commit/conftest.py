# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Repositories, a certificate authority and a task for tests against real servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trustme
from ansible_collections.flant.gitops.tests.support import git_server
from ansible_collections.flant.gitops.tests.support.repository import Repository
from ansible_collections.flant.gitops.tests.support.signed_commit import Task

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def served(tmp_path: Path) -> Path:
    """The folder whose repositories the servers serve."""
    folder = tmp_path / "served"
    folder.mkdir()
    return folder


@pytest.fixture
def upstream(served: Path) -> Repository:
    """A repository of a server that leaves out what it is asked to leave out, as hosting services do."""
    repository = Repository(served / "up.git")
    repository.git("config", "uploadpack.allowFilter", "true")
    return repository


@pytest.fixture
def task(upstream: Repository, tmp_path: Path) -> Task:
    return Task(upstream, tmp_path)


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(file)
    return file


@pytest.fixture
def https(authority: trustme.CA, served: Path) -> Iterator[git_server.HttpServer]:
    with git_server.http_server(served, authority.issue_cert("127.0.0.1")) as server:
        yield server


@pytest.fixture
def elsewhere(authority: trustme.CA, served: Path) -> Iterator[git_server.HttpServer]:
    """Another server with a certificate that is just as good."""
    with git_server.http_server(served, authority.issue_cert("127.0.0.1")) as server:
        yield server
