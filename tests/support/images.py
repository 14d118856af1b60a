# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images made from scratch, without a registry and without a build, for Docker and Podman alike.

The bytes are those of ``docker save``, so that an image can claim what no build would write into it.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import platform
import tarfile
import tempfile
import uuid
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Union

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from docker import APIClient

BUSYBOX = Path("/bin/busybox")
# fmt: off
_APPLETS = (
    "awk", "base64", "cat", "chmod", "chown", "cp", "cut", "date", "dd", "df", "echo", "env", "find", "grep", "head",
    "id", "ip", "kill", "ln", "ls", "mkdir", "mknod", "mount", "mv", "ps", "pwd", "readlink", "rm", "sed", "seq", "sh",
    "sleep", "sort", "stat", "tail", "tar", "test", "touch", "tr", "true", "wc", "wget", "xargs", "yes",
)
# fmt: on
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True)
class Link:
    """A symbolic link."""

    target: str


@dataclass(frozen=True)
class Folder:
    """A folder."""

    mode: int = 0o755


@dataclass(frozen=True)
class Program:
    """Bytes that may be run."""

    content: bytes


# What lies at a path: a text, a file of this machine, a program, a link or a folder.
Entry = Union[str, Path, Program, Link, Folder]


@dataclass(frozen=True)
class Image:
    """An image that is not on any engine yet."""

    files: Mapping[str, Entry]
    config: Mapping[str, Any] = field(default_factory=dict)
    architecture: str = _ARCHITECTURES.get(platform.machine(), platform.machine())

    def with_files(self, **files: Entry) -> Image:
        """Return this image with more files; in their names, ``__`` stands for a slash."""
        return replace(self, files={**self.files, **{name.replace("__", "/"): each for name, each in files.items()}})

    def with_config(self, **config: object) -> Image:
        """Return this image with more of what an image says of its containers, such as ``User`` or ``Volumes``."""
        return replace(self, config={**self.config, **config})

    def load(self, client: APIClient) -> str:
        """Bring the image to an engine and return its id there, which no other call ever gets."""
        with tempfile.TemporaryFile() as file:
            image_id = self._save(file)
            file.seek(0)
            for event in client.load_image(file):
                assert "error" not in event, event
                # An engine with containerd's store knows it by another digest than that of its configuration.
                image_id = event.get("stream", "").strip().partition("Loaded image ID: ")[2] or image_id
        return str(client.inspect_image(image_id)["Id"])

    @contextlib.contextmanager
    def loaded(self, client: APIClient) -> Iterator[str]:
        """Yield the image's id on an engine, from which it is removed afterwards."""
        image_id = self.load(client)
        try:
            yield image_id
        finally:
            client.remove_image(image_id, force=True)

    def _save(self, file: BinaryIO) -> str:
        with tempfile.TemporaryFile() as layer:
            _write_layer(layer, self.files)
            config = self._describe(_sha256(layer))
            name = hashlib.sha256(config).hexdigest()
            manifest = json.dumps([{"Config": f"{name}.json", "RepoTags": None, "Layers": ["layer.tar"]}]).encode()
            with tarfile.open(fileobj=file, mode="w") as tar:
                _add(tar, f"{name}.json", io.BytesIO(config), len(config))
                _add(tar, "manifest.json", io.BytesIO(manifest), len(manifest))
                size = layer.seek(0, io.SEEK_END)
                layer.seek(0)
                _add(tar, "layer.tar", layer, size)
        return f"sha256:{name}"

    def _describe(self, layer: str) -> bytes:
        config = {"Env": ["PATH=/bin"], "Labels": {"unique": uuid.uuid4().hex}, **self.config}
        described = {
            "architecture": self.architecture,
            "os": "linux",
            "created": "2026-01-01T00:00:00Z",
            "config": config,
            "rootfs": {"type": "layers", "diff_ids": [layer]},
            "history": [{"created": "2026-01-01T00:00:00Z"}],
        }
        return json.dumps(described).encode()


def busybox() -> Image:
    """Return an image with a shell and the usual commands, root and two more accounts, and nothing else."""
    return Image(
        {
            "bin/busybox": BUSYBOX,
            **{f"bin/{applet}": Link("busybox") for applet in _APPLETS},
            "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nworker:x:1234:2345::/home:/bin/sh\n",
            "etc/group": "root:x:0:\nworkers:x:2345:\nothers:x:3456:worker\n",
            "root": Folder(0o700),
            "tmp": Folder(0o1777),
        },
    )


def _write_layer(layer: BinaryIO, files: Mapping[str, Entry]) -> None:
    with tarfile.open(fileobj=layer, mode="w") as tar:
        for name, entry in files.items():
            header = tarfile.TarInfo(name)
            if isinstance(entry, Link):
                header.type, header.linkname = tarfile.SYMTYPE, entry.target
                tar.addfile(header)
            elif isinstance(entry, Folder):
                header.type, header.mode = tarfile.DIRTYPE, entry.mode
                tar.addfile(header)
            elif isinstance(entry, Program):
                _add(tar, name, io.BytesIO(entry.content), len(entry.content), 0o755)
            elif isinstance(entry, Path):
                with entry.open("rb") as content:
                    _add(tar, name, content, entry.stat().st_size, 0o755)
            else:
                _add(tar, name, io.BytesIO(entry.encode()), len(entry.encode()))


def _add(tar: tarfile.TarFile, name: str, content: BinaryIO, size: int, mode: int = 0o644) -> None:
    header = tarfile.TarInfo(name)
    header.size, header.mode = size, mode
    tar.addfile(header, content)


def _sha256(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    file.seek(0)
    while chunk := file.read(1 << 20):
        digest.update(chunk)
    return f"sha256:{digest.hexdigest()}"
