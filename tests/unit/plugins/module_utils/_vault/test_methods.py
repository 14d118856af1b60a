# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every way to log in is validated for, before anything is read or sent."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._vault.request import Request
from ansible_collections.flant.gitops.plugins.modules.vault_wrapped_requests import ARGUMENT_SPEC
from ansible_collections.flant.gitops.tests.support.vault_call import parameters

if TYPE_CHECKING:
    from typing import Any

    from ansible_collections.flant.gitops.plugins.module_utils._vault.login import Method

COLLECTION = Path(__file__).resolve().parents[5]
LEAST: dict[str, dict[str, str]] = {  # the least that each method takes
    "approle": {"role_id": "role", "secret_id": "secret"},
    "cert": {"auth_role": "web", "client_cert_file": "/c", "client_key_file": "/k"},
    "jwt": {"auth_role": "web", "jwt_file": "/t"},
    "kubernetes": {"auth_role": "web", "jwt_file": "/t"},
}
ALL: dict[str, str] = {  # an option of each method, and what it could be
    "role_name": "deploy",
    "role_id": "role",
    "secret_id": "secret",
    "secret_id_file": "/f",
    "secret_id_ttl": "1h",
    "wrapped_secret_id_file": "/w",
    "approle_mount_point": "auth/approle",
    "auth_role": "web",
    "client_cert_file": "/c",
    "client_key_file": "/k",
    "jwt_file": "/t",
}
OF = {
    "approle": {
        *("role_name", "role_id", "secret_id", "secret_id_file", "secret_id_ttl", "wrapped_secret_id_file"),
        "approle_mount_point",
    },
    "cert": {"auth_role", "client_cert_file", "client_key_file"},
    "jwt": {"auth_role", "jwt_file"},
    "kubernetes": {"auth_role", "jwt_file"},
}


def method(name: str, **options: Any) -> Method:  # noqa: ANN401 -- options are of many types
    given = {"vault_addr": "https://vault.test", "auth_method": name, **LEAST[name], **options}
    made = Request.from_params(parameters(**given), check_mode=False).method
    assert made
    return made


def refusal(name: str, **options: Any) -> str:  # noqa: ANN401 -- likewise
    with pytest.raises(Failure) as failed:
        method(name, **options)
    return str(failed.value)


def test_all_methods_are_looked_at() -> None:
    assert set(LEAST) == set(OF) == set(ARGUMENT_SPEC["auth_method"]["choices"])
    assert set(ALL) == set().union(*OF.values())


@pytest.mark.parametrize("name", LEAST)
def test_the_least_is_enough_and_the_mount_point_is_named_like_the_method(name: str) -> None:
    assert method(name).mount_point == name
    assert method(name, auth_mount_point="/auth/other//place/").mount_point == "other/place"


@pytest.mark.parametrize(("name", "option"), [(name, option) for name in LEAST for option in LEAST[name]])
@pytest.mark.parametrize("empty", [None, ""])
def test_what_a_method_needs_is_named(name: str, option: str, empty: str | None) -> None:
    assert refusal(name, **{option: empty}).startswith(f"{option}: it ")


@pytest.mark.parametrize(("name", "option"), [(name, option) for name in OF for option in sorted(set(ALL) - OF[name])])
def test_an_option_of_another_method_is_refused_by_its_name(name: str, option: str) -> None:
    others = " or ".join(other for other in OF if option in OF[other])
    sentence = f"{option}: it is for auth_method {others}, and auth_method is {name}."
    assert refusal(name, **{option: ALL[option]}) == sentence


@pytest.mark.parametrize("name", sorted(set(LEAST) - {"approle"}))
def test_what_could_be_read_on_the_way_is_not_sent(name: str) -> None:
    assert refusal(name, vault_addr="http://vault.test").startswith(f"vault_addr: auth_method {name} needs https, as ")


@pytest.mark.parametrize("place", ["auth/..", "a?b", "/"])
@pytest.mark.parametrize("name", LEAST)
def test_a_mount_point_that_is_none_is_refused(name: str, place: str) -> None:
    assert refusal(name, auth_mount_point=place).startswith("auth_mount_point: ")


def test_a_certificate_cannot_be_shown_over_plain_http_not_even_here() -> None:
    assert refusal("cert", vault_addr="http://127.0.0.1:8200").startswith("vault_addr: auth_method cert needs https")


def test_only_one_of_the_two_mount_points_is_taken() -> None:
    sentence = "auth_mount_point: approle_mount_point says the same; give one of the two."
    assert refusal("approle", auth_mount_point="a", approle_mount_point="auth/approle") == sentence


def test_a_method_without_options_of_its_own_is_known_in_four_places() -> None:
    """What the last one touched is what the next one will."""
    files = [file for folder in ("plugins", "roles", "playbooks") for file in (COLLECTION / folder).rglob("*.*")]
    texts = {file: file.read_text(encoding="utf-8") for file in files if file.suffix in (".py", ".yml", ".j2")}
    found = {str(file.relative_to(COLLECTION)) for file, text in texts.items() if re.search(r"\bkubernetes\b", text)}
    assert found == {
        "plugins/module_utils/_vault/kubernetes.py",
        "plugins/module_utils/_vault/methods.py",
        "plugins/modules/vault_wrapped_requests.py",
        "roles/flant_gitops/meta/argument_specs.yml",
    }
