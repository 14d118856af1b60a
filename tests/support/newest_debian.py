# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The newest engines that Debian has, in a root file system that is made once, with debootstrap, and kept.

Debian's unstable suite has them first. Where it cannot be installed, as happens in the midst of its transitions, the
newest stable one has to do.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

SUITES = ("sid", "trixie")
_DOCKER = ("docker.io", "docker-cli", "tini", "iptables", "ca-certificates")
_PODMAN = ("podman", "crun", "netavark", "nftables", "catatonit")
_COMPLETE = "flant-gitops-complete-with-podman"  # another name where the packages are others
_CACHE = Path(os.environ.get("GITOPS_TEST_CACHE") or Path(__file__).resolve().parents[2] / ".cache")


def root() -> Path:
    """Return the root file system, made now if need be; whoever comes in the meantime waits.

    Raises:
        AssertionError: neither suite can be installed; debootstrap's own words are shown.
    """
    folder = _CACHE / "engines"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        complaints = []
        for suite in SUITES:
            target = folder / suite
            if not (target / _COMPLETE).exists():
                complaints.append(_install(suite, target))
            if (target / _COMPLETE).exists():
                return target
    raise AssertionError("\n".join(complaints))


def suite(cache: Path = _CACHE) -> str | None:
    """Return the suite that was installed, None where none was."""
    return next((each for each in SUITES if (cache / "engines" / each / _COMPLETE).exists()), None)


def _install(suite: str, target: Path) -> str:
    """Install a suite, and return what debootstrap says of it."""
    if target.exists():  # it was cut off
        shutil.rmtree(target)
    command = ["debootstrap", "--variant=minbase", f"--include={','.join((*_DOCKER, *_PODMAN))}", suite, str(target)]
    result = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if result.returncode:
        return f"{' '.join(command)}:\n{result.stdout[-1000:]}{result.stderr[-1000:]}"
    shutil.rmtree(target / "var/cache/apt/archives")
    (target / _COMPLETE).touch()
    return ""
