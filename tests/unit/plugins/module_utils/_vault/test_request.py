# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._vault.request import (
    Request,
    WrappedRequest,
    env_name,
    merge,
)
from ansible_collections.flant.gitops.tests.support.vault_call import parameters

if TYPE_CHECKING:
    from typing import Any


def request(**options: Any) -> Request:  # noqa: ANN401 -- options are of many types
    given = {"vault_addr": "https://vault.test", "role_id": "role", "secret_id": "secret", **options}
    return Request.from_params(parameters(**given), check_mode=False)


def wrapped(**entry: Any) -> WrappedRequest:  # noqa: ANN401 -- likewise
    return request(requests=[{"name": "it", "path": "/kv/app", **entry}]).requests[0]


def test_defaults() -> None:
    made = request(requests=[{"name": "it", "path": "/kv/app"}])

    assert (made.server.namespace, made.server.tls_server_name, made.server.cacert) == ("", "", "")
    assert (made.method.mount_point, made.method.secret_id_file, made.method.secret_id_ttl) == (
        "approle",
        None,
        math.inf,
    )
    assert made.requests == (WrappedRequest("it", "GET", "/kv/app", "", {}, 60),)
    assert made.revoke_login_token
    assert not made.check_mode


def test_no_secret_is_in_what_a_traceback_would_show() -> None:
    made = request(
        requests=[{"name": "it", "path": "/kv/app", "method": "PUT", "secret_options": {"key": "hidden"}}],
        secret_id="hidden",
    )

    assert "hidden" not in repr(made)


@pytest.mark.parametrize(
    "address",
    ["", "vault.test:8200", "ftp://vault.test", "https://", "https://vault.test:port", "https://[::1", "https://a b"],
)
def test_an_address_that_is_no_url_is_refused(address: str) -> None:
    with pytest.raises(Failure, match=r"^vault_addr: it must be a URL such as https://vault\.example\.com:8200\.$"):
        request(vault_addr=address)


@pytest.mark.parametrize("tail", ["user@vault.test", "user:word@vault.test", "vault.test?a=b", "vault.test#a"])
def test_an_address_that_carries_more_is_refused_without_repeating_it(tail: str) -> None:
    with pytest.raises(Failure, match=r"^vault_addr: it must hold no user, password, query or fragment\.$"):
        request(vault_addr=f"https://{tail}")


@pytest.mark.parametrize(
    ("address", "overheard"),
    [
        ("http://vault.test", True),
        ("http://10.0.0.1:8200", True),
        ("http://[fe80::1]", True),
        ("http://localhost:8200", False),
        ("http://127.3.2.1", False),
        ("http://[::1]:8200", False),
        ("https://vault.test", False),
    ],
)
def test_plain_http_to_another_machine_is_overheard(address: str, overheard: bool) -> None:
    assert request(vault_addr=address).server.overheard is overheard


def test_a_path_below_which_the_api_is_found_may_be_in_the_address() -> None:
    assert request(vault_addr="https://proxy.test/vault/").server.address == "https://proxy.test/vault"


@pytest.mark.parametrize("text", ["approle", "auth/approle", "/auth/approle/", "approle/", "//auth//approle"])
def test_a_mount_point_may_be_written_in_many_ways(text: str) -> None:
    assert request(approle_mount_point=text).method.mount_point == "approle"


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("approle_mount_point", "auth/../sys"),
        ("approle_mount_point", "auth/a?b"),
        ("vault_namespace", "team/\r\nX-Vault-Token: a"),
        ("vault_namespace", "./team"),
    ],
)
def test_what_is_no_path_of_names_is_refused(option: str, text: str) -> None:
    with pytest.raises(Failure, match=f"^{option}: .* is not a path of names joined by slashes"):
        request(**{option: text})


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"role_id": " "}, "role_id: it must not be empty."),
        ({"approle_mount_point": "/"}, "approle_mount_point: it must not be empty."),
        ({"secret_id": None}, "secret_id: it or secret_id_file must be given."),
        ({"secret_id_file": "/f"}, "role_name: it is needed to rotate the secret-id in secret_id_file."),
        ({"secret_id_ttl": "1h"}, "secret_id_ttl: it needs secret_id_file, where a rotated secret-id is kept."),
        (
            {"wrapped_secret_id_file": "/w"},
            "wrapped_secret_id_file: it needs secret_id_file, where the secret-id is kept from then on.",
        ),
        (
            {"wrapped_secret_id_file": "/w", "secret_id_file": "/f", "role_name": "deploy"},
            "wrapped_secret_id_file: secret_id is for the same; give one of the two.",
        ),
        ({"role_name": "a/b"}, "role_name: 'a/b' is not the name of an AppRole."),
        ({"secret_id_ttl": "119s"}, "secret_id_ttl: 119s is too short; it must be at least 120s."),
        ({"timeout": "0"}, "timeout: 0 is too short; it must be at least 0.001s."),
        ({"timeout": "2h"}, "timeout: 2h is too long; it must be at most 3600s."),
        ({"timeout": "9" * 400}, f"timeout: {'9' * 400} is too long; it must be at most 3600s."),
        ({"retries": -1}, "retries: it must not be negative."),
    ],
)
def test_options_that_do_not_work_are_refused(options: dict[str, object], sentence: str) -> None:
    with pytest.raises(Failure) as failed:
        request(**options)

    assert str(failed.value) == sentence


def test_a_secret_id_file_is_enough() -> None:
    approle = request(secret_id=None, secret_id_file="/f", role_name="deploy", secret_id_ttl="2m").method

    assert (approle.secret_id, approle.secret_id_file, approle.secret_id_ttl) == ("", Path("/f"), 120)


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ({"name": ""}, "requests[0]: its name must not be empty."),
        ({"path": "kv/app"}, "requests[0] ('it'): path must start with a slash."),
        ({"path": "/"}, "requests[0] ('it'): path must name something below /v1."),
        ({"path": "/v1/?a"}, "requests[0] ('it'): path must name something below /v1."),
        ({"path": "/kv/../sys"}, "requests[0] ('it'): path must not hold the segments . and ..."),
        ({"path": "/kv/%2e%2E/sys"}, "requests[0] ('it'): path must not hold the segments . and ..."),
        (
            {"path": "/kv/a#b"},
            "requests[0] ('it'): path must not hold control characters or #, which is written %23.",
        ),
        (
            {"path": "/kv/a\r\nb"},
            "requests[0] ('it'): path must not hold control characters or #, which is written %23.",
        ),
        ({"wrap_ttl": "59s"}, "requests[0] ('it'): wrap_ttl: 59s is too short; it must be at least 60s."),
        ({"wrap_ttl": "367d"}, "requests[0] ('it'): wrap_ttl: 367d is too long; it must be at most 3.16224e+07s."),
        (
            {"options": {"a": 1}, "secret_options": {"a": "hidden"}},
            "requests[0] ('it'): secret_options: 'a' is also in options.",
        ),
    ],
)
def test_requests_that_do_not_work_are_refused(entry: dict[str, object], sentence: str) -> None:
    with pytest.raises(Failure) as failed:
        wrapped(**entry)

    assert str(failed.value) == sentence


@pytest.mark.parametrize(
    ("text", "path", "query"),
    [
        ("/kv/app", "/kv/app", ""),
        ("/v1/kv/app", "/kv/app", ""),
        ("//v1///kv//app/", "/kv/app", ""),
        ("/v1/v1/app", "/v1/app", ""),
        ("/v1app", "/v1app", ""),
        ("/kv/app?version=1&a=/b//c/", "/kv/app", "version=1&a=/b//c/"),
        ("/kv/a b%2Fc", "/kv/a b%2Fc", ""),
        ("/kv/...", "/kv/...", ""),
    ],
)
def test_paths_are_brought_into_one_form(text: str, path: str, query: str) -> None:
    made = wrapped(path=text)

    assert (made.path, made.query) == (path, query)


def test_a_wrap_ttl_is_rounded_up_to_whole_seconds() -> None:
    assert wrapped(wrap_ttl="60.2s").wrap_ttl == 61


def test_names_that_meet_are_refused() -> None:
    with pytest.raises(Failure, match=r"^requests: 'a-b' and 'A b' would both be VAULT_REQUEST_TOKEN_A_B\.$"):
        request(requests=[{"name": "a-b", "path": "/x"}, {"name": "A b", "path": "/y"}])


@pytest.mark.parametrize(
    ("name", "variable"), [("db", "DB"), ("db.main-1", "DB_MAIN_1"), ("\u00e9\u00df", "_SS"), ("a\nb=c", "A_B_C")]
)
def test_a_name_becomes_a_variable(name: str, variable: str) -> None:
    assert env_name(name) == f"VAULT_REQUEST_TOKEN_{variable}"


def test_bodies_are_merged_at_every_depth() -> None:
    public = {"a": 1, "data": {"user": "app", "deep": {"x": 1}}}
    secret = {"b": 2, "data": {"password": "word", "deep": {"y": 2}}}

    assert merge(public, secret, "it") == {
        "a": 1,
        "b": 2,
        "data": {"user": "app", "password": "word", "deep": {"x": 1, "y": 2}},
    }
    assert public == {"a": 1, "data": {"user": "app", "deep": {"x": 1}}}


@pytest.mark.parametrize("secret", [{"data": {"user": "hidden"}}, {"data": "hidden"}])
def test_a_key_that_is_in_both_bodies_is_refused_without_its_value(secret: dict[str, object]) -> None:
    with pytest.raises(Failure, match=r"^it(\.data)?: '(user|data)' is also in options\.$"):
        merge({"data": {"user": "app"}}, secret, "it")


def test_retries_may_be_none() -> None:
    assert request(retries=0).server.retries == 0
    with pytest.raises(Failure, match=r"^retries: it must not be negative\.$"):
        request(retries=-1)


def test_check_mode_is_taken_over() -> None:
    params = parameters(vault_addr="https://vault.test", role_id="role", secret_id="secret")
    assert Request.from_params(params, check_mode=True).check_mode


@pytest.mark.parametrize("text", ["soon", "1y"])
def test_a_duration_that_is_none_names_its_option(text: str) -> None:
    with pytest.raises(Failure, match=r"^timeout: "):
        request(timeout=text)


def test_the_longest_durations_are_let_through() -> None:
    assert request(timeout="1h").server.timeout == 3600
    assert wrapped(wrap_ttl="366d").wrap_ttl == 366 * 86400


@pytest.mark.parametrize("segment", [".", "..", "%2e", "%2E%2e"])
def test_a_path_stays_where_it_is(segment: str) -> None:
    with pytest.raises(Failure, match=r"path must not hold the segments \. and \.\.\.$"):
        wrapped(path=f"/kv/{segment}/app")


def test_a_mount_point_of_dots_is_none_but_dots_in_it_are_fine() -> None:
    assert request(approle_mount_point="auth/X.role.X").method.mount_point == "X.role.X"
    with pytest.raises(Failure, match=r"^approle_mount_point: "):
        request(approle_mount_point="auth/..")


def test_only_slashes_are_taken_off_an_address() -> None:
    assert request(vault_addr="https://vault.test/X/").server.address == "https://vault.test/X"


def test_a_mount_point_may_have_any_name() -> None:
    assert request(approle_mount_point="auth/X").method.mount_point == "X"


def test_a_secret_id_lasts_for_a_century_at_most() -> None:
    with pytest.raises(Failure, match=r"^secret_id_ttl: 36526d is too long; it must be at most "):
        request(role_name="it", secret_id_file="/secret-id", secret_id_ttl="36526d")


@pytest.mark.parametrize("method", ["GET", "LIST", "DELETE"])
@pytest.mark.parametrize("kind", ["options", "secret_options"])
def test_v16_options_that_the_server_would_ignore_are_refused(method: str, kind: str) -> None:
    with pytest.raises(Failure, match=rf"^requests\[0\] \('it'\): the server ignores options of {method}; .* query"):
        wrapped(method=method, **{kind: {"version": 1}})
    assert not wrapped(method=method, **{kind: {}}).body


@pytest.mark.parametrize("page", ["/v1", "/v1/", "/ui", "/ui/vault/auth"])
def test_v17_an_address_of_a_page_or_of_the_api_is_refused(page: str) -> None:
    with pytest.raises(Failure, match=rf"^vault_addr: it is the server's address alone, without {page.rstrip('/')}"):
        request(vault_addr=f"https://vault.test{page}")
    assert request(vault_addr="https://vault.test/behind/v1x").server.address == "https://vault.test/behind/v1x"
