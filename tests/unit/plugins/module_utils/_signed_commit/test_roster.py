# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom a task trusts, before anything is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.roster import roster
from ansible_collections.flant.gitops.tests.support.signers import armored
from ansible_collections.flant.gitops.tests.support.ssh_signers import Forger, create

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.flant.gitops.tests.support.signers import Signers


def _key(numbers: bytes = b"abc") -> str:
    """Return the key packet of a certificate."""
    body = b"\x04\x5f\x00\x00\x00\x16" + numbers
    return armored(b"\xc6%c" % len(body) + body, "PUBLIC KEY BLOCK").decode()


def _person(name: str, *keys: str) -> dict[str, Any]:
    return {"name": name, "public_keys": [*keys]}


def _refusal(trusted_keys: list[str], trusted_signers: list[dict[str, Any]]) -> str:
    with pytest.raises(Failure) as caught:
        roster(trusted_keys, trusted_signers)
    return str(caught.value)


def test_signers_have_their_names_in_the_order_given(signers: Signers) -> None:
    found = roster(
        [signers.alice.public_key],
        [_person("Bob B.", signers.bob.public_key), _person("carol", _key(b"x"), _key(b"y"))],
    )
    assert [*found.names.values()] == [signers.alice.fingerprint, "Bob B.", "carol", "carol"]
    assert [each.option for each in found.certificates] == [
        "trusted_keys[0]",
        "trusted_signers[0].public_keys[0] (Bob B.)",
        "trusted_signers[1].public_keys[0] (carol)",
        "trusted_signers[1].public_keys[1] (carol)",
    ]


@pytest.mark.parametrize("name", ["a", "A. B", "a@b.c", "x" * 63, "0", "deadbeef", "Ada", "a_b+c-d"])
def test_what_may_be_a_name(name: str) -> None:
    assert [*roster([], [_person(name, _key())]).names.values()] == [name]


@pytest.mark.parametrize(
    "name", ["", " a", "-a", ".", "x" * 64, "a\n", "a\0", "\u00e4", "a/b", "a,b", "a{{ b }}", "a'b", "\u0661"]
)
def test_what_is_not_a_name_is_refused(name: str) -> None:
    assert _refusal([], [_person("alice", _key()), _person(name, _key(b"x"))]).startswith("trusted_signers[1]: ")


@pytest.mark.parametrize(
    "name", ["4C3B2C5E4C3B2C5E4C3B2C5E4C3B2C5E4C3B2C5E", "0x0123456789abcdef", "27B3 C0A1 4C3B 2C5E"]
)
def test_a_name_looks_like_no_fingerprint(name: str) -> None:
    assert "looks like a fingerprint" in _refusal([], [_person(name, _key())])


@pytest.mark.parametrize("names", [("alice", "alice"), ("Alice", "aLICE"), ("A  b", "a b "), ("\u212bx"[1:], "X")])
def test_a_name_stands_once_without_regard_to_case(names: tuple[str, str]) -> None:
    refusal = _refusal([], [_person(names[0], _key()), _person(names[1], _key(b"x"))])
    assert refusal.startswith("trusted_signers[0] and trusted_signers[1] have one name")


def test_a_name_without_a_key_is_refused() -> None:
    assert _refusal([], [_person("alice")]) == "trusted_signers[0]: alice has no key in public_keys."


def test_a_private_key_is_refused_by_its_index_and_name(signers: Signers) -> None:
    people = [_person("alice", signers.alice.public_key, signers.bob.secret_key())]
    assert _refusal([], people).startswith("trusted_signers[0].public_keys[1] (alice) holds a private key")


def test_s18_an_entry_with_two_certificates_is_refused(signers: Signers) -> None:
    both = signers.gpg("--armor", "--export", signers.alice.fingerprint, signers.bob.fingerprint).decode()
    assert _refusal([signers.carol.public_key, both], []).startswith("trusted_keys[1] holds 2 certificates")
    assert _refusal([], [_person("alice", both)]).startswith("trusted_signers[0].public_keys[0] (alice) holds 2")


# One key under two signers: S26


def test_s26_one_certificate_under_two_signers_is_refused(signers: Signers) -> None:
    key = signers.alice.public_key
    for trusted_keys, people, both in (
        ([key, key], [], "trusted_keys[0] and trusted_keys[1]"),
        ([key], [_person("alice", key)], "trusted_keys[0] and trusted_signers[0].public_keys[0] (alice)"),
        (
            [],
            [_person("alice", _key(), key), _person("bob", key)],
            "trusted_signers[0].public_keys[1] (alice) and trusted_signers[1].public_keys[0] (bob)",
        ),
    ):
        assert _refusal(trusted_keys, people).startswith(f"{both} hold the same key, ")


def test_copies_of_a_certificate_under_one_signer_are_fine(signers: Signers) -> None:
    older, newer = signers.alice.export(), (signers.alice.add_subkey(), signers.alice.export())[1]
    assert [*roster([older + newer], []).names] == [signers.alice.fingerprint]
    assert [*roster([], [_person("alice", older, newer)]).names] == [signers.alice.fingerprint]


@pytest.mark.parametrize("algorithm", ["ed25519", "rsa1024", "nistp256", "brainpoolP256r1"])
def test_s26_two_certificates_made_of_one_key_are_one(signers: Signers, algorithm: str) -> None:
    first = signers.create("dave", key=(algorithm, "sign", "never"))
    second = signers.recreate(first, at="20210101T000000")
    assert second.fingerprint != first.fingerprint
    assert "hold the same key" in _refusal([first.public_key, second.public_key], [])
    assert "(x) and trusted_signers[1].public_keys[0] (y) hold the same key" in _refusal(
        [], [_person("x", first.public_key), _person("y", second.public_key)]
    )


def test_s26_a_subkey_under_two_primary_keys_is_one(signers: Signers) -> None:
    subkey = signers.alice.add_subkey()
    signers.bob.adopt(signers.keygrip(subkey))
    assert "hold the same key" in _refusal([signers.alice.export()], [_person("bob", signers.bob.export())])


def test_s26_a_subkey_that_is_anothers_primary_key_is_one(signers: Signers) -> None:
    signers.bob.adopt(signers.keygrip(signers.alice.fingerprint))
    assert "hold the same key" in _refusal([signers.alice.export(), signers.bob.export()], [])


def test_no_keys_are_nobody() -> None:
    assert roster([], []).names == {}


# SSH keys


def test_an_ssh_key_stands_beside_openpgp_keys(signers: Signers, tmp_path: Path) -> None:
    bob = create(tmp_path, "bob")
    alice = _person("alice", signers.alice.public_key, Forger().public_key)
    found = roster([], [alice, _person("bob", bob.public_key)])
    assert len(found.certificates) == 1
    assert [each.option for each in found.ssh_keys] == [
        "trusted_signers[0].public_keys[1] (alice)",
        "trusted_signers[1].public_keys[0] (bob)",
    ]
    assert found.names[bob.fingerprint] == "bob"


def test_s26_one_ssh_key_under_two_signers_is_refused(tmp_path: Path) -> None:
    key = create(tmp_path, "alice").public_key
    assert "hold the same key" in _refusal([], [_person("alice", key), _person("bob", key.replace(" alice", " bob"))])


@pytest.mark.parametrize("algorithm", ["ed25519", "rsa2048", "nistp256"])
def test_s26_an_openpgp_key_in_its_ssh_form_is_the_same_key(signers: Signers, algorithm: str) -> None:
    alice = signers.create("dave", key=(algorithm, "sign,auth", "never"))
    exported = signers.gpg("--export-ssh-key", f"{alice.fingerprint}!").decode()
    people = [_person("alice", alice.public_key), _person("bob", exported)]
    assert "(alice) and trusted_signers[1].public_keys[0] (bob) hold the same key" in _refusal([], people)
    assert "hold the same key" in _refusal([alice.public_key], people[1:])
    assert len(roster([], [_person("alice", alice.public_key, exported)]).names) == 2


def test_s10_an_ssh_private_key_is_refused(tmp_path: Path) -> None:
    secret = create(tmp_path, "alice").file.read_text()
    assert "(alice) holds a private key" in _refusal([], [_person("alice", secret)])


def test_an_ssh_key_needs_a_name() -> None:
    assert _refusal([Forger().public_key], []).startswith("trusted_keys[0] holds an SSH key; ")


@pytest.mark.parametrize("before", ["cert-authority ", 'namespaces="git" ', "alice@example.org ", ""])
def test_what_is_meant_as_an_ssh_key_is_told_about_ssh_keys(before: str) -> None:
    refusal = _refusal([], [_person("alice", f"{before}ssh-ed25519 AAAA")])
    assert "not one SSH public key" in refusal if before else "not an SSH public key" in refusal


def test_a_certificate_whose_comment_names_ssh_is_no_ssh_key() -> None:
    text = _key().replace("\n\n", "\nComment: ssh-ed25519\n\n", 1)
    assert len(roster([text], []).certificates) == 1
