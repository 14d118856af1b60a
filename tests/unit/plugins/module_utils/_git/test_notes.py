# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""git-signatures notes."""

from __future__ import annotations

import base64

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._git.notes import decode, paths
from hypothesis import given
from hypothesis import strategies as st

_ID = "0123456789abcdef0123456789abcdef01234567"
_ONE = b"\xc2\x03abc"
_TWO = b"\x88\x03\x00\xff\xfe"


def _line(signature: bytes) -> bytes:
    return base64.b64encode(signature) + b"\n"


def test_a_note_may_lie_plain_or_fanned_out() -> None:
    assert paths(_ID) == [_ID, f"01/{_ID[2:]}", f"01/23/{_ID[4:]}", f"01/23/45/{_ID[6:]}"]
    assert paths("ab" * 32)[1] == "ab/" + "ab" * 31


def test_each_line_is_a_signature() -> None:
    assert decode(_line(_ONE) + _line(_TWO)) == [_ONE, _TWO]


@pytest.mark.parametrize("separator", [b"", b"\n", b"\n\n", b"\r\n", b" \t\n"])
def test_what_git_notes_append_puts_between_does_not_matter(separator: bytes) -> None:
    assert decode(separator + _line(_ONE) + separator + _line(_TWO).rstrip()) == [_ONE, _TWO]


def test_one_signature_twice_is_one() -> None:
    assert decode(_line(_ONE) * 3 + _line(_TWO) + _line(_ONE)) == [_ONE, _TWO]


@pytest.mark.parametrize(
    "bad",
    [
        b"no base64!\n",
        b"abc\n",
        b"\0\xff\n",
        b"-----BEGIN PGP SIGNATURE-----\n",
        _line(b"x" * 50_000),
        b"A" * 70_000 + b"\n",
        b"=" * 70_000 + b"\n",
    ],
)
def test_s14_a_bad_line_is_ignored_and_good_ones_count(bad: bytes) -> None:
    assert decode(bad + _line(_ONE) + bad + _line(_TWO) + bad) == [_ONE, _TWO]


def test_s14_a_huge_note_is_read_so_far() -> None:
    assert decode(_line(_ONE) + b"\n" * (1 << 20) + _line(_TWO)) == [_ONE]


def test_s14_many_signatures_are_read_so_far() -> None:
    many = [b"\xc2\x04%04d" % number for number in range(1000)]
    assert decode(b"".join(map(_line, many))) == many[:200]


@given(st.binary())
def test_s14_any_note_is_read(note: bytes) -> None:
    assert all(decode(note))


@given(
    st.lists(st.binary(min_size=1, max_size=100), unique=True), st.lists(st.sampled_from([b"\n", b"\xff!\n", b"=\n"]))
)
def test_s14_signatures_among_anything_are_found(signatures: list[bytes], between: list[bytes]) -> None:
    noise = b"".join(between)
    assert decode(noise + b"".join(_line(each) + noise for each in signatures)) == signatures


def test_s14_a_line_is_read_up_to_its_limit() -> None:
    longest = base64.b64encode(bytes(3 * (1 << 12)))
    assert len(longest) == 1 << 14
    assert decode(longest) == [bytes(3 * (1 << 12))]
    assert decode(longest + b"AAAA") == []


def test_a_line_with_a_space_in_it_is_no_signature() -> None:
    assert decode(base64.b64encode(_ONE) + b" " + base64.b64encode(_TWO)) == []
