# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A site with a repository to watch, people who sign, and an engine that counts what is started."""

from __future__ import annotations

import subprocess
import threading
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import docker
import pytest
from ansible_collections.flant.gitops.tests.support import images, signature_notes
from ansible_collections.flant.gitops.tests.support.environment import clean
from ansible_collections.flant.gitops.tests.support.site import Site
from ansible_collections.flant.gitops.tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from ansible_collections.flant.gitops.tests.support.signers import Signer, Signers

ENGINE = "unix:///var/run/docker.sock"
SIGKILLED = -9
"""How a run ends that is killed."""
NO_VAULT = {
    "vault_addr": "http://127.0.0.1:1",
    "vault_role_id": "r",
    "vault_secret_id": "s",
    "vault_retries": 0,
    "vault_requests": [{"name": "database", "path": "/kv/database"}],
}
"""The role's variables for a request to a Vault that nobody serves."""


@dataclass(frozen=True)
class Upstream:
    """The repository that is watched."""

    folder: Path

    def git(self, *arguments: str) -> str:
        command = ["git", *arguments]
        ran = subprocess.run(command, cwd=self.folder, env=clean(), capture_output=True, text=True, check=True)
        return ran.stdout.strip()

    def commit(self, content: str = "hello", message: str = "Change the file", *signers: Signer) -> str:
        """Return the id of a new commit on main, with a note by each of ``signers``."""
        (self.folder / "file").write_text(f"{content}\n", encoding="utf-8")
        self.git("add", "file")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        commit = self.git("rev-parse", "HEAD")
        self.sign(commit, *signers)
        return commit

    def sign(self, commit: str, *signers: Signer) -> None:
        if signers:
            signature_notes.add(self.folder, commit, *signers)


@pytest.fixture
def upstream(tmp_path: Path) -> Upstream:
    upstream = Upstream(tmp_path / "upstream")
    upstream.folder.mkdir()
    upstream.git("init", "--quiet", "--initial-branch=main")
    return upstream


@pytest.fixture(scope="session")
def engine() -> Iterator[docker.DockerClient]:
    client = docker.DockerClient(base_url=ENGINE, version="auto")
    yield client
    client.close()


@pytest.fixture(scope="session")
def image(engine: docker.DockerClient) -> Iterator[str]:
    """The id of an image that holds busybox alone."""
    with images.busybox().loaded(engine.api) as image_id:
        yield image_id


@dataclass(frozen=True)
class Containers:
    """What the engine does during one test; others use it too, so that containers are told apart by their names."""

    engine: docker.DockerClient
    events: list[dict[str, Any]]  # that containers were started, and volumes made

    def started(self, site: Site) -> int:
        """Return how many containers of the target of ``site`` have been started, by whichever name."""
        return self._count(lambda start: belongs(start["name"], start, site))

    def started_as(self, name_start: str) -> int:
        """Return how many containers have been started whose names start so."""
        return self._count(lambda start: start["name"].startswith(name_start))

    def left(self, site: Site) -> list[str]:
        everything = self.engine.containers.list(all=True, ignore_removed=True)
        return [found.name for found in everything if belongs(found.name, found.labels, site)]

    def starts(self) -> list[dict[str, str]]:
        """Return name and labels of the containers that have been started by now.

        The engine tells of a start later than it answers, but of one thing after the other: once it has told of a
        volume that is made now, it has told of all before.
        """
        mark = self.engine.volumes.create(f"mark-{uuid.uuid4().hex}")
        mark.remove()
        until(lambda: any(event["Actor"]["ID"] == mark.name for event in self.events))
        return [event["Actor"]["Attributes"] for event in self.events if event["Action"] == "start"]

    def _count(self, counts: Callable[[dict[str, str]], bool]) -> int:
        return sum(counts(start) for start in self.starts())


def belongs(name: str, labels: Mapping[str, str], site: Site) -> bool:
    """Tell whether a container is one of the target of ``site``."""
    return name == site.container_before or labels.get("com.flant.gitops.git_dir") == str(site.work / "git")


@pytest.fixture
def containers(engine: docker.DockerClient) -> Iterator[Containers]:
    """Listen to the engine from the beginning: it forgets all but the last 256 events, of everybody."""
    told: list[dict[str, Any]] = []
    events = engine.events(decode=True, filters={"type": ["container", "volume"], "event": ["start", "create"]})

    def listen() -> None:
        for event in events:
            told.append(event)  # noqa: PERF402 -- each is seen as it comes

    listener = threading.Thread(target=listen)
    listener.start()
    yield Containers(engine, told)
    events.close()
    listener.join()


@pytest.fixture
def site(tmp_path: Path, upstream: Upstream, signers: Signers, image: str) -> Site:
    """A site that wants one signature by alice or bob."""
    folder = tmp_path / "site"
    folder.mkdir()
    return Site(
        folder,
        {
            "git_repo_url": upstream.folder.as_uri(),
            "required_number_of_verified_signatures_on_commit": 1,
            "trusted_pgp_public_keys": {"alice": signers.alice.public_key, "bob": signers.bob.public_key},
            "docker_image": image,
            "docker_host": ENGINE,
            "commands": ["cat file"],
            "work_dir": str(folder / "work"),
        },
    )
