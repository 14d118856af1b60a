# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys of those who sign, and of those who did."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.flant.gitops.plugins.filter.fingerprints import fingerprints as fingerprints_of
from ansible_collections.flant.gitops.plugins.filter.signers import signers as signers_of
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.plugin_utils._keys import (
    Trusted,
    check_keys,
    fingerprints,
    trusted,
    with_former,
)
from ansible_collections.flant.gitops.tests.support.signers import armored
from ansible_collections.flant.gitops.tests.support.ssh_signers import create

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SIGNERS, KEYS = "flant_gitops_trusted_signers", "flant_gitops_trusted_pgp_public_keys"
FORMER = "flant_gitops_verify_former_signers"
NO_SIGNERS = "it must be a dictionary from names to a key or a list of keys."
NO_KEYS = "it must be a key or a list of keys."


def key(numbers: bytes = b"abc") -> tuple[str, str]:
    """Return the key packet of a certificate, and its fingerprint (RFC 4880, section 12.2)."""
    body = b"\x04\x5f\x00\x00\x00\x16" + numbers
    fingerprint = hashlib.sha1(b"\x99\x00%c" % len(body) + body).hexdigest().upper()  # noqa: S324 -- as it is defined
    return armored(b"\xc6%c" % len(body) + body, "PUBLIC KEY BLOCK").decode(), fingerprint


def refusal(function: Callable[..., object], *arguments: object) -> str:
    with pytest.raises(Failure) as raised:
        function(*arguments)
    return str(raised.value)


def test_signers_have_one_key_or_several() -> None:
    who = trusted({"alice": "a", "bob": ["b", "c"], "carol": ("d",)}, [])
    assert who.trusted_signers == [
        {"name": "alice", "public_keys": ["a"]},
        {"name": "bob", "public_keys": ["b", "c"]},
        {"name": "carol", "public_keys": ["d"]},
    ]
    assert who.trusted_keys == []
    assert who.labels == {
        "trusted_signers[0]": f"{SIGNERS}['alice']",
        "trusted_signers[1]": f"{SIGNERS}['bob']",
        "trusted_signers[2]": f"{SIGNERS}['carol']",
    }


def test_keys_in_a_list_go_by_their_fingerprints() -> None:
    for keys in (["a", "b"], ("a", "b")):
        who = trusted({}, keys)
        assert (who.trusted_signers, who.trusted_keys) == ([], ["a", "b"])
        assert who.labels == {"trusted_keys[0]": f"{KEYS}[0]", "trusted_keys[1]": f"{KEYS}[1]"}


def test_key_under_a_name_that_is_fit_is_a_signers() -> None:
    who = trusted({"alice": "a"}, {"bob": "b"})
    assert who.trusted_signers == [{"name": "alice", "public_keys": ["a"]}, {"name": "bob", "public_keys": ["b"]}]
    assert who.trusted_keys == []
    assert who.labels == {"trusted_signers[0]": f"{SIGNERS}['alice']", "trusted_signers[1]": f"{KEYS}['bob']"}


@pytest.mark.parametrize("name", [7, "a/b", "", "x" * 64, "0x" + "A" * 16, "27B3 C0A1 4C3B 2C5E"])
def test_key_under_another_name_goes_by_its_fingerprint(name: object) -> None:
    who = trusted({}, {name: "a", "bob": "b"})
    assert who.trusted_keys == ["a"]
    assert who.labels["trusted_keys[0]"] == f"{KEYS}[{name!r}]"


def test_sentences_have_the_operators_words() -> None:
    who = trusted({"alice": "a"}, ["b"])
    assert who.reword("trusted_signers[0] and trusted_keys[0] are one") == f"{SIGNERS}['alice'] and {KEYS}[0] are one"
    assert who.reword("nobody") == "nobody"


@pytest.mark.parametrize(
    ("signers", "keys", "sentence"),
    [
        ([], [], f"{SIGNERS}: {NO_SIGNERS}"),
        ({7: "a"}, [], f"{SIGNERS}[7]: the name must be a text; put it in quotes."),
        ({"alice": 1}, [], f"{SIGNERS}['alice']: {NO_KEYS}"),
        ({"alice": ["a", 1]}, [], f"{SIGNERS}['alice']: it must be a text."),
        ({}, "a", f"{KEYS}: it must be a list of keys, or a dictionary from names to keys."),
        ({}, [1], f"{KEYS}[0]: it must be a text."),
        ({}, {"bob": 1}, f"{KEYS}['bob']: it must be a text."),
        ({}, {"a/b": None}, f"{KEYS}['a/b']: it must be a text."),
    ],
)
def test_what_is_no_key_of_anybody_is_refused(signers: object, keys: object, sentence: str) -> None:
    assert refusal(trusted, signers, keys) == sentence


def test_former_keys_of_a_signer_stand_beside_the_ones_of_today() -> None:
    merged = with_former({"alice": "new", "bob": ["b"]}, {"alice": ["old", "older"], "carol": "c", "dan": ("d",)})
    assert merged == {"alice": ["new", "old", "older"], "bob": ["b"], "carol": ["c"], "dan": ["d"]}


@pytest.mark.parametrize(
    ("signers", "former", "sentence"),
    [
        ([], {}, f"{SIGNERS}: {NO_SIGNERS}"),
        ({"alice": None}, {}, f"{SIGNERS}['alice']: {NO_KEYS}"),
        ({}, ["key"], f"{FORMER}: {NO_SIGNERS}"),
        ({}, {"bob": 1}, f"{FORMER}['bob']: {NO_KEYS}"),
    ],
)
def test_what_is_no_dictionary_of_keys_is_refused(signers: object, former: object, sentence: str) -> None:
    assert refusal(with_former, signers, former) == sentence


def test_fingerprints_are_those_of_all_keys_of_either_kind(tmp_path: Path) -> None:
    (first, one), (second, two), (third, three) = key(b"a"), key(b"b"), key(b"c")
    laptop = create(tmp_path, "laptop")
    who = trusted({"alice": [first, laptop.public_key]}, {"bob": second, "a/b": third})
    assert sorted(fingerprints(who)) == sorted([one, two, three, laptop.fingerprint])
    assert fingerprints(Trusted([], [], {})) == []


def test_key_that_would_not_count_is_told_with_the_operators_words() -> None:
    assert refusal(fingerprints, trusted({"alice": "no key"}, [])).startswith(f"{SIGNERS}['alice'].public_keys[0]")
    assert refusal(fingerprints, trusted({}, {"bob": "no key"})).startswith(f"{KEYS}['bob'].public_keys[0]")
    assert refusal(fingerprints, trusted({}, ["no key"])).startswith(f"{KEYS}[0] holds no")


def test_filters_hand_on_what_each_of_them_needs() -> None:
    (new, new_one), (old, old_one) = key(b"a"), key(b"b")
    today, once = signers_of({"alice": new}, []), signers_of({"alice": new}, [], {"alice": old})
    assert fingerprints_of(today) == [new_one]
    assert fingerprints_of(once) == [new_one, old_one]
    assert once["trusted_signers"] == [{"name": "alice", "public_keys": [new, old]}]


def test_keys_of_a_schedule_are_public_ones() -> None:
    check_keys([key()[0]], "variable")
    check_keys({"alice": key()[0]}, "variable")
    for keys, sentence in (
        ("text", "variable: it must be a list of keys, or a dictionary from names to keys."),
        ([1], "variable[0]: it must be a text."),
        ([key()[0], "no key"], "variable[1] holds no ASCII-armored OpenPGP public key."),
        ({"alice": "no key"}, "variable['alice'] holds no ASCII-armored OpenPGP public key."),
    ):
        assert refusal(check_keys, keys, "variable") == sentence


def test_filters_refuse_as_ansible_expects_it_of_them() -> None:
    with pytest.raises(AnsibleFilterError, match=NO_SIGNERS):
        signers_of("alice", [])
    with pytest.raises(AnsibleFilterError, match=r"\['alice'\]\.public_keys\[0\]"):
        fingerprints_of(signers_of({"alice": "no key"}, []))
