# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What verifying signatures costs, over the least that as many gpg processes cost.

Prints a line for each measurement: name, ratio, goal, and whether the goal is reached.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._git.commit import Commit, parse
from ansible_collections.flant.gitops.plugins.module_utils._private_file import private_directory
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.roster import roster
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.signatures import look, look_at_each
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.trust import trust
from ansible_collections.flant.gitops.tests.support.ratios import ratio, row
from ansible_collections.flant.gitops.tests.support.signers import Signer, fresh

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_COMMITS = 1000
_DISTINCT = 50
_RAW = b"""tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904
author A. Author <author@example.test> 1700000000 +0000
committer C. Committer <committer@example.test> 1700000000 +0000

Change number %d
"""


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=5)
    rounds = arguments.parse_args().rounds
    with private_directory("benchmark-") as folder, fresh() as signers:
        alice = signers.create("alice")
        commits = [_commit(alice, number) for number in range(_DISTINCT)]
        floor = _Floor(folder, alice, commits)
        single = ratio(lambda: _single(alice, commits[0]), floor.single, 10 * rounds)
        print(row("one commit, one key, one signature / gpg --import and gpg --verify", single, 1.3))
        many = (commits * (_COMMITS // _DISTINCT + 1))[:_COMMITS]
        every = ratio(lambda: _every(alice, many), lambda: floor.every(_COMMITS), rounds)
        print(row(f"{_COMMITS} commits / one gpg --verify after the other", every, 0.6))


def _commit(signer: Signer, number: int) -> Commit:
    raw = signer.sign_commit(_RAW % number)
    return parse(hashlib.sha1(b"commit %d\0" % len(raw) + raw, usedforsecurity=False).hexdigest(), raw)


def _single(signer: Signer, commit: Commit) -> None:
    with trust(roster([signer.public_key], [])) as trusted:
        assert look(trusted, commit, (), 1).signers


def _every(signer: Signer, commits: Sequence[Commit]) -> None:
    with trust(roster([signer.public_key], [])) as trusted:
        assert all(found.signers for found in look_at_each(trusted, commits, {}, 1))


class _Floor:
    """gpg as a shell script would call it, on files that are there already."""

    def __init__(self, folder: Path, signer: Signer, commits: Sequence[Commit]) -> None:
        self._folder = folder
        self._number = len(commits)
        (folder / "key").write_text(signer.public_key)
        for number, commit in enumerate(commits):
            (folder / f"{number}.payload").write_bytes(commit.payload)
            (folder / f"{number}.sig").write_bytes(commit.signature or b"")

    def single(self) -> None:
        with private_directory("benchmark-") as home:
            self._gpg(home, "--import", "key")
            self._gpg(home, "--verify", "0.sig", "0.payload")

    def every(self, count: int) -> None:
        with private_directory("benchmark-") as home:
            self._gpg(home, "--import", "key")
            for number in range(count):
                self._gpg(home, "--verify", f"{number % self._number}.sig", f"{number % self._number}.payload")

    def _gpg(self, home: Path, *arguments: str) -> None:
        command = ["gpg", "--homedir", str(home), "--batch", "--quiet", *arguments]
        subprocess.run(command, cwd=self._folder, stderr=subprocess.DEVNULL, check=True)


if __name__ == "__main__":
    main()
