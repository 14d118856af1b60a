# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What verifying signatures costs, over the least that as many processes of gpg or ssh-keygen cost.

Prints a line for each measurement: name, ratio, goal, and whether the goal is reached.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._git.commit import Commit, parse
from ansible_collections.flant.gitops.plugins.module_utils._private_directory import private_directory
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.roster import roster
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.signatures import look, look_at_each
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.trust import trust
from ansible_collections.flant.gitops.tests.support import ssh_signers
from ansible_collections.flant.gitops.tests.support.ratios import ratio, row
from ansible_collections.flant.gitops.tests.support.signers import Signer, fresh, with_header

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.roster import Roster
    from ansible_collections.flant.gitops.tests.support.ssh_signers import SshSigner

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
        every = ratio(lambda: _every(roster([alice.public_key], []), many), lambda: floor.every(_COMMITS), rounds)
        print(row(f"{_COMMITS} commits / one gpg --verify after the other", every, 0.6))
        _by_ssh(folder, rounds)


def _by_ssh(folder: Path, rounds: int) -> None:
    alice, bob = (ssh_signers.create(folder, name) for name in ("alice", "bob"))
    people = [{"name": signer.file.name, "public_keys": [signer.public_key]} for signer in (alice, bob)]
    commits = [_signed_by_ssh(alice, number) for number in range(_DISTINCT)]
    note = bob.note_line(commits[0].id)
    floor = _SshFloor(folder, alice, commits)
    single = ratio(lambda: _pair(people, commits[0], note), lambda: floor.verify(2), 10 * rounds)
    print(row("one commit, two SSH signatures / two ssh-keygen -Y verify", single, 1.3))
    many = (commits * (_COMMITS // _DISTINCT + 1))[:_COMMITS]
    every = ratio(lambda: _every(roster([], people[:1]), many), lambda: floor.verify(_COMMITS), rounds)
    print(row(f"{_COMMITS} commits by SSH / one ssh-keygen -Y verify after the other", every, 0.6))


def _commit(signer: Signer, number: int) -> Commit:
    return _parsed(signer.sign_commit(_RAW % number))


def _signed_by_ssh(signer: SshSigner, number: int) -> Commit:
    raw = _RAW % number
    return _parsed(with_header(raw, "gpgsig", signer.sign(raw)))


def _parsed(raw: bytes) -> Commit:
    return parse(hashlib.sha1(b"commit %d\0" % len(raw) + raw, usedforsecurity=False).hexdigest(), raw)


def _single(signer: Signer, commit: Commit) -> None:
    with trust(roster([signer.public_key], [])) as trusted:
        assert look(trusted, commit, (), 1).signers


def _pair(people: Sequence[Mapping[str, object]], commit: Commit, note: bytes) -> None:
    with trust(roster([], people)) as trusted:
        assert len(look(trusted, commit, (note,), 2).signers) == len(people)


def _every(keys: Roster, commits: Sequence[Commit]) -> None:
    with trust(keys) as trusted:
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


class _SshFloor:
    """Likewise ssh-keygen."""

    def __init__(self, folder: Path, signer: SshSigner, commits: Sequence[Commit]) -> None:
        self._folder = folder
        self._commits = commits
        (folder / "allowed").write_text(f"signer {signer.public_key}")
        for number, commit in enumerate(commits):
            (folder / f"{number}.ssh").write_bytes(commit.signature or b"")

    def verify(self, count: int) -> None:
        options = ("-f", "allowed", "-I", "signer", "-n", "git")
        for number in (index % len(self._commits) for index in range(count)):
            command = ["ssh-keygen", "-Y", "verify", *options, "-s", f"{number}.ssh"]
            payload = self._commits[number].payload
            subprocess.run(command, cwd=self._folder, input=payload, stdout=subprocess.DEVNULL, check=True)


if __name__ == "__main__":
    main()
