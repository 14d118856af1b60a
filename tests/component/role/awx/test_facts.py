# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AWX keeps what the role remembers, with any ansible-core; where it cannot, nothing runs twice, or nothing at all."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.tests.component.role.awx.conftest import HOST, HOST_FACTS

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.tests.component.role.conftest import Containers, Upstream
    from ansible_collections.flant.gitops.tests.support.awx_job import Awx
    from ansible_collections.flant.gitops.tests.support.signers import Signers
    from ansible_collections.flant.gitops.tests.support.site import Site

A_DAY_AND_A_BIT = 100_000  # seconds


def state(awx: Awx, host: str = HOST, instance: str = "default") -> dict[str, object]:
    """Return what AWX keeps of an instance."""
    return awx.facts[host]["flant_gitops_state"][instance]


def test_three_jobs_execute_a_commit_once_and_its_facts_outlast_a_day(
    awx: Awx, site: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    commit = upstream.commit("hello", "First", signers.alice)
    first = awx.run_job()
    assert first.status == "processed"
    assert state(awx)["last_successful_commit"] == commit
    assert state(awx)["last_run"]["signers"] == ["alice"]
    assert awx.facts[HOST].items() >= HOST_FACTS.items()

    shutil.rmtree(Path(str(site.variables["work_dir"]), "default/git"))  # so that nothing but the facts knows
    for age in (0, A_DAY_AND_A_BIT):
        polled_at = state(awx)["last_poll_at"]
        again = awx.run_job(facts_age=age)
        assert again.status == "unchanged", again.output
        assert state(awx)["last_successful_commit"] == commit
        assert state(awx)["last_poll_at"] > polled_at
    assert containers.started(site) == 1


def test_r4_killed_job_loses_its_facts_and_repeats_nothing(
    awx: Awx, site: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    commit = upstream.commit("hello", "First", signers.alice)
    killed = awx.run_job(kill_at="Remember how it ended")
    assert "PLAY RECAP" not in killed.output
    assert awx.facts[HOST] == HOST_FACTS
    assert awx.run_job().status == "unchanged"
    assert state(awx)["last_successful_commit"] == commit
    assert containers.started(site) == 1
    assert containers.left(site) == []


def test_failed_job_keeps_what_it_remembers(awx: Awx, upstream: Upstream) -> None:
    upstream.commit("hello", "Nobody has signed this")
    assert awx.run_job().rc != 0
    assert awx.run_job().rc != 0
    assert state(awx)["consecutive_failures"] == 2


def test_becoming_root_on_all_hosts_is_not_becoming_root_where_awx_runs(
    awx: Awx, upstream: Upstream, signers: Signers, tmp_path: Path
) -> None:
    sudo, python = tmp_path / "sudo", tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n', encoding="utf-8")
    sudo.write_text(
        f'#!/bin/sh\ncase "$*" in *{python}*) ;; *) exit 1;; esac\n'
        'while [ "$1" != /bin/sh ]; do shift; done\nexec "$@"\n',
        encoding="utf-8",
    )
    for program in (sudo, python):
        program.chmod(0o700)
    awx.settings["ANSIBLE_BECOME_ALLOW_SAME_USER"] = "True"
    awx.inventory_variables |= {"ansible_become": True, "ansible_become_exe": str(sudo)}
    awx.hosts[HOST]["ansible_python_interpreter"] = str(python)
    commit = upstream.commit("hello", "First", signers.alice)
    ran = awx.run_job()
    assert ran.status == "processed", ran.output
    assert ran.rc == 0, ran.output
    assert state(awx)["last_successful_commit"] == commit


def test_aliases_of_one_host_remember_each_its_own(awx: Awx, upstream: Upstream, signers: Signers) -> None:
    other = "second@web1"
    awx.hosts[HOST]["flant_gitops_instance"] = "default"
    awx.hosts[other] = {**awx.hosts[HOST], "flant_gitops_instance": "second"}
    upstream.commit("hello", "First", signers.alice)
    for host in (HOST, other):
        assert awx.run_job(limit=host).status == "processed"
    assert list(awx.facts[HOST]["flant_gitops_state"]) == ["default"]
    assert list(awx.facts[other]["flant_gitops_state"]) == ["second"]


def test_reset_of_one_instance_leaves_the_others_of_its_host_alone(
    awx: Awx, upstream: Upstream, signers: Signers
) -> None:
    commit = upstream.commit("hello", "First", signers.alice)
    for instance in ("default", "second"):
        awx.variables["flant_gitops_instance"] = instance
        assert awx.run_job().status == "processed"
    awx.variables |= {"flant_gitops_reset_commit": "none", "flant_gitops_reset_confirmed": "yes"}
    done = awx.run_job(playbook="reset.yml")
    assert done.rc == 0, done.output
    assert state(awx, instance="second") == {}
    assert state(awx)["last_successful_commit"] == commit


def test_check_mode_leaves_the_facts_alone(awx: Awx, upstream: Upstream, signers: Signers) -> None:
    upstream.commit("hello", "First", signers.alice)
    assert awx.run_job(check=True).status == "new"
    assert "flant_gitops_state" not in awx.facts[HOST] or awx.facts[HOST]["flant_gitops_state"] == {}


@pytest.mark.parametrize(
    ("case", "sentence"),
    [
        ("prefix", "AWX: fact_caching_prefix is set in the ansible.cfg of the project"),
        ("no timeout", "fact_caching_timeout is 86400"),
        ("cache off", "off, so AWX would not keep what is remembered"),
        ("implicit host", "The host localhost is not in the inventory"),
        ("host of the project", "is not in the AWX inventory"),
        ("timeout of AWX", "AWX: the setting ANSIBLE_FACT_CACHE_TIMEOUT is not 0"),
    ],
)
def test_r4_job_that_would_forget_is_refused_in_one_sentence(
    case: str, sentence: str, awx: Awx, upstream: Upstream, signers: Signers, site: Site, containers: Containers
) -> None:
    upstream.commit("hello", "First", signers.alice)
    configuration = awx.project / "ansible.cfg"
    if case == "prefix":
        configuration.write_text(
            f"{configuration.read_text(encoding='utf-8')}fact_caching_prefix = x_\n", encoding="utf-8"
        )
    elif case == "no timeout":
        configuration.unlink()
    elif case == "cache off":
        awx.use_fact_cache = False
    elif case == "implicit host":
        awx.variables["flant_gitops_hosts"] = "localhost"
    elif case == "host of the project":
        awx.of_the_project = {HOST}
    else:
        awx.settings["ANSIBLE_FACT_CACHE_TIMEOUT"] = "3600"
    refused = awx.run_job()
    assert refused.rc != 0
    assert sentence in refused.output, refused.output
    assert containers.started(site) == 0


@pytest.mark.parametrize("host", ["../web1", "..", "a/b"])
def test_r10_hostname_that_leads_out_of_the_cache_is_neither_read_nor_written(
    host: str, awx: Awx, upstream: Upstream, signers: Signers
) -> None:
    upstream.commit("hello", "First", signers.alice)
    awx.hosts = {host: awx.hosts[HOST]}
    awx.facts = {}
    refused = awx.run_job()
    assert refused.rc != 0
    assert "inventory_hostname" in refused.output, refused.output
    assert "Poll the branch" not in refused.output


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("last_successful_commit", "HEAD"),
        ("last_successful_commit", ["0" * 40]),
        ("last_poll_at", "{{ lookup('ansible.builtin.pipe', 'touch MARK') }}"),
        ("last_run", {"rc": "{{ lookup('ansible.builtin.pipe', 'touch MARK') }}"}),
    ],
)
def test_r10_bridged_fact_that_this_role_cannot_have_written_is_refused(
    key: str, value: object, awx: Awx, upstream: Upstream, signers: Signers, tmp_path: Path
) -> None:
    upstream.commit("hello", "First", signers.alice)
    mark = tmp_path / "templated"
    awx.facts[HOST]["flant_gitops_state"] = {"default": {key: _with(mark, value)}}
    refused = awx.run_job()
    assert refused.rc != 0
    assert f"default.{key}" in refused.output, refused.output
    assert not mark.exists()


def test_r10_bridged_fact_of_unknown_name_is_dropped(
    awx: Awx, upstream: Upstream, signers: Signers, tmp_path: Path
) -> None:
    upstream.commit("hello", "First", signers.alice)
    mark = tmp_path / "templated"
    trap = _with(mark, "{{ lookup('ansible.builtin.pipe', 'touch MARK') }}")
    awx.facts[HOST]["flant_gitops_state"] = {"default": {"words": trap}}
    assert awx.run_job().status == "processed"
    assert "words" not in state(awx)
    assert not mark.exists()


def _with(mark: Path, value: object) -> object:
    if isinstance(value, dict):
        return {key: _with(mark, element) for key, element in value.items()}
    return value.replace("MARK", str(mark)) if isinstance(value, str) else value


def test_r26_what_no_credential_injects_is_the_projects_own(awx: Awx) -> None:
    """As AWX does with an empty input of a credential, a job may get null, which overrules the project's file."""
    shown = {
        "hosts": "all",
        "gather_facts": False,
        "tasks": [{"debug": {"msg": "it is {{ flant_gitops_git_password }}"}}],
    }
    (awx.project / "show.yml").write_text(json.dumps([shown]), encoding="utf-8")
    (awx.project / "group_vars").mkdir()
    (awx.project / "group_vars/all.yml").write_text("flant_gitops_git_password: the project's", encoding="utf-8")
    assert "it is the project's" in awx.run_job(playbook="show.yml").output
    awx.injected = {"flant_gitops_git_password": None}
    assert "it is the project's" not in awx.run_job(playbook="show.yml").output
