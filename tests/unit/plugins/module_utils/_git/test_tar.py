# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tar files whose end is taken off while they pass by."""

from __future__ import annotations

import io
import tarfile

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._git import tar
from hypothesis import given
from hypothesis import strategies as st

_PATHS = st.text(min_size=1, max_size=300).filter(lambda path: "\0" not in path and path.strip("/."))


def packed(members: dict[str, bytes], **headers: str) -> bytes:
    """Return a tar in the format that git writes."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as file:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            member.pax_headers = headers
            file.addfile(member, io.BytesIO(content))
    return target.getvalue()


def joined(*parts: bytes, step: int) -> bytes:
    """Return the tars as one, each given in pieces of ``step`` bytes."""
    target = io.BytesIO()
    for part in parts:
        unended = tar.Unended(target)
        for start in range(0, len(part), step):
            unended.write(part[start : start + step])
    return target.getvalue() + packed({})


def contents(data: bytes) -> list[tuple[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(data)) as file:
        return [(member.name, file.extractfile(member).read()) for member in file]


@given(
    st.lists(st.dictionaries(_PATHS, st.binary(max_size=2000) | st.just(b"\0" * 4096), max_size=4), max_size=3),
    st.integers(1, 12_000),
)
def test_tars_in_pieces_of_any_size_are_joined(parts: list[dict[str, bytes]], step: int) -> None:
    expected = [member for part in parts for member in contents(packed(part))]
    assert contents(joined(*map(packed, parts), step=step)) == expected


@pytest.mark.parametrize("step", [1, 511, 512, 513, 1 << 20])
def test_a_size_in_an_extended_header_rules(step: int) -> None:
    """``git archive`` writes 0 as the size of a file of 8 GiB, and the true one above it."""
    large = bytearray(packed({"large": b"\0" * 5000}, size="5000"))
    header = large.index(b"large\0", tar.BLOCK)
    large[header + 124 : header + 136] = b"00000000000\0"
    target = io.BytesIO()
    unended = tar.Unended(target)
    for start in range(0, len(large), step):
        unended.write(bytes(large[start : start + step]))
    assert len(target.getvalue()) == 3 * tar.BLOCK + 10 * tar.BLOCK


def test_a_name_that_looks_like_a_size_is_none() -> None:
    name = "x" * 150 + "\n12 size=99\n"
    assert contents(joined(packed({name: b"1"}), packed({"next": b"2"}), step=512)) == [(name, b"1"), ("next", b"2")]
