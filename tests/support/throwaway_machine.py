# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine to install things on: this one's files with a layer above that takes all changes, booted or not.

Where it is booted, a real systemd is process 1 and sandboxes services as it does on a host. The layer lives in a mount
namespace of its own and in memory, so that nothing stays behind, not even after a SIGKILL.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.tests.support.environment import clean
from ansible_collections.flant.gitops.tests.support.site import COLLECTIONS
from ansible_collections.flant.gitops.tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SHARED = Path("/srv/shared")  # the folder that test and machine have in common
ENGINE = Path("/srv/engine.sock")  # this machine's container engine
COLLECTIONS_THERE = Path("/srv/collections")
_ENDS_WITHIN = 60  # seconds
_SYSTEMD = ["/lib/systemd/systemd", "--unit=basic.target"]
_IDLE = ["sleep", "infinity"]
# Folders of this machine's of which nothing is wanted: what runs here, and what starts at boot.
_EMPTY = [
    "run",
    "tmp",
    *(f"etc/systemd/system/{target}.target.wants" for target in ("multi-user", "sockets", "timers")),
]

# Runs as the namespace's only process; podman takes its place.
_LAUNCHER = """\
import os, pathlib, subprocess, sys
layer, empty, command = pathlib.Path(sys.argv[1]), sys.argv[2].split(), sys.argv[3:]
subprocess.run(["mount", "-t", "tmpfs", "tmpfs", layer], check=True)
for name in ("upper", "work", "root"):
    (layer / name).mkdir()
for name in empty:
    folder = layer / "upper" / name
    folder.mkdir(parents=True)
    os.setxattr(folder, "trusted.overlay.opaque", b"y")
options = f"lowerdir=/,upperdir={layer}/upper,workdir={layer}/work"
subprocess.run(["mount", "-t", "overlay", "-o", options, "overlay", layer / "root"], check=True)
os.execvp(command[0], command)
"""


@dataclass(frozen=True)
class Machine:
    """The machine, and where its folder `SHARED` is seen from here."""

    shared: Path
    _pid: int

    def run(self, *command: str, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command as root on the machine."""
        return subprocess.run(
            ["nsenter", f"--target={self._pid}", "--all", "env", "--chdir=/", *command],
            env={**clean(), "HOME": "/root", "LC_ALL": "C.UTF-8", **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )

    def output(self, *command: str) -> str:
        """Return what a command that succeeds prints."""
        ran = self.run(*command)
        assert ran.returncode == 0, ran.stdout
        return ran.stdout

    def there(self, path: Path) -> Path:
        """Return where the machine sees a path in the shared folder."""
        return SHARED / path.relative_to(self.shared)

    def script(self, text: str) -> str:
        """Return the path, on the machine, of a new shell script."""
        path = self.shared / f"script-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
        path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        path.chmod(0o755)
        return str(self.there(path))

    def playbook(self, playbook: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a playbook of this collection on the machine itself, with the Ansible that the tests run with."""
        return self.run(
            *(ansible("ansible-playbook"), playbook, "--inventory=localhost,", "--connection=local"),
            f"--extra-vars=ansible_python_interpreter={sys.executable}",
            *arguments,
            environment={
                "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS_THERE),
                "ANSIBLE_NOCOLOR": "1",
                "ANSIBLE_PIPELINING": "1",
            },
        )


def ansible(command: str) -> str:
    """Return the path of a command of the Ansible that the tests run with; it is the same on the machine."""
    return str(Path(sys.executable).parent / command)


@contextlib.contextmanager
def started(folder: Path, *, boot: bool) -> Iterator[Machine]:
    """Start a machine, with systemd as process 1 or with nothing but a process that waits."""
    name = f"flant-gitops-machine-{uuid.uuid4().hex[:12]}"
    layer, shared = folder / "layer", folder / "shared"
    layer.mkdir()
    shared.mkdir()
    # A Python of the machine's own is below /usr, which is there as it is, and has to stay writable.
    mounts = {path: path for path in (sys.prefix, sys.base_prefix) if not Path(path).is_relative_to("/usr")}
    command = [
        # crun, which Podman prefers, does not run where control groups are hybrid; runc comes with Docker.
        *("podman", "--runtime=runc", "run", "--rm", f"--name={name}", "--network=none"),
        *("--cap-add=SYS_ADMIN", "--security-opt=seccomp=unconfined", "--security-opt=unmask=ALL"),
        *("--ulimit=nofile=1024:1024", "--ulimit=nproc=10000:10000"),  # podman's own choice may exceed what we may ask
        f"--systemd={'always' if boot else 'false'}",
        *(
            f"--volume={here}:{there}:ro"
            for here, there in {**mounts, str(COLLECTIONS): str(COLLECTIONS_THERE)}.items()
        ),
        f"--volume={shared}:{SHARED}",
        f"--volume=/var/run/docker.sock:{ENGINE}",
        "--rootfs",
        f"{layer}/root",
        *(_SYSTEMD if boot else _IDLE),
    ]
    launcher = [sys.executable, "-c", _LAUNCHER, str(layer), " ".join(_EMPTY), *command]
    with (folder / "console").open("wb") as console:
        process = subprocess.Popen(
            ["unshare", "--mount", *launcher], env=_podman_environment(), stdout=console, stderr=console
        )
    try:
        pid = until(lambda: _ready(name, boot=boot), during=process, log=folder / "console")
        yield Machine(shared, pid)
    finally:
        subprocess.run(["podman", "kill", name], env=_podman_environment(), capture_output=True, check=False)
        process.wait(_ENDS_WITHIN)


def _ready(name: str, *, boot: bool) -> int:
    """Return the machine's process 1, as seen from here, once it is ready, and 0 before."""
    state = subprocess.run(
        ["podman", "inspect", "--format={{.State.Pid}}", name],
        env=_podman_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    pid = int(state.stdout or 0)
    if pid and boot and "running" not in Machine(Path(), pid).run("systemctl", "is-system-running").stdout:
        return 0
    return pid


def _podman_environment() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": "/root"}
