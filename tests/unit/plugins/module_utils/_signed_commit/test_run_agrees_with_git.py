# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A commit counts as signed where git says so, and where git does not; what is otherwise is known by name."""

from __future__ import annotations

import random
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._git.commit import parse
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.roster import roster
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.signatures import look
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.trust import trust
from ansible_collections.flant.gitops.tests.support import commit_shapes
from ansible_collections.flant.gitops.tests.support.commit_shapes import Draft, People, unsigned
from ansible_collections.flant.gitops.tests.support.repository import Repository
from ansible_collections.flant.gitops.tests.support.signed_commit import Task
from ansible_collections.flant.gitops.tests.support.signers import fresh

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from ansible_collections.flant.gitops.tests.support.signers import Signers
    from ansible_collections.flant.gitops.tests.support.soak import Long

_SHAPES = {
    **commit_shapes.GOOD_FOR_BOTH,
    **commit_shapes.BAD_FOR_BOTH,
    **commit_shapes.FOOLS_GIT,
    **commit_shapes.REFUSED_BY_GIT_ALONE,
}
_EXPECTED = {
    **dict.fromkeys(commit_shapes.GOOD_FOR_BOTH, (True, True)),
    **dict.fromkeys(commit_shapes.BAD_FOR_BOTH, (False, False)),
    **dict.fromkeys(commit_shapes.FOOLS_GIT, (True, False)),
    **dict.fromkeys(commit_shapes.REFUSED_BY_GIT_ALONE, (False, True)),
}
_UNFETCHED = {"a signed second tree"}  # git takes it for damaged


class Made(NamedTuple):
    """A commit, and the name of its shape."""

    shape: str
    commit: str
    raw: bytes


class History:
    """A repository that chance fills with commits of all shapes, each on top of some that are honest."""

    def __init__(self, repository: Repository, people: People, chance: random.Random) -> None:
        self._repository = repository
        self._people = people
        self._chance = chance
        self._headers = ("gpgsig", "gpgsig-sha256")
        if repository.object_format != "sha1":
            self._headers = ("gpgsig-sha256", "gpgsig")
        self._trees = [repository.tree({"file": b"%d" % number}) for number in range(5)]
        self.honest: list[str] = []

    def grow(self, names: Sequence[str]) -> list[Made]:
        """Add a commit of each of these shapes."""
        drafts = [self._draft() for _name in names]
        with ThreadPoolExecutor(4) as pool:
            made = list(pool.map(self._make, names, drafts))
        for each in made:
            if each.shape in commit_shapes.GOOD_FOR_BOTH and each.shape not in _UNFETCHED:
                self.honest.append(each.commit)
        return made

    def _draft(self) -> Draft:
        parents = self._chance.sample(self.honest, min(len(self.honest), self._chance.choice([0, 1, 1, 2, 3, 9])))
        raw = unsigned(self._chance, self._people, self._chance.choice(self._trees), parents)
        return Draft(raw, self._people, *self._headers)

    def _make(self, name: str, draft: Draft) -> Made:
        raw = _SHAPES[name](draft)
        return Made(name, self._repository.object("commit", raw), raw)


def of_git(repository: Repository, people: People, folder: Path, commits: Iterable[str]) -> list[bool]:
    """Tell of each commit whether ``git verify-commit`` calls it good, with the trusted keys at hand."""
    allowed = folder / "allowed_signers"
    allowed.write_text("".join(f'{key.split()[2]} namespaces="git" {key}\n' for key in people.ssh_keys.values()))
    with fresh() as keyring, ThreadPoolExecutor(4) as pool:
        for certificate in people.certificates.values():
            keyring.gpg("--import", stdin=certificate.encode())
        command = ["git", f"--git-dir={repository.path}", "-c", "gpg.program=gpg"]
        command += ["-c", f"gpg.ssh.allowedSignersFile={allowed}", "verify-commit"]

        def good(commit: str) -> bool:
            ran = subprocess.run([*command, commit], capture_output=True, env=keyring.environment, check=False)
            return ran.returncode == 0

        return list(pool.map(good, commits))


def trusted_signers(people: People) -> list[dict[str, object]]:
    keys = {**people.certificates, **people.ssh_keys}
    return [{"name": name, "public_keys": [key]} for name, key in keys.items()]


def of_us(people: People, made: Iterable[Made]) -> list[bool]:
    """Tell of each commit whether a trusted signer stands for it."""
    with trust(roster([], trusted_signers(people))) as trusted:

        def good(each: Made) -> bool:
            try:
                commit = parse(each.commit, each.raw)
            except Failure:
                return False
            return bool(look(trusted, commit, (), 1).signers)

        with ThreadPoolExecutor(4) as pool:
            return list(pool.map(good, made))


@pytest.mark.soak
@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_each_commit_is_signed_for_us_as_it_is_for_git(
    tmp_path: Path, signers: Signers, long: Long, object_format: str
) -> None:
    people = People(signers, tmp_path)
    repository = Repository(tmp_path / "upstream.git", object_format)
    history = History(repository, people, long.chance)
    made = [each for _layer in range(long.times(32)) for each in history.grow([*_SHAPES])]
    verdicts = zip(of_git(repository, people, tmp_path, [each.commit for each in made]), of_us(people, made))
    expected = (_EXPECTED[each.shape] for each in made)
    assert [
        (each.shape, f"git: {git}, we: {us}", each.raw)
        for each, due, (git, us) in zip(made, expected, verdicts)
        if due != (git, us)
    ] == []


@pytest.mark.slow
@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_a_history_of_all_honest_shapes_is_acted_on_and_what_fools_git_is_not(
    tmp_path: Path, signers: Signers, object_format: str
) -> None:
    people = People(signers, tmp_path)
    task = Task(Repository(tmp_path / "upstream.git", object_format), tmp_path)
    history = History(task.upstream, people, random.Random(0))  # noqa: S311 -- it shall be repeatable
    for _layer in range(2):
        history.grow([*commit_shapes.GOOD_FOR_BOTH])
    head = task.upstream.commit(parents=history.honest, signer=signers.alice)
    outcome = task.poll(required_signatures=1, trusted_signers=trusted_signers(people), verify="every")
    assert (outcome.commit, outcome.changed) == (head, True)
    for shape in commit_shapes.FOOLS_GIT:
        (refused,) = history.grow([shape])
        task.upstream.point("refs/heads/main", refused.commit)
        assert refused.commit in task.poll_refused(required_signatures=1, trusted_signers=trusted_signers(people))
