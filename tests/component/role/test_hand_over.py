# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""With every variable of the role set, each module is given them all.

The modules are stood in for: no one server, engine and Vault takes every option at once.
"""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from ansible_collections.flant.gitops.tests.support.role_options import LEFT, MODULES

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.tests.support.signers import Signers
    from ansible_collections.flant.gitops.tests.support.site import Site

ROLE = Path(__file__).resolve().parents[3] / "roles/flant_gitops"
OPTIONS = yaml.safe_load((ROLE / "meta/argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]["main"][
    "options"
]
IDENTITY = "e" * 64 + "+1"
COMMIT, TIME = "c" * 40, "2026-01-01T00:00:00.000000Z"
REQUEST = {
    "name": "database",
    "path": "/database/creds/app",
    "method": "POST",
    "options": {"a": "b"},
    "secret_options": {"c": "d"},
    "wrap_ttl": "90s",
}
VALUES = {
    "git_repo_url": "https://git.example.com/a.git",
    "docker_image": "registry.example.com/tool@sha256:" + "1" * 64,
    "commands": ["first command", "second command"],
    "git_branch_name": "release",
    "required_number_of_verified_signatures_on_commit": 2,
    "signature_rules": [{"paths": ["prod/**"], "required": 2, "signers": ["alice", "bob"]}],
    "ssh_user_verification": True,
    "git_username": "git-user",
    "git_password": "git-password",
    "git_ssh_key_file": "/keys/id",
    "git_ssh_known_hosts_file": "/keys/known_hosts",
    "git_ca_cert_file": "/keys/ca.pem",
    "git_proxy": "http://proxy.example.com:3128",
    "git_proxy_username": "proxy-user",
    "git_proxy_password": "proxy-password",
    "git_verify": "every",
    "git_select": "oldest",
    "git_on_insufficient_signatures": "wait",
    "git_submodules": True,
    "git_signatures_ref": "refs/tags/other",
    "rerun": True,
    "rerun_after": "1d",
    "spread": "30m",
    "git_timeout": "6m",
    "docker_memory": "512m",
    "docker_cpus": 1.5,
    "docker_pids_limit": 99,
    "docker_timeout": "31m",
    "docker_max_output": "2 MiB",
    "docker_network_mode": "none",
    "docker_user": "1000:1001",
    "docker_cap_add": ["NET_RAW"],
    "docker_read_only": True,
    "docker_accept_missing": ["memory_swap"],
    "docker_pull": "always",
    "docker_registry_username": "registry-user",
    "docker_registry_password": "registry-password",
    "docker_host": "tcp://engine.example.com:2376",
    "docker_tls_ca_cert": "/keys/engine-ca.pem",
    "docker_tls_client_cert": "/keys/engine-cert.pem",
    "docker_tls_client_key": "/keys/engine-key.pem",
    "vault_addr": "https://vault.example.com",
    "vault_tls_server_name": "vault.internal",
    "vault_cacert": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
    "vault_namespace": "team",
    "vault_approle_mount_point": "auth/other",
    "vault_role_name": "role-name",
    "vault_role_id": "role-id",
    "vault_secret_id": "secret-id",
    "vault_secret_id_file": "/keys/secret-id",
    "vault_secret_id_ttl": "24h",
    "vault_requests": [REQUEST],
    "vault_revoke_login_token": False,
    "vault_proxy": "http://other-proxy.example.com:3128",
    "vault_proxy_username": "other-proxy-user",
    "vault_proxy_password": "other-proxy-password",
    "vault_timeout": "31s",
    "vault_retries": 4,
    "keep_logs": 7,
    "keep_ledger": 8,
    "ledger_key_file": "/keys/ledger",
}
# What goes with another way to log in than the one above.
LOGINS = {
    "cert": {
        "vault_auth_method": "cert",
        "vault_auth_mount_point": "auth/machines",
        "vault_auth_role": "web",
        "vault_client_cert_file": "/keys/machine.pem",
        "vault_client_key_file": "/keys/machine.key",
    },
    "kubernetes": {
        "vault_auth_method": "kubernetes",
        "vault_auth_role": "web",
        "vault_jwt_file": "/var/run/secrets/vault/token",
    },
    "approle, wrapped": {
        "vault_role_name": "deployer",
        "vault_role_id": "role-id",
        "vault_secret_id_file": "/f",
        "vault_wrapped_secret_id_file": "/w",
    },
}
APPROLE = {
    *("vault_approle_mount_point", "vault_role_name", "vault_role_id", "vault_secret_id", "vault_secret_id_file"),
    "vault_secret_id_ttl",
}
PASSWORD_FILE = {"git_password_file": "/keys/password"}  # in place of git_password
# What no module is given as it stands; each has a test of its own.
DECIDES = {
    "trusted_pgp_public_keys": "a list, or a dictionary with names, which the module gets in another form",
    "trusted_signers": "a dictionary, which the module gets in another form",
    "initial_last_successful_commit": "the last commit, where none is remembered",
    "git_poll_period": "whether there is a poll",
    "suspend": "whether there is a poll",
    "windows": "when anything may be started",
    "freezes": "when nothing may be started",
    "window_override": "which commit may be started at any time",
    "on_end": "which tasks are called at the end",
    "retry_delay": "when a commit that fails is tried again",
    "retry_max_delay": "when a commit that fails is tried again at the latest",
    "max_attempts": "when it is given up",
    "vault_revoke_on_failure": "which tokens of a failed run are ended",
    "show_output": "whether output is printed",
    "vault_audit_metadata": "whether the module gets what Vault's audit log is told",
    "instance": "a part of paths and names",
    "work_dir": "a part of paths and names",
}
OTHERWISE = {"trusted_keys", "trusted_signers", "metadata"}  # which a module gets in another form
SSH_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIL5j+MC4PhXlyNJ4RFmj1SY8nhds6PE3KWZm1HVoeg2A"
RAN = {"rc": 0, "stdout": "", "stderr": "", "stdout_lines": [], "stderr_lines": [], "image_id": "sha256:" + "1" * 64}
POLLED = {
    "status": "new",
    "commit": COMMIT,
    "previous_commit": "",
    "head": COMMIT,
    "superseded": "/s",
    "machine": "m",
    "git_dir": "/links/resolved/git",
    "git_dir_id": "0123456789abcdef",
    "tree": "7" * 40,
    "content_id": "e" * 64,
    "identity": IDENTITY,
    "required_signatures": 2,
    "archive": "/a",
    "archive_sha256": "5",
}
ANSWERS = {
    "git_signed_commit": {"changed": True, "signers": [], "signatures": [{"signer": "alice"}], "msg": "", **POLLED},
    "git_signed_commit record": {"changed": True},
    "container_command prepare": {"changed": False, "existing": "none"},
    "container_command run": {"changed": True, "existing": "none", "started_at": TIME, "finished_at": TIME, **RAN},
    "container_command remove": {"changed": True, "existing": "none"},
    "run_ledger begin": {"changed": True, "run": "f" * 32, "head": "0" * 64},
    "run_ledger end": {"changed": True},
    "vault_wrapped_requests": {
        "changed": True,
        "env": {"VAULT_REQUEST_TOKEN_DATABASE": "t"},
        "requests": [{"name": "database", "accessor": "a", "creation_path": "p"}],
        "secret_id_rotate_at": "2999-01-01T00:00:00Z",
    },
}


def calls(site: Site) -> list[dict[str, object]]:
    """Return what the modules are given in a run that acts on a commit."""
    recorded, answers = site.folder / "recorded", site.folder / "answers"
    answers.write_text(json.dumps(ANSWERS), encoding="utf-8")
    ran = site.run(environment={"RECORDER_FILE": str(recorded), "RECORDER_ANSWERS": str(answers)})
    assert ran.rc == 0, ran.output
    return [json.loads(line) for line in recorded.read_text(encoding="utf-8").splitlines()]


def given(found: list[dict[str, object]], module: str, option: str) -> list[object]:
    return [call["args"][option] for call in found if call["module"] == module and option in call["args"]]


def everything(site: Site, signers: Signers) -> dict[str, object]:
    return {
        **VALUES,
        "trusted_signers": {"alice": [signers.alice.public_key, SSH_KEY]},
        "trusted_pgp_public_keys": {"bob": signers.bob.public_key},
        "initial_last_successful_commit": "a" * 40,
        "instance": "other",
        "work_dir": str(site.folder / "work"),
        "git_poll_period": "1s",
        "retry_delay": "5m",
        "retry_max_delay": "2h",
        "max_attempts": 9,
    }


def test_every_variable_has_another_value_than_its_default() -> None:
    values = {**VALUES, **PASSWORD_FILE, **{name: value for login in LOGINS.values() for name, value in login.items()}}
    assert {f"flant_gitops_{name}" for name in (*values, *DECIDES)} == set(OPTIONS)
    same = [name for name, value in values.items() if OPTIONS[f"flant_gitops_{name}"].get("default") == value]
    assert same == []


def test_r24_each_module_is_given_each_variable(site: Site, signers: Signers) -> None:
    alice, bob = signers.alice.public_key, signers.bob.public_key
    site.variables = everything(site, signers)
    found = calls(site)
    handed = {}
    for module in MODULES:
        spec = importlib.import_module(f"ansible_collections.flant.gitops.plugins.modules.{module}").ARGUMENT_SPEC
        for option in sorted(set(spec) - MODULES[module].own - set(LEFT[module]) - OTHERWISE):
            name = MODULES[module].variable(option).removeprefix("flant_gitops_")
            if name not in VALUES and any(name in login for login in (PASSWORD_FILE, *LOGINS.values())):
                continue
            handed[name] = given(found, module, option)
            assert handed[name], f"{module} is not given {option}"
            assert {str(value) for value in handed[name]} == {str(VALUES[name])}, option
    assert given(found, "run_ledger", "keep_logs") == [VALUES["keep_logs"]] * 2
    assert given(found, "run_ledger", "keep_ledger") == [VALUES["keep_ledger"]] * 2
    assert given(found, "run_ledger", "run") == ["f" * 32]
    assert given(found, "run_ledger", "adopts") == [False] * 2
    assert given(found, "run_ledger", "requests") == [ANSWERS["vault_wrapped_requests"]["requests"]]
    entry, _entry_of_the_end = given(found, "run_ledger", "entry")
    assert entry == {
        "host": site.host,
        "instance": "other",
        "machine": "m",
        "repo": VALUES["git_repo_url"],
        "branch": VALUES["git_branch_name"],
        "tree": "7" * 40,
        "required_signatures": 2,
        "signatures": [{"signer": "alice"}],
        "trusted": [
            {"name": "alice", "public_keys": [alice, SSH_KEY]},
            {"name": "bob", "public_keys": [bob]},
        ],
        "rules": VALUES["signature_rules"],
        "image": VALUES["docker_image"],
        "commands": VALUES["commands"],
    }
    assert set(handed) == set(VALUES)
    assert given(found, "vault_wrapped_requests", "metadata") == [
        {
            "instance": "other",
            "host": site.host,
            "commit": COMMIT,
            "required": "2",
            "run": "f" * 32,
            "ledger": "0" * 64,
        }
    ]
    assert given(found, "git_signed_commit", "trusted_keys") == [[]]
    assert given(found, "git_signed_commit", "trusted_signers") == [
        [{"name": "alice", "public_keys": [alice, SSH_KEY]}, {"name": "bob", "public_keys": [bob]}]
    ]
    assert given(found, "git_signed_commit", "last_commit") == ["a" * 40, COMMIT]
    (attempts,) = given(found, "git_signed_commit", "attempts")
    assert re.fullmatch(r"[0-9a-f]{64}", attempts.pop("of"))
    pace = {name: str(value) for name, value in attempts.items()}
    assert pace == {"retry_delay": "5m", "retry_max_delay": "2h", "max_attempts": "9", "anew": "True"}
    assert set(given(found, "git_signed_commit", "git_dir")) == {f"{site.folder}/work/other/git"}
    locks = [
        [given(found, "container_command", option)[n] for option in ("name", "identity", "owner")] for n in range(3)
    ]
    owner = {"machine": "m", "instance": "other", "git_dir": "/links/resolved/git"}
    assert locks == [["flant_gitops-other-0123456789ab", IDENTITY, owner]] * 3
    assert given(found, "container_command", "archive_sha256") == ["5"]
    assert given(found, "container_command", "secret_env") == [{"VAULT_REQUEST_TOKEN_DATABASE": "t"}]
    (env,) = {json.dumps(env) for env in given(found, "container_command", "env")}
    assert json.loads(env) == {
        "VAULT_ADDR": VALUES["vault_addr"],
        "VAULT_CACERT": "/git/.flant_gitops/ca.crt",
        "VAULT_TLS_SERVER_NAME": VALUES["vault_tls_server_name"],
    }
    ((file,), *_others) = given(found, "container_command", "files")
    assert file["content"] == VALUES["vault_cacert"]


@pytest.mark.parametrize("method", LOGINS)
def test_r24_vault_is_given_what_another_way_to_log_in_takes(site: Site, signers: Signers, method: str) -> None:
    login = LOGINS[method]
    variables = everything(site, signers)
    site.variables = {name: value for name, value in variables.items() if name not in APPROLE} | login
    found = calls(site)
    for name, value in login.items():
        option = name.removeprefix("vault_")
        assert set(given(found, "vault_wrapped_requests", option)) == {value}, option
    assert not any(given(found, "vault_wrapped_requests", name.removeprefix("vault_")) for name in APPROLE - set(login))


def test_r24_git_is_given_the_file_in_place_of_the_password(site: Site, signers: Signers) -> None:
    site.variables = {**everything(site, signers), **PASSWORD_FILE}
    del site.variables["git_password"]
    found = calls(site)
    assert set(given(found, "git_signed_commit", "password_file")) == {PASSWORD_FILE["git_password_file"]}
    assert given(found, "git_signed_commit", "password") == []
