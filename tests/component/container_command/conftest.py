# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every test runs on the oldest and the newest Docker and on Podman, and leaves them as they were.

Those marked as the contract, which are what differs between engines, run on the engines of `_CONTRACT` as well. Those
that are about engines of their own name them (`engines`).
"""

from __future__ import annotations

import contextlib
import io
import tarfile
import uuid
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.tests.support import engine as engines
from ansible_collections.flant.gitops.tests.support import images, newest_debian
from ansible_collections.flant.gitops.tests.support.container_call import Caller

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from ansible_collections.flant.gitops.tests.support.engine import Engine
    from ansible_collections.flant.gitops.tests.support.images import Image
    from docker import APIClient


_ENGINES: Mapping[str, type[Engine]] = {
    "docker": engines.Docker,
    "newest_docker": engines.NewestDocker,
    "podman": engines.Podman,
}
_CONTRACT: Mapping[str, type[Engine]] = {
    "containerd_store": engines.ContainerdStore,
    "tls_docker": engines.TlsDocker,
    "remapped_docker": engines.RemappedDocker,
    "rootless_podman": engines.RootlessPodman,
    "newest_podman": engines.NewestPodman,
}
_PECULIAR: Mapping[str, type[Engine]] = {
    "podman_with_variables": engines.PodmanWithVariables,
}
_NEWEST = (engines.NewestDocker, engines.NewestPodman)
_ALL: Mapping[str, type[Engine]] = {**_ENGINES, **_CONTRACT, **_PECULIAR}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Choose the engines for a test."""
    if "engine" in metafunc.fixturenames:
        own = metafunc.definition.get_closest_marker("engines")
        more = _CONTRACT if metafunc.definition.get_closest_marker("contract") else {}
        metafunc.parametrize("engine", own.args if own else [*_ENGINES, *more], indirect=True, scope="session")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Make what the newest engines live in before any test's time begins to count."""
    # Tests of other parts may have a parameter of this name.
    asked = {_ALL[engine] for item in session.items if (engine := _engine_of(item)) in _ALL}
    if any(issubclass(kind, _NEWEST) for kind in asked) and not session.config.option.collectonly:
        newest_debian.root()


def _engine_of(item: pytest.Item) -> str | None:
    return (
        item.callspec.params.get("engine") if isinstance(item, pytest.Function) and hasattr(item, "callspec") else None
    )


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    with engines.running(_ALL[request.param]) as engine:
        yield engine


@pytest.fixture(scope="session")
def client(engine: Engine) -> Iterator[APIClient]:
    with engine.client() as client:
        yield client


@pytest.fixture(scope="session")
def image(client: APIClient) -> Iterator[str]:
    """The id of an image with a shell and little else."""
    with images.busybox().loaded(client) as image_id:
        yield image_id


@pytest.fixture(autouse=True)
def _nothing_left(client: APIClient, image: str) -> Iterator[None]:  # noqa: ARG001 -- the image is there before and after
    before = inventory(client)
    yield
    assert inventory(client) == before


def inventory(client: APIClient) -> dict[str, set[str]]:
    """Return everything that an engine has."""
    return {
        "containers": {container["Id"] for container in client.containers(all=True)},
        "volumes": {volume["Name"] for volume in client.volumes()["Volumes"] or ()},
        "networks": {network["Name"] for network in client.networks()},
        "images": {found["Id"] for found in client.images(all=True)},
    }


@pytest.fixture
def load(client: APIClient, _nothing_left: None) -> Iterator[Callable[[Image], str]]:
    """Bring an image to the engine for one test."""
    with contextlib.ExitStack() as stack:
        yield lambda image: stack.enter_context(image.loaded(client))


@pytest.fixture
def name() -> str:
    return f"test-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def call(engine: Engine, image: str, name: str) -> Caller:
    return Caller({**engine.options, "image": image, "name": name})


@pytest.fixture
def archive(tmp_path: Path) -> Callable[..., Path]:
    """Make a tar out of members: (name, content), or (name, fields of its header)."""

    def make(*members: tuple[str, object]) -> Path:
        path = tmp_path / f"{uuid.uuid4().hex}.tar"
        with tarfile.open(path, "w") as tar:
            for member, what in members:
                header = tarfile.TarInfo(member)
                content = b""
                if isinstance(what, dict):
                    for field, value in what.items():
                        setattr(header, field, value)
                else:
                    content = str(what).encode()
                    header.size = len(content)
                tar.addfile(header, io.BytesIO(content))
        return path

    return make
