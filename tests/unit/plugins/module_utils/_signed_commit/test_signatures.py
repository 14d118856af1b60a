# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signers of real commits, as git, gpg and git-signatures leave them."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._git import commit as git_commit
from ansible_collections.flant.gitops.plugins.module_utils._git import notes as git_notes
from ansible_collections.flant.gitops.plugins.module_utils._openpgp import keyring
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.signatures import collect, collect_each
from ansible_collections.flant.gitops.tests.support import signature_notes
from ansible_collections.flant.gitops.tests.support.signers import Signer, Signers, opened

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ansible_collections.flant.gitops.plugins.module_utils._git.commit import Commit


@pytest.fixture
def signers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signers]:
    with opened(tmp_path_factory) as signers:
        yield signers


class Repository:
    """A real repository, and the shortest way to a commit in it."""

    def __init__(self, folder: Path, signers: Signers, object_format: str = "sha1") -> None:
        self.folder = folder
        self._signers = signers
        self.git("init", "--quiet", f"--object-format={object_format}")

    def git(self, *arguments: str, stdin: bytes = b"") -> bytes:
        ran = subprocess.run(
            ["git", "-C", str(self.folder), *arguments],
            input=stdin,
            capture_output=True,
            env=self._signers.environment,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr.decode()
        return ran.stdout

    def commit(self, signer: Signer | None = None) -> Commit:
        options = signer.git_options if signer else []
        self.git(*options, "commit", "--quiet", "--allow-empty", "-m", "Change something")
        commit_id = self.git("rev-parse", "HEAD").decode().strip()
        return git_commit.parse(commit_id, self.git("cat-file", "commit", commit_id))

    def notes(self, commit: Commit) -> list[bytes]:
        """Return the notes for a commit, as a reader that knows nothing of git's notes code finds them."""
        listing = self.git("ls-tree", "-r", "--name-only", signature_notes.SIGNATURES_REF).decode().split()
        paths = [path for path in git_notes.paths(commit.id) if path in listing]
        return [self.git("cat-file", "blob", f"{signature_notes.SIGNATURES_REF}:{path}") for path in paths]


@pytest.fixture(params=["sha1", "sha256"])
def repository(request: pytest.FixtureRequest, tmp_path: Path, signers: Signers) -> Repository:
    return Repository(tmp_path, signers, request.param)


def _keys(signers: Sequence[Signer]) -> list[str]:
    return [signer.public_key for signer in signers]


def test_a_commit_signed_by_git_has_its_signer(repository: Repository, signers: Signers) -> None:
    commit = repository.commit(signers.alice)
    with keyring.trusted(_keys([signers.alice, signers.bob])) as trusted:
        found = collect(trusted, commit, [], 1)
    assert [signer.as_dict() for signer in found.signers] == [
        {
            "fingerprint": signers.alice.fingerprint,
            "signing_key": signers.alice.fingerprint,
            "user_id": "Alice <alice@example.test>",
            "created": found.signers[0].created,
            "source": "commit",
        }
    ]
    assert found.rejected == ()


def test_signers_in_notes_count_beside_the_commits_own(repository: Repository, signers: Signers) -> None:
    commit = repository.commit(signers.alice)
    signature_notes.add(repository.folder, commit.id, signers.bob, signers.carol)
    with keyring.trusted(_keys([signers.alice, signers.bob, signers.carol])) as trusted:
        found = collect(trusted, commit, repository.notes(commit), 3)
    assert [(signer.fingerprint, signer.source) for signer in found.signers] == [
        (signers.alice.fingerprint, "commit"),
        (signers.bob.fingerprint, "notes"),
        (signers.carol.fingerprint, "notes"),
    ]


def test_many_commits_come_back_in_their_order(repository: Repository, signers: Signers) -> None:
    people = [signers.alice, signers.bob, None] * 4
    commits = [(repository.commit(person), ()) for person in people]
    with keyring.trusted(_keys([signers.alice, signers.bob])) as trusted:
        found = list(collect_each(trusted, commits, 1))
    assert [[each.fingerprint for each in one.signers] for one in found] == [
        [person.fingerprint] if person else [] for person in people
    ]
