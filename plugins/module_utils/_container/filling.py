# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The tree and the files go into a container that was created and not started.

Only what the engine's API promises is leaned on: a tar is unpacked in a folder that is there, and no member of it leads
out of that folder. So the volume's own root, which has to be the container's user's, is sent to the folder above it.
Where that cannot be written to, or cannot be reached through the image's links, a second container that is never
started has the same volume at a plain place.
"""

from __future__ import annotations

import contextlib
import posixpath
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._container import account, labels, spec, upload
from ansible_collections.flant.gitops.plugins.module_utils._container.account import Account
from ansible_collections.flant.gitops.plugins.module_utils._container.engine import Refused
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._interruption import uninterrupted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.flant.gitops.plugins.module_utils._container.deadline import Deadline
    from ansible_collections.flant.gitops.plugins.module_utils._container.engine import Engine
    from ansible_collections.flant.gitops.plugins.module_utils._container.request import Request


@dataclass(frozen=True)
class New:
    """A container that was created and not started."""

    id: str
    image_id: str
    user: str
    builder: str


def fill(engine: Engine, request: Request, new: New, deadline: Deadline) -> None:
    """Put the tree and the files into a container, all of it its user's.

    Raises:
        Failure: the archive, a file or the user cannot be; the sentence names the option.
    """
    if not (request.archive or request.files or new.user or engine.dialect.image_shapes_volume):
        return
    with _entrance(engine, request, new) as (container, root):
        owner = _owner(engine, container, new.user)
        if owner != Account() or engine.dialect.image_shapes_volume:
            above, name = _place(engine, container, root)
            engine.put(container, above, upload.folder(name, owner), deadline)
        if request.archive or request.files_inside or engine.dialect.image_shapes_volume:
            engine.put(container, root, upload.tree(request, owner, engine.dialect), deadline)
    for file in request.files_outside:
        above, name = _place(engine, new.id, file.path)
        engine.put(new.id, above, upload.single(name, file, owner), deadline)


def forget_feeders(engine: Engine, builder: str) -> None:
    """Remove what a `fill` that was killed may have left beside the container that this builder has made."""
    for feeder in engine.labelled({labels.FEEDS: builder}):
        engine.remove(feeder)


@contextlib.contextmanager
def _entrance(engine: Engine, request: Request, new: New) -> Iterator[tuple[str, str]]:
    """Yield a container, and the path in it, through which the working directory's volume can be filled."""
    if _is_reachable(engine, request, new):
        yield new.id, request.working_dir
        return
    path = f"/.flant_gitops-{secrets.token_hex(8)}"
    body = spec.feeder_body(new.image_id, engine.volume(new.id, request.working_dir), path, {labels.FEEDS: new.builder})
    with uninterrupted():
        feeder = engine.create(f"{request.name}-volume-{secrets.token_hex(4)}", body)
    try:
        _check_link(engine, feeder, request.working_dir)
        yield feeder, path
    finally:
        engine.remove(feeder)


def _is_reachable(engine: Engine, request: Request, new: New) -> bool:
    if engine.dialect.image_shapes_volume:
        return True
    if request.read_only and new.user:
        return False
    try:
        found = engine.stat(new.id, request.working_dir)
    except Refused:  # by engines that heed no link of the image that begins at its root
        return False
    return bool(found and found.is_folder)


def _check_link(engine: Engine, container: str, working_dir: str) -> None:
    found = engine.stat(container, working_dir)
    if found and found.is_link:
        raise Failure(f"working_dir: {working_dir} is a link to {found.target} in the image; name a folder.")


def _owner(engine: Engine, container: str, user: str) -> Account:
    try:
        return account.resolve(user, lambda path: engine.read(container, path))
    except Refused as refused:
        # Podman looks the user up itself before it reads anything.
        raise Failure(f"user: {user!r} cannot be looked up in the image: {refused}") from refused


def _place(engine: Engine, container: str, path: str) -> tuple[str, str]:
    """Return the nearest folder above ``path`` that is there, and the path from it."""
    above = posixpath.dirname(path)
    while above != "/" and engine.stat(container, above) is None:
        above = posixpath.dirname(above)
    return above, posixpath.relpath(path, above)
