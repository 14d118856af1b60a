# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The numbers in a key packet, against what gpg takes for one key: its keygrips."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._openpgp import armor, packets
from ansible_collections.flant.gitops.plugins.module_utils._openpgp.public_key import material
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.tests.support.signers import Signers

_HEAD = b"\x04\x5f\x00\x00\x00"
_POINT = bytes(range(1, 33))
_P256 = b"\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"


def _integer(octets: bytes) -> bytes:
    return (8 * len(octets)).to_bytes(2, "big") + octets


@pytest.mark.parametrize("algorithm", ["rsa1024", "dsa1024", "ed25519", "nistp256", "nistp384", "brainpoolP256r1"])
def test_keys_of_each_algorithm_are_told_apart(signers: Signers, algorithm: str) -> None:
    usage = "sign" if algorithm != "dsa1024" else "cert,sign"
    found = set()
    for name in ("dave", "erin"):
        text = signers.create(name, key=(algorithm, usage, "never")).public_key
        (block,) = armor.blocks(text.encode())
        found |= {material(each.body) for each in packets.split(block.data) if each.tag == packets.PUBLIC_KEY}
    assert len(found) == 2
    assert not any(kind == "octets" for kind, _numbers in found)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(
            b"\x16\x09\x2b\x06\x01\x04\x01\xda\x47\x0f\x01" + _integer(b"\x40" + _POINT), b"\x1b" + _POINT, id="Ed25519"
        ),
        pytest.param(b"\x01" + _integer(b"\x81abc") + _integer(b"\x03"), b"\x03" + _integer(b"\x81abc"), id="RSA"),
        pytest.param(b"\x01" + _integer(b"\0\x81abc"), b"\x01" + _integer(b"\x81abc"), id="leading zeros"),
        pytest.param(
            b"\x13" + _P256 + _integer(b"\x04" + _POINT + _POINT),
            b"\x12" + _P256 + _integer(b"\x02" + _POINT) + b"\x03\x01\x08\x07",
            id="a compressed point",
        ),
        pytest.param(
            b"\x13" + _P256 + _integer(b"\x04" + _POINT + _POINT),
            b"\x13" + _P256 + _integer(b"\x04" + _POINT + _POINT[::-1]),
            id="the opposite point",
        ),
    ],
)
def test_s26_one_key_in_two_forms_is_one(one: bytes, other: bytes) -> None:
    assert material(_HEAD + one) == material(b"\x04\x60\x00\x00\x00" + other)


@given(st.binary())
def test_any_octets_are_a_key_of_their_own_at_the_least(body: bytes) -> None:
    kind, numbers = material(body)
    assert kind
    assert isinstance(numbers, bytes)
