# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._git.url import RemoteUrl, credentials, parse
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "scheme", "user", "host", "port", "path"),
    [
        ("https://example.org/a/b.git", "https", "", "example.org", 443, "/a/b.git"),
        ("https://example.org:8443/a", "https", "", "example.org", 8443, "/a"),
        ("https://[::1]:8443/a", "https", "", "[::1]", 8443, "/a"),
        ("http://127.0.0.1:80/a", "http", "", "127.0.0.1", 80, "/a"),
        ("git://example.org/a", "git", "", "example.org", 9418, "/a"),
        ("ssh://git@example.org/a", "ssh", "git", "example.org", 22, "/a"),
        ("ssh://git@example.org:2222/~/a", "ssh", "git", "example.org", 2222, "/~/a"),
        ("git@example.org:a/b.git", "ssh", "git", "example.org", 22, "a/b.git"),
        ("example.org:/srv/a", "ssh", "", "example.org", 22, "/srv/a"),
        ("/srv/git/a.git", "file", "", "", 0, "/srv/git/a.git"),
        ("/srv/with space/$x:y@z", "file", "", "", 0, "/srv/with space/$x:y@z"),
        ("file:///srv/git/a.git", "file", "", "", 0, "/srv/git/a.git"),
    ],
)
def test_forms_that_are_let_through(text: str, scheme: str, user: str, host: str, port: int, path: str) -> None:
    assert parse(text, "repo") == RemoteUrl(text, scheme, path, host, port, user)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "relative/path",
        "./relative",
        "~/home",
        "ext::sh -c 'touch /tmp/x'",
        "fd::17",
        "user@host::path",
        "ftp://example.org/a",
        "https://",
        "https:///a",
        "https://example.org",
        "https://-oProxyCommand=x/a",
        "ssh://-oProxyCommand=x/a",
        "ssh://git@-oProxyCommand=x/a",
        "ssh://-l@host/a",
        "-oProxyCommand=x:a",
        "git@-oProxyCommand=x:a",
        "git@host:-x",
        "git@host:",
        "file://host/a",
        "https://user@example.org/a",
        "git://user@example.org/a",
        "https://example.org/a?private_token=x",
        "https://example.org/a#b",
        "https://example.org/a b",
        "https://example.org:0/a",
        "https://example.org:99999/a",
        "https://exa mple.org/a",
        "https://example.org/a\nb",
        "/srv/a\nb",
        "/srv/a\0b",
        "https://example.org/\u00a0 x",
        "https://ex\u00e4mple.org/a",
    ],
)
def test_everything_else_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(Failure, match=r"^the repository: ") as raised:
        parse(text, "the repository")
    assert text not in str(raised.value) or not text


@pytest.mark.parametrize("scheme", ["https", "http", "ssh", "git", "ftp"])
def test_t2_a_password_is_refused_without_being_quoted(scheme: str) -> None:
    with pytest.raises(Failure, match=r"^repo: .*password") as raised:
        parse(f"{scheme}://user:secret@example.org/a", "repo")
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("https://user:secret@example.org/a", {"user:secret", "secret"}),
        ("https://token@example.org/a", {"token"}),
        ("ssh://git:secret@example.org/a", {"git:secret", "secret"}),
        ("ssh://git@example.org/a", set()),
        ("git@example.org:a", set()),
        ("https://example.org/a@b", set()),
        ("https://example.org:8443/a:b@c", set()),
        ("https://user:p/a:s@s@example.org/a", {"user:p/a:s@s", "p/a:s@s"}),
        ("/srv/a:b@c", set()),
        ("", set()),
    ],
)
def test_t2_what_must_not_be_shown(text: str, hidden: set[str]) -> None:
    assert credentials(text) == hidden


@pytest.mark.parametrize(
    ("text", "is_open"),
    [
        ("http://example.org/a", True),
        ("git://10.0.0.1/a", True),
        ("http://localhost/a", False),
        ("http://LOCALHOST/a", False),
        ("http://127.1.2.3/a", False),
        ("git://[::1]/a", False),
        ("http://localhost.example.org/a", True),
        ("http://127.0.0.1.example.org/a", True),
        ("https://example.org/a", False),
        ("ssh://example.org/a", False),
        ("/srv/a", False),
    ],
)
def test_what_the_network_could_replace(text: str, is_open: bool) -> None:
    assert parse(text, "repo").open_to_the_network == is_open


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://example.org/a", "https://example.org/b", True),
        ("https://example.org/a", "https://EXAMPLE.org:443/b", True),
        ("https://example.org/a", "http://example.org/a", False),
        ("https://example.org/a", "https://example.org:8443/a", False),
        ("https://example.org/a", "https://git.example.org/a", False),
    ],
)
def test_t6_the_same_server(one: str, other: str, same: bool) -> None:
    assert parse(one, "repo").same_server(parse(other, "repo")) == same


@pytest.mark.parametrize(
    ("parent", "reference", "expected"),
    [
        ("https://example.org/a/b.git", "../c.git", "https://example.org/a/c.git"),
        ("https://example.org/a/b.git", "./c.git", "https://example.org/a/b.git/c.git"),
        ("https://example.org/a/b.git/", "../../c", "https://example.org/c"),
        ("ssh://git@example.org:2222/a/b", "../c", "ssh://git@example.org:2222/a/c"),
        ("git@example.org:a/b", "../c", "git@example.org:a/c"),
        ("git@example.org:b", "../c", "git@example.org:c"),
        ("git@example.org:/b", "../c", "git@example.org:/c"),
        ("/srv/a", "../c", "/srv/c"),
        ("file:///srv/a", "../c", "file:///srv/c"),
        ("https://example.org/a", "https://elsewhere.org/c", "https://elsewhere.org/c"),
        ("/srv/a", "/srv/c", "/srv/c"),
    ],
)
def test_t6_submodules(parent: str, reference: str, expected: str) -> None:
    assert parse(parent, "repo").submodule(reference, "submodules: c").text == expected


@pytest.mark.parametrize(
    ("parent", "reference"),
    [
        ("https://example.org/a", "/etc"),
        ("https://example.org/a", "file:///etc"),
        ("ssh://example.org/a", "/etc"),
        ("https://example.org/a", "../../../etc"),
        ("https://example.org/a", "../.."),
        ("git@example.org:a", "../../c"),
        ("git@example.org:a", "../-x"),
        ("/srv/a", "../../../../c"),
        ("https://example.org/a", "--upload-pack=x"),
        ("https://example.org/a", "-x"),
        ("https://example.org/a", "c"),
        ("https://example.org/a", ""),
        ("https://example.org/a", "../c?x"),
        ("https://example.org/a", "../c\n"),
        ("https://example.org/a", "https://user:password@example.org/c"),
    ],
)
def test_t6_submodules_that_are_refused(parent: str, reference: str) -> None:
    with pytest.raises(Failure, match=r"^submodules: c: "):
        parse(parent, "repo").submodule(reference, "submodules: c")


@given(st.text())
def test_any_text_is_let_through_or_refused(text: str) -> None:
    try:
        url = parse(text, "repo")
    except Failure:
        return
    assert url.text == text
    assert url.scheme in {"https", "http", "ssh", "git", "file"}
    assert not text.startswith("-")
    assert not url.host.startswith("-")


@given(st.sampled_from(["https://example.org/a/b", "git@example.org:a/b", "/srv/a/b"]), st.text())
def test_any_submodule_is_let_through_or_refused(parent: str, reference: str) -> None:
    above = parse(parent, "repo")
    try:
        url = above.submodule(reference, "submodules: c")
    except Failure:
        return
    assert above.local or not url.local
    assert not reference.startswith("./") or url.same_server(above)


@pytest.mark.parametrize("text", ["https://example.org/a.git", "http://127.0.0.1:8/a", "ssh://example.org/a", "/srv/a"])
def test_a_url_without_credentials_hides_nothing(text: str) -> None:
    # An empty text among what is hidden would blot out every result of the module.
    assert credentials(text) == set()


@pytest.mark.parametrize("port", [1, 65535])
def test_every_port_there_is_can_be_named(port: int) -> None:
    assert parse(f"https://example.org:{port}/a", "repo").port == port


@pytest.mark.parametrize("port", [0, 65536])
def test_a_port_that_is_none_is_refused_for_that(port: int) -> None:
    with pytest.raises(Failure, match=r"^repo: the URL's port is out of range\.$"):
        parse(f"https://example.org:{port}/a", "repo")


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("http://token@example.org/a", {"token"}),
        ("https://token@example.org/a", {"token"}),
        ("ssh://git@example.org/a", set()),
        ("https://user:word@example.org/a?to=b://c", {"user:word", "word"}),
        ("https://user:word@", set()),
        ("user:word@example.org/a", set()),
    ],
)
def test_what_is_hidden_of_a_url(text: str, hidden: set[str]) -> None:
    assert credentials(text) == hidden


def test_an_address_like_that_of_scp_is_one_in_ascii() -> None:
    with pytest.raises(Failure, match=r"^repo: this is not an https"):
        parse("ex\u00e4mple.org:a", "repo")


def test_a_user_name_is_called_one() -> None:
    with pytest.raises(Failure, match=r"^repo: the URL must not hold a user name; "):
        parse("https://user@example.org/a", "repo")


def test_a_remote_helper_hides_nowhere() -> None:
    with pytest.raises(Failure, match=r"^repo: this is not an https"):
        parse("user@example.org:a::b", "repo")


@pytest.mark.parametrize(
    ("repo", "reference", "url"),
    [
        ("https://example.org/X", "./b", "https://example.org/X/b"),
        ("https://example.org/X/y", "../../b", "https://example.org/b"),
    ],
)
def test_a_relative_submodule_leads_on_from_any_name(repo: str, reference: str, url: str) -> None:
    assert parse(repo, "repo").submodule(reference, "submodules: it").text == url


def test_a_relative_submodule_goes_up_at_its_beginning_only() -> None:
    with pytest.raises(Failure, match=r"^submodules: it: its relative URL names no repository\.$"):
        parse("https://example.org/a", "repo").submodule("../b/../c", "submodules: it")
