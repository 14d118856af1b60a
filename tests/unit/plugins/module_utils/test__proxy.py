# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._proxy import Proxy, hidden_values, proxy_of

NONE = {"proxy": None, "proxy_username": None, "proxy_password": None}


@pytest.mark.parametrize(
    ("text", "proxy"),
    [
        ("http://proxy.example.org:3128", Proxy("proxy.example.org", 3128)),
        ("HTTP://Proxy:80/", Proxy("Proxy", 80)),
        ("http://192.0.2.1:8080", Proxy("192.0.2.1", 8080)),
        ("http://[2001:db8::1]:3128", Proxy("2001:db8::1", 3128)),
    ],
)
def test_where_it_is(text: str, proxy: Proxy) -> None:
    assert proxy_of({**NONE, "proxy": text}) == proxy
    assert proxy.address.lower() == text.rstrip("/").lower()


@pytest.mark.parametrize("text", [None, ""])
def test_there_is_none(text: str | None) -> None:
    assert proxy_of({**NONE, "proxy": text}) is None


@pytest.mark.parametrize(
    "text",
    [
        *(
            "proxy.example.org:3128",
            "http://proxy.example.org",
            "https://proxy.example.org:3128",
            "socks5://proxy:1080",
        ),
        *("http://proxy:0", "http://proxy:65536", "http://proxy:3128/path", "http://-proxy:3128", "http://pro xy:3128"),
        *("http://proxy:3128\n", "http://[proxy]:3128", "http://2001:db8::1:3128", "http://pröxy:3128"),
    ],
)
def test_what_is_no_proxy_is_refused(text: str) -> None:
    with pytest.raises(Failure, match=r"^proxy: it must be the URL of an HTTP proxy with its port, such as "):
        proxy_of({**NONE, "proxy": text})


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"proxy": "http://me:pässword@proxy:3128"}, "proxy: it must hold no user name and no password; "),
        ({"proxy_username": "me", "proxy_password": "word"}, "proxy: proxy_username and proxy_password are for one"),
        ({"proxy": "http://p:1", "proxy_username": "me"}, "proxy_username, proxy_password: one goes with the other."),
        ({"proxy": "http://p:1", "proxy_password": "word"}, "proxy_username, proxy_password: one goes with the other."),
        (
            {"proxy": "http://p:1", "proxy_username": "m:e", "proxy_password": "w"},
            "proxy_username: it must hold no col",
        ),
        (
            {"proxy": "http://p:1", "proxy_username": "me", "proxy_password": "w\r\n"},
            "proxy_username, proxy_password: ",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(params: dict[str, str], sentence: str) -> None:
    with pytest.raises(Failure) as refused:
        proxy_of({**NONE, **params})
    assert str(refused.value).startswith(sentence)
    assert "word" not in str(refused.value).replace("password", "")


def test_nothing_shows_the_password() -> None:
    assert "word" not in repr(Proxy("proxy", 3128, "me", "word"))


def test_a_password_in_the_wrong_place_is_hidden() -> None:
    assert hidden_values({"proxy": "http://me:word@proxy:3128"}) == {"me:word", "word"}
    assert hidden_values({"proxy": "http://proxy:3128"}) == set()
    assert hidden_values(NONE) == set()
