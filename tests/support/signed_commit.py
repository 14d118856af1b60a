# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task's parameters for `git_signed_commit`, and the shortest way to run one without Ansible."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.request import Request
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.run import run
from ansible_collections.flant.gitops.tests.support.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.outcome import Outcome

_DEFAULTS: dict[str, Any] = {
    "action": "poll",
    "repo": None,
    "branch": "main",
    "last_commit": "",
    "required_signatures": 0,
    "trusted_keys": [],
    "signatures_ref": "refs/tags/latest-signature",
    "verify": "tip",
    "select": "head",
    "on_insufficient_signatures": "fail",
    "max_commits": 1000,
    "submodules": False,
    "archive": None,
    "username": None,
    "password": None,
    "ssh_key_file": None,
    "ssh_known_hosts_file": None,
    "ca_cert_file": None,
    "timeout": "5m",
}


def call(*, check_mode: bool = False, **params: object) -> Outcome:
    """Run a task with these parameters and the module's defaults; paths may be given as such."""
    given = {
        name: value if isinstance(value, (int, list)) or value is None else str(value) for name, value in params.items()
    }
    return run(Request.from_params({**_DEFAULTS, **given}, check_mode=check_mode))


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

    def record(self, commit: str, **params: object) -> Outcome:
        return call(action="record", git_dir=self.git_dir, last_commit=commit, **params)

    def reset(self, commit: str = "", **params: object) -> Outcome:
        return call(action="reset", git_dir=self.git_dir, last_commit=commit, **params)

    def process(self, **params: object) -> str:
        """Poll a new commit, take it as processed, and return its id."""
        outcome = self.poll(**params)
        assert outcome.changed
        self.record(outcome.commit)
        return outcome.commit
