# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody who may push but cannot sign, against a host that goes on polling."""

from __future__ import annotations

import base64
import os
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.tests.support.git_server import ssh_server
from ansible_collections.flant.gitops.tests.support.signed_commit import contents

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ansible_collections.flant.gitops.tests.support.git_server import HttpServer
    from ansible_collections.flant.gitops.tests.support.repository import Repository
    from ansible_collections.flant.gitops.tests.support.signed_commit import Task
    from ansible_collections.flant.gitops.tests.support.signers import Signers
    from ansible_collections.flant.gitops.tests.support.soak import Long

MEGABYTE = 1_000_000


def noise() -> bytes:
    """Return a megabyte of text, of which compression leaves three quarters."""
    return base64.b64encode(os.urandom(MEGABYTE * 3 // 4))


def message(upstream: Repository, last: str) -> None:
    upstream.commit(parents=[last], message=noise().decode())


def notes(upstream: Repository, last: str) -> None:
    head = upstream.commit(parents=[last])
    upstream.publish(upstream.notes({head: noise()}))


def files(upstream: Repository, last: str) -> None:
    upstream.commit({"large": noise()}, parents=[last])


def size(task: Task) -> int:
    return sum(file.stat().st_size for file in task.git_dir.rglob("*") if file.is_file())


@pytest.mark.soak
@pytest.mark.parametrize(("push", "filters"), [(message, True), (notes, True), (notes, False), (files, False)])
def test_t18_refused_pushes_are_downloaded_once_and_leave_nothing(
    task: Task,
    https: HttpServer,
    ca_file: Path,
    signers: Signers,
    long: Long,
    push: Callable[[Repository, str], None],
    filters: bool,
) -> None:
    task.upstream.git("config", "uploadpack.allowFilter", str(filters).lower())
    params = {
        "repo": f"{https.url}/up.git",
        "ca_cert_file": ca_file,
        "required_signatures": 1,
        "trusted_keys": [signers.alice.public_key],
    }
    first = task.upstream.commit(signer=signers.alice)
    task.upstream.publish(task.upstream.notes({first: b"nothing\n"}))
    last = task.process(**params, archive=task.archive)

    def cost(status: str) -> tuple[int, int]:
        """Return the requests and bytes that a poll takes whose status or failure begins so."""
        requests, sent = len(https.requests), https.sent
        try:
            outcome = task.poll(**params, last_commit=last).status
        except Failure as failure:
            outcome = str(failure)
        assert outcome.startswith(status)
        return len(https.requests) - requests, https.sent - sent

    quiet = cost("unchanged")
    before = size(task)
    for _push in range(long.times(200)):
        push(task.upstream, last)
        assert cost("required_signatures: ")[1] > MEGABYTE // 2
        requests, sent = cost("required_signatures: ")
        assert requests <= quiet[0]
        assert sent < quiet[1] + 1000
        task.upstream.point("refs/heads/main", last)
    assert size(task) < before + 5 * MEGABYTE
    assert size(task) < before + 50_000
    requests, sent = cost("unchanged")
    assert requests <= quiet[0]
    assert sent < quiet[1] + 1000
    good = task.upstream.commit({"x": b"y"}, signer=signers.alice)
    assert task.process(**params, last_commit=last, archive=task.archive) == good
    assert contents(task.archive) == {"x": b"y"}


def test_t18_over_ssh_too(task: Task, tmp_path: Path, signers: Signers) -> None:
    trust = {"required_signatures": 1, "trusted_keys": [signers.alice.public_key]}
    last = task.upstream.commit(signer=signers.alice)
    with ssh_server(tmp_path / "sshd") as server:
        params = {
            "repo": f"{server.url}{task.upstream.path}",
            "ssh_key_file": server.key,
            "ssh_known_hosts_file": server.known_hosts,
            **trust,
        }
        assert task.process(**params) == last
        before = size(task)
        message(task.upstream, last)
        first, second = (task.poll_refused(**params, last_commit=last) for _poll in range(2))
        assert first == second
        assert size(task) < before + 50_000
        head = task.upstream.head()
        task.upstream.note(head, signers.alice)
        assert task.process(**params, last_commit=last, archive=task.archive) == head


def test_t18_a_pile_of_refused_pushes_is_taken_once_somebody_signs_what_is_on_top(
    task: Task, https: HttpServer, ca_file: Path, signers: Signers
) -> None:
    params = {
        "repo": f"{https.url}/up.git",
        "ca_cert_file": ca_file,
        "required_signatures": 1,
        "trusted_keys": [signers.alice.public_key],
    }
    task.upstream.commit(signer=signers.alice)
    last = task.process(**params)
    for number in range(3):
        task.upstream.commit(message=f"Commit {number}")
        assert task.poll_refused(**params, last_commit=last).startswith("required_signatures: ")
    good = task.upstream.commit(signer=signers.alice)
    outcome = task.poll(**params, last_commit=last, archive=task.archive)
    assert (outcome.commit, len(outcome.commits)) == (good, 4)
