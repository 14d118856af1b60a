# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A repository of the team's, and people who approve its commits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest
from ansible_collections.flant.gitops.tests.support.approver import Approver
from ansible_collections.flant.gitops.tests.support.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.flant.gitops.tests.support.signers import Signer


class MakeApprover(Protocol):
    def __call__(self, name: str, key: Signer | None = None, url: str | None = None) -> Approver:
        """Make somebody by that name."""


@pytest.fixture
def upstream(tmp_path: Path) -> Repository:
    """A bare repository with one commit on its branch."""
    repository = Repository(tmp_path / "served/team.git")
    repository.commit({"deploy.sh": b"echo first\n"}, message="First")
    return repository


@pytest.fixture
def approver(tmp_path: Path, upstream: Repository) -> MakeApprover:
    """Makes somebody with a clone; with an OpenPGP key if one is given, else with an SSH key."""

    def make(name: str, key: Signer | None = None, url: str | None = None) -> Approver:
        return Approver(tmp_path / "people", name, url or str(upstream.path), key)

    return make


@pytest.fixture
def bob(approver: MakeApprover) -> Approver:
    """Bob, who signs with an SSH key."""
    return approver("bob")
