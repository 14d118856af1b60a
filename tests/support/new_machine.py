# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine that was just installed: Debian's root folder with few packages, and a layer above that takes all changes.

It has this machine's network and container engine, and its certificates, since a proxy of the network's may stand
before the package index. The layer lives in a mount namespace of its own and in memory, so that nothing stays behind.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.tests.support import newest_debian
from ansible_collections.flant.gitops.tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGES = ("ca-certificates", "git", "gnupg", "python3-venv")
_SHARED = ("/dev", "/proc", "/etc/resolv.conf", "/etc/hosts", "/etc/ssl/certs/ca-certificates.crt", "/run/docker.sock")
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

# Runs in a mount namespace of its own, tells that the machine is there, and waits.
_LAUNCHER = """\
import pathlib, subprocess, sys
lower, layer, shared = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:]
subprocess.run(["mount", "-t", "tmpfs", "tmpfs", layer], check=True)
for name in ("upper", "work", "root"):
    (layer / name).mkdir()
options = f"lowerdir={lower},upperdir={layer}/upper,workdir={layer}/work"
subprocess.run(["mount", "-t", "overlay", "-o", options, "overlay", layer / "root"], check=True)
for name in shared:
    there = layer / "root" / name[1:]
    if not there.exists():
        there.touch()
    subprocess.run(["mount", "--rbind", pathlib.Path(name).resolve(), there], check=True)
print("ready", flush=True)
sys.stdin.read()
"""


@dataclass(frozen=True)
class NewMachine:
    """The machine; ``root`` is its root folder, as this process sees it."""

    root: Path

    def run(self, script: str, *, folder: str = "/root", home: str = "/root", **variables: str) -> str:
        """Return all that a script of sh prints, which has to succeed; it is run as root."""
        environment = {"PATH": _PATH, "HOME": home, "LC_ALL": "C.UTF-8", **_package_index(), **variables}
        ran = subprocess.run(
            ["chroot", str(self.root), "sh", "-ec", f"cd {folder}\n{script}"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
            check=False,
        )
        assert ran.returncode == 0, f"{script}:\n{ran.stdout}"
        return ran.stdout

    def write(self, path: str, content: str | bytes, mode: int = 0o644) -> None:
        """Write a file on the machine."""
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        file.chmod(mode)


def installed() -> Path:
    """Return the root file system that such a machine begins with, made now if need be.

    It comes from Debian, which is asked as the environment says: make it before that is poisoned.
    """
    return newest_debian.made("machines", (newest_debian.STABLE,), PACKAGES)


@contextlib.contextmanager
def started(folder: Path) -> Iterator[NewMachine]:
    """Install a machine; it is gone with the block."""
    layer = folder / "layer"
    layer.mkdir()
    lower = installed()
    with subprocess.Popen(
        ["unshare", "--mount", sys.executable, "-c", _LAUNCHER, lower, layer, *_SHARED],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        try:
            until(lambda: process.stdout.readline() == b"ready\n", during=process)
            yield NewMachine(Path(f"/proc/{process.pid}/root{layer}/root"))
        finally:
            process.stdin.close()


def _package_index() -> dict[str, str]:
    """Return how pip finds packages here."""
    return {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
