# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Outside the windows nothing is started, and what was started before is ended."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.tests.component.role.conftest import Containers, Upstream
    from ansible_collections.flant.gitops.tests.support.signers import Signers
    from ansible_collections.flant.gitops.tests.support.site import Site


def freeze() -> dict[str, str]:
    now = datetime.now(timezone.utc)
    begin, end = (f"{now + timedelta(hours=hours):%Y-%m-%dT%H:%MZ}" for hours in (-1, 1))
    return {"from": begin, "until": end, "reason": "Sale"}


def test_commit_waits_until_it_may_be_started(
    site: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    commit = upstream.commit("one", "First", signers.alice)
    site.variables["freezes"] = [freeze()]
    waiting = site.run()
    assert waiting.rc == 0, waiting.output
    assert f"status: waiting_for_window, commit {commit} waits until " in waiting.output
    assert "as flant_gitops_freezes says: Sale" in waiting.output
    assert site.run("--check").status == "waiting_for_window"
    assert list(site.work.glob("archive-*")) == []
    assert containers.started(site) == 0
    table = site.run(playbook="flant.gitops.status")
    assert table.rc == 0, table.output
    assert " waiting " in table.output
    site.variables["window_override"] = commit
    assert site.run().status == "processed"
    assert containers.started(site) == 1


def test_run_that_was_cut_off_is_taken_up_after_its_window_has_closed(
    site: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    upstream.commit("one", "First", signers.alice)
    site.run(kill_at="Record the commit")
    site.variables["freezes"] = [freeze()]
    site.forget()
    assert site.run().status == "processed"
    assert containers.started(site) == 1
    upstream.commit("two", "Second", signers.alice)
    assert site.run().status == "waiting_for_window"
    assert containers.started(site) == 1
