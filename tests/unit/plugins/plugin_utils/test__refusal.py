# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from ansible_collections.flant.gitops.plugins.plugin_utils._refusal import refusal
from ansible_collections.flant.gitops.tests.support.role_options import rendered

ROLE = Path(__file__).resolve().parents[4] / "roles/flant_gitops"
PINNED = "registry.example.com/tool:1@sha256:" + "0" * 64
RULE = {"paths": ["prod/**"], "required": 1, "signers": ["alice"]}
REQUEST = {"name": "database", "path": "/database/creds/app"}


def configuration(**variables: object) -> dict[str, object]:
    """Return the least configuration that works, on the role's own defaults, with ``variables`` changed."""
    defaults = yaml.safe_load((ROLE / "defaults/main.yml").read_text(encoding="utf-8"))
    settings = {name.removeprefix("flant_gitops_"): value for name, value in defaults.items()}
    required = {"git_repo_url": "https://git.example.com/a.git", "docker_image": PINNED, "commands": ["true"]}
    config = {**settings, **required, "memory": memory(), **variables}
    return {**config, **{module: rendered(module, config) for module in ("git", "container", "vault")}}


def memory(**changed: object) -> dict[str, object]:
    """Return a fact cache that keeps what the role remembers, with ``changed`` changed."""
    cache = {"plugin": "jsonfile", "uri": "/var/cache/facts", "timeout": 0}
    return {"host": "web1", "host_is_in_inventory": True, **cache, "awx": {}, **changed}


def in_awx(*, uri: str = "/runner/artifacts/7/fact_cache", **changed: object) -> dict[str, object]:
    """Return the fact cache of a job in AWX."""
    return memory(uri=uri, awx={"job": 7, "prefix": "", "host_is_known": True, "timeout": "", **changed})


CERTIFICATE = {
    "vault_auth_method": "cert",
    "vault_auth_role": "web",
    "vault_client_cert_file": "/c",
    "vault_client_key_file": "/k",
}
NO_APPROLE = {"vault_role_id": "", "vault_secret_id": ""}


def with_vault(**variables: object) -> dict[str, object]:
    vault = {"vault_addr": "https://vault.example.com", "vault_role_id": "id", "vault_secret_id": "secret-of-test"}
    return configuration(**{**vault, "vault_requests": [REQUEST], **variables})


@pytest.mark.parametrize(
    "config",
    [
        configuration(),
        configuration(docker_image="sha256:" + "0" * 64, docker_cpus=0.5, docker_memory="512m"),
        configuration(initial_last_successful_commit="0" * 64),
        configuration(windows=[{"days": ["mon"], "from": "22:00", "to": "06:00"}, {}], window_override="0" * 40),
        configuration(retry_delay=90, retry_max_delay="2m", max_attempts=3),
        configuration(spread="30m", rerun_after="1d"),
        configuration(spread=1800, rerun_after=86400),
        configuration(spread=0, rerun_after=None),
        configuration(windows=None, freezes=None, window_override=None),
        configuration(initial_last_successful_commit=None, ledger_key_file=None),
        configuration(keep_logs=0, keep_ledger=0, max_attempts=0, ledger_key_file="/etc/ssh/ssh_host_ed25519_key"),
        configuration(git_repo_url="ssh://git.example.com/a.git", git_ssh_key_file="/k", git_ssh_known_hosts_file="/h"),
        configuration(
            git_poll_period=300, git_timeout=60, docker_timeout=1800, docker_user=1000, docker_memory=1 << 29
        ),
        configuration(docker_max_output=65536, docker_host=None, git_username=None, commands=["sleep 1", 2]),
        with_vault(),
        with_vault(vault_requests=[]),
        with_vault(vault_proxy="http://proxy.example.com:3128"),
        configuration(git_username="deploy", git_password_file="/keys/on-the-target"),
        configuration(git_proxy="http://p:1", git_proxy_username="me", git_proxy_password="word"),
        with_vault(vault_requests=[{**REQUEST, "name": 1, "wrap_ttl": 300, "method": None}]),
        with_vault(vault_secret_id_file="/f", vault_role_name="r", vault_secret_id_ttl=604800),
        with_vault(**NO_APPROLE, **CERTIFICATE),
        configuration(memory=memory(plugin="community.general.redis", uri="localhost:6379:0", timeout="0")),
        configuration(memory=in_awx()),
        configuration(memory=in_awx(uri="/runner/artifacts/7/fact_cache/", timeout="0")),
    ],
)
def test_what_works_is_not_refused(config: dict[str, object]) -> None:
    assert refusal(config) == ""


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"instance": "../x"}, "flant_gitops_instance: it must be"),
        ({"instance": 1}, "flant_gitops_instance: it must be a text; put it in quotes"),
        ({"instance": None}, "flant_gitops_instance: it must be a text; put it in quotes"),
        ({"work_dir": "work"}, "flant_gitops_work_dir: it must be an absolute path"),
        ({"work_dir": None}, "flant_gitops_work_dir: it must be an absolute path"),
        ({"git_timeout": None}, "flant_gitops_git_timeout: '' is not a duration"),
        ({"docker_user": True}, "flant_gitops_docker_user: it must be a text; put it in quotes"),
        ({"commands": "echo one, two"}, "flant_gitops_commands: it must be a list"),
        ({"commands": [True]}, "flant_gitops_commands[0]: it must be a text; put it in quotes"),
        ({"docker_cap_add": "NET_ADMIN,SYS_TIME"}, "flant_gitops_docker_cap_add: it must be a list"),
        ({"trusted_pgp_public_keys": None}, "flant_gitops_trusted_pgp_public_keys: it must be a list of keys, or"),
        ({"trusted_pgp_public_keys": "one key"}, "flant_gitops_trusted_pgp_public_keys: it must be a list of keys, or"),
        ({"trusted_signers": ["a"]}, "flant_gitops_trusted_signers: it must be a dictionary from names to"),
        ({"trusted_signers": {1: "a"}}, "flant_gitops_trusted_signers[1]: the name must be a text; put it in quotes"),
        ({"trusted_signers": {"a": {}}}, "flant_gitops_trusted_signers['a']: it must be a key or a list of keys"),
        ({"trusted_signers": {"a": []}}, "flant_gitops_trusted_signers['a']: a has no key in public_keys"),
        ({"trusted_signers": {"a": [1]}}, "flant_gitops_trusted_signers['a']: it must be a text"),
        ({"signature_rules": "prod"}, "flant_gitops_signature_rules: it must be a list"),
        ({"signature_rules": ["prod"]}, "flant_gitops_signature_rules[0]: it must be a dictionary"),
        ({"signature_rules": [{**RULE, "paths": "prod"}]}, "flant_gitops_signature_rules[0]: paths: it must be a list"),
        ({"signature_rules": [{**RULE, "path": "prod"}]}, "flant_gitops_signature_rules: "),
        ({"signature_rules": [{"paths": ["prod"]}]}, "flant_gitops_signature_rules: missing required arguments: "),
        ({"signature_rules": [{**RULE, "required": "two"}]}, "flant_gitops_signature_rules: "),
        ({"signature_rules": [RULE]}, "flant_gitops_signature_rules[0].signers[0]: 'alice' is not the name of a"),
        ({"signature_rules": [{**RULE, "paths": ["/a"]}]}, "flant_gitops_signature_rules[0].paths[0]: '/a' begins or"),
        ({"trusted_signers": {"a": "x"}}, "flant_gitops_trusted_signers['a'].public_keys[0] (a)"),
        ({"trusted_signers": {"a/b": "x"}}, "flant_gitops_trusted_signers['a/b']: 'a/b' is not a signer's name"),
        ({"windows": [{"from": 1320}]}, "flant_gitops_windows[0]: from: '1320' is not a time of day"),
        ({"windows": [{"timezone": "Mars"}]}, "flant_gitops_windows[0]: timezone: the controller does not know 'Mars'"),
        ({"freezes": [{"from": "today"}]}, "flant_gitops_freezes[0]: from: 'today' is not a time"),
        ({"freezes": "x"}, "flant_gitops_freezes: it must be a list"),
        ({"retry_delay": "soon"}, "flant_gitops_retry_delay: 'soon' is not a duration"),
        ({"retry_delay": "2h"}, "flant_gitops_retry_max_delay: it must not be shorter than flant_gitops_retry_delay."),
        ({"retry_max_delay": None}, "flant_gitops_retry_max_delay: '' is not a duration"),
        ({"spread": "slowly"}, "flant_gitops_spread: 'slowly' is not a duration"),
        ({"spread": None}, "flant_gitops_spread: '' is not a duration"),
        ({"rerun_after": "daily"}, "flant_gitops_rerun_after: 'daily' is not a duration"),
        ({"max_attempts": -1}, "flant_gitops_max_attempts: it must not be negative."),
        ({"window_override": "main"}, "flant_gitops_window_override: it must be the full id of a commit"),
        ({"window_override": "abc1234"}, "flant_gitops_window_override: it must be the full id of a commit"),
        ({"window_override": "0" * 41}, "flant_gitops_window_override: it must be the full id of a commit"),
        ({"ledger_key_file": "key"}, "flant_gitops_ledger_key_file: it must be an absolute path"),
        ({"ledger_key_file": ["/key"]}, "flant_gitops_ledger_key_file: it must be a text; put it in quotes"),
        ({"keep_logs": -1}, "flant_gitops_keep_logs: it must not be negative"),
        ({"keep_ledger": -1}, "flant_gitops_keep_ledger: it must not be negative"),
        ({"git_repo_url": "ext::sh -c id"}, "flant_gitops_git_repo_url: "),
        ({"git_poll_period": "often"}, "flant_gitops_git_poll_period: 'often' is not a duration"),
        ({"git_timeout": "x"}, "flant_gitops_git_timeout: "),
        ({"git_username": "deploy"}, "flant_gitops_git_username, flant_gitops_git_password: one goes with the other"),
        (
            {"git_username": "a", "git_password": "b", "git_password_file": "/f"},
            "flant_gitops_git_password_file: it is for the place of",
        ),
        ({"git_password_file": "/f"}, "flant_gitops_git_password_file: it goes with "),
        ({"git_proxy": "proxy.example.com"}, "flant_gitops_git_proxy: it must be the URL of an HTTP proxy"),
        (
            {"git_proxy": "http://me:word@proxy.example.com:3128"},
            "; use flant_gitops_git_proxy_username and flant_gitops_git_proxy_password",
        ),
        (
            {"git_proxy_username": "me", "git_proxy_password": "word"},
            "flant_gitops_git_proxy: flant_gitops_git_proxy_u",
        ),
        (
            {"git_repo_url": "ssh://git.example.com/a.git", "git_proxy": "http://proxy.example.com:3128"},
            "flant_gitops_git_proxy: ssh has none; use an https",
        ),
        ({"git_repo_url": "ssh://git.example.com/a.git"}, "flant_gitops_git_ssh_key_file: an ssh repo needs it"),
        (
            {"git_repo_url": "ssh://git.example.com/a.git", "git_ssh_key_file": "/k"},
            "flant_gitops_git_ssh_known_hosts_file: an ssh repo needs it",
        ),
        (
            {"git_repo_url": "ssh://git.example.com/a.git", "git_username": "a", "git_password": "b"},
            "flant_gitops_git_password: it is sent over https only",
        ),
        ({"git_repo_url": "http://git.example.com/a.git"}, "flant_gitops_git_repo_url: http is not encrypted"),
        (
            {"initial_last_successful_commit": "main"},
            "flant_gitops_initial_last_successful_commit: it must be the full id",
        ),
        ({"required_number_of_verified_signatures_on_commit": -1}, "it must not be negative"),
        (
            {"required_number_of_verified_signatures_on_commit": 1},
            "_on_commit: without flant_gitops_trusted_signers or flant_gitops_trusted_pgp_public_keys no signature",
        ),
        ({"trusted_pgp_public_keys": ["no key"]}, "flant_gitops_trusted_pgp_public_keys[0]"),
        ({"trusted_pgp_public_keys": {"alice": "no key"}}, "flant_gitops_trusted_pgp_public_keys['alice']"),
        (
            {"trusted_pgp_public_keys": {"alice": None}},
            "flant_gitops_trusted_pgp_public_keys['alice']: it must be a text",
        ),
        ({"docker_image": ""}, "flant_gitops_docker_image: "),
        ({"docker_image": "busybox:1"}, "flant_gitops_docker_image: 'busybox:1' is not pinned"),
        ({"commands": []}, "flant_gitops_commands: "),
        ({"docker_timeout": "x"}, "flant_gitops_docker_timeout: 'x' is not a duration"),
        ({"docker_memory": "much"}, "flant_gitops_docker_memory: 'much' is not a size"),
        ({"docker_max_output": "much"}, "flant_gitops_docker_max_output: 'much' is not a size"),
        ({"docker_network_mode": "host"}, "flant_gitops_docker_network_mode: 'host' is refused"),
        ({"docker_cap_add": ["ALL"]}, "flant_gitops_docker_cap_add: 'ALL'"),
        (
            {"vault_requests": [REQUEST]},
            "flant_gitops_vault_addr: it is needed where flant_gitops_vault_requests is set",
        ),
        (CERTIFICATE, "flant_gitops_vault_addr: it is needed where flant_gitops_vault_auth_role is set"),
        (
            {"vault_proxy": "http://proxy.example.com:3128"},
            "flant_gitops_vault_addr: it is needed where flant_gitops_vault_proxy is set",
        ),
        ({"vault_secret_id": "x"}, "flant_gitops_vault_addr: it is needed where flant_gitops_vault_secret_id is set"),
    ],
)
def test_refusal_names_the_variable_at_fault(variables: dict[str, object], sentence: str) -> None:
    refused = refusal(configuration(**variables))
    assert refused.startswith("flant_gitops_")
    assert sentence in refused


def test_what_is_remembered_is_refused_where_the_role_cannot_have_written_it() -> None:
    assert refusal(configuration(facts={"default": {"consecutive_failures": 1}})) == ""
    refused = refusal(configuration(facts={"default": {"last_poll_at": "soon"}}))
    assert refused.startswith("The fact flant_gitops_state holds what this role cannot have written: default.last_poll")


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"vault_addr": "vault.example.com"}, "flant_gitops_vault_addr: "),
        ({"vault_role_id": ""}, "flant_gitops_vault_role_id: "),
        ({"vault_requests": ["name=a path=/a"]}, "flant_gitops_vault_requests[0]: it must be a dictionary"),
        (
            {"vault_requests": [{**REQUEST, "wrap_ttl": []}]},
            "flant_gitops_vault_requests[0]: wrap_ttl: it must be a text",
        ),
        ({"vault_requests": [{**REQUEST, "pathh": "/x"}]}, "flant_gitops_vault_requests: "),
        ({"vault_secret_id": ""}, "flant_gitops_vault_secret_id: "),
        ({"vault_secret_id_file": "/f"}, "flant_gitops_vault_role_name: "),
        (
            {"vault_auth_method": "kerberos"},
            "flant_gitops_vault_auth_method: value of auth_method must be one of: approle, cert, jwt, kubernetes",
        ),
        (
            {"vault_auth_role": "web"},
            "flant_gitops_vault_auth_role: it is for flant_gitops_vault_auth_method cert or jwt or kubernetes, and",
        ),
        (
            CERTIFICATE,
            "flant_gitops_vault_role_id: it is for flant_gitops_vault_auth_method approle, and",
        ),
        (
            {**NO_APPROLE, **CERTIFICATE, "vault_client_key_file": ""},
            "flant_gitops_vault_client_key_file: it is needed with flant_gitops_vault_auth_method cert",
        ),
        (
            {**NO_APPROLE, **CERTIFICATE, "vault_addr": "http://vault.example.com"},
            "flant_gitops_vault_addr: flant_gitops_vault_auth_method cert needs https",
        ),
        (
            {"vault_requests": [{"name": "a", "path": "secret"}]},
            "flant_gitops_vault_requests[0] ('a'): path must start with a slash",
        ),
        (
            {"vault_requests": [{"name": "a-b", "path": "/x"}, {"name": "a.b", "path": "/x"}]},
            "'a-b' and 'a.b' would both be",
        ),
    ],
)
def test_refusal_of_vault_names_the_variable_and_no_secret(variables: dict[str, object], sentence: str) -> None:
    refused = refusal(with_vault(**variables))
    assert refused.startswith("flant_gitops_")
    assert sentence in refused
    assert "secret-of-test" not in refused


@pytest.mark.parametrize(
    ("memory", "sentence"),
    [
        (memory(host="../web1"), 'inventory_hostname: a host whose name holds "/"'),
        (memory(host="a..b"), "inventory_hostname: a host whose name holds"),
        (memory(host="a\0b"), "inventory_hostname: a host whose name holds"),
        (memory(host_is_in_inventory=False), "The host web1 is not in the inventory, so Ansible does not store"),
        (memory(plugin="memory"), 'fact_caching is "memory", which forgets the last commit; set fact_caching'),
        (memory(uri=""), 'fact_caching is "jsonfile", but its fact_caching_connection is not set'),
        (memory(timeout=86400), "fact_caching_timeout is 86400, which forgets the last commit after as many seconds"),
        (memory(timeout="1"), "fact_caching_timeout is 1, which"),
        (in_awx(uri="/runner/artifacts/8/fact_cache"), 'AWX: the job template has "use fact cache" off'),
        (in_awx(uri=""), 'AWX: the job template has "use fact cache" off'),
        (in_awx(prefix="x_"), "AWX: fact_caching_prefix is set in the ansible.cfg of the project"),
        (in_awx(host_is_known=False), "AWX: the host web1 is not in the AWX inventory"),
        (in_awx(timeout="3600"), "AWX: the setting ANSIBLE_FACT_CACHE_TIMEOUT is not 0"),
        ({**in_awx(), "timeout": 86400}, "fact_caching_timeout is 86400"),
    ],
)
def test_cache_that_would_forget_is_refused_before_all_else(memory: dict[str, object], sentence: str) -> None:
    assert refusal(configuration(memory=memory, instance="../x")).startswith(sentence)


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("The database is being moved", ""),
        ("", "flant_gitops_suspend_reason: say why."),
        (None, "flant_gitops_suspend_reason: say why."),
        (True, "flant_gitops_suspend_reason: it must be a text; put it in quotes."),
        ("x" * 1000, "flant_gitops_suspend_reason: it must be one line"),
    ],
)
def test_reason_of_a_suspension_can_be_shown(reason: object, sentence: str) -> None:
    found = refusal({"instance": "default", "work_dir": "/w", "suspend_reason": reason, "by": "alice"})
    assert found.startswith(sentence)
    assert bool(found) == bool(sentence)


PLACE = {"instance": "default", "work_dir": "/w"}


def test_place_alone_is_looked_at_where_nothing_runs() -> None:
    assert refusal(PLACE) == ""
    assert refusal({**PLACE, "instance": "../x"}).startswith("flant_gitops_instance: it must be a letter")
    assert refusal({**PLACE, "work_dir": "w"}) == "flant_gitops_work_dir: it must be an absolute path."


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({}, ""),
        ({"flant_gitops_reset_confirmed": "yes"}, ""),
        ({"flant_gitops_reset_confirmed": "Yes", "flant_gitops_remove_confirmed": True}, ""),
        (
            {"flant_gitops_reset_confirmed": "no"},
            "flant_gitops_reset_confirmed: nothing was changed; answer or set yes.",
        ),
        (
            {"flant_gitops_remove_confirmed": ""},
            "flant_gitops_remove_confirmed: nothing was changed; answer or set yes.",
        ),
        (
            {"flant_gitops_remove_confirmed": "yes!"},
            "flant_gitops_remove_confirmed: nothing was changed; answer or set",
        ),
        ({"a": "true", "b": False}, "b: nothing was changed; answer or set yes."),
    ],
)
def test_what_nobody_says_yes_to_is_refused(answers: dict[str, object], sentence: str) -> None:
    found = refusal({**PLACE, "answers": answers})
    assert found.startswith(sentence)
    assert bool(found) == bool(sentence)


def test_misspelt_name_is_told_before_the_answer_and_that_before_the_cache() -> None:
    config = {**PLACE, "answers": {"a": "no"}, "memory": memory(plugin="memory"), "instance": "../x"}
    assert refusal({**config, "names": ["flant_gitops_supend"]}).startswith("flant_gitops_supend: ")
    assert refusal(config).startswith("a: nothing was changed")
    assert refusal({**config, "answers": {}}).startswith("fact_caching is")
    assert refusal({**config, "answers": {}, "memory": memory()}).startswith("flant_gitops_instance: ")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"log_runs": 1}, ""),
        ({"log_runs": 0}, "flant_gitops_log_runs: it must be at least 1."),
        ({"log_runs": -1}, "flant_gitops_log_runs: it must be at least 1."),
        ({"reset_commit": "none"}, ""),
        (
            {"reset_commit": ""},
            (
                "flant_gitops_reset_commit: nothing was changed; set the full id of the commit that is to count as "
                "processed, or none to forget what was."
            ),
        ),
    ],
)
def test_entry_point_that_would_do_nothing_or_too_much_is_refused(given: dict[str, object], sentence: str) -> None:
    assert refusal({**PLACE, **given}) == sentence
