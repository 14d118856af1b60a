# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The framing of OpenPGP data."""

from __future__ import annotations

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._openpgp import packets
from ansible_collections.flant.gitops.plugins.module_utils._openpgp.packets import Packet
from hypothesis import given
from hypothesis import strategies as st

_LENGTHS = [0, 1, 191, 192, 8383, 8384, 70_000]


def _new_format(packet: Packet, size: int) -> bytes:
    length = len(packet.body)
    if size == 1:
        octets = bytes([length])
    elif size == 2:
        octets = bytes([((length - 192) >> 8) + 192, (length - 192) & 0xFF])
    else:
        octets = b"\xff" + length.to_bytes(4, "big")
    return bytes([0xC0 | packet.tag]) + octets + packet.body


def _old_format(packet: Packet, size: int) -> bytes:
    octets = len(packet.body).to_bytes(size, "big")
    return bytes([0x80 | packet.tag << 2 | {1: 0, 2: 1, 4: 2}[size]]) + octets + packet.body


@pytest.mark.parametrize("length", _LENGTHS)
def test_each_form_of_a_length_is_read(length: int) -> None:
    packet = Packet(packets.SIGNATURE, bytes(length))
    forms = [_new_format(packet, 5), _old_format(packet, 4)]
    if length < 192:
        forms += [_new_format(packet, 1), _old_format(packet, 1)]
    elif length < 8384:
        forms += [_new_format(packet, 2)]
    if length < 65536:
        forms += [_old_format(packet, 2)]
    for form in forms:
        assert list(packets.split(form)) == [packet]
    assert list(packets.split(b"".join(forms))) == [packet] * len(forms)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x02\x00", "no packet begins here"),
        (b"\x01\x00", "no packet begins here"),
        (b"\xc2", "a packet's header is cut off"),
        (b"\xc2\x05abc", "a packet is cut off"),
        (b"\xc2\xc0", "a packet's header is cut off"),
        (b"\xc2\xff\x00", "a packet's header is cut off"),
        (b"\x88", "a packet's header is cut off"),
        (b"\x8a\x00\x00", "a packet's header is cut off"),
        (b"\xc2\xe0\x00" + bytes(9000), "a packet has a partial length"),
        (b"\xc2\xe1abc", "a packet has a partial length"),
        (b"\x8babc", "a packet has an indeterminate length"),
    ],
)
def test_malformed_data_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=f"^{reason}$"):
        list(packets.split(data))


@given(st.binary())
def test_any_data_is_split_or_refused(data: bytes) -> None:
    try:
        found = list(packets.split(data))
    except ValueError:
        return
    assert sum(len(packet.body) for packet in found) <= len(data)
    assert bool(found) == bool(data)
