# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._vault.retry import may_repeat, pause

WRITES = ("POST", "PUT", "DELETE")
READS = ("GET", "LIST")


@pytest.mark.parametrize("method", [*READS, *WRITES])
def test_what_was_not_carried_out_may_be_repeated(method: str) -> None:
    assert all(may_repeat(method, status) for status in (412, 429, 503))


def test_what_may_have_been_carried_out_is_repeated_only_if_it_reads() -> None:
    uncertain = (None, 500, 502, 504)

    assert all(may_repeat(method, status) for method in READS for status in uncertain)
    assert not any(may_repeat(method, status) for method in WRITES for status in uncertain)


@pytest.mark.parametrize("method", [*READS, *WRITES])
def test_an_answer_is_an_answer(method: str) -> None:
    assert not any(may_repeat(method, status) for status in (200, 204, 400, 403, 404, 405, 307))


@pytest.mark.parametrize(("attempt", "shortest"), [(0, 0.5), (1, 1), (2, 2), (3, 4)])
def test_the_pause_doubles(attempt: int, shortest: float) -> None:
    assert shortest <= pause(attempt, None, longest=30) <= shortest * 1.25


@pytest.mark.parametrize("text", ["-1", "soon", "Wed, 21 Oct 2026 07:28:00 GMT", "1.5", "\u0661", "9" * 5000])
def test_what_is_no_number_of_seconds_is_not_heeded(text: str) -> None:
    assert 0.5 <= pause(0, text, longest=30) <= 0.625


def test_the_server_may_ask_for_a_pause_of_its_own() -> None:
    assert 7 <= pause(0, " 7 ", longest=30) <= 8.75


@pytest.mark.parametrize(("attempt", "text"), [(9, None), (0, "999999999")])
def test_no_pause_is_longer_than_allowed(attempt: int, text: str | None) -> None:
    assert pause(attempt, text, longest=3) == 3


def test_pauses_are_spread() -> None:
    assert len({pause(0, None, longest=30) for _index in range(20)}) > 10
