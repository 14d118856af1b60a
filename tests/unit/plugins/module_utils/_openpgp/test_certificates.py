# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates as they are given, before gpg sees them."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
import yaml
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._openpgp.certificates import Certificate, read
from ansible_collections.flant.gitops.tests.support.signers import armored
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.tests.support.signers import Signers

_PUBLIC_KEY = b"\xc6\x09\x04\x5f\x00\x00\x00\x16abc"
_SECRET_KEY = b"\xc5\x01\x04"
_SECRET_SUBKEY = b"\xc7\x01\x04"
_USER_ID = b"\xcd\x01A"
_COMPRESSED = b"\xc8\x04\x00" + _SECRET_KEY
_OLD_KEY = b"\xc6\x09\x03\x5f\x00\x00\x00\x16abc"


def _key_block(data: bytes) -> str:
    return armored(data, "PUBLIC KEY BLOCK").decode()


def _read(text: str) -> Certificate:
    return read(text, "keys[1]")


def test_the_fingerprint_is_the_one_that_gpg_names(signers: Signers) -> None:
    signers.alice.add_subkey()
    rsa = signers.create("rsa", key=("rsa1024", "sign", "never"))
    for signer in (signers.alice, rsa):
        found = _read(signer.public_key)
        assert (found.option, found.fingerprint, found.copies) == ("keys[1]", signer.fingerprint, 1)


@pytest.mark.parametrize("separator", ["", "\n", "\nBob's key:\n\n"])
def test_s18_two_certificates_in_one_text_are_refused(signers: Signers, separator: str) -> None:
    text = signers.alice.public_key + separator + signers.bob.public_key
    together = signers.gpg("--armor", "--export", signers.alice.fingerprint, signers.bob.fingerprint).decode()
    for each in (text, together):
        with pytest.raises(Failure, match=r"^keys\[1\] holds 2 certificates") as caught:
            _read(each)
        assert signers.alice.fingerprint in str(caught.value)
        assert signers.bob.fingerprint in str(caught.value)


def test_copies_of_one_certificate_are_one(signers: Signers) -> None:
    copies = [signers.bob.export()]
    signers.bob.revoke()
    copies.append(signers.bob.export())
    found = _read("\n".join(copies))
    assert (found.fingerprint, found.copies) == (signers.bob.fingerprint, 2)


def test_s24_armors_joined_without_a_line_feed_are_read(signers: Signers) -> None:
    text = signers.alice.public_key.strip()
    assert _read(text + text).copies == 2


@pytest.mark.parametrize("header", ["", "Comment: Alice's key\nVersion: 2\n"])
def test_s24_a_text_whose_lines_yaml_has_joined_is_read(signers: Signers, header: str) -> None:
    text = signers.alice.public_key.replace("BLOCK-----\n\n", f"BLOCK-----\n{header}\n", 1)
    folded = yaml.safe_load("key: >\n" + "".join(f"  {line}\n" if line else "\n" for line in text.split("\n")))["key"]
    assert folded.count("\n") < 4
    assert _read(folded).fingerprint == signers.alice.fingerprint


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "holds no ASCII-armored OpenPGP public key"),
        ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 alice", "holds no ASCII-armored OpenPGP public key"),
        ("70E49CECEE4654D6304D0C5017326D0793A4D274", "holds no ASCII-armored OpenPGP public key"),
        (armored(b"\xc2\x03abc").decode(), "holds no ASCII-armored OpenPGP public key"),
        (_key_block(_USER_ID), "holds no ASCII-armored OpenPGP public key"),
        (_key_block(_PUBLIC_KEY)[:-30], "is damaged: its armor has no end"),
        (_key_block(_PUBLIC_KEY[:-1]), "is damaged: a packet is cut off"),
        (_key_block(_PUBLIC_KEY).replace("\n\n", "\n\n*"), "is damaged: its armor is not base64"),
        (_key_block(_OLD_KEY), "not of version 4"),
        ("\ud800", "holds no ASCII-armored OpenPGP public key"),
    ],
)
def test_s10_what_holds_no_public_key_is_refused_by_its_option(text: str, reason: str) -> None:
    with pytest.raises(Failure, match=rf"^keys\[1\] .*{reason}.*\.$"):
        _read(text)


@pytest.mark.parametrize(
    "data",
    [
        _SECRET_KEY,
        _PUBLIC_KEY + _SECRET_KEY,
        _PUBLIC_KEY + _SECRET_SUBKEY,
    ],
)
def test_s10_a_private_key_is_refused_whatever_its_first_line_says(data: bytes) -> None:
    for label in ("PRIVATE KEY BLOCK", "PUBLIC KEY BLOCK", "MESSAGE"):
        with pytest.raises(Failure, match=r"^keys\[1\] holds a private key"):
            _read(armored(data, label).decode())


def test_s10_a_real_private_key_is_refused(signers: Signers) -> None:
    for text in (signers.bob.secret_key(), signers.alice.public_key + signers.bob.secret_key()):
        with pytest.raises(Failure, match=r"^keys\[1\] holds a private key") as caught:
            _read(text)
        assert text[100:140] not in str(caught.value)


def test_s10_packets_that_may_hide_a_private_key_are_refused() -> None:
    with pytest.raises(Failure, match=r"^keys\[1\] holds something other than OpenPGP public keys"):
        _read(_key_block(_PUBLIC_KEY + _COMPRESSED))


@given(st.lists(st.sampled_from([_PUBLIC_KEY, _SECRET_KEY, _USER_ID, _COMPRESSED, _OLD_KEY, b"\xc6", b"x"])), st.text())
def test_any_text_is_read_or_refused(parts: list[bytes], text: str) -> None:
    for each in (_key_block(b"".join(parts)), text, _key_block(b"".join(parts)) + text):
        with contextlib.suppress(Failure):
            found = _read(each)
            assert found.material
            assert _SECRET_KEY not in found.data
