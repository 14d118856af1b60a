# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import struct

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._container.masking import Masking
from ansible_collections.flant.gitops.plugins.module_utils._container.output import BoundedOutput, Frames
from hypothesis import given
from hypothesis import strategies as st

NOTHING = Masking([])


def _framed(stream: int, content: bytes) -> bytes:
    return struct.pack(">BxxxL", stream, len(content)) + content


@given(st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=20)), max_size=10), st.integers(1, 9))
def test_frames_come_apart_wherever_they_are_cut(parts: list[tuple[int, bytes]], size: int) -> None:
    wire = b"".join(_framed(stream, content) for stream, content in parts)
    frames = Frames()
    got = {1: b"", 2: b""}
    for start in range(0, len(wire), size):
        for stream, piece in frames.feed(wire[start : start + size]):
            got[stream] += piece
    for stream, whole in got.items():
        assert whole == b"".join(content for each, content in parts if each == stream)


def _text(data: bytes, limit: int, masking: Masking = NOTHING, size: int = 7) -> str:
    output = BoundedOutput(limit, masking)
    for start in range(0, len(data), size):
        output.feed(memoryview(data)[start : start + size])
    assert output.written == len(data)
    return output.text()


@given(st.binary(max_size=100), st.integers(1, 120), st.integers(1, 30))
def test_both_ends_are_kept_and_the_rest_is_counted(data: bytes, limit: int, size: int) -> None:
    data = bytes(byte & 0x7F | 0x20 for byte in data).replace(b"\x7f", b"~")
    text = _text(data, limit, size=size)
    if len(data) <= limit:
        assert text == data.decode()
        return
    head, tail = limit - limit // 2, limit // 2
    cut = f"\n[... {len(data) - limit} bytes cut out here ...]\n"
    assert text == data[:head].decode() + cut + data[len(data) - tail :].decode()


@pytest.mark.parametrize("size", [1, 3, 1 << 20])
def test_a_long_stream_is_kept_within_its_bounds(size: int) -> None:
    output = BoundedOutput(1000, NOTHING)
    chunk = memoryview(b"x" * size)
    for _index in range(min(3 << 20 // size, 50_000)):
        output.feed(chunk)
    kept = len(output._head) + len(output._tail)  # noqa: SLF001 -- memory is what it is for
    assert kept < 1000 + (1 << 18) + size


@given(st.integers(0, 60), st.integers(1, 60))
def test_no_part_of_a_secret_shows_at_a_cut(position: int, limit: int) -> None:
    data = bytearray(b"." * 60)
    data[position:position] = b"SECRET"
    text = _text(bytes(data), limit, Masking(["SECRET"]))
    assert not set("SECRT") & set(text)


def test_a_character_across_a_cut_is_left_out() -> None:
    assert _text("ab€de€fg".encode(), 8) == "ab\n[... 8 bytes cut out here ...]\nfg"


def test_what_cannot_be_shown_is_escaped() -> None:
    data = b"tab\tline\nbell\x07 esc\x1b[0m cr\r nul\0 del\x7f bad\xff\xc3 " + "c1\x9b rtl\u202e ls\u2028 ü€😀".encode()
    assert _text(data, 200) == (
        "tab\tline\nbell\\x07 esc\\x1b[0m cr\\r nul\\x00 del\\x7f bad\\xff\\xc3 c1\\x9b rtl\\u202e ls\\u2028 ü€😀"
    )
