# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Instances that one play runs in a loop: nothing of one gets into the next."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.tests.component.role.conftest import Containers, Upstream
    from ansible_collections.flant.gitops.tests.support.signers import Signers
    from ansible_collections.flant.gitops.tests.support.site import Result, Site

PLAY = """\
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.include_tasks: {folder}/instance.yml
      loop: "{{{{ my_instances }}}}"
      loop_control:
        loop_var: my_instance
"""
INSTANCE = """\
- block:
    - ansible.builtin.include_role:
        name: flant.gitops.flant_gitops
      vars:
        flant_gitops_instance: "{{ my_instance.name }}"
        flant_gitops_commands: "{{ my_instance.commands }}"
        flant_gitops_suspend: "{{ my_instance.suspend | default('') }}"
  rescue:
    - ansible.builtin.debug:
        msg: "{{ my_instance.name }} has failed"
"""
WORKS, FAILS = ["echo it says $((40 + 2))"], ["false"]


def loop(site: Site, *instances: dict[str, object]) -> Result:
    site.variables = {name: value for name, value in site.variables.items() if name not in ("instance", "commands")}
    (site.folder / "instance.yml").write_text(INSTANCE, encoding="utf-8")
    play = site.folder / "loop.yml"
    play.write_text(PLAY.format(folder=site.folder), encoding="utf-8")
    return site.run("-e", json.dumps({"my_instances": instances}), playbook=str(play))


def endings(result: Result) -> dict[str, str]:
    """Return the status by the instance's name, of its last sentence."""
    assert result.rc == 0, result.output
    return dict(re.findall(r'"?msg"?: "?(\w+): status: (\w+)', result.output))


def started(containers: Containers, site: Site) -> int:
    """Return how many containers of all the site's instances were started."""
    return sum(str(site.folder) in str(each) for each in containers.starts())


@pytest.fixture
def signed(upstream: Upstream, signers: Signers) -> str:
    return upstream.commit("one", "First", signers.alice)


def test_each_instance_runs_and_is_remembered_by_itself(site: Site, signed: str, containers: Containers) -> None:
    both = ({"name": "first", "commands": WORKS}, {"name": "second", "commands": WORKS})
    assert endings(loop(site, *both)) == {"first": "processed", "second": "processed"}
    assert {name: facts["last_successful_commit"] for name, facts in site.facts.items()} == {
        "first": signed,
        "second": signed,
    }
    assert endings(loop(site, *both)) == {"first": "unchanged", "second": "unchanged"}
    assert started(containers, site) == 2


@pytest.mark.usefixtures("signed")
def test_instance_that_fails_does_not_stop_the_next(site: Site, containers: Containers) -> None:
    both = ({"name": "first", "commands": FAILS}, {"name": "second", "commands": WORKS})
    assert endings(loop(site, *both)) == {"first": "failed", "second": "processed"}
    assert endings(loop(site, *both)) == {"first": "failed", "second": "unchanged"}
    assert [site.facts[name]["consecutive_failures"] for name in ("first", "second")] == [2, 0]
    assert started(containers, site) == 3


@pytest.mark.usefixtures("signed")
def test_quiet_instance_is_told_nothing_of_the_one_before(site: Site) -> None:
    second = {"name": "second", "commands": WORKS}
    loop(site, second)
    told = loop(site, {"name": "first", "commands": WORKS}, second)
    assert endings(told) == {"first": "processed", "second": "unchanged"}
    assert told.output.count("it says 42") == 1
    before = (site.folder / "work/second/state.json").read_text(encoding="utf-8")
    waits = loop(site, {"name": "first", "commands": FAILS}, {**second, "suspend": "Frozen"})
    assert endings(waits) == {"first": "unchanged", "second": "suspended"}
    assert (site.folder / "work/second/state.json").read_text(encoding="utf-8") == before
    assert site.facts["second"]["consecutive_failures"] == 0


@pytest.mark.usefixtures("signed")
def test_refused_instance_is_told_nothing_of_the_one_before(site: Site, upstream: Upstream) -> None:
    """The second one's poll is refused: no container, token or output of the first is taken for its own."""
    second = {"name": "second", "commands": WORKS}
    loop(site, second)
    upstream.commit("two", "Nobody has signed this")
    refused = loop(site, {"name": "first", "commands": WORKS, "suspend": "Frozen"}, second)
    assert endings(refused) == {"first": "suspended", "second": "failed"}
    assert site.facts["second"]["consecutive_failures"] == 1
