# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Root file systems of Debian, made once each, with debootstrap, and kept; one has the newest engines that Debian has.

Debian's unstable suite has them first. Where it cannot be installed, as happens in the midst of its transitions, the
newest stable one has to do.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

STABLE = "trixie"
SUITES = ("sid", STABLE)
_DOCKER = ("docker.io", "docker-cli", "tini", "iptables", "ca-certificates")
_PODMAN = ("podman", "crun", "netavark", "nftables", "catatonit")
_ENGINES = (*_DOCKER, *_PODMAN)
_CACHE = Path(os.environ.get("GITOPS_TEST_CACHE") or Path(__file__).resolve().parents[2] / ".cache")


def root() -> Path:
    """Return the root file system with the engines, as ``made`` does."""
    return made("engines", SUITES, _ENGINES)


def made(name: str, suites: tuple[str, ...], packages: tuple[str, ...]) -> Path:
    """Return a root file system with these packages, made now if need be; whoever comes in the meantime waits.

    It is of the first of the suites that can be installed, and kept under ``name``.

    Raises:
        AssertionError: none can be installed; debootstrap's own words are shown.
    """
    folder = _CACHE / name
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        complaints = []
        for suite in suites:
            target = folder / suite
            if not _mark(target, packages).exists():
                complaints.append(_install(suite, target, packages))
            if _mark(target, packages).exists():
                return target
    raise AssertionError("\n".join(complaints))


def suite(cache: Path = _CACHE) -> str | None:
    """Return the suite that the engines are of, None where none was installed."""
    return next((each for each in SUITES if _mark(cache / "engines" / each, _ENGINES).exists()), None)


def _mark(target: Path, packages: tuple[str, ...]) -> Path:
    """Return the file that stands in a root file system once all of the packages are installed."""
    return target / f"flant-gitops-complete-{hashlib.sha256(' '.join(packages).encode()).hexdigest()[:12]}"


def _install(suite: str, target: Path, packages: tuple[str, ...]) -> str:
    """Install a suite, and return what debootstrap says of it."""
    if target.exists():  # it was cut off, or has other packages
        shutil.rmtree(target)
    command = ["debootstrap", "--variant=minbase", f"--include={','.join(packages)}", suite, str(target)]
    result = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if result.returncode:
        return f"{' '.join(command)}:\n{result.stdout[-1000:]}{result.stderr[-1000:]}"
    shutil.rmtree(target / "var/cache/apt/archives")
    _mark(target, packages).touch()
    return ""
