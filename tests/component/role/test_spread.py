# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host acts on a new commit at its turn, and once more on the last one when that is due."""

from __future__ import annotations

import os
import time
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.tests.component.role.conftest import Containers, Upstream
    from ansible_collections.flant.gitops.tests.support.signers import Signers
    from ansible_collections.flant.gitops.tests.support.site import Site

SIGKILLED = -9
NO_VAULT = {  # nothing listens there, so that whoever asks for a token fails
    "vault_addr": "http://127.0.0.1:1",
    "vault_role_id": "r",
    "vault_secret_id": "s",
    "vault_retries": 0,
    "vault_requests": [{"name": "a", "path": "/v1/a", "wrap_ttl": "60s"}],
}


def choose_earlier(site: Site, days: float) -> None:
    """Let what is to be acted on be there since so many days."""
    file = site.work / "git/first_chosen"
    moves = file.read_text(encoding="ascii").split()[0]
    then = datetime.now(timezone.utc) - timedelta(days=days)
    file.write_text(f"{moves} {then:%Y-%m-%dT%H:%M:%SZ}\n", encoding="ascii")


def record_earlier(site: Site, days: float) -> None:
    """Let the last commit have been recorded so many days ago."""
    then = time.time() - days * 86400
    os.utime(site.work / "git/last_commit", (then, then))


def test_commit_waits_for_the_turn_of_its_host(
    site: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    site.run()
    before = dict(site.variables)
    commit = upstream.commit("one", "First", signers.alice)
    site.variables |= {"spread": "100d", **NO_VAULT}
    waiting = site.run()
    assert (waiting.rc, waiting.status) == (0, "waiting_for_turn"), waiting.output
    assert f"commit {commit} waits until 2" in waiting.output
    assert "for the turn of its host, as flant_gitops_spread says" in waiting.output
    assert site.run("--check").status == "waiting_for_turn"
    assert list(site.work.glob("archive-*")) == []
    table = site.run(playbook="flant.gitops.status")
    assert table.rc == 0, table.output
    assert "waiting_for_turn: commit" in table.output
    assert containers.started(site) == 0

    site.variables = {**before, "spread": "100d"}
    upstream.commit("two", "Second", signers.alice)
    choose_earlier(site, 100)
    assert site.run().status == "processed"
    assert (containers.started(site), containers.left(site)) == (1, [])


def test_last_commit_runs_once_more_when_that_is_due(
    site: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    commit = upstream.commit("one", "First", signers.alice)
    site.variables |= {"rerun_after": "1d", "spread": "100d"}
    site.run()
    choose_earlier(site, 100)
    assert [site.run().status, site.run().status] == ["processed", "unchanged"]
    record_earlier(site, 1)
    again = site.run()
    assert (again.rc, again.status) == (0, "processed"), again.output
    assert f"commit {commit} ran again with rc 0" in again.output
    assert site.run().status == "unchanged"
    assert (containers.started(site), containers.left(site)) == (2, [])


def test_rerun_that_is_due_is_taken_up_where_it_was_cut_off(
    site: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    upstream.commit("one", "First", signers.alice)
    site.variables["rerun_after"] = "1d"
    assert site.run().status == "processed"
    record_earlier(site, 1)
    assert site.run(kill_at="Record the commit").rc == SIGKILLED
    site.forget()
    assert [site.run().status, site.run().status] == ["processed", "unchanged"]
    assert (containers.started(site), containers.left(site)) == (2, [])
