# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A commit's whole way: polled, verified, archived, recorded."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.tests.support.repository import Repository
from ansible_collections.flant.gitops.tests.support.signed_commit import call
from ansible_collections.flant.gitops.tests.support.signers import Signers, opened

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def signers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signers]:
    with opened(tmp_path_factory) as signers:
        yield signers


@pytest.fixture(params=["sha1", "sha256"])
def upstream(request: pytest.FixtureRequest, tmp_path: Path) -> Repository:
    return Repository(tmp_path / "upstream.git", request.param)


def test_a_signed_commit_is_archived_once_and_recorded(upstream: Repository, signers: Signers, tmp_path: Path) -> None:
    archive = tmp_path / "tree.tar"
    commit = upstream.commit({"folder/file": b"content\n", "run*": b"#!/bin/sh\n"}, signer=signers.alice)
    task = {
        "repo": upstream.path,
        "git_dir": tmp_path / "cache",
        "required_signatures": 1,
        "trusted_keys": [signers.alice.public_key],
        "archive": archive,
    }

    first = call(**task)
    recorded = call(action="record", git_dir=tmp_path / "cache", last_commit=commit)
    second = call(**task, last_commit=commit)

    assert (first.changed, first.status, first.commit, first.previous_commit) == (True, "new", commit, "")
    assert [signature["fingerprint"] for signature in first.signatures] == [signers.alice.fingerprint]
    with tarfile.open(archive) as tar:
        assert {member.name: member.mode for member in tar} == {"folder": 0o755, "folder/file": 0o644, "run": 0o755}
    assert (recorded.changed, recorded.status, recorded.commit) == (True, "recorded", commit)
    assert Path(first.superseded).exists()
    assert (second.changed, second.status, second.commit, second.head) == (False, "unchanged", commit, commit)
    assert not Path(second.superseded).exists()
