# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An instance is held by a mark on the target, whoever runs it."""

from __future__ import annotations

import getpass
import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.tests.component.role.conftest import Containers, Upstream
    from ansible_collections.flant.gitops.tests.support.signers import Signers
    from ansible_collections.flant.gitops.tests.support.site import Site

REASON = "The database is being moved"


def test_suspended_instance_acts_on_nothing_until_it_is_resumed(
    site: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    upstream.commit("one", "First", signers.alice)
    suspended = site.run("-e", f"flant_gitops_suspend_reason='{REASON}'", playbook="flant.gitops.suspend")
    assert suspended.rc == 0, suspended.output
    upstream.folder.rename(upstream.folder.with_name("out of reach"))
    held = site.run()
    assert held.rc == 0, held.output
    assert (
        f"status: held, {site.folder}/work/default/hold: {REASON} (suspended by {getpass.getuser()} at " in held.output
    )
    assert held.recap["changed"] == 0
    upstream.folder.with_name("out of reach").rename(upstream.folder)
    assert site.run(playbook="flant.gitops.resume").recap["changed"] == 1
    assert site.run().status == "processed"
    assert containers.started(site) == 1
    again = site.run(playbook="flant.gitops.resume")
    assert again.recap["changed"] == 0
    assert "it was not suspended" in again.output


def test_failures_before_are_not_forgotten_meanwhile(site: Site, upstream: Upstream) -> None:
    upstream.commit("one", "First")
    assert site.run().status == "failed"
    site.run("-e", f"flant_gitops_suspend_reason='{REASON}'", playbook="flant.gitops.suspend")
    assert site.run().status == "held"
    assert site.facts["default"]["consecutive_failures"] == 1


@pytest.mark.parametrize("kind", ["a link", "a FIFO"])
def test_mark_of_any_kind_holds(site: Site, upstream: Upstream, signers: Signers, kind: str) -> None:
    upstream.commit("one", "First", signers.alice)
    mark = site.folder / "work/default/hold"
    mark.parent.mkdir(parents=True, mode=0o700)
    if kind == "a link":
        mark.symlink_to(site.folder / "variables.json")
    else:
        os.mkfifo(mark)
    held = site.run()
    assert held.rc == 0, held.output
    assert f"status: held, {mark}: what it says cannot be shown" in held.output
    assert site.run(playbook="flant.gitops.resume").rc == 0
    assert site.run().status == "processed"


@pytest.mark.parametrize(
    ("playbook", "given", "words"),
    [
        ("suspend", "flant_gitops_suspend_reason=", "flant_gitops_suspend_reason: say why."),
        ("suspend", "flant_gitops_suspend_reasons=x", "did you mean flant_gitops_suspend_reason?"),
        ("suspend", "flant_gitops_instance=../x", "flant_gitops_instance: "),
        ("resume", "flant_gitops_instances=x", "did you mean flant_gitops_instance?"),
        ("cancel", "flant_gitops_instances=x", "did you mean flant_gitops_instance?"),
        ("log", "flant_gitops_log_run=x", "did you mean flant_gitops_log_runs?"),
    ],
)
def test_r16_mistake_is_refused_before_anything_is_done(site: Site, playbook: str, given: str, words: str) -> None:
    refused = site.run("-e", given, playbook=f"flant.gitops.{playbook}")
    assert refused.rc == 2, refused.output
    assert words in refused.output
    assert not (site.folder / "work").exists()
