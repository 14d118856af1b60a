# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lines of a ledger say of each other; their signatures are left out here."""

from __future__ import annotations

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._ledger import entry
from ansible_collections.flant.gitops.plugins.module_utils._ledger.chain import Chain, Expected
from ansible_collections.flant.gitops.plugins.module_utils._ledger.entry import Entry, Place
from ansible_collections.flant.gitops.plugins.module_utils._ledger.envelope import Envelope, digest

KEY, NEXT_KEY = "SHA256:" + "k" * 43, "SHA256:" + "n" * 43
BEGUN = {
    "required": 0,
    "signatures": [],
    "trusted": "sha256:" + "a" * 64,
    "commands": "sha256:" + "b" * 64,
}
FIRST, SECOND = "1" * 32, "2" * 32
CUT = b'{"payload"'


@pytest.fixture
def chain() -> Chain:
    return Chain(Expected())


def follow(chain: Chain, event: str, run: str = "", *, key: str = KEY, details: object = None, **changed: str) -> None:
    """Let the chain's next entry come, with ``changed`` fields."""
    written = Entry(
        ledger="a" * 32,
        number=chain.number + 1,
        previous=chain.head,
        event=event,
        at="2026-11-28T12:00:00Z",
        host="web1",
        instance="default",
        machine="",
        version="1.0.0",
        run=run,
        place=Place("https://git.example.com/deploy.git", "main", "1" * 40) if run else None,
        details=details or (BEGUN if event == entry.BEGUN else {}),
    )
    line = Envelope(written._replace(**changed).payload(), key, b"left out").line()
    chain.follow(f"line {chain.entries}", line)


def cut_off(chain: Chain, line: bytes = CUT) -> None:
    chain.follow("cut", line)


def torn(chain: Chain, line: bytes = CUT, key: str = KEY) -> None:
    follow(chain, entry.TORN, key=key, details={"torn": f"sha256:{digest(line)}"})


def test_run_without_an_end_and_end_without_a_beginning_are_found(chain: Chain) -> None:
    follow(chain, entry.BEGUN, FIRST)
    follow(chain, entry.BEGUN, SECOND)
    follow(chain, entry.FINISHED, "3" * 32)
    assert chain.problems == [
        f"line 1: run {FIRST} has no end.",
        f"line 2: run {'3' * 32} has not begun before.",
    ]


def test_end_without_a_beginning_is_found_between_two_runs(chain: Chain) -> None:
    follow(chain, entry.BEGUN, FIRST)
    follow(chain, entry.FINISHED, FIRST)
    follow(chain, entry.FINISHED, SECOND)
    assert chain.problems == [f"line 2: run {SECOND} has not begun before."]


def test_run_that_was_called_lost_too_early_ends_once(chain: Chain) -> None:
    follow(chain, entry.BEGUN, FIRST)
    follow(chain, entry.LOST, FIRST)
    follow(chain, entry.BEGUN, SECOND)
    follow(chain, entry.FINISHED, FIRST)
    assert chain.problems == []
    follow(chain, entry.FAILED, FIRST)
    assert chain.problems == [f"line 4: run {FIRST} has not begun before."]


@pytest.mark.parametrize(
    ("field", "new", "old"),
    [("ledger", "b" * 32, "a" * 32), ("host", "web2", "web1"), ("instance", "other", "default")],
)
def test_entry_of_another_origin_is_found(chain: Chain, field: str, new: str, old: str) -> None:
    follow(chain, entry.SUSPENDED)
    follow(chain, entry.RESUMED, **{field: new})
    assert chain.problems == [f"line 1: its {field} is {new}, but was {old} before."]


def test_cut_line_is_spoken_of_by_the_next_entry_or_behind_a_new_key(chain: Chain) -> None:
    cut_off(chain)
    torn(chain)
    cut_off(chain)
    follow(chain, entry.REKEYED, details={"key": NEXT_KEY})
    torn(chain, key=NEXT_KEY)
    chain.end()
    assert chain.problems == []


def test_cut_line_that_is_spoken_of_later_is_found(chain: Chain) -> None:
    cut_off(chain)
    follow(chain, entry.SUSPENDED)
    torn(chain)
    not_told, not_there = chain.problems
    assert not_told.startswith("cut: ")
    assert not_told.endswith("and no entry after it says that it was cut off.")
    assert not_there == "line 1: it speaks of a line before it that was cut off, which is not there."


def test_first_of_two_cut_lines_is_found(chain: Chain) -> None:
    cut_off(chain, b"{")
    cut_off(chain)
    torn(chain)
    chain.end()
    (problem,) = chain.problems
    assert problem.startswith("cut: ")


def test_line_that_is_cut_off_at_the_end_is_found(chain: Chain) -> None:
    follow(chain, entry.SUSPENDED)
    cut_off(chain)
    assert chain.problems == []
    chain.end()
    (problem,) = chain.problems
    assert problem.startswith("cut: ")


def test_key_that_nobody_has_announced_is_found(chain: Chain) -> None:
    follow(chain, entry.SUSPENDED)
    follow(chain, entry.RESUMED, key=NEXT_KEY)
    assert chain.problems == [f"line 1: it is signed by the key {NEXT_KEY}, which no entry before it has announced."]
