# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main path: refused, run once, quiet, remembered."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from ansible.release import __version__ as ansible_version

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.tests.component.role.conftest import Containers, Upstream
    from ansible_collections.flant.gitops.tests.support.signers import Signers
    from ansible_collections.flant.gitops.tests.support.site import Site

CORE = tuple(int(part) for part in ansible_version.split(".")[:2])


def test_signed_commit_runs_once_and_is_remembered(
    site: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    commit = upstream.commit("hello from the commit")
    refused = site.run()
    assert refused.rc == 2, refused.output
    assert commit in refused.output
    assert site.facts["default"]["consecutive_failures"] == 1

    upstream.sign(commit, signers.alice)
    ran = site.run()
    assert ran.rc == 0, ran.output
    assert ran.status == "processed"
    assert "hello from the commit" in ran.output
    state = site.facts["default"]
    assert state["last_successful_commit"] == state["last_started_commit"] == commit
    assert state["last_run"]["rc"] == 0
    assert state["last_run"]["signers"] == ["alice"]
    assert state["consecutive_failures"] == 0

    quiet = site.run()
    assert quiet.rc == 0, quiet.output
    assert quiet.status == "unchanged"
    assert quiet.recap["changed"] == 0
    assert containers.started(site) == 1
    assert containers.left(site) == []


def test_failed_command_is_red_shows_its_output_and_is_tried_again(
    site: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    site.variables["commands"] = ["cat file", "echo sorry >&2", "sh -c 'exit 3'", "echo not reached"]
    commit = upstream.commit("one", "First", signers.alice)
    for attempt in (1, 2):
        failed = site.run()
        assert failed.rc == 2, failed.output
        assert "one" in failed.output
        assert "sorry" in failed.output
        assert "not reached" not in failed.output.replace("echo not reached", "")
        assert commit in failed.output
        assert site.facts["default"]["consecutive_failures"] == attempt
        assert site.facts["default"]["last_run"]["rc"] == 3
        assert "last_successful_commit" not in site.facts["default"]
    site.variables["commands"] = ["cat file"]
    assert site.run().status == "processed"
    assert site.facts["default"]["consecutive_failures"] == 0
    assert containers.started(site) == 3
    assert containers.left(site) == []


def test_rollback_is_red_and_names_both_commits(site: Site, upstream: Upstream, signers: Signers) -> None:
    first = upstream.commit("one", "First", signers.alice)
    second = upstream.commit("two", "Second", signers.alice)
    site.begin_at(second)
    upstream.git("reset", "--quiet", "--hard", first)
    refused = site.run()
    assert refused.rc == 2
    assert first in refused.output
    assert second in refused.output


def test_suspended_instance_does_not_poll(
    site: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    upstream.commit("one", "First", signers.alice)
    site.variables["suspend"] = "Frozen until Monday."
    suspended = site.run()
    assert suspended.rc == 0, suspended.output
    assert suspended.status == "suspended"
    assert "Frozen until Monday." in suspended.output
    assert containers.started(site) == 0


def test_poll_period_is_kept(site: Site, upstream: Upstream, signers: Signers) -> None:
    site.variables["git_poll_period"] = "1h"
    site.begin_at(upstream.commit("one", "First", signers.alice))
    upstream.commit("two", "Second", signers.alice)
    early = site.run()
    assert early.rc == 0, early.output
    assert early.status == "not_due"


def test_waiting_for_signatures_is_green(site: Site, upstream: Upstream, signers: Signers) -> None:
    site.variables["git_on_insufficient_signatures"] = "wait"
    commit = upstream.commit("one", "First")
    waiting = site.run()
    assert waiting.rc == 0, waiting.output
    assert waiting.status == "awaiting_signatures"
    assert commit in waiting.output
    upstream.sign(commit, signers.bob)
    assert site.run().status == "processed"


def test_a_rule_asks_for_its_signers_by_the_variables_name(site: Site, upstream: Upstream, signers: Signers) -> None:
    site.variables["trusted_signers"] = {name: signers[name].public_key for name in ("alice", "bob")}
    site.variables["trusted_pgp_public_keys"] = []
    site.variables["signature_rules"] = [{"paths": ["file"], "required": 2, "signers": ["alice", "bob"]}]
    upstream.commit("one", "First", signers.alice, signers.bob)
    assert site.run().status == "processed"
    site.variables["signature_rules"][0]["paths"] = ["other"]
    upstream.commit("two", "Second", signers.alice)
    assert site.run().status == "processed"
    site.variables["signature_rules"][0]["paths"] = ["f*"]
    commit = upstream.commit("three", "Third", signers.alice)
    refused = site.run()
    assert refused.rc != 0
    said = " ".join(refused.output.split())
    assert f"flant_gitops_signature_rules: commit {commit} lacks signatures: for 'file' (rule 0)" in said
    assert "it carries 1 of 2: alice; bob is missing" in said
    upstream.sign(commit, signers.bob)
    assert site.run().status == "processed"
    assert site.facts["default"]["last_run"]["signers"] == ["alice", "bob"]


def test_check_mode_tells_what_would_run_and_keeps_nothing(
    site: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    commit = upstream.commit("one", "First", signers.alice)
    checked = site.run("--check")
    assert checked.rc == 0, checked.output
    assert checked.status == "new"
    assert commit in checked.output
    assert site.facts == {}
    assert containers.started(site) == 0
    assert site.run().status == "processed"


def test_play_that_is_in_check_mode_by_itself_tells_what_would_run(
    site: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    upstream.commit("one", "First", signers.alice)
    play = [{"hosts": "all", "gather_facts": False, "check_mode": True, "roles": ["flant.gitops.flant_gitops"]}]
    (site.folder / "check.json").write_text(json.dumps(play), encoding="utf-8")
    checked = site.run(playbook=str(site.folder / "check.json"))
    assert checked.rc == 0, checked.output
    assert checked.status == "new"
    assert site.facts == {}
    assert containers.started(site) == 0
    assert site.run().status == "processed"


def test_numbers_may_be_given_where_texts_are_expected(site: Site, upstream: Upstream, signers: Signers) -> None:
    upstream.commit("one", "First", signers.alice)
    site.variables |= {"git_poll_period": 0, "git_timeout": 60, "docker_timeout": 600, "docker_user": 1000}
    ran = site.run()
    assert ran.rc == 0, ran.output
    assert ran.status == "processed"


def test_output_can_be_kept_to_the_log(site: Site, upstream: Upstream, signers: Signers) -> None:
    site.variables |= {"show_output": False, "keep_logs": 2}
    for content in ("first output", "second output", "third output"):
        upstream.commit(content, content, signers.alice)
        ran = site.run()
        assert ran.status == "processed"
        assert content not in ran.output
    logs = sorted((site.folder / "work/default/log").iterdir())
    assert [file.stat().st_mode & 0o777 for file in logs] == [0o600, 0o600]
    assert "second output" in logs[0].read_text(encoding="utf-8")
    assert "third output" in logs[1].read_text(encoding="utf-8")
    shown = site.run(playbook="flant.gitops.log")
    assert "third output" in shown.output


def test_numbers_and_booleans_may_be_given_as_texts(site: Site, upstream: Upstream, signers: Signers) -> None:
    upstream.commit("quiet", "First", signers.alice)
    texts = "show_output=false docker_read_only=false git_submodules=no vault_revoke_login_token=no"
    numbers = "keep_logs=1 docker_pids_limit=64 docker_cpus=0.5 required_number_of_verified_signatures_on_commit=1"
    ran = site.run(*(argument for text in f"{texts} {numbers}".split() for argument in ("-e", f"flant_gitops_{text}")))
    assert ran.rc == 0, ran.output
    assert ran.status == "processed"
    assert '"quiet"' not in ran.output
    shown = site.run("-e", "flant_gitops_log_runs=3", playbook="flant.gitops.log")
    assert shown.rc == 0, shown.output
    assert "quiet" in shown.output
    none = site.run("-e", "flant_gitops_log_runs=0", playbook="flant.gitops.log")
    assert none.rc == 2
    assert "flant_gitops_log_runs" in none.output


def test_log_before_the_first_run_says_that_there_is_none(site: Site) -> None:
    shown = site.run(playbook="flant.gitops.log")
    assert shown.rc == 0, shown.output
    assert "no output is kept" in shown.output
    assert "WARNING" not in shown.output


def test_r7_log_looks_into_no_other_folder(site: Site) -> None:
    shown = site.run("-e", "flant_gitops_instance=../other", playbook="flant.gitops.log")
    assert shown.rc == 2, shown.output
    assert "flant_gitops_instance: " in shown.output


def test_messages_name_a_key_as_the_operator_does(site: Site, upstream: Upstream, signers: Signers) -> None:
    expired = signers.create("expired", key=("ed25519", "sign", "seconds=10"), at="20200101T000000")
    site.variables["trusted_pgp_public_keys"] = {"carol": expired.public_key}
    upstream.commit("one", "First", signers.alice)
    refused = site.run()
    assert refused.rc == 2
    assert "flant_gitops_trusted_pgp_public_keys['carol']" in refused.output


def test_empty_value_of_a_variable_is_like_none(site: Site, upstream: Upstream, signers: Signers) -> None:
    upstream.commit("one", "First", signers.alice)
    site.variables |= dict.fromkeys(("vault_secret_id_file", "git_username", "git_password"))
    ran = site.run()
    if CORE < (2, 19):  # which itself wants a text
        assert ran.rc == 2
        assert "'flant_gitops_git_username' is of type <class 'NoneType'>" in ran.output
    else:
        assert ran.rc == 0, ran.output
        assert ran.status == "processed"


def test_nothing_but_repository_ratchet_and_logs_is_left(site: Site, upstream: Upstream, signers: Signers) -> None:
    upstream.commit("one", "First", signers.alice)
    work = site.folder / "work/default"
    work.mkdir(parents=True)
    for name in ("archive-old.tar", "archive-old.tar.part"):  # as runs that were killed leave
        (work / name).touch()
        os.utime(work / name, (0, 0))
    site.run()
    assert sorted(file.name for file in (site.folder / "work/default").iterdir()) == [
        "git",
        "git.id",
        "ledger",
        "log",
        "state.json",
    ]
