# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets reach the container wrapped, and nothing else; the secret-id lives on while the branch is quiet."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible_collections.flant.gitops.tests.support import bridge, images
from ansible_collections.flant.gitops.tests.support.openbao import OpenBao, Role, running
from ansible_collections.flant.gitops.tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import docker
    from ansible_collections.flant.gitops.tests.component.role.conftest import Containers, Upstream
    from ansible_collections.flant.gitops.tests.support.signers import Signers
    from ansible_collections.flant.gitops.tests.support.site import Site

POLICY = """
path "{mount}/*" { capabilities = ["create", "read", "update"] }
path "{role}/secret-id" { capabilities = ["update"] }
path "{role}/secret-id/destroy" { capabilities = ["update"] }
path "{role}/secret-id/lookup" { capabilities = ["update"] }
"""
VAULT_PASSWORD = "of the vault"
SECRET = "correct-horse-battery-staple"
TOKEN = re.compile(r"\bs\.[A-Za-z0-9]{20,}")
UNWRAP = (
    'answer=$(wget -q -O - --header "X-Vault-Token: $VAULT_REQUEST_TOKEN_DATABASE" --post-data "{}"'
    ' "$VAULT_ADDR/v1/sys/wrapping/unwrap")'
)
USE = 'case "$answer" in *correct-horse*) echo "used the secret";; *) echo "no secret"; false;; esac'


@pytest.fixture(scope="session")
def bao(engine: docker.DockerClient) -> Iterator[OpenBao]:
    with running(host=bridge.gateway(engine)) as server:
        yield server


@pytest.fixture
def role(site: Site, bao: OpenBao) -> Role:
    """An AppRole that ``site`` logs in with, to read one secret."""
    mount = bao.mount("kv")
    bao.call("POST", f"/v1/{mount}/database", {"password": SECRET})
    role = bao.approle(POLICY.replace("{mount}", mount))
    site.variables |= {
        "vault_addr": bao.address,
        "vault_role_name": role.name,
        "vault_role_id": role.role_id,
        "vault_secret_id": bao.secret_id(role),
        "vault_requests": [{"name": "database", "path": f"/{mount}/database"}],
        "commands": [UNWRAP, USE, 'echo "token: $VAULT_REQUEST_TOKEN_DATABASE"'],
    }
    return role


@pytest.fixture(autouse=True)
def _no_token_is_left(bao: OpenBao) -> Iterator[None]:
    before = bao.token_accessors()
    yield
    assert bao.token_accessors() <= before


def holding(folder: Path, text: str) -> list[str]:
    """Return the files below ``folder`` that hold ``text``, but for those that the operator wrote."""
    files = [file for file in folder.rglob("*") if file.is_file() and file.name != "variables.json"]
    return [str(file) for file in files if text.encode() in file.read_bytes()]


def test_r6_wrapped_secret_is_used_in_the_container_and_shown_nowhere(
    site: Site, upstream: Upstream, signers: Signers, role: Role
) -> None:
    upstream.commit("one", "First", signers.alice)
    ran = site.run("-vvv")
    assert ran.rc == 0, ran.output
    assert "used the secret" in ran.output
    assert not TOKEN.search(ran.output)
    secret_id = str(site.variables["vault_secret_id"])
    for secret in (secret_id, SECRET):
        assert secret not in ran.output
        assert holding(site.folder, secret) == []
    assert role.role_id
    for file in site.folder.rglob("*.log"):
        assert "used the secret" in file.read_text(encoding="utf-8")
        assert not TOKEN.search(file.read_text(encoding="utf-8"))


def _inline(value: str) -> dict[str, str]:
    """Return what a file of variables in JSON has for ``!vault``."""
    secret = VaultSecret(VAULT_PASSWORD.encode())
    return {"__ansible_vault": VaultLib([("default", secret)]).encrypt(value, secret).decode()}


def test_r22_secrets_may_be_inline_vault_values(
    site: Site, upstream: Upstream, signers: Signers, role: Role, tmp_path: Path
) -> None:
    upstream.commit("one", "First", signers.alice)
    (tmp_path / "vault-password").write_text(VAULT_PASSWORD, encoding="utf-8")
    secret_id = str(site.variables["vault_secret_id"])
    site.variables |= {
        "vault_secret_id": _inline(secret_id),
        "docker_registry_username": "puller",
        "docker_registry_password": _inline("registry-secret"),
    }
    ran = site.run("-vvv", "--vault-password-file", str(tmp_path / "vault-password"))
    assert ran.rc == 0, ran.output
    assert "used the secret" in ran.output
    assert secret_id not in ran.output
    assert "registry-secret" not in ran.output
    assert role.name
    # Nobody listens there: the password has come as far as it can.
    site.variables |= {
        "git_repo_url": "https://127.0.0.1:9/a.git",
        "git_username": "watcher",
        "git_password": _inline("git-secret"),
    }
    away = site.run("-vvv", "--vault-password-file", str(tmp_path / "vault-password"))
    assert away.rc == 2
    assert "status: failed, flant_gitops_git_repo_url: git could not fetch from 127.0.0.1" in away.output
    assert "git-secret" not in away.output


def test_r22_specs_that_are_not_met_show_no_secret(site: Site) -> None:
    site.variables |= {
        "git_password": "git-secret",
        "vault_secret_id": ["secret-in-a-list"],
        "vault_requests": [{"name": "a", "path": "/a", "secret_options": "text-for-a-dictionary"}],
        "git_verify": "sometimes",
    }
    refused = site.run("-vvv")
    assert refused.rc == 2
    assert "git_verify" in refused.output
    for secret in ("git-secret", "secret-in-a-list", "text-for-a-dictionary"):
        assert secret not in refused.output


def test_r6_reason_why_vault_refused_is_told_and_the_secret_is_not(
    site: Site, upstream: Upstream, signers: Signers, role: Role, containers: Containers
) -> None:
    upstream.commit("one", "First", signers.alice)
    site.variables["vault_secret_id"] = "wrong-secret-id"
    refused = site.run("-vvv")
    assert refused.rc == 2, refused.output
    assert "secret_id" in refused.output
    assert "wrong-secret-id" not in refused.output
    assert site.facts["default"]["consecutive_failures"] == 1
    assert containers.started(site) == 0
    assert role.name


def test_no_token_is_asked_for_a_run_that_is_taken_up(
    site: Site, upstream: Upstream, signers: Signers, role: Role, bao: OpenBao, containers: Containers
) -> None:
    upstream.commit("one", "First", signers.alice)
    assert site.run(kill_at="Record the commit").rc < 0
    for accessor in bao.secret_ids(role):
        path = f"/v1/auth/approle/role/{role.name}/secret-id-accessor/destroy"
        bao.call("POST", path, {"secret_id_accessor": accessor})
    adopted = site.run()
    assert adopted.rc == 0, adopted.output
    assert not TOKEN.search(adopted.output)
    assert containers.started(site) == 1


def in_a_file(site: Site) -> Path:
    """Put the secret-id of ``site`` into a file, from which it is rotated at first use and then every 12 seconds."""
    file = site.folder / "secret-id"
    file.write_text(str(site.variables.pop("vault_secret_id")), encoding="utf-8")
    file.chmod(0o600)
    site.variables |= {"vault_secret_id_file": str(file), "vault_secret_id_ttl": "2m"}
    return file


def test_quiet_branch_does_not_cost_the_secret_id(
    site: Site, upstream: Upstream, signers: Signers, role: Role, bao: OpenBao
) -> None:
    file = in_a_file(site)
    upstream.commit("one", "First", signers.alice)
    first_id = file.read_text(encoding="utf-8")
    assert site.run().status == "processed"
    second_id = file.read_text(encoding="utf-8")
    assert second_id != first_id

    due = str(site.facts["default"]["secret_id_rotate_at"])
    time.sleep(13)
    site.variables["suspend"] = "Frozen, but not dead."
    rotated = site.run()
    assert rotated.rc == 0, rotated.output
    assert rotated.status == "suspended"
    assert file.read_text(encoding="utf-8") != second_id
    assert str(site.facts["default"]["secret_id_rotate_at"]) > due
    assert len(bao.secret_ids(role)) == 1


@pytest.mark.parametrize("failure", ["unsigned commit", "missing image"])
def test_commit_that_fails_does_not_cost_the_secret_id(
    failure: str, site: Site, upstream: Upstream, signers: Signers, role: Role, bao: OpenBao
) -> None:
    file = in_a_file(site)
    given = file.read_text(encoding="utf-8")
    if failure == "missing image":
        site.variables["docker_image"] = "sha256:" + "0" * 64
        upstream.commit("one", "First", signers.alice)
    else:
        upstream.commit("one", "Nobody has signed this")
    failed = site.run()
    assert failed.rc == 2, failed.output
    assert failed.recap["failed"] == 1
    assert file.read_text(encoding="utf-8") != given
    assert site.facts["default"].keys() >= {"secret_id_rotate_at"}
    assert site.facts["default"]["consecutive_failures"] == 1
    assert len(bao.secret_ids(role)) == 1


def test_commit_that_ran_is_remembered_although_the_secret_id_cannot_be_rotated(
    site: Site, upstream: Upstream, signers: Signers, role: Role
) -> None:
    in_a_file(site)
    site.variables |= {"vault_role_id": f"not-{role.role_id}", "vault_requests": [], "commands": ["true"]}
    commit = upstream.commit("one", "First", signers.alice)
    failed = site.run()
    assert failed.rc == 2, failed.output
    assert site.facts["default"]["last_successful_commit"] == commit
    assert site.facts["default"]["consecutive_failures"] == 1


@pytest.mark.usefixtures("role")
def test_refused_login_is_told_once(site: Site, upstream: Upstream, signers: Signers) -> None:
    in_a_file(site)
    site.variables["vault_role_id"] = "00000000-0000-0000-0000-000000000000"
    upstream.commit("one", "First", signers.alice)
    refused = site.run()
    assert refused.rc == 2, refused.output
    assert refused.output.count("fatal: ") == 1, refused.output
    assert site.facts["default"]["consecutive_failures"] == 1


FAILURES = {
    "before it unwraps": {"commands": ["false"]},
    "after it has unwrapped": {"commands": [UNWRAP, USE, "false"]},
    "by its time": {"commands": ["sleep 60"], "docker_timeout": "2s"},
    "without a start": {"docker_user": "nobody-of-this-name"},
}


@pytest.mark.parametrize("failure", FAILURES)
def test_v19_failed_run_leaves_no_token(
    failure: str, site: Site, upstream: Upstream, signers: Signers, role: Role, bao: OpenBao, containers: Containers
) -> None:
    before = bao.token_accessors()
    upstream.commit("one", "First", signers.alice)
    site.variables |= FAILURES[failure]
    failed = site.run()
    assert failed.rc == 2, failed.output
    assert "default: status: failed, commit " in failed.output
    assert not TOKEN.search(failed.output)
    assert "live" not in failed.output.rpartition("status: failed")[2], failed.output
    assert containers.left(site) == []
    assert bao.token_accessors() <= before
    assert role.name


def test_c22_run_whose_image_has_no_shell_leaves_no_token(
    site: Site, upstream: Upstream, signers: Signers, role: Role, bao: OpenBao, containers: Containers
) -> None:
    before = bao.token_accessors()
    upstream.commit("one", "First", signers.alice)
    with images.Image({"bin/true": images.BUSYBOX}).loaded(containers.engine.api) as image:
        site.variables["docker_image"] = image
        failed = site.run()
    assert failed.rc == 2, failed.output
    assert f": flant_gitops_docker_image: {image} has no /bin/sh, which runs the commands" in failed.output
    assert bao.token_accessors() <= before
    assert containers.left(site) == []
    assert role.name


def test_v19_run_whose_start_cannot_be_remembered_leaves_no_token(
    site: Site, upstream: Upstream, signers: Signers, role: Role, bao: OpenBao, containers: Containers
) -> None:
    before = bao.token_accessors()
    upstream.commit("one", "First", signers.alice)
    cache = "fact_caching = jsonfile\nfact_caching_connection = /proc/facts\nfact_caching_timeout = 0\n"
    refused = replace(site, cache=cache).run()
    assert refused.rc == 2, refused.output
    assert bao.token_accessors() <= before
    assert containers.started(site) == 0
    assert role.name


def test_v19_run_that_another_has_overtaken_leaves_no_token(
    site: Site, upstream: Upstream, signers: Signers, role: Role, bao: OpenBao
) -> None:
    before = bao.token_accessors()
    upstream.commit("one", "First", signers.alice)
    held = site.hold("Run the commands, or take up the run that is there")
    assert len(bao.token_accessors() - before) == 1
    assert site.run().status == "processed"
    assert held.finish().status == "superseded"
    assert bao.token_accessors() <= before
    assert role.name


@pytest.mark.parametrize("ends_well", [True, False])
def test_v19_run_that_is_taken_up_can_still_unwrap_and_leaves_no_token(
    ends_well: bool,
    site: Site,
    upstream: Upstream,
    signers: Signers,
    role: Role,
    bao: OpenBao,
    containers: Containers,
) -> None:
    before = bao.token_accessors()
    wait = "until test -e /tmp/go; do sleep 0.1; done"
    site.variables["commands"] = [wait, *([UNWRAP, USE] if ends_well else ["false"])]
    upstream.commit("one", "First", signers.alice)
    process = site.start()
    until(lambda: containers.started(site), during=process)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert len(bao.token_accessors() - before) == 1
    containers.engine.containers.get(site.container).exec_run(["touch", "/tmp/go"])
    adopted = site.run("-vvv")
    assert adopted.rc == (0 if ends_well else 2), adopted.output
    assert ("used the secret" in adopted.output) == ends_well
    assert not TOKEN.search(adopted.output)
    assert containers.started(site) == 1
    assert bao.token_accessors() <= before
    assert role.name


@pytest.mark.parametrize(
    ("commands", "on_failure", "left"),
    [(["false"], "unused", 0), ([UNWRAP, USE, "false"], "unused", 1), ([UNWRAP, USE, "false"], "all", 0)],
)
def test_v19_login_that_outlives_the_requests_ends_with_a_run_that_used_nothing(
    commands: list[str],
    on_failure: str,
    left: int,
    site: Site,
    upstream: Upstream,
    signers: Signers,
    role: Role,
    bao: OpenBao,
) -> None:
    before = bao.token_accessors()
    site.variables |= {
        "commands": commands,
        "vault_revoke_login_token": False,
        "vault_revoke_on_failure": on_failure,
    }
    upstream.commit("one", "First", signers.alice)
    failed = site.run()
    assert failed.rc == 2, failed.output
    kept = bao.token_accessors() - before
    for accessor in kept:
        bao.call("POST", "/v1/auth/token/revoke-accessor", {"accessor": accessor})
    assert len(kept) == left
    told = "; database had been used, so the login token lives on until its TTL" in failed.output
    assert told == bool(left), failed.output
    assert role.name


def test_v19_tokens_live_on_and_it_is_said_where_the_engine_is_out_of_reach(
    site: Site, upstream: Upstream, signers: Signers, role: Role, bao: OpenBao, tmp_path: Path, containers: Containers
) -> None:
    before = bao.token_accessors()
    way = tmp_path / "engine.sock"
    way.symlink_to("/var/run/docker.sock")
    site.variables |= {"commands": ["false"], "docker_host": f"unix://{way}"}
    upstream.commit("one", "First", signers.alice)
    held = site.hold("Keep the output and delete the archive")
    way.unlink()
    failed = held.finish()
    assert failed.rc == 2, failed.output
    assert re.search(r"its container may be there still, so its tokens live on until 20\S+Z", failed.output)
    state = json.loads((site.work / "state.json").read_text(encoding="utf-8"))
    assert re.search(r"so its tokens live on until 20\S+Z$", state["reason"])
    assert (state["status"], state["step"], state["last_run"]["rc"]) == ("failed", "run", 1)
    assert len(bao.token_accessors() - before) == 1
    way.symlink_to("/var/run/docker.sock")
    assert site.run().rc == 2
    assert containers.left(site) == []
    assert containers.started(site) == 1
    assert bao.token_accessors() <= before
    assert role.name


@pytest.mark.parametrize("command", ["true", "false"])
def test_own_tasks_find_no_token_in_any_variable(
    command: str, site: Site, upstream: Upstream, signers: Signers, role: Role, bao: OpenBao
) -> None:
    # A file for each, as one variable that another playbook fills in must not end the telling.
    show = {
        "name": "Tell one",
        "ansible.builtin.debug": {"msg": "{{ name }}: {{ lookup('ansible.builtin.vars', name) }}"},
    }
    tasks = [
        {
            "name": "Tell all variables",
            "ansible.builtin.include_tasks": f"{site.folder}/show.yml",
            "loop": "{{ query('ansible.builtin.varnames', '.') }}",
            "loop_control": {"loop_var": "name"},
        },
        {"name": "Tell the host's", "ansible.builtin.debug": {"msg": "{{ hostvars[inventory_hostname] | to_json }}"}},
    ]
    (site.folder / "show.yml").write_text(json.dumps([show]), encoding="utf-8")
    (site.folder / "on_end.yml").write_text(json.dumps(tasks), encoding="utf-8")
    site.variables |= {"on_end": f"{site.folder}/on_end.yml", "commands": [command], "show_output": False}
    site.variables["vault_revoke_login_token"] = False  # whose token is among those that a failed run ends
    site.config = "deprecation_warnings = false\n"  # some of Ansible's own variables are deprecated
    before = bao.token_accessors()
    upstream.commit("one", "First", signers.alice)
    ran = site.run()
    for accessor in bao.token_accessors() - before:
        bao.call("POST", "/v1/auth/token/revoke-accessor", {"accessor": accessor})
    for name in ("_flant_gitops_wrapped", "_flant_gitops_removed", "_flant_gitops_course", "flant_gitops_event"):
        assert f"{name}: {{" in ran.output, ran.output
    assert not TOKEN.search(ran.output), TOKEN.search(ran.output)
    assert role.name
