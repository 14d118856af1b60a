# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The example repository, as it is, run by ansible-pull in the sandbox of the service, by a real systemd."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import yaml
from ansible_collections.flant.gitops.tests.component.role.conftest import Upstream
from ansible_collections.flant.gitops.tests.component.role.schedule.conftest import (
    Repository,
    Schedule,
    repository,
    run,
)
from ansible_collections.flant.gitops.tests.support.throwaway_machine import COLLECTIONS_THERE, ENGINE

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.tests.component.role.conftest import Containers
    from ansible_collections.flant.gitops.tests.support.signers import Signers


@pytest.fixture
def watched(schedule: Schedule) -> Upstream:
    """The repository whose commits run."""
    upstream = Upstream(schedule.machine.shared / f"{schedule.instance}-watched")
    upstream.folder.mkdir()
    upstream.git("init", "--quiet", "--initial-branch=main")
    return upstream


@pytest.fixture
def host(schedule: Schedule, watched: Upstream, signers: Signers, image: str) -> Repository:
    """The repository of the playbook: the example with its keys and settings filled in, signed by alice."""
    machine = schedule.machine
    made = repository(machine.shared / f"{schedule.instance}-host.git", machine.shared / f"{schedule.instance}-host")
    settings = made.clone / "group_vars/all.yml"
    variables = {
        **yaml.safe_load(settings.read_text(encoding="utf-8")),
        "flant_gitops_git_repo_url": f"file://{machine.there(watched.folder)}",
        "flant_gitops_docker_image": image,
        "flant_gitops_docker_host": f"unix://{ENGINE}",
        "flant_gitops_commands": ["cat file"],
    }
    settings.write_text(yaml.safe_dump(variables), encoding="utf-8")
    (made.clone / "keys").mkdir()
    (made.clone / "keys/alice.asc").write_text(signers.alice.public_key, encoding="utf-8")
    made.push(*signers.alice.git_options, environment=signers.environment)
    schedule.variables.update(
        repo_url=str(machine.there(made.bare)),
        trusted_pgp_public_keys={"alice": signers.alice.public_key},
        environment={"ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS_THERE)},
    )
    return made


def started(containers: Containers, schedule: Schedule) -> int:
    """Return how many containers of the instance have been started."""
    return containers.started_as(f"flant_gitops-{schedule.instance}-")


@pytest.fixture
def deploy_key(schedule: Schedule, host: Repository) -> None:
    """Let the repository of the playbook be read by a key alone, from an sshd on the machine."""
    machine, port, folder = schedule.machine, 2222, f"/etc/{schedule.instance}"
    machine.output("mkdir", "-p", "-m", "0700", folder, "/run/sshd")
    for name in ("host_key", "deploy_key"):
        machine.output("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{folder}/{name}")
    machine.output("sh", "-c", f"sed 's/^/[127.0.0.1]:{port} /' {folder}/host_key.pub > {folder}/known_hosts")
    options = {
        "Port": port,
        "ListenAddress": "127.0.0.1",
        "HostKey": f"{folder}/host_key",
        "PidFile": f"{folder}/pid",
        "UsePAM": "no",
        "AuthorizedKeysFile": f"{folder}/deploy_key.pub",
        "PermitRootLogin": "yes",
    }
    machine.output("/usr/sbin/sshd", "-f", "/dev/null", *(f"-o{name}={value}" for name, value in options.items()))
    schedule.variables.update(
        repo_url=f"ssh://root@127.0.0.1:{port}{machine.there(host.bare)}",
        ssh_key_file=f"{folder}/deploy_key",
        ssh_known_hosts_file=f"{folder}/known_hosts",
    )


@pytest.mark.usefixtures("deploy_key")
def test_playbook_comes_from_a_private_repository_by_a_deploy_key_and_from_no_server_that_is_not_known(
    schedule: Schedule, watched: Upstream, signers: Signers, containers: Containers
) -> None:
    watched.commit("hello", "First", signers.alice)
    installed = schedule.set()
    assert installed.returncode == 0, installed.stdout
    result, journal = run(schedule)
    assert result == "success", journal
    assert "status: processed" in journal

    known_hosts = str(schedule.variables["ssh_known_hosts_file"])
    schedule.machine.output("sh", "-c", f": > {known_hosts}")
    result, journal = run(schedule)
    assert result == "exit-code", journal
    assert "Host key verification failed" in journal
    schedule.machine.output("chmod", "0644", str(schedule.variables["ssh_key_file"]))
    result, journal = run(schedule)
    assert result == "exit-code", journal
    assert "flant_gitops_schedule_ssh_key_file: " in journal
    assert "Starting Ansible Pull" not in journal
    assert started(containers, schedule) == 1


@pytest.mark.usefixtures("host")
def test_two_runs_keep_the_facts_and_execute_the_commit_once(
    schedule: Schedule, watched: Upstream, signers: Signers, containers: Containers
) -> None:
    commit = watched.commit("hello from the commit", "First", signers.alice)
    metrics = f"/var/lib/metrics-{schedule.instance}"
    schedule.machine.output("install", "-d", metrics)
    installed = schedule.set(metrics_dir=metrics)
    assert installed.returncode == 0, installed.stdout

    result, journal = run(schedule)
    assert result == "success", journal
    assert "hello from the commit" in journal
    assert "status: processed" in journal
    facts = schedule.machine.output("sh", "-c", f"cat {schedule.folder}/facts/*localhost")
    assert commit in json.dumps(facts)
    told = schedule.machine.output("sh", "-c", f"cat {metrics}/*.prom")
    assert f'flant_gitops_info{{name="{schedule.instance}",commit="{commit}"}} 1\n' in told
    assert f'flant_gitops_status{{name="{schedule.instance}",status="processed"}} 1\n' in told
    assert f'flant_gitops_run_duration_seconds{{name="{schedule.instance}"}} ' in told

    # What a run that was killed leaves behind is no obstacle.
    schedule.machine.output("touch", f"{schedule.folder}/checkout/.git/index.lock")
    result, journal = run(schedule)
    assert result == "success", journal
    assert "status: unchanged" in journal
    told = schedule.machine.output("sh", "-c", f"cat {metrics}/*.prom")
    assert f'flant_gitops_status{{name="{schedule.instance}",status="unchanged"}} 1\n' in told
    assert started(containers, schedule) == 1


def test_playbook_that_nobody_trusted_has_signed_is_not_run_not_even_the_second_time(
    schedule: Schedule, watched: Upstream, host: Repository, signers: Signers, containers: Containers
) -> None:
    watched.commit("hello", "First", signers.alice)
    schedule.set()
    host.push()
    for _index in range(2):
        result, journal = run(schedule)
        assert result == "exit-code", journal
        assert "status:" not in journal
    host.push(*signers.bob.git_options, environment=signers.environment)
    assert run(schedule)[0] == "exit-code"
    assert started(containers, schedule) == 0
    # Trusting another key is no more than another list: the keyring holds the keys of the list alone.
    schedule.set(trusted_pgp_public_keys=[signers.bob.public_key])
    assert schedule.machine.output("sh", "-c", f"ls -d {schedule.folder}/gnupg-* | wc -l") == "1\n"
    result, journal = run(schedule)
    assert result == "success", journal
    assert started(containers, schedule) == 1


def test_inventory_without_hosts_is_no_silent_success(schedule: Schedule, host: Repository, signers: Signers) -> None:
    (host.clone / "inventory.yml").unlink()
    host.push(*signers.alice.git_options, environment=signers.environment)
    schedule.set()
    result, journal = run(schedule)
    assert result == "exit-code", journal
