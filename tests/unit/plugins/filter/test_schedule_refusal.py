# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from ansible_collections.flant.gitops.plugins.filter.schedule_refusal import schedule_refusal

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.tests.support.signers import Signers

ROLE = Path(__file__).resolve().parents[4] / "roles/flant_gitops"
DEFAULTS = yaml.safe_load((ROLE / "defaults/main.yml").read_text(encoding="utf-8"))


def schedule(**variables: object) -> dict[str, object]:
    """Return the least schedule that works, on the role's own defaults, with ``variables`` changed."""
    settings = {name.removeprefix("flant_gitops_"): value for name, value in DEFAULTS.items()}
    changed = {f"schedule_{name}": value for name, value in variables.items()}
    return {**settings, "schedule_repo_url": "https://git.example.com/ops/host.git", **changed}


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"repo_url": "git@git.example.com:ops/host.git"},
        {"repo_url": "ssh://git@git.example.com:22/~ops/host%20x.git"},
        {"repo_url": "/srv/git/host.git"},
        {"repo_url": "https://user@git.example.com/ops/host.git"},
        {"branch": "release/1.4"},
        {"inventory": "localhost,"},
        {"on_calendar": "Mon..Fri *-*-* 08,20:00/30:00"},
        {"cron": "0-59/10 8-20 * JAN-DEC MON,FRI"},
        {"randomized_delay": "0s", "timeout": "1h30m"},
        {"randomized_delay": "30s", "metrics_dir": "/var/lib/prometheus/node-exporter"},
        {"randomized_delay": 0, "timeout": 7200, "branch": 1.4},
        {"full_every": "0s"},
        {"full_every": 600},
        {"arguments": ["--vault-password-file=/etc/a b", '$"%']},
        {"environment": {"https_proxy": "http://proxy.example.com:3128"}},
        {"read_write_paths": ["/etc/flant_gitops"]},
        {"repo_url": "git@x:host.git", "ssh_key_file": "/etc/key", "ssh_known_hosts_file": "/etc/known"},
        {"username": "deploy", "password_file": "/etc/password", "ca_cert_file": "/etc/ca"},
        {"environment": {"GIT_TRACE": "1"}},
        {"trigger": True},
        {"trigger": True, "trigger_group": "deploy", "user": "nobody"},
    ],
)
def test_what_works_is_not_refused(variables: dict[str, object]) -> None:
    assert schedule_refusal(schedule(**variables)) == ""


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"repo_url": ""}, "flant_gitops_schedule_repo_url: it is needed"),
        ({"repo_url": "https://git.example.com/a b.git"}, "flant_gitops_schedule_repo_url: "),
        ({"repo_url": "https://x/{{ lookup('pipe','id') }}"}, "flant_gitops_schedule_repo_url: "),
        ({"repo_url": "--upload-pack=touch"}, "flant_gitops_schedule_repo_url: "),
        ({"repo_url": 'https://x/a"b'}, "flant_gitops_schedule_repo_url: "),
        ({"branch": "-b"}, "flant_gitops_schedule_branch: "),
        ({"branch": "main depth=2"}, "flant_gitops_schedule_branch: "),
        ({"playbook": "../local.yml"}, "flant_gitops_schedule_playbook: "),
        ({"playbook": "/local.yml"}, "flant_gitops_schedule_playbook: "),
        ({"playbook": "--become"}, "flant_gitops_schedule_playbook: "),
        ({"inventory": "a b"}, "flant_gitops_schedule_inventory: "),
        ({"branch": ["main"]}, "flant_gitops_schedule_branch: it must be a text; put it in quotes"),
        ({"arguments": "-v"}, "flant_gitops_schedule_arguments: it must be a list"),
        ({"trusted_pgp_public_keys": None}, "flant_gitops_schedule_trusted_pgp_public_keys: it must be a list of"),
        ({"user": "root\nExecStart=/bin/sh"}, "flant_gitops_schedule_user: "),
        ({"on_calendar": "*:0/5\n[Service]"}, "flant_gitops_schedule_on_calendar: "),
        ({"cron": "* * * *"}, "flant_gitops_schedule_cron: "),
        ({"cron": "* * * * * root"}, "flant_gitops_schedule_cron: "),
        ({"cron": "61 * * * *"}, "flant_gitops_schedule_cron: '61' is nothing that cron reads there"),
        ({"metrics_dir": "node-exporter"}, "flant_gitops_schedule_metrics_dir: it must be an absolute path"),
        ({"randomized_delay": "soon"}, "flant_gitops_schedule_randomized_delay: 'soon' is not a duration"),
        ({"randomized_delay": "500ms"}, "flant_gitops_schedule_randomized_delay: it must be a whole number"),
        ({"full_every": "never"}, "flant_gitops_schedule_full_every: 'never' is not a duration"),
        ({"full_every": "500ms"}, "flant_gitops_schedule_full_every: it must be a whole number"),
        ({"timeout": "0s"}, "flant_gitops_schedule_timeout: it must be more"),
        ({"trusted_pgp_public_keys": ["no key"]}, "flant_gitops_schedule_trusted_pgp_public_keys[0] holds no"),
        ({"trusted_pgp_public_keys": {"alice": 1}}, "flant_gitops_schedule_trusted_pgp_public_keys['alice']: "),
        ({"ansible_pull": "ansible-pull"}, "flant_gitops_schedule_ansible_pull: "),
        ({"read_write_paths": ["/a b"]}, "flant_gitops_schedule_read_write_paths: "),
        ({"read_write_paths": "/a"}, "flant_gitops_schedule_read_write_paths: it must be a list"),
        ({"arguments": ["a\nb"]}, "flant_gitops_schedule_arguments: "),
        ({"ssh_key_file": "/key"}, "flant_gitops_schedule_ssh_key_file: it goes with flant_gitops_schedule_ssh_known"),
        ({"password_file": "/etc/a b"}, "flant_gitops_schedule_password_file: it must be an absolute path"),
        (
            {"ca_cert_file": "/ca", "environment": {"GIT_CONFIG_COUNT": "0"}},
            "flant_gitops_schedule_environment['GIT_CONFIG_COUNT']: how git gets to the repository",
        ),
        ({"trigger_group": "a b"}, "flant_gitops_schedule_trigger_group: it must be the name of a group"),
        ({"trigger": True, "user": "nobody"}, "flant_gitops_schedule_trigger_group: it must be another group than"),
        (
            {"collections": [{"url": "https://x/y", "sha256": "a" * 64}], "user": "nobody"},
            "flant_gitops_schedule_collections: root installs them",
        ),
        ({"collections": [{"url": "https://x/y"}]}, "flant_gitops_schedule_collections[0]: it must have a url, and"),
        ({"environment": {"A B": "1"}}, "flant_gitops_schedule_environment: 'A B' is not the name"),
        ({"environment": {"A": "1\n2"}}, "flant_gitops_schedule_environment['A']: "),
    ],
)
def test_refusal_names_the_variable_at_fault(variables: dict[str, object], sentence: str) -> None:
    refused = schedule_refusal(schedule(**variables))
    assert refused.startswith(sentence)
    assert refused.endswith(".")


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"inventory": "checkout/inventory.yml"}, "inventory"),
        ({"inventory": "/var/lib/flant_gitops/default/checkout/inventory.yml"}, "inventory"),
        ({"arguments": ["-v", "--extra-vars=@./checkout/vars.yml"]}, "arguments[1]"),
        (
            {"environment": {"ANSIBLE_COLLECTIONS_PATH": "/x:checkout/collections"}},
            "environment['ANSIBLE_COLLECTIONS_PATH']",
        ),
        ({"environment": {"X": "/var/lib/flant_gitops/default/checkout"}}, "environment['X']"),
        ({"ansible_pull": "/var/lib/flant_gitops/default/checkout/venv/bin/ansible-pull"}, "ansible_pull"),
    ],
)
def test_nothing_is_read_in_the_checkout_before_it_is_verified(
    variables: dict[str, object], named: str, signers: Signers
) -> None:
    assert schedule_refusal(schedule(**variables)) == ""
    refused = schedule_refusal(schedule(**variables, trusted_pgp_public_keys=[signers.alice.public_key]))
    assert refused == (
        f"flant_gitops_schedule_{named}: it must name nothing in the checkout, which is changed before it is verified."
    )


@pytest.mark.parametrize(
    "text", ["my-checkout/x", "/srv/checkout/x", "checkouts/x", "/var/lib/flant_gitops/other/checkout/x"]
)
def test_other_folders_of_that_name_are_not_meant(text: str, signers: Signers) -> None:
    keys = [signers.alice.public_key]
    assert schedule_refusal(schedule(arguments=[f"--extra-vars=@{text}"], trusted_pgp_public_keys=keys)) == ""


def test_password_in_the_url_is_refused_and_not_repeated() -> None:
    refused = schedule_refusal(schedule(repo_url="https://user:hunter2@git.example.com/a.git"))
    assert refused == (
        "flant_gitops_schedule_repo_url: it must hold no password, which ansible-pull would print; use an SSH key."
    )


@pytest.mark.parametrize("name", ["instance", "work_dir"])
def test_folder_that_could_lead_elsewhere_is_refused(name: str) -> None:
    assert schedule_refusal({**schedule(), name: "../x"}).startswith(f"flant_gitops_{name}: ")
    assert schedule_refusal({**schedule(state="absent"), name: "../x"}).startswith(f"flant_gitops_{name}: ")


def test_removing_a_schedule_needs_no_more_than_its_name() -> None:
    assert schedule_refusal(schedule(state="absent", repo_url="", timeout="x")) == ""


@pytest.mark.parametrize("force", ["-f", "--force", "--fo"])
def test_what_cannot_be_verified_is_not_run_all_the_same(force: str, signers: Signers) -> None:
    variables = {"arguments": ["--diff", force]}
    assert schedule_refusal(schedule(**variables)) == ""
    refused = schedule_refusal(schedule(**variables, trusted_pgp_public_keys=[signers.alice.public_key]))
    assert refused.startswith(
        f"flant_gitops_schedule_arguments[1]: with {force} ansible-pull runs what it could not verify"
    )
