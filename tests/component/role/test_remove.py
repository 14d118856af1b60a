# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An instance that is removed leaves nothing behind but its ledger, and another one alone."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.tests.support.waiting import until

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.tests.component.role.conftest import Containers, Upstream
    from ansible_collections.flant.gitops.tests.support.signers import Signers
    from ansible_collections.flant.gitops.tests.support.site import Result, Site

CONFIRMED = "flant_gitops_remove_confirmed=yes"


def remove(site: Site, *arguments: str) -> Result:
    return site.run("-e", CONFIRMED, *arguments, playbook="flant.gitops.remove")


def test_removed_instance_ends_its_command_and_leaves_its_ledger(
    site: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    upstream.commit("one", "First", signers.alice)
    assert site.run().status == "processed"
    site.variables["instance"] = "other"
    assert site.run().status == "processed"
    site.variables |= {"instance": "default", "commands": ["sleep 600"]}
    upstream.commit("two", "Second", signers.alice)
    running = site.start()
    until(lambda: containers.started(site) == 2, during=running)
    os.killpg(running.pid, signal.SIGKILL)  # or it would write down how it ended
    running.communicate()

    removed = remove(site)
    assert removed.rc == 0, removed.output
    assert f"its ledger, if it has one, stays in {site.work}." in removed.output
    assert containers.left(site) == []
    assert [path.name for path in site.work.iterdir()] == ["ledger"]
    assert list(site.facts) == ["other"]
    assert sorted(path.name for path in site.work.parent.iterdir()) == ["default", "other"]

    assert remove(site, "-e", "flant_gitops_remove_ledger=true").rc == 0
    assert not site.work.exists()
    again = remove(site)
    assert again.recap["changed"] == 0, again.output
    assert not site.work.exists()


def test_removal_that_nobody_confirms_changes_nothing(site: Site, upstream: Upstream, signers: Signers) -> None:
    upstream.commit("one", "First", signers.alice)
    site.run()
    before = sorted(site.work.rglob("*"))
    for arguments in ("awx_job_id=7", "flant_gitops_remove_confirmed=no"):
        refused = site.run("-e", arguments, playbook="flant.gitops.remove")
        assert refused.rc == 2, refused.output
        assert "flant_gitops_remove_confirmed: nothing was changed; answer or set yes." in refused.output
    checked = remove(site, "--check")
    assert checked.rc == 0, checked.output
    assert "would be removed" in checked.output
    assert sorted(site.work.rglob("*")) == before
    assert site.run().status == "unchanged"
