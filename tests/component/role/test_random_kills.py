# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Killed at any moment, again and again, each commit starts once, and the ledger tells of each run how it went on."""

from __future__ import annotations

import collections
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._container.labels import GIT_DIR, IDENTITY
from ansible_collections.flant.gitops.plugins.module_utils._ledger import audit, entry, history
from ansible_collections.flant.gitops.plugins.module_utils._ledger.chain import Expected
from ansible_collections.flant.gitops.plugins.module_utils._trusted_path import trusted_directory
from ansible_collections.flant.gitops.tests.support.processes import kill_all

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.tests.component.role.conftest import Containers, Upstream
    from ansible_collections.flant.gitops.tests.support.signers import Signers
    from ansible_collections.flant.gitops.tests.support.site import Site
    from ansible_collections.flant.gitops.tests.support.soak import Long

_LONGER = 1.05  # so that some runs come to their end, however busy the machine has become


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_killed_at_any_moment_each_commit_starts_once_and_each_run_has_its_end_in_the_ledger(
    site: Site, upstream: Upstream, signers: Signers, containers: Containers, long: Long
) -> None:
    """The controller, its workers and the modules are killed together, as a power cut does; the engine goes on."""
    chance = long.chance
    commits = [upstream.commit("0", "First", signers.alice)]
    began = time.monotonic()
    assert site.run().status == "processed"
    longest = time.monotonic() - began
    for _kill in range(long.times(200)):
        if site.facts["default"]["last_successful_commit"] == commits[-1]:
            commits.append(upstream.commit(str(len(commits)), "Next", signers.alice))
        killed, began = site.start(), time.monotonic()
        try:
            killed.communicate(timeout=chance.uniform(0, longest))
            longest = time.monotonic() - began
        except subprocess.TimeoutExpired:
            kill_all(killed.pid)
            killed.communicate()
            longest *= _LONGER
    settled = site.run()
    assert settled.status in ("processed", "unchanged"), settled.output
    commits.append(upstream.commit("last", "Last", signers.alice))
    last = site.run()
    assert last.status == "processed", last.output

    starts = collections.Counter(
        start[IDENTITY] for start in containers.starts() if start.get(GIT_DIR) == str(site.work / "git")
    )
    assert (len(starts), set(starts.values())) == (len(commits), {1})
    assert containers.left(site) == []
    report = audit.verify([site.work / "ledger"], Expected(site.host), ())
    assert (report.problems, len(report.signing_keys)) == ([], 1)
    told = collections.defaultdict(list)
    with trusted_directory(site.work / "ledger", "dir") as directory:
        for _line, _envelope, each in history.backwards(directory):
            told[each.place.commit if each.place else ""].insert(0, (each.event, each.run))
    open_runs = {run for events in told.values() for _event, run in events}
    open_runs -= {run for events in told.values() for event, run in events if event in (*entry.ENDS, entry.LOST)}
    assert open_runs == set()
    unfinished = {commit: events for commit, events in told.items() if events[-1][0] != entry.FINISHED}
    assert unfinished == {}, unfinished
    assert set(told) == set(commits)
