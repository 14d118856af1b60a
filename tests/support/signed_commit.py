# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task's parameters for `git_signed_commit`, and the shortest way to run one without Ansible."""

from __future__ import annotations

import contextlib
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.request import Request
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.run import run
from ansible_collections.flant.gitops.tests.support.repository import Repository
from ansible_collections.flant.gitops.tests.support.waiting import until

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.outcome import Outcome

COLLECTIONS = Path(__file__).absolute().parents[5]
MODULE = COLLECTIONS / "ansible_collections/flant/gitops/plugins/modules/git_signed_commit.py"

_DEFAULTS: dict[str, Any] = {
    "action": "poll",
    "repo": None,
    "branch": "main",
    "last_commit": "",
    "required_signatures": 0,
    "trusted_signers": [],
    "rules": [],
    "ssh_user_verification": False,
    "trusted_keys": [],
    "signatures_ref": "refs/tags/latest-signature",
    "verify": "tip",
    "select": "head",
    "on_insufficient_signatures": "fail",
    "max_commits": 1000,
    "commits": [],
    "submodules": False,
    "archive": None,
    "rerun": False,
    "rerun_after": "",
    "spread": "0s",
    "attempts": None,
    "hold_file": None,
    "username": None,
    "password": None,
    "password_file": None,
    "ssh_key_file": None,
    "ssh_known_hosts_file": None,
    "ca_cert_file": None,
    "proxy": None,
    "proxy_username": None,
    "proxy_password": None,
    "timeout": "5m",
}


def parameters(**params: object) -> dict[str, Any]:
    """Return these parameters and the module's defaults for the others; paths may be given as such."""
    texts = {name: str(value) for name, value in params.items() if isinstance(value, Path)}
    return {**_DEFAULTS, **params, **texts}


def call(*, check_mode: bool = False, **params: object) -> Outcome:
    """Run a task."""
    return run(Request.from_params(parameters(**params), check_mode=check_mode))


@dataclass(frozen=True)
class Task:
    """A task for one upstream, with a cache and an archive of its own."""

    upstream: Repository
    folder: Path

    @property
    def git_dir(self) -> Path:
        return self.folder / "cache"

    @property
    def archive(self) -> Path:
        return self.folder / "tree.tar"

    @property
    def cache(self) -> Repository:
        return Repository(self.git_dir)

    def poll(self, **params: object) -> Outcome:
        return call(**{"repo": self.upstream.path, "git_dir": self.git_dir, **params})

    def poll_refused(self, **params: object) -> str:
        """Poll what must be refused, and return the reason."""
        try:
            self.poll(**params)
        except Failure as failure:
            return str(failure)
        raise AssertionError("it was not refused")

    def running(self) -> list[str]:
        """Return the command lines of git processes that go on working on the cache; killed ones get time to end."""
        with contextlib.suppress(AssertionError):
            until(lambda: not self._command_lines(), seconds=10)
        return self._command_lines()

    def _command_lines(self) -> list[str]:
        listing = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
        return [line for line in listing.splitlines() if str(self.git_dir) in line and "git" in line.split()[0]]

    def leftovers(self) -> list[str]:
        """Return the files that were begun and are neither whole nor gone."""
        names = [str(file.relative_to(self.folder)) for file in self.folder.rglob("*")]
        return [name for name in names if name.endswith((".lock", ".part", ".keep")) or "/tmp_" in name]

    def record(self, commit: str, **params: object) -> Outcome:
        return call(**{"action": "record", "git_dir": self.git_dir, "last_commit": commit, **params})

    def show(self, **params: object) -> Outcome:
        return call(action="show", git_dir=self.git_dir, **params)

    def reset(self, commit: str = "none", **params: object) -> Outcome:
        return call(action="reset", git_dir=self.git_dir, last_commit=commit, **params)

    def process(self, **params: object) -> str:
        """Poll a new commit, take it as processed, and return its id."""
        outcome = self.poll(**params)
        assert outcome.changed
        self.record(outcome.commit)
        return outcome.commit


def contents(path: Path) -> dict[str, bytes | str]:
    """Return the files of a tar by name: their bytes, or where a link points to."""
    with tarfile.open(path, errors="surrogateescape") as tar:
        return {
            member.name: member.linkname if member.issym() else tar.extractfile(member).read()
            for member in tar
            if not member.isdir()
        }
