# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What passes for one detached signature, before gpg sees it."""

from __future__ import annotations

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._openpgp.signature import single_packet
from ansible_collections.flant.gitops.tests.support.signers import armored
from hypothesis import given
from hypothesis import strategies as st

_SIGNATURE = b"\xc2\x03abc"
_LITERAL = b"\xcb\x03abc"
_COMPRESSED = b"\xc8\x03abc"


@pytest.mark.parametrize("form", [_SIGNATURE, armored(_SIGNATURE), b"\n" + armored(_SIGNATURE)])
def test_one_signature_is_taken_in_either_form(form: bytes) -> None:
    assert single_packet(form) == _SIGNATURE


@pytest.mark.parametrize(
    "form",
    [
        b"",
        b"no signature",
        _SIGNATURE[:-1],
        _LITERAL,
        armored(_LITERAL),
        armored(_SIGNATURE, "MESSAGE"),
        armored(_SIGNATURE)[:-30],
        b"-----BEGIN SSH SIGNATURE-----\nabcd\n-----END SSH SIGNATURE-----\n",
        b"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nabc\n" + armored(_SIGNATURE),
    ],
)
def test_what_is_no_signature_is_refused(form: bytes) -> None:
    with pytest.raises(ValueError, match=r"^[a-z].*[^.]$"):
        single_packet(form)


@pytest.mark.parametrize(
    "form",
    [
        _SIGNATURE * 2,
        armored(_SIGNATURE * 2),
        armored(_SIGNATURE) * 2,
        _SIGNATURE + b"\n",
    ],
)
def test_s2_several_packets_are_no_signature(form: bytes) -> None:
    with pytest.raises(ValueError, match=r"one|no packet"):
        single_packet(form)


@pytest.mark.parametrize("form", [_SIGNATURE + _LITERAL, _LITERAL + _SIGNATURE, _COMPRESSED])
def test_s5_a_message_that_brings_its_data_is_no_signature(form: bytes) -> None:
    for each in (form, armored(form)):
        with pytest.raises(ValueError, match="not exactly one"):
            single_packet(each)


@given(st.one_of(st.binary(), st.lists(st.sampled_from([_SIGNATURE, _LITERAL, b"\n", b"\xc2"])).map(b"".join)))
def test_any_data_is_taken_whole_or_refused(data: bytes) -> None:
    for form in (data, armored(data)):
        try:
            assert single_packet(form) == data
        except ValueError:
            continue
        assert data[:1] in (b"\xc2", b"\x88", b"\x89", b"\x8a")


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        (_SIGNATURE[:-1], "it is not a whole signature, as if one had been broken into lines; .* base64 --wrap=0"),
        (b"\xff\x00rest of a line", "it is not a whole signature, as if one had been broken into lines"),
        (b"\x00" * 57, "it is not a whole signature, as if one had been broken into lines"),
        (b"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n", "it is a clear-signed text; .* --detach-sign"),
        (armored(_SIGNATURE, "MESSAGE"), "it is a signed message and not a detached signature; .* --detach-sign"),
        (b"I approve\nthis", "it is plain text and not a signature; "),
        (b"-----BEGIN SSH SIGNATURE-----\nabcd\n", "it is an SSH signature, and no SSH key is trusted"),
        (b"SSHSIG\0\0\0\1", "it is an SSH signature, and no SSH key is trusted"),
        (b"-----BEGIN SIGNED MESSAGE-----\nabcd\n", "it is an X.509 signature "),
        (b"\x30\x82\x01\x00\x06", "it is an X.509 signature, which does not count"),
    ],
)
def test_s23_what_it_looks_like_is_told(form: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=f"^{reason}"):
        single_packet(form)


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        (armored(_SIGNATURE) * 2, "it is not one armored OpenPGP signature"),
        (_SIGNATURE * 2, "it is not exactly one OpenPGP signature packet"),
    ],
)
def test_the_reason_can_stand_after_a_colon(form: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=f"^{reason}$"):
        single_packet(form)
