# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever happens to Ansible's fact cache, nothing runs twice, and what comes out of it is not trusted."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.tests.component.role.conftest import Containers, Upstream
    from ansible_collections.flant.gitops.tests.support.signers import Signers
    from ansible_collections.flant.gitops.tests.support.site import Site


def test_r1_two_instances_on_one_host_at_once_run_their_commit_once(
    site: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    (site.folder.parent / "other").mkdir()
    # Both write the same cache file, as two schedules of one host do.
    shared = site.cache.replace("{folder}", str(site.folder))
    site.cache = shared
    other = replace(site, folder=site.folder.parent / "other", variables={**site.variables, "instance": "second"})
    upstream.commit("ran", "First", signers.alice)
    processes = [each.start() for each in (site, other)]
    outputs = [process.communicate(timeout=300)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], "\n".join(outputs)
    for each in (site, other):
        assert each.run().status == "unchanged"
        assert containers.started(each) == 1


def test_r2_corrupt_cache_file_repeats_nothing(
    site: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    upstream.commit("ran", "First", signers.alice)
    assert site.run().status == "processed"
    site.facts_file.write_text("{", encoding="utf-8")
    site.run()  # Ansible erases the file; some versions fail the play, too
    assert site.run().status == "unchanged"
    assert containers.started(site) == 1


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("last_successful_commit", "HEAD"),
        ("last_successful_commit", "--upload-pack=touch /tmp/x"),
        ("consecutive_failures", "many"),
        ("last_poll_at", "yesterday"),
        ("secret_id_rotate_at", "{{ lookup('pipe', 'id') }}"),
    ],
)
def test_r3_fact_that_this_role_cannot_have_written_is_refused(
    key: str, value: str, site: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    upstream.commit("ran", "First", signers.alice)
    site.run("--check")
    (site.folder / "facts").mkdir(exist_ok=True)
    facts = {"flant_gitops_state": {"default": {key: value}}}
    wrapped = {"__payload__": json.dumps(facts)}
    for name, document in ((site.host, facts), (f"s1_{site.host}", wrapped)):
        (site.folder / "facts" / name).write_text(json.dumps(document), encoding="utf-8")
    refused = site.run()
    assert refused.rc == 2, refused.output
    assert '"msg": "default: status: failed, The fact flant_gitops_state holds what this role cannot' in refused.output
    assert f"default.{key};" in refused.output
    assert containers.started(site) == 0


def test_r3_other_history_in_the_facts_is_refused(site: Site, upstream: Upstream, signers: Signers) -> None:
    upstream.commit("ran", "First", signers.alice)
    site.variables["initial_last_successful_commit"] = "1" * 40
    refused = site.run()
    assert refused.rc == 2, refused.output
    assert "1" * 40 in refused.output


@pytest.mark.parametrize("loss", ["flush", "file"])
def test_r4_lost_facts_repeat_nothing(
    loss: str, site: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    commit = upstream.commit("ran", "First", signers.alice)
    assert site.run().status == "processed"
    if loss == "file":
        site.forget()
    after = site.run(*(["--flush-cache"] if loss == "flush" else []))
    assert after.rc == 0, after.output
    assert after.status == "unchanged"
    assert site.facts["default"]["last_successful_commit"] == commit
    assert containers.started(site) == 1


@pytest.mark.parametrize(
    ("cache", "words"),
    [
        ("", "set fact_caching = jsonfile and"),
        ("fact_caching = jsonfile\n", "fact_caching_connection"),
        ("fact_caching = nosuch\nfact_caching_connection = {folder}/facts\nfact_caching_timeout = 0\n", "nosuch"),
        ("fact_caching = jsonfile\nfact_caching_connection = {folder}/facts\n", "fact_caching_timeout"),
    ],
)
def test_r4_cache_that_forgets_is_refused(
    cache: str, words: str, site: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    upstream.commit("ran", "First", signers.alice)
    refused = replace(site, cache=cache).run()
    assert refused.rc == 2, refused.output
    assert words in refused.output
    assert containers.started(site) == 0


@pytest.mark.parametrize("folder", ["{folder}/inventory.json/facts", "/proc/facts"])
def test_r17_cache_that_cannot_be_written_starts_nothing(
    folder: str, site: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    commit = upstream.commit("ran", "First", signers.alice)
    cache = f"fact_caching = jsonfile\nfact_caching_connection = {folder}\nfact_caching_timeout = 0\n"
    refused = replace(site, cache=cache).run()
    assert refused.rc == 2, refused.output
    assert "does not keep what this run has remembered of web1" in refused.output
    assert f"default: status: failed, commit {commit}: " in refused.output, refused.output
    assert containers.started(site) == 0


def test_r4_host_outside_the_inventory_is_refused(site: Site, upstream: Upstream, signers: Signers) -> None:
    upstream.commit("ran", "First", signers.alice)
    empty = site.folder / "empty.json"
    empty.write_text("{}", encoding="utf-8")
    refused = site.run("-i", str(empty), "-e", "flant_gitops_hosts=localhost")
    assert refused.rc == 2, refused.output
    assert "not in the inventory" in refused.output


def test_r4_reset_that_would_be_forgotten_is_refused(site: Site, upstream: Upstream, signers: Signers) -> None:
    site.begin_at(upstream.commit("ran", "First", signers.alice))
    reset = ("-e", "flant_gitops_reset_confirmed=yes flant_gitops_reset_commit=none")
    refused = replace(site, cache="").run(*reset, playbook="flant.gitops.reset")
    assert refused.rc == 2, refused.output
    assert "set fact_caching = jsonfile and" in refused.output
    assert site.run().status == "unchanged"


def test_r3_reset_mends_what_no_instance_can_have_written(site: Site, upstream: Upstream, signers: Signers) -> None:
    commit = upstream.commit("ran", "First", signers.alice)
    site.begin_at(commit)
    for facts in ({"web/1": {}}, ["default"], {"second": "text"}):
        document = {"flant_gitops_state": facts}
        for name, content in ((site.host, document), (f"s1_{site.host}", {"__payload__": json.dumps(document)})):
            (site.folder / "facts" / name).write_text(json.dumps(content), encoding="utf-8")
        assert site.run().rc == 2
        arguments = f"flant_gitops_reset_commit={commit.upper()} flant_gitops_reset_confirmed=yes"
        reset = site.run("-e", arguments, playbook="flant.gitops.reset")
        assert reset.rc == 0, reset.output
        assert site.run().status == "unchanged"


def test_r5_instances_keep_what_the_other_remembers(site: Site, upstream: Upstream, signers: Signers) -> None:
    commit = upstream.commit("ran", "First", signers.alice)
    assert site.run().status == "processed"
    site.variables["instance"] = "second"
    assert site.run().status == "processed"
    assert {name: state["last_successful_commit"] for name, state in site.facts.items()} == {
        "default": commit,
        "second": commit,
    }


@pytest.mark.parametrize("instance", ["../x", "", "a/b", ".hidden", "a" * 41])
def test_r7_instance_that_is_no_plain_name_is_refused(
    instance: str, site: Site, upstream: Upstream, signers: Signers
) -> None:
    upstream.commit("ran", "First", signers.alice)
    site.variables["instance"] = instance
    refused = site.run()
    assert refused.rc == 2, refused.output
    assert "flant_gitops_instance" in refused.output
    forget = "flant_gitops_reset_confirmed=yes flant_gitops_reset_commit=none"
    reset = site.run("-e", forget, playbook="flant.gitops.reset")
    assert reset.rc == 2, reset.output
    assert "flant_gitops_instance" in reset.output
    assert not (site.folder / "work").exists()


def test_r7_last_poll_in_the_future_does_not_stop_polling(site: Site, upstream: Upstream, signers: Signers) -> None:
    site.variables["git_poll_period"] = "1h"
    site.begin_at(upstream.commit("one", "First", signers.alice))
    text = site.facts_file.read_text(encoding="utf-8")
    year = site.facts["default"]["last_poll_at"][:4]
    site.facts_file.write_text(text.replace(f"{year}-", "2999-"), encoding="utf-8")
    upstream.commit("two", "Second", signers.alice)
    assert site.run().status == "processed"


def test_r8_words_of_the_commit_are_never_templated(site: Site, upstream: Upstream, signers: Signers) -> None:
    mark = site.folder / "templated"
    trap = f"{{{{ lookup('ansible.builtin.pipe', 'touch {mark}') }}}}"
    site.variables["commands"] = ["cat file", "cat file >&2", "sh -c 'exit 1'"]
    upstream.commit(trap, trap, signers.alice)
    failed = site.run("-vvv")
    assert failed.rc == 2
    assert trap in failed.output or trap.replace("'", "\\'") in failed.output
    site.variables["commands"] = ["cat file", "cat file >&2"]
    assert site.run("-vvv").status == "processed"
    assert site.run(playbook="flant.gitops.log").rc == 0
    assert not mark.exists()


@pytest.mark.parametrize("host", ["../web1", "a/b", "web..1"])
def test_r10_hostname_that_leads_out_of_the_cache_is_refused(
    host: str, site: Site, upstream: Upstream, signers: Signers
) -> None:
    upstream.commit("ran", "First", signers.alice)
    refused = replace(site, host=host).run()
    assert refused.rc != 0, refused.output
    assert "inventory_hostname" in refused.output


def test_reset_sets_facts_and_ratchet_together(
    site: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    first = upstream.commit("one", "First", signers.alice)
    site.begin_at(first)
    second = upstream.commit("two", "Second", signers.alice)
    assert site.run().status == "processed"

    unconfirmed = site.run("-e", f"flant_gitops_reset_commit={first}", playbook="flant.gitops.reset")
    assert unconfirmed.rc == 2, unconfirmed.output
    assert site.run().status == "unchanged"

    confirmed = site.run(
        "-e", f"flant_gitops_reset_commit={first} flant_gitops_reset_confirmed=yes", playbook="flant.gitops.reset"
    )
    assert confirmed.rc == 0, confirmed.output
    assert f"is set from {second} to {first}." in confirmed.output
    assert "This fact cache had" not in confirmed.output
    assert site.facts["default"] == {"last_successful_commit": first}
    assert site.run().status == "processed"
    assert site.facts["default"]["last_successful_commit"] == second

    nothing = site.run(
        "-e", "flant_gitops_reset_confirmed=yes flant_gitops_reset_comit=none", playbook="flant.gitops.reset"
    )
    assert nothing.rc == 2, nothing.output
    assert site.run().status == "unchanged"
    forgotten = site.run(
        "-e", "flant_gitops_reset_commit=none flant_gitops_reset_confirmed=yes", playbook="flant.gitops.reset"
    )
    assert forgotten.rc == 0, forgotten.output
    assert f"is set from {second} to none." in forgotten.output
    assert site.run().status == "processed"
    assert containers.started(site) == 3


def test_r18_reset_that_names_no_commit_forgets_nothing(site: Site, upstream: Upstream, signers: Signers) -> None:
    commit = upstream.commit("one", "First", signers.alice)
    assert site.run().status == "processed"
    refused = site.run("-e", "flant_gitops_reset_confirmed=yes", playbook="flant.gitops.reset")
    assert refused.rc == 2, refused.output
    assert "flant_gitops_reset_commit: nothing was changed" in refused.output
    assert site.facts["default"]["last_successful_commit"] == commit


def test_r27_reset_in_a_job_does_not_wait_for_an_answer(site: Site, upstream: Upstream, signers: Signers) -> None:
    site.begin_at(upstream.commit("one", "First", signers.alice))
    for arguments in ("flant_gitops_reset_commit=none awx_job_id=7", "flant_gitops_reset_commit=none"):
        refused = site.run("-e", arguments, playbook="flant.gitops.reset")
        assert refused.rc == 2, refused.output
        assert "flant_gitops_reset_confirmed: nothing was changed; answer or set yes." in refused.output


def test_reset_tells_when_the_schedule_has_another_fact_cache(site: Site, upstream: Upstream, signers: Signers) -> None:
    commit = upstream.commit("one", "First", signers.alice)
    site.begin_at(commit)
    elsewhere = replace(site, cache=site.cache.replace("/facts", "/elsewhere"))
    reset = elsewhere.run(
        "-e", "flant_gitops_reset_commit=none flant_gitops_reset_confirmed=yes", playbook="flant.gitops.reset"
    )
    assert reset.rc == 0, reset.output
    assert f"is set from {commit} to none. This fact cache had none;" in reset.output
