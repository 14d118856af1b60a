# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is verified and what is acted on are one document, even where git itself is fooled."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.tests.support.repository import Repository
from ansible_collections.flant.gitops.tests.support.signed_commit import Task
from ansible_collections.flant.gitops.tests.support.signers import armored, with_header

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.flant.gitops.tests.support.signers import Signers

_SIGNATURE = re.compile(rb"^gpgsig.*\n( .*\n)*", re.MULTILINE)


def git_is_satisfied(upstream: Repository, commit: str, signers: Signers) -> bool:
    """Tell whether ``git verify-commit`` calls the commit's signature good."""
    command = ["git", f"--git-dir={upstream.path}", "-c", "gpg.program=gpg", "verify-commit", commit]
    return subprocess.run(command, capture_output=True, env=signers.environment, check=False).returncode == 0


def moved_up(upstream: Repository, commit: str, above: bytes) -> str:
    """Let the branch point to the commit with its signature header right above a line that begins with ``above``."""
    raw = upstream.git_bytes("cat-file", "commit", commit)
    header = _SIGNATURE.search(raw)[0]
    return upstream.raw_commit(raw.replace(header, b"").replace(above, header + above, 1))


@pytest.mark.parametrize("verify", ["tip", "every"])
@pytest.mark.parametrize("select", ["head", "oldest"])
@pytest.mark.parametrize("hidden", [1, 2, 3])
@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_g9_no_parent_is_hidden_by_a_signature_header(
    tmp_path: Path, signers: Signers, object_format: str, hidden: int, select: str, verify: str
) -> None:
    upstream = Repository(tmp_path / "upstream.git", object_format)
    task = Task(upstream, tmp_path)
    start = upstream.commit(signer=signers.alice)
    parents = [start, *(upstream.commit(parents=[start], branch=f"side-{number}") for number in range(3))]
    honest = upstream.commit(parents=parents, signer=signers.alice)
    first_hidden = parents[-hidden]
    twin = moved_up(upstream, honest, f"parent {first_hidden}".encode())

    assert git_is_satisfied(upstream, twin, signers)
    assert upstream.git("log", "-1", "--format=%P", twin).split() == parents[:-hidden]
    params = {"required_signatures": 1, "trusted_keys": [signers.alice.public_key], "verify": verify, "select": select}
    with pytest.raises(Failure, match=rf"^commit {twin}: git reads other parents in it than its signature covers"):
        task.poll(last_commit=start, archive=task.archive, **params)
    assert not task.archive.exists()


def test_g9_every_parent_of_the_last_commit_hidden_is_no_descent(task: Task, signers: Signers) -> None:
    start = task.upstream.commit(signer=signers.alice)
    twin = moved_up(task.upstream, task.upstream.commit(signer=signers.alice), b"parent ")
    assert git_is_satisfied(task.upstream, twin, signers)
    with pytest.raises(Failure, match=f"^commit {twin}: git reads other parents"):
        task.poll(required_signatures=1, trusted_keys=[signers.alice.public_key])
    with pytest.raises(Failure, match=f"{start} is in no history that leads to {twin}"):
        task.poll(required_signatures=1, trusted_keys=[signers.alice.public_key], last_commit=start)


def test_g9_every_commit_on_the_way_has_to_have_the_shape(task: Task, signers: Signers) -> None:
    start = task.upstream.commit(signer=signers.alice)
    side = task.upstream.commit(parents=[start], branch="side")
    honest = task.upstream.commit(parents=[start, side], signer=signers.alice)
    twin = moved_up(task.upstream, honest, f"parent {side}".encode())
    task.upstream.commit(signer=signers.alice)
    params = {"required_signatures": 1, "trusted_keys": [signers.alice.public_key], "verify": "every"}
    with pytest.raises(Failure, match=f"^commit {twin}: git reads other parents"):
        task.poll(last_commit=start, **params)


@pytest.mark.parametrize("above", [b"author ", b"committer "])
def test_g9_a_note_does_not_mend_a_commit_of_another_shape(task: Task, signers: Signers, above: bytes) -> None:
    twin = moved_up(task.upstream, task.upstream.commit(signer=signers.bob), above)
    task.upstream.note(twin, signers.alice)
    with pytest.raises(Failure, match=f"^commit {twin}: its signature header does not stand below its committer"):
        task.poll(required_signatures=1, trusted_keys=[signers.alice.public_key])


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_s20_signatures_for_both_object_formats_in_one_commit_count(
    tmp_path: Path, signers: Signers, object_format: str
) -> None:
    upstream = Repository(tmp_path / "upstream.git", object_format)
    commit = upstream.commit(signer=signers.alice)
    raw = upstream.git_bytes("cat-file", "commit", commit)
    other = "gpgsig-sha256" if object_format == "sha1" else "gpgsig"
    both = upstream.raw_commit(with_header(raw, other, armored(signers.alice.sign(b"the commit's other form"))))
    assert git_is_satisfied(upstream, both, signers)
    outcome = Task(upstream, tmp_path).poll(required_signatures=1, trusted_keys=[signers.alice.public_key])
    assert (outcome.commit, outcome.verified_signatures) == (both, 1)
