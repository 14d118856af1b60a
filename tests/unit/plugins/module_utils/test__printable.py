# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text of strangers."""

from __future__ import annotations

import unicodedata

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._printable import escaped, printable
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (b"Fix the gate", "Fix the gate"),
        ("Ünïcödé 漢字".encode(), "Ünïcödé 漢字"),
        (b"two\nlines\t and  more \r\n", "two lines and more"),
        (b"\x1b[31mred\x1b[0m", "\ufffd[31mred\ufffd[0m"),
        (b"\x00", "\ufffd"),
        (b"Latin-1: \xe9", "Latin-1: \ufffd"),
        ("abc\u202egnp.exe", "abc\ufffdgnp.exe"),
        ("\ud800", "\ufffd"),
        ("", ""),
    ],
)
def test_g8_only_what_is_harmless_is_shown(text: bytes | str, shown: str) -> None:
    assert printable(text) == shown


def test_g8_long_text_is_cut_off() -> None:
    assert printable("x" * 500) == "x" * 500
    assert printable("x" * 10_000_000) == "x" * 499 + "…"


@given(st.one_of(st.binary(), st.text()))
def test_g8_any_text_becomes_one_harmless_line(text: bytes | str) -> None:
    shown = printable(text)
    assert len(shown) <= 500
    assert not any(unicodedata.category(each)[0] == "C" or each in "\n\r\u2028\u2029" for each in shown)
    shown.encode("utf-8")


UNSEEN = (
    "\u00ad\u034f\u061c\u115f\u180e\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202a\u202e\u2060\u2064\u2066\u2069\u3164\ufe0f"
    "\ufeff\uffa0\ufff9\U000e0001\U000e0041\U000e007f\U000e0100\U000e01ef"
)


@pytest.mark.parametrize("character", UNSEEN)
def test_c19_what_nobody_sees_is_shown_for_what_it_is(character: str) -> None:
    assert escaped(f"a{character}b") == f"a{character.encode('unicode_escape').decode()}b"
    assert printable(f"a{character}b") in ("a\ufffdb", "a b")


def test_c19_what_everybody_sees_stays() -> None:
    text = "tab\tline\n ünïcödé 漢字 \u3000 \u00a0 😀 naïve e\u0301 עברית"
    assert escaped(text) == text
