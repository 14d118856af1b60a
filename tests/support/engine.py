# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Container engines of the tests' own, which the machine's engine and other runs do not notice.

Each has its folders and its socket, its own network, and so its own bridge and firewall, and its own mounts. It takes
root.
"""

from __future__ import annotations

import abc
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import trustme
from ansible_collections.flant.gitops.tests.support import newest_debian
from ansible_collections.flant.gitops.tests.support.environment import clean
from ansible_collections.flant.gitops.tests.support.waiting import until
from docker import APIClient
from docker.errors import DockerException
from requests.exceptions import RequestException

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# A dockerd that starts after a crash gives up when the machine is busy.
_ATTEMPTS = 3
_ENDS_WITHIN = 60
# Podman asks for more files and processes than a machine that is itself a guest may give; and all its services share
# one file of locks in /dev/shm by default, which each releases when it starts, whoever holds them.
_PODMAN_CONFIGURATION = """\
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
[engine]
lock_type = "file"
"""
# A root file system of its own, with what of this machine an engine cannot do without; "$1" is the former's folder.
_FURNISH = """
mount --bind "$1" "$1"
for folder in proc sys dev; do mount --rbind "/$folder" "$1/$folder"; done
for folder in tmp run; do mount -t tmpfs tmpfs "$1/$folder"; done
mkdir "$1$2"
mount --rbind "$2" "$1$2"
"""


class Engine(abc.ABC):
    """An engine that can be stopped, killed and started again."""

    is_podman = False
    api_version = "1.41"
    takes_members_from_outside = True
    """Whether it unpacks a tar whose members lead out of the folder that it is unpacked in."""

    def __init__(self, folder: Path) -> None:
        """Keep everything in ``folder``, whose name has to be short, for sockets."""
        self.folder = folder
        self.url = f"unix://{folder}/s"
        self.options: dict[str, object] = {"docker_host": self.url}
        """What the module is told to reach it."""
        self._inherited: tuple[int, ...] = ()
        self._namespaces = subprocess.Popen(
            ["unshare", "--net", "--mount", "--propagation=private", "sleep", "infinity"]
        )
        self._process: subprocess.Popen[bytes] | None = None
        until(self._has_namespaces)
        assert self._run("ip", "link", "set", "lo", "up") == 0

    @abc.abstractmethod
    def _command(self) -> list[str]:
        """Return what starts the engine."""

    def client(self) -> APIClient:
        """Return a client that no setting of this machine acts upon."""
        client = APIClient(base_url=self.url, version=self.api_version, timeout=120)
        client.trust_env = False
        return client

    def within(self, *command: str) -> list[str]:
        """Return a command line that runs ``command`` in the engine's network, and with its mounts."""
        return ["nsenter", f"--target={self._namespaces.pid}", "--net", "--mount", *command]

    def start(self) -> None:
        """Start the engine and return when it answers."""
        for _index in range(_ATTEMPTS):
            with (self.folder / "log").open("ab") as log:
                self._process = subprocess.Popen(
                    self.within(*self._command()),
                    stdout=log,
                    stderr=log,
                    cwd=self.folder,
                    env=self._environment(),
                    start_new_session=True,
                    pass_fds=self._inherited,
                )
            until(lambda: self._has_ended() or self._answers(), log=self.folder / "log")
            if not self._has_ended():
                return
        raise AssertionError(f"The engine does not start: {(self.folder / 'log').read_text()[-2000:]}")

    def stop(self) -> None:
        """Ask the engine to stop and return when it has."""
        if self._process:
            self._process.terminate()
            self._process.wait(_ENDS_WITHIN)
            self._process = None

    def signal(self, number: int) -> None:
        """Send a signal to the engine, and to it alone."""
        assert self._process
        self._process.send_signal(number)

    def crash(self) -> None:
        """Kill the engine."""
        assert self._process
        self.signal(signal.SIGKILL)
        self._process.wait(_ENDS_WITHIN)
        self._process = None

    def close(self) -> None:
        """Stop the engine for good."""
        try:
            self.stop()
        finally:
            self._end_orphans()
            self._namespaces.kill()
            self._namespaces.wait()

    def _environment(self) -> dict[str, str]:
        return clean()

    def _end_orphans(self) -> None:
        """Kill what an engine that was killed has left behind, told by the folder that nobody else uses."""
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if self.folder.name.encode() in (process / "cmdline").read_bytes():
                    children = (process / f"task/{process.name}/children").read_text().split()
                    for victim in (*children, process.name):
                        with contextlib.suppress(ProcessLookupError):  # it has ended in the meantime
                            os.kill(int(victim), signal.SIGKILL)

    def _has_namespaces(self) -> bool:
        """Whether the process that holds the namespaces has made them."""
        return Path(f"/proc/{self._namespaces.pid}/comm").read_text() == "sleep\n"

    def _run(self, *command: str) -> int:
        return subprocess.run(self.within(*command), check=False, capture_output=True).returncode

    def _has_ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def _answers(self) -> bool:
        with contextlib.suppress(DockerException, RequestException, OSError), self.client() as client:
            return bool(client.ping())
        return False


class Docker(Engine):
    """A dockerd."""

    def _command(self) -> list[str]:
        return [
            "dockerd",
            f"--host={self.url}",
            f"--data-root={self.folder}/data",
            f"--exec-root={self.folder}/exec",
            f"--pidfile={self.folder}/pid",
            f"--containerd-namespace={self.folder.name}",
            f"--containerd-plugins-namespace=plugins-{self.folder.name}",
        ]


class TlsDocker(Docker):
    """A dockerd that the module reaches over TLS alone, on a port of this machine's loopback."""

    def __init__(self, folder: Path) -> None:
        """Make an authority, whose certificate each side asks of the other, and the port."""
        super().__init__(folder)
        authority = trustme.CA()
        authority.cert_pem.write_to_path(folder / "ca.pem")
        for side, name in (("server", "127.0.0.1"), ("client", "module@example.test")):
            issued = authority.issue_cert(name)
            issued.private_key_and_cert_chain_pem.write_to_path(folder / f"{side}.pem")
        self._port = socket.create_server(("127.0.0.1", 0))
        self._inherited = (self._port.fileno(),)
        self.options = {
            "docker_host": f"tcp://127.0.0.1:{self._port.getsockname()[1]}",
            "tls_ca_cert": folder / "ca.pem",
            "tls_client_cert": folder / "client.pem",
            "tls_client_key": folder / "client.pem",
        }

    def _command(self) -> list[str]:
        """Hand the port over as systemd does, since the engine lives in a network of its own."""
        handed_over = f'exec env LISTEN_PID=$$ LISTEN_FDS=1 "$@" 3<&{self._port.fileno()}'
        server = f"{self.folder}/server.pem"
        return [
            *("bash", "-c", handed_over, "bash", *super()._command()),
            *("--host=fd://", "--tlsverify", f"--tlscacert={self.folder}/ca.pem"),
            *(f"--tlscert={server}", f"--tlskey={server}"),
        ]

    def close(self) -> None:
        """Give the port back as well."""
        super().close()
        self._port.close()


class RemappedDocker(Docker):
    """A dockerd whose containers' root is nobody on the machine."""

    def __init__(self, folder: Path) -> None:
        """Let that nobody come as far as its files."""
        super().__init__(folder)
        folder.chmod(0o711)

    def _command(self) -> list[str]:
        return [*super()._command(), "--userns-remap=default"]


class NewestDocker(Docker):
    """The newest dockerd, with the images in the store that every Docker has."""

    api_version = "auto"
    takes_members_from_outside = False
    _configuration: Mapping[str, object] = {
        "storage-driver": "overlay2",
        "features": {"containerd-snapshotter": False},
    }

    def __init__(self, folder: Path) -> None:
        """Prepare the root file system as well."""
        self._root = newest_debian.root()
        super().__init__(folder)
        assert self._run("sh", "-ec", _FURNISH, "sh", str(self._root), str(folder)) == 0

    def _command(self) -> list[str]:
        configuration = self.folder / "daemon.json"
        configuration.write_text(json.dumps(self._configuration))
        return ["chroot", str(self._root), *super()._command(), f"--config-file={configuration}"]

    def _environment(self) -> dict[str, str]:
        # The least version is that of Docker 29.
        return {**super()._environment(), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DOCKER_MIN_API_VERSION": "1.44"}


class ContainerdStore(NewestDocker):
    """The same with the images in containerd's store, as Docker 29 has them unless told otherwise."""

    _configuration: Mapping[str, object] = {"features": {"containerd-snapshotter": True}}


class Podman(Engine):
    """Podman's service, whose containers live on without it."""

    is_podman = True
    # Debian's prefers crun, which does not run where control groups are hybrid; runc, which comes with Docker, does.
    configuration = f'{_PODMAN_CONFIGURATION}runtime = "runc"\n'

    def __init__(self, folder: Path) -> None:
        """Hide the second version of control groups, where this machine has both: crun wants one."""
        super().__init__(folder)
        self._run("umount", "/sys/fs/cgroup/unified")

    def _podman(self) -> list[str]:
        return [
            "podman",
            f"--root={self.folder}/data",
            f"--runroot={self.folder}/run",
            f"--tmpdir={self.folder}/tmp",
            f"--network-config-dir={self.folder}/networks",
            "--cgroup-manager=cgroupfs",
            "--events-backend=file",
        ]

    def _command(self) -> list[str]:
        return [*self._podman(), "system", "service", "--time=0", self.url]

    def _environment(self) -> dict[str, str]:
        configuration = self.folder / "containers.conf"
        configuration.write_text(self.configuration)
        registries = self.folder / "registries.conf"
        registries.write_text('[[registry]]\nlocation = "127.0.0.1"\ninsecure = true\n')
        return {
            **clean(),
            "HOME": str(self.folder),
            "CONTAINERS_CONF": str(configuration),
            "CONTAINERS_REGISTRIES_CONF": str(registries),
        }

    def close(self) -> None:
        """Remove everything: containers would live on, and mounts with them."""
        self.stop()
        subprocess.run(
            self.within(*self._podman(), "system", "reset", "--force"),
            check=False,
            env=self._environment(),
            capture_output=True,
        )
        super().close()


class NewestPodman(Podman):
    """The newest Podman's service, with the crun of its own Debian."""

    configuration = _PODMAN_CONFIGURATION

    def __init__(self, folder: Path) -> None:
        """Prepare the root file system as well."""
        self._root = newest_debian.root()
        super().__init__(folder)
        assert self._run("sh", "-ec", _FURNISH, "sh", str(self._root), str(folder)) == 0

    def _podman(self) -> list[str]:
        return ["chroot", str(self._root), *super()._podman()]

    def _environment(self) -> dict[str, str]:
        return {**super()._environment(), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}


class PodmanWithVariables(Podman):
    """Podman's service, whose configuration gives variables to every container."""

    configuration = Podman.configuration.replace("[containers]", '[containers]\nenv = ["PROXY=http://me:word@proxy"]')


class RootlessPodman(Podman):
    """Podman's service of a user, which has no control groups of version 2, and so applies no limits."""

    def __init__(self, folder: Path) -> None:
        """Make the user, with ids for those of the containers."""
        super().__init__(folder)
        command = ["useradd", "--no-create-home", f"--home-dir={folder}", folder.name]
        subprocess.run(command, check=True, capture_output=True)
        shutil.chown(folder, folder.name)
        # Its networks would need a device that a machine which is itself a guest may not have.
        self.options |= {
            "accept_missing": ["pids_limit", "memory", "memory_swap", "cpus"],
            "network_mode": "none",
        }

    def _podman(self) -> list[str]:
        return ["runuser", f"--user={self.folder.name}", "--", *super()._podman(), "--storage-driver=vfs"]

    def _environment(self) -> dict[str, str]:
        return {**super()._environment(), "XDG_RUNTIME_DIR": str(self.folder)}

    def close(self) -> None:
        """Remove the user as well."""
        super().close()
        subprocess.run(["userdel", self.folder.name], check=True, capture_output=True)


@contextlib.contextmanager
def running(kind: type[Engine], *, size: str = "") -> Iterator[Engine]:
    """Yield an engine of ``kind`` that runs, with a disk of its own where a ``size`` is given as tmpfs(5) has it."""
    folder = Path(f"/tmp/fg-{uuid.uuid4().hex[:12]}")  # the name is one of containerd's namespaces, too
    folder.mkdir(mode=0o700)
    with contextlib.ExitStack() as stack:
        stack.callback(_remove, folder)
        if size:
            (folder / "data").mkdir()
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder / "data"], check=True)
            stack.callback(subprocess.run, ["umount", "--recursive", folder / "data"], check=True)
        engine = kind(folder)
        stack.callback(engine.close)
        engine.start()
        yield engine


def _remove(folder: Path) -> None:
    """Remove a folder, and the mounts in it that an engine that was killed has left."""
    mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    for mount in sorted((mount for mount in mounts if mount.startswith(f"{folder}/")), reverse=True):
        subprocess.run(["umount", "--lazy", mount], check=True)
    shutil.rmtree(folder)
