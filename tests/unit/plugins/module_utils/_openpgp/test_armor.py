# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ASCII armor."""

from __future__ import annotations

import base64

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._openpgp import armor
from ansible_collections.flant.gitops.plugins.module_utils._openpgp.armor import Block
from ansible_collections.flant.gitops.tests.support.signers import armored
from hypothesis import given
from hypothesis import strategies as st

_DATA = bytes(range(256))
_PLAIN = armored(_DATA)


@pytest.mark.parametrize(
    "text",
    [
        _PLAIN,
        _PLAIN.rstrip(b"\n"),
        _PLAIN.replace(b"\n", b"\r\n"),
        _PLAIN.replace(b"\n", b"\n    "),
        _PLAIN.replace(b"\n\n", b"\nVersion: GnuPG v2\nComment:\nHash: SHA256\n\n"),
        _PLAIN.replace(b"\n\n", b"\n"),
        b"\n".join(line for line in _PLAIN.split(b"\n") if not line.startswith(b"=")),  # RFC 9580 needs no checksum
        b"Here it is:\n" + _PLAIN + b"Regards\n",
    ],
)
def test_an_armor_is_read_whatever_it_was_put_through(text: bytes) -> None:
    assert armor.blocks(text) == [Block("SIGNATURE", _DATA)]


def test_several_armors_are_read_in_their_order() -> None:
    text = armored(b"one", "PUBLIC KEY BLOCK") + b"\n" + armored(b"two")
    assert armor.blocks(text) == [Block("PUBLIC KEY BLOCK", b"one"), Block("SIGNATURE", b"two")]


def test_text_without_an_armor_has_none() -> None:
    assert armor.blocks(b"ssh-ed25519 AAAA\n-----BEGIN SSH SIGNATURE-----\n") == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (_PLAIN[:-20], "no end"),
        (_PLAIN.replace(b"END PGP SIGNATURE", b"END PGP MESSAGE"), "no end"),
        (_PLAIN.replace(b"\nAAEC", b"\nA*EC"), "not base64"),
        (_PLAIN[:100] + _PLAIN, "not base64"),
    ],
)
def test_a_broken_armor_is_refused(text: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        armor.blocks(text)


def test_s14_many_beginnings_take_no_longer_than_as_many_lines() -> None:
    with pytest.raises(ValueError, match="no end"):
        armor.blocks(b"-----BEGIN PGP SIGNATURE-----\n" * 100_000)


@given(st.binary())
def test_any_data_survives_its_armor(data: bytes) -> None:
    assert armor.blocks(armored(data)) == [Block("SIGNATURE", data)]


@given(st.lists(st.sampled_from([*_PLAIN.splitlines(keepends=True), b"\n", b" ", b"=abcd", b"\xff", b"-----BEGIN"])))
def test_any_text_is_read_or_refused(lines: list[bytes]) -> None:
    text = b"".join(lines)
    try:
        found = armor.blocks(text)
    except ValueError:
        return
    assert len(found) <= text.count(b"BEGIN PGP")
    assert all(base64.b64encode(block.data)[:4] in text.replace(b"\n", b"").replace(b" ", b"") for block in found)
