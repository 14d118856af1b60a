# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The play for a forge's pipeline: green if the branch's head has its signatures, and nothing stays behind."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.tests.support.environment import clean
from ansible_collections.flant.gitops.tests.support.repository import Repository
from ansible_collections.flant.gitops.tests.support.signed_commit import COLLECTIONS

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.tests.support.signers import Signers

EXAMPLE = Path(__file__).resolve().parents[3] / "examples/forge-ci"


@pytest.fixture
def upstream(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path / "team.git")
    repository.commit()
    return repository


def play(folder: Path, signers: Signers, upstream: Repository, branch: str) -> tuple[int, str]:
    shutil.copytree(EXAMPLE, folder / "signers")
    (folder / "signers/keys").mkdir()
    for name in ("alice", "bob"):
        (folder / f"signers/keys/{name}.asc").write_text(signers[name].public_key, encoding="utf-8")
    # ansible-core listens at a socket in TMPDIR, whose path may have 107 bytes.
    with tempfile.TemporaryDirectory() as temporary:
        variables = {
            **clean(),
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
            "TMPDIR": temporary,
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "REPO": str(upstream.path),
            "BRANCH": branch,
        }
        ran = subprocess.run(
            ["ansible-playbook", str(folder / "signers/approved.yml")],
            env=variables,
            capture_output=True,
            text=True,
            check=False,
        )
        assert not [*Path(temporary).glob("ansible.*")]
    return ran.returncode, ran.stdout + ran.stderr


def test_a_head_that_both_have_signed_is_green(tmp_path: Path, signers: Signers, upstream: Repository) -> None:
    upstream.note(upstream.head(), signers.alice, signers.bob)

    status, output = play(tmp_path / "job", signers, upstream, "main")

    assert status == 0, output
    assert f"{upstream.head()} is signed by alice, bob" in output


def test_a_head_that_lacks_one_is_red_and_says_who(tmp_path: Path, signers: Signers, upstream: Repository) -> None:
    upstream.note(upstream.head(), signers.alice)

    status, output = play(tmp_path / "job", signers, upstream, "main")

    assert status == 2, output
    assert "1 of 2" in output


def test_the_name_of_a_branch_runs_nothing(tmp_path: Path, signers: Signers, upstream: Repository) -> None:
    hostile = "{{lookup('pipe','touch${IFS}" + str(tmp_path / "was-run") + "')}}"

    status, output = play(tmp_path / "job", signers, upstream, hostile)

    assert status == 2, output
    assert not (tmp_path / "was-run").exists()
