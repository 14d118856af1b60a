# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What a container is made of: the image, its shell and its network."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any

from ansible_collections.flant.gitops.plugins.module_utils._container.claim import Container
from ansible_collections.flant.gitops.plugins.module_utils._container.engine import Refused
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ansible_collections.flant.gitops.plugins.module_utils._container.deadline import Deadline
    from ansible_collections.flant.gitops.plugins.module_utils._container.engine import Engine
    from ansible_collections.flant.gitops.plugins.module_utils._container.image import Image
    from ansible_collections.flant.gitops.plugins.module_utils._container.request import Request

_NETWORKS_OF_EVERY_ENGINE = ("bridge", "none")
# Docker's words at the start, and Podman's when the container is created.
_NO_INIT = re.compile(r'"(?:/sbin/)?docker-init"|container-init binary not found')


def check_network(engine: Engine, name: str) -> None:
    """Refuse a network that the engine does not have."""
    if name not in _NETWORKS_OF_EVERY_ENGINE and not engine.has_network(name):
        raise Failure(f"network_mode: the engine has no network named {name}.")


def find_image(engine: Engine, request: Request) -> Mapping[str, Any] | None:
    """Return the engine's description of the image, None where it has to be pulled first.

    Raises:
        Failure: it is not there, and not to be pulled.
    """
    image = request.image
    described = engine.image(image.reference)
    if described is None and image.is_local:
        raise Failure(f"image: the engine has no image of the id {image.text}.")
    if described is None and request.pull == "never":
        raise Failure(f"image: the engine does not have {image.text}, and pull is never.")
    return described


def ensure_image(engine: Engine, request: Request, deadline: Deadline) -> tuple[Mapping[str, Any], bool]:
    """Return the engine's description of the image, pulled if need be, and whether the engine has gained it."""
    before = find_image(engine, request)
    if before and (request.pull != "always" or request.image.is_local):
        return before, False
    engine.pull(request.image, request.registry_login, deadline)
    described = engine.image(request.image.reference)
    if described is None:
        raise Failure(f"image: the engine does not have {request.image.text} although it was pulled.")
    return described, before is None or before["Id"] != described["Id"]


@contextlib.contextmanager
def with_init() -> Iterator[None]:
    """Say so where what is done in the body fails because the engine has no init program."""
    try:
        yield
    except Refused as refused:
        if not _NO_INIT.search(str(refused)):
            raise
        raise Failure(
            "docker_host: the engine has no init program, which every run needs; for Docker it is docker-init, and for"
            f" Podman catatonit ({str(refused).rstrip('.')})."
        ) from refused


def check_shell(engine: Engine, image: Image, container: str, described: Mapping[str, Any], said: str = "") -> None:
    """Find out whether ``/bin/sh`` could not be run in the container; of one that was removed nothing can be said.

    Args:
        engine: where the container is.
        image: what it was made of.
        container: its id.
        described: the image as the engine describes it.
        said: why the init program could not run it, by its own words, if it came that far.

    Raises:
        Failure: so it is; the sentence says why.
    """
    if not engine.has_path(container, "/bin/sh"):
        found = engine.container(container)
        if found is None or Container.from_inspect(found).is_going_away:
            return
        raise Failure(f"image: {image.text} has no /bin/sh, which runs the commands.")
    made_for, machine = described.get("Architecture") or "", engine.architecture()
    if made_for and made_for != machine:
        raise Failure(f"image: {image.text} is made for {made_for}, and the engine's machine is {machine}.")
    if said:
        raise Failure(f"image: {image.text} has a /bin/sh that cannot be run: {printable(said).rpartition(': ')[2]}.")
