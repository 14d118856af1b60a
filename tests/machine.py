# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the checks need of the machine: found, or installed and started."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache"
VENV = CACHE / "venv"
SOCKET = "unix:///var/run/docker.sock"

PYTHONS = ("3.13", "3.11", "3.9")  # those that noxfile.py names
PACKAGES = {  # a command, and the Debian package that has it
    "busybox": "busybox-static",
    "catatonit": "catatonit",
    "debootstrap": "debootstrap",
    "docker": "docker.io",
    "dockerd": "docker.io",  # a client alone is no engine
    "docker-registry": "docker-registry",
    "git": "git",
    "gpg": "gnupg",
    "podman": "podman",
    "shellcheck": "shellcheck",
    "ssh": "openssh-client",
    "sshd": "openssh-server",
    "systemd-analyze": "systemd",
}


class SetUpError(Exception):
    """Something is missing that cannot be installed from here; the sentence says what to do."""


@contextlib.contextmanager
def prepared() -> Iterator[Path]:
    """Set everything up, yield the ``nox`` to run, and stop what was started for it.

    Raises:
        SetUpError: the machine lacks something that could not be installed.
    """
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    install_packages([package for command, package in PACKAGES.items() if is_missing(command)])
    pythons = find_pythons()
    python = pythons.get(PYTHONS[0]) or Path(sys.executable)
    make_environment(python)
    if any(version not in pythons for version in PYTHONS):
        pythons = download_pythons(pythons)
    folders = [str(pythons[version].parent) for version in sorted(pythons, key=lambda v: int(v[2:]), reverse=True)]
    os.environ["PATH"] = ":".join([*folders, os.environ["PATH"], str(VENV / "bin")])
    with container_engine():
        yield VENV / "bin/nox"


def is_missing(command: str) -> bool:
    """Whether a command is not there; a busybox that needs libraries is of no use in an image."""
    program = shutil.which(command)
    if program and command == "busybox":
        return subprocess.run(["ldd", program], capture_output=True, check=False).returncode == 0
    return program is None


def install_packages(packages: list[str]) -> None:
    """Install Debian packages."""
    if not packages:
        return
    names = " ".join(packages)
    if not shutil.which("apt-get") or os.geteuid() != 0:
        raise SetUpError(f"Install what Debian and Ubuntu call {names}, or run this as root there.")
    print(f"Installing {names}", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-qq"], ["install", "-qq", "-y", *packages]):
        result = subprocess.run(
            ["apt-get", *command],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode:
            raise SetUpError(f"apt-get {' '.join(command)} failed:\n{result.stdout}{result.stderr}")


def find_pythons() -> dict[str, Path]:
    """Return the interpreters by version, such as ``3.9``: those of pyenv and uv, then those on PATH."""
    folders = [
        *Path.home().glob(".pyenv/versions/*/bin"),
        *CACHE.glob("python/*/bin"),
        *(Path(folder) for folder in os.environ["PATH"].split(":") if not folder.endswith("/shims")),
    ]
    pythons: dict[str, Path] = {}
    for folder in folders:
        for python in folder.glob("python3.*"):
            version = python.name.removeprefix("python")
            if re.fullmatch(r"3\.(9|1[0-3])", version) and version not in pythons and _runs(python, version):
                pythons[version] = python
    return pythons


def _runs(python: Path, version: str) -> bool:
    probe = "import sys; print('%d.%d' % sys.version_info[:2])"
    result = subprocess.run([python, "-I", "-c", probe], capture_output=True, text=True, check=False)
    return result.stdout.strip() == version


def download_pythons(found: dict[str, Path]) -> dict[str, Path]:
    """Let uv fetch the Pythons that are missing, and return all."""
    missing = [version for version in PYTHONS if version not in found]
    print(f"Downloading Python {', '.join(missing)}", flush=True)
    command = [VENV / "bin/uv", "python", "install", "--no-bin", "--install-dir", CACHE / "python", *missing]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    pythons = find_pythons()
    missing = [version for version in PYTHONS if version not in pythons]
    if missing:
        raise SetUpError(
            f"Python {' and '.join(missing)} is needed, and uv could not download it; install it with its headers and"
            f" put it on PATH, or under ~/.pyenv/versions.\n{result.stderr}"
        )
    return pythons


def make_environment(python: Path) -> None:
    """Make the virtual environment that nox lives in, or bring it up to date."""
    requirements = ROOT / "tests/requirements.txt"
    stamp = VENV / "requirements.txt"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == requirements.read_text(encoding="utf-8"):
        return
    if subprocess.run([python, "-I", "-c", "import ensurepip"], capture_output=True, check=False).returncode:
        install_packages([f"{python.name}-venv" if "." in python.name else "python3-venv"])
    print("Installing nox", flush=True)
    subprocess.run([python, "-m", "venv", "--clear", VENV], check=True)
    pip = [VENV / "bin/pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "-r", requirements], check=True)
    shutil.copy(requirements, stamp)


@contextlib.contextmanager
def container_engine() -> Iterator[None]:
    """Start a Docker engine where none answers, and stop it afterwards; one that runs already stays."""
    if _engine_answers():
        yield
        return
    print("Starting dockerd", flush=True)
    log = ROOT / "tests/output/logs/dockerd.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8") as file:
        engine = subprocess.Popen(["dockerd", "--host", SOCKET], stdout=file, stderr=file, start_new_session=True)
        try:
            deadline = time.monotonic() + 60
            while not _engine_answers():
                if engine.poll() is not None or time.monotonic() > deadline:
                    raise SetUpError(f"dockerd does not start:\n{log.read_text(encoding='utf-8')[-2000:]}")
                time.sleep(0.5)
            yield
        finally:
            engine.terminate()
            engine.wait()


def _engine_answers() -> bool:
    command = ["docker", "--host", SOCKET, "version"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
