# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.flant.gitops.plugins.module_utils._container.masking import Masking


def test_every_secret_is_hidden_wherever_it_stands() -> None:
    masking = Masking(["geheim", "ü", ""])
    assert masking.hide_text("geheim, ungeheimlich: über") == "********, un********lich: ********ber"


def test_a_longer_secret_goes_before_one_in_it() -> None:
    assert Masking(["abc", "abcdef"]).hide_text("abcdef abc") == "******** ********"


def test_lines_and_the_text_without_its_ends_are_hidden_too() -> None:
    masking = Masking([" padded ", "first\r\nsecond\n"])
    assert masking.hide_text("padded|first|second") == "********|********|********"


def test_lines_that_tell_nothing_are_left() -> None:
    masking = Masking(['{\n  "key": "geheim"\n}\n'])
    assert masking.hide_text('{} "key": "geheim"') == "{} ********"


def test_no_secret_hides_nothing() -> None:
    masking = Masking(["", "\n"])
    assert masking.hide(b"text\n") == b"text\n"
    assert masking.margin == 0
    assert masking.start_of_secret_at(b"text", 2) == masking.end_of_secret_at(b"text", 2) == 2


def test_a_cut_through_a_secret_moves_to_its_ends() -> None:
    masking = Masking(["secret"])
    data = b"..secret.."
    assert masking.margin == 5
    for cut in range(3, 8):
        assert (masking.start_of_secret_at(data, cut), masking.end_of_secret_at(data, cut)) == (2, 8)
    for cut in (0, 2, 8, 10):
        assert masking.start_of_secret_at(data, cut) == masking.end_of_secret_at(data, cut) == cut


def test_what_is_no_utf_8_survives() -> None:
    odd = b"\xffsecret\xfe".decode("utf-8", "surrogateescape")
    assert Masking(["secret"]).hide_text(odd).encode("utf-8", "surrogateescape") == b"\xff********\xfe"
