# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A registry for images in the network of a test's engine, with or without a password (Debian's docker-registry)."""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.tests.support.environment import clean
from ansible_collections.flant.gitops.tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.flant.gitops.tests.support.engine import Engine
    from ansible_collections.flant.gitops.tests.support.images import Image
    from docker import APIClient

USERNAME = "puller"
PASSWORD = "pull and nothing else"
# The bcrypt hash of PASSWORD, as htpasswd -B writes it.
_HTPASSWD = f"{USERNAME}:$2b$05$abcdefghijklmnopqrstuujZMBYZCWKlcDDR9k0ykUruwqDPSXPpO\n"


@dataclass(frozen=True)
class Registry:
    """A registry that runs, and who may use it."""

    folder: Path
    address: str
    login: dict[str, str] | None

    def push(self, client: APIClient, image: Image, name: str, tag: str = "latest") -> str:
        """Push an image and return its pinned reference; the engine that helped has nothing of it afterwards."""
        repository = f"{self.address}/{name}"
        with image.loaded(client) as image_id:
            client.tag(image_id, repository, tag)
            for event in client.push(repository, tag, stream=True, decode=True, auth_config=self.login or {}):
                assert "error" not in event, event
        current = self.folder / f"data/docker/registry/v2/repositories/{name}/_manifests/tags/{tag}/current/link"
        return f"{repository}@{current.read_text()}"


@contextlib.contextmanager
def running(engine: Engine, *, password: bool = False) -> Iterator[Registry]:
    """Yield a registry that ``engine`` reaches on its own loopback, where plain HTTP is let through."""
    with tempfile.TemporaryDirectory(prefix="fg-registry-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        port = 5001 if password else 5000
        settings = f"version: 0.1\nstorage: {{filesystem: {{rootdirectory: {folder}/data}}}}\n"
        settings += f"http: {{addr: '127.0.0.1:{port}'}}\nlog: {{level: warn}}\n"
        if password:
            (folder / "htpasswd").write_text(_HTPASSWD)
            settings += f"auth: {{htpasswd: {{realm: test, path: {folder}/htpasswd}}}}\n"
        (folder / "config.yml").write_text(settings)
        with (folder / "log").open("wb") as log:
            command = engine.within("docker-registry", "serve", str(folder / "config.yml"))
            process = subprocess.Popen(command, env=clean(), stdout=log, stderr=log)
        stack.callback(process.wait)
        stack.callback(process.terminate)
        probe = engine.within("busybox", "wget", "-q", "-O", "-", f"http://127.0.0.1:{port}/")
        until(lambda: _succeeds(probe), during=process, log=folder / "log")
        yield Registry(folder, f"127.0.0.1:{port}", {"username": USERNAME, "password": PASSWORD} if password else None)


def _succeeds(command: list[str]) -> bool:
    return subprocess.run(command, check=False, capture_output=True, env=clean()).returncode == 0
