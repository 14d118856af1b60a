# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The judgement over gpg's status lines, on lines as gpg 2.2 writes them and on lines that nobody should."""

from __future__ import annotations

import re

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._openpgp.status import judge
from ansible_collections.flant.gitops.plugins.module_utils._verdict import GoodSignature, Rejected
from hypothesis import given
from hypothesis import strategies as st

_PRIMARY = "70E49CECEE4654D6304D0C5017326D0793A4D274"
_SUBKEY = "2BD7A32F96DE752B3C4F5DF82A5C39B89ED095F5"
_OTHER = "DE1B90F5A71A34056752760A42C20583C0223C05"
_TRUSTED = {_PRIMARY: None, _OTHER: "has expired"}
_NOW = 1_800_000_000.0

_NEWSIG = "NEWSIG alice@example.test"
_GOODSIG = f"GOODSIG {_PRIMARY[-16:]} Alice <alice@example.test>"
_VALIDSIG = f"VALIDSIG {_PRIMARY} 2026-11-24 1795506977 0 4 0 22 8 00 {_PRIMARY}"
_AROUND = [
    f"KEY_CONSIDERED {_PRIMARY} 0",
    "SIG_ID hKkD7hNdeY+LcIlW68Tn2xRYhQ8 2026-11-24 1795506977",
    "NOTATION_NAME note@example.test",
    "NOTATION_FLAGS 0 1",
    "NOTATION_DATA anything%0A",
    "VERIFICATION_COMPLIANCE_MODE 23",
    "KEYEXPIRED 1700000000",
    "TRUST_UNDEFINED 0 always",
]
_SOUND = [_NEWSIG, _AROUND[0], _AROUND[1], _GOODSIG, _VALIDSIG, *_AROUND[2:]]
_BAD = [
    f"REVKEYSIG {_PRIMARY[-16:]} Alice",
    f"EXPKEYSIG {_PRIMARY[-16:]} Alice",
    f"EXPSIG {_PRIMARY[-16:]} Alice",
    f"BADSIG {_PRIMARY[-16:]} Alice",
    f"ERRSIG {_PRIMARY[-16:]} 22 8 00 1795507127 9 {_PRIMARY}",
    f"ERRSIG {_PRIMARY[-16:]} 22 8 00 1795507127 4",
    "NODATA 3",
    "UNEXPECTED 0",
    "PLAINTEXT 62 1795507127 name",
]


def _output(lines: list[str]) -> bytes:
    return "".join(f"[GNUPG:] {line}\n" for line in lines).encode()


def _judge(lines: list[str], exit_status: int = 0, now: float = _NOW) -> GoodSignature | Rejected:
    return judge(_output(lines), exit_status, _TRUSTED, now)


def _replaced(old: str, new: str) -> list[str]:
    assert any(old in line for line in _SOUND)
    return [line.replace(old, new) for line in _SOUND]


def test_a_sound_signature_counts() -> None:
    assert _judge(_SOUND) == GoodSignature(_PRIMARY, _PRIMARY, "Alice <alice@example.test>", "2026-11-24T07:56:17Z")


def test_a_subkeys_signature_is_that_of_its_primary_key() -> None:
    lines = [_NEWSIG, f"GOODSIG {_SUBKEY[-16:]} Alice", _VALIDSIG.replace(_PRIMARY, _SUBKEY, 1)]
    assert _judge(lines) == GoodSignature(_PRIMARY, _SUBKEY, "Alice", "2026-11-24T07:56:17Z")


@pytest.mark.parametrize("bad", _BAD)
@pytest.mark.parametrize("position", [0, 4, len(_SOUND)])
def test_s6_one_line_against_it_is_enough(bad: str, position: int) -> None:
    assert isinstance(_judge([*_SOUND[:position], bad, *_SOUND[position:]]), Rejected)


@pytest.mark.parametrize("line", [_NEWSIG, _GOODSIG, _VALIDSIG])
def test_s6_one_line_missing_is_enough(line: str) -> None:
    assert isinstance(_judge([each for each in _SOUND if each != line]), Rejected)


@pytest.mark.parametrize("exit_status", [1, 2, -15])
def test_s6_a_gpg_that_failed_is_not_believed(exit_status: int) -> None:
    assert isinstance(_judge(_SOUND, exit_status), Rejected)


@pytest.mark.parametrize("line", [_NEWSIG, _GOODSIG, _VALIDSIG])
def test_s2_two_signatures_are_not_judged_as_one(line: str) -> None:
    assert isinstance(_judge([*_SOUND, line]), Rejected)


@pytest.mark.parametrize(
    ("digest", "counts"),
    [(1, False), (2, False), (3, False), (8, True), (9, True), (10, True), (11, True), (0, False), (99, False)],
)
def test_s7_the_digest_decides(digest: int, counts: bool) -> None:
    assert isinstance(_judge(_replaced(" 22 8 00 ", f" 22 {digest} 00 ")), GoodSignature) == counts


def test_s7_sha1_is_called_by_its_name() -> None:
    assert _judge(_replaced(" 22 8 00 ", " 22 2 00 ")) == Rejected("SHA-1 is too weak")


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("A" * 40, f"made by a key that is not trusted ({'A' * 40})"),
        (_OTHER, f"made by {_OTHER}, which has expired"),
    ],
)
def test_s8_only_usable_trusted_keys_count(key: str, reason: str) -> None:
    lines = [_NEWSIG, f"GOODSIG {key[-16:]} Alice", _VALIDSIG.replace(_PRIMARY, key)]
    assert _judge(lines) == Rejected(reason, for_now="expired" in reason)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f"ERRSIG {'A' * 16} 22 8 00 1795507127 9 {'A' * 40}", f"made by a key that is not trusted ({'A' * 40})"),
        (f"ERRSIG {'A' * 16} 22 8 00 1795507127 9", f"made by a key that is not trusted ({'A' * 16})"),
        (f"ERRSIG {_OTHER[-16:]} 22 8 00 1795507127 9 {_OTHER}", f"made by {_OTHER}, which has expired"),
        (f"ERRSIG {'A' * 16} 100 8 00 1795507127 4 -", "gpg cannot check it"),
    ],
)
def test_a_signature_that_gpg_cannot_check_says_why(line: str, reason: str) -> None:
    assert _judge([_NEWSIG, line, f"NO_PUBKEY {'A' * 16}"], 2) == Rejected(reason, for_now="expired" in reason)


@pytest.mark.parametrize("separator", ["\r", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028"])
def test_s9_only_a_line_feed_begins_a_line(separator: str) -> None:
    forged = separator.join(["NOTATION_DATA x", *(f"[GNUPG:] {line}" for line in _SOUND)])
    assert isinstance(_judge([forged]), Rejected)


@pytest.mark.parametrize("line", ["gpg: [GNUPG:] ", " [GNUPG:] ", "[GNUPG:]", "[gnupg:] ", ""])
def test_s9_what_is_no_status_line_says_nothing(line: str) -> None:
    output = "".join(f"{line}{each}\n" for each in _SOUND).encode()
    assert isinstance(judge(output, 0, _TRUSTED, _NOW), Rejected)


def test_s9_the_line_before_and_the_line_after_must_name_one_key() -> None:
    assert isinstance(_judge(_replaced(_GOODSIG, f"GOODSIG {_OTHER[-16:]} Alice")), Rejected)


def test_s12_a_signature_of_tomorrow_names_the_clock() -> None:
    assert _judge(_SOUND, now=1_795_506_976.9) == Rejected(
        "made in the future, at 2026-11-24T07:56:17Z: check this machine's clock", for_now=True
    )
    assert isinstance(_judge(_SOUND, now=1_795_506_977.0), GoodSignature)


@pytest.mark.parametrize("signature_class", ["01", "02", "10", "18", "1F", "40", "50", "FF"])
def test_s17_only_signatures_over_bytes_count(signature_class: str) -> None:
    assert _judge(_replaced(" 8 00 ", f" 8 {signature_class} ")) == Rejected("it signs text and not bytes")


@pytest.mark.parametrize(
    ("escaped", "shown"),
    [
        ("Zo%C3%AB", "Zoë"),
        ("a%0A[GNUPG:] GOODSIG", "a [GNUPG:] GOODSIG"),
        ("a%1B[2Jb", "a\ufffd[2Jb"),
        ("%", "%"),
        ("%FF", "\ufffd"),
        ("", ""),
    ],
)
def test_g8_the_signers_name_is_fit_to_be_shown(escaped: str, shown: str) -> None:
    verdict = _judge(_replaced("Alice <alice@example.test>", escaped))
    assert isinstance(verdict, GoodSignature)
    assert verdict.user_id == shown


@pytest.mark.parametrize(
    "line",
    [
        "VALIDSIG",
        f"VALIDSIG {_PRIMARY}",
        _VALIDSIG.replace("1795506977", "20261124T075617"),
        _VALIDSIG.replace("1795506977", "9" * 400),
        _VALIDSIG.replace(_PRIMARY, _PRIMARY.lower()),
        _VALIDSIG.rpartition(" ")[0],
    ],
)
def test_lines_that_make_no_sense_do_not_count(line: str) -> None:
    assert isinstance(_judge([line if each == _VALIDSIG else each for each in _SOUND]), Rejected)


_KEYWORDS_AGAINST = re.compile(
    rb"^\[GNUPG:\] (REVKEYSIG|EXPKEYSIG|EXPSIG|BADSIG|ERRSIG|NODATA|UNEXPECTED|PLAINTEXT)( |$)", re.MULTILINE
)
_ANY_LINE = st.one_of(
    st.sampled_from([_NEWSIG, _GOODSIG, _VALIDSIG]),
    st.sampled_from([*_SOUND, *_BAD]),
    st.builds(
        lambda line, position, text: line[:position] + text + line[position:],
        st.sampled_from([*_SOUND, *_BAD]),
        st.integers(0, 120),
        st.sampled_from(["\n", "\n[GNUPG:] ", " ", "\x00", "\r", "\x85", "A", "0", "%", "ÿ"]),
    ),
)


@given(st.lists(_ANY_LINE, max_size=12), st.sampled_from([0, 0, 0, 1, 2]))
def test_s6_any_lines_are_judged_and_count_only_when_sound(lines: list[str], exit_status: int) -> None:
    output = _output(lines)
    verdict = judge(output, exit_status, _TRUSTED, _NOW)
    if isinstance(verdict, GoodSignature):
        assert exit_status == 0
        assert not _KEYWORDS_AGAINST.search(output)
        for keyword in (b"NEWSIG", b"GOODSIG", b"VALIDSIG"):
            assert len(re.findall(rb"^\[GNUPG:\] %b(?: |$)" % keyword, output, re.MULTILINE)) == 1
        assert verdict.fingerprint == _PRIMARY
        assert re.search(rf"^\[GNUPG:\] VALIDSIG .* 00 {_PRIMARY}( |$)".encode(), output, re.MULTILINE)
    else:
        assert verdict.reason.isprintable()


@given(st.binary())
def test_s6_any_output_is_judged(output: bytes) -> None:
    assert isinstance(judge(output, 0, _TRUSTED, _NOW), Rejected)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([_NEWSIG, _GOODSIG], "gpg does not call it one good signature"),
        ([_NEWSIG, "GOODSIG no-key Alice", _VALIDSIG], "gpg's words about it make no sense"),
        ([*_SOUND, "NODATA 3"], "it is not a detached signature"),
        (_replaced(" 22 8 00 ", " 22 1 00 "), "MD5 is too weak"),
        (_replaced(" 22 8 00 ", " 22 99 00 "), "digest algorithm 99 is too weak"),
    ],
)
def test_the_reason_can_stand_after_a_colon(lines: list[str], reason: str) -> None:
    assert _judge(lines) == Rejected(reason, for_now="expired" in reason)


def test_a_keyword_without_words_is_one_line_too() -> None:
    assert _judge([line for line in _SOUND if not line.startswith("NEWSIG")] + ["NEWSIG"]) == _judge(_SOUND)
