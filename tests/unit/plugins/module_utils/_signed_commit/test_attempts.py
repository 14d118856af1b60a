# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a commit that fails is tried again, and when no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.attempts import Attempts, Verdict
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.pace import Pace

if TYPE_CHECKING:
    from pathlib import Path

COMMIT, FIX = "a" * 64, "b" * 64
GIVEN = {"of": "", "run": "", "retry_delay": "0s", "retry_max_delay": "1h", "max_attempts": 0, "anew": False}
AT_ONCE = Pace.from_params(GIVEN)
MINUTES = Pace.from_params({**GIVEN, "retry_delay": "5m", "retry_max_delay": "30m"})
THRICE = Pace.from_params({**GIVEN, "max_attempts": 3})


@pytest.fixture
def attempts(tmp_path: Path) -> Attempts:
    return Attempts(tmp_path)


def fail(attempts: Attempts, times: int, *, of: str = "", at: float = 0, commit: str = COMMIT) -> int:
    first = attempts.of(commit)
    return [attempts.add(commit, of, f"{of} {first + number}", at) for number in range(times)][-1]


def test_attempts_come_later_each_time_until_the_longest_delay(attempts: Attempts) -> None:
    """Seconds after the first attempt, each of which fails at once: d, 3d, 7d, and then ever the longest delay."""
    now, tried = 0, [0]
    fail(attempts, 1)
    while len(tried) < 7:
        now += 1
        if attempts.verdict(COMMIT, MINUTES, now).may_be_tried:
            fail(attempts, 1, at=now)
            tried.append(now)
    assert tried == [0, 300, 900, 2100, 3900, 5700, 7500]


def test_a_thousand_attempts_do_not_overflow() -> None:
    assert MINUTES.wait(5000) == 1800
    assert AT_ONCE.wait(5000) == 0


def test_without_a_delay_each_poll_tries(attempts: Attempts) -> None:
    assert attempts.verdict(COMMIT, AT_ONCE, 0) == Verdict(0)
    fail(attempts, 50)
    assert attempts.verdict(COMMIT, AT_ONCE, 0) == Verdict(50)
    assert Verdict(50).may_be_tried


def test_it_is_said_until_when(attempts: Attempts) -> None:
    fail(attempts, 2, at=0.5)
    assert attempts.verdict(COMMIT, MINUTES, 1) == Verdict(2, "1970-01-01T00:10:01Z")
    assert not attempts.verdict(COMMIT, MINUTES, 600.4).may_be_tried
    assert attempts.verdict(COMMIT, MINUTES, 600.5) == Verdict(2)


def test_an_attempt_that_lies_ahead_delays_nothing(attempts: Attempts) -> None:
    fail(attempts, 1, at=1000)
    assert attempts.verdict(COMMIT, MINUTES, 999).may_be_tried


def test_a_commit_is_given_up_after_so_many_attempts(attempts: Attempts) -> None:
    fail(attempts, 2)
    assert attempts.verdict(COMMIT, THRICE, 0) == Verdict(2)
    fail(attempts, 1)
    assert attempts.verdict(COMMIT, THRICE, 1e9) == Verdict(3, given_up=True)
    assert not attempts.verdict(COMMIT, THRICE, 1e9).may_be_tried
    assert attempts.verdict(FIX, THRICE, 0) == Verdict(0)
    assert attempts.verdict(COMMIT, THRICE._replace(max_attempts=4), 0).may_be_tried


def test_a_run_is_counted_once(attempts: Attempts) -> None:
    assert [attempts.add(COMMIT, "", run, 0) for run in ("one", "one", "two", "two")] == [1, 1, 2, 2]
    assert attempts.add(FIX, "", "two", 0) == 1


def test_what_else_decides_makes_them_begin_anew(attempts: Attempts) -> None:
    fail(attempts, 3, of="old")
    new = THRICE._replace(of="new")
    assert attempts.verdict(COMMIT, THRICE._replace(of="old"), 0).given_up
    assert attempts.verdict(COMMIT, new, 0) == Verdict(0)
    assert attempts.add(COMMIT, "new", "first", 0) == 1
    assert attempts.verdict(COMMIT, new, 0) == Verdict(1)
    assert attempts.add(COMMIT, "newer", "first", 0) == 1, "it was counted under another name"


def test_a_run_that_was_counted_stays_so_where_they_begin_anew(attempts: Attempts) -> None:
    """It is killed behind that, and taken up once what it was tried with has been mended."""
    attempts.add(COMMIT, "old", "run", 0)
    new = THRICE._replace(of="new")
    attempts.give(COMMIT, new, COMMIT)
    assert attempts.add(COMMIT, "new", "run", 0) == 0
    assert attempts.add(COMMIT, "new", "another", 0) == 1


def test_what_begins_anew_waits_for_nothing(attempts: Attempts) -> None:
    slow = MINUTES._replace(max_attempts=1)
    fail(attempts, 1, at=1000)
    attempts.give(COMMIT, slow, FIX)
    assert attempts.verdict(COMMIT, slow, 1001) == Verdict(0)


def test_with_another_head_they_begin_anew_once(attempts: Attempts) -> None:
    """The heads are the commit itself, the fix, and what comes behind it."""
    attempts.give(COMMIT, THRICE, COMMIT)
    fail(attempts, 3)
    assert not attempts.is_passed(COMMIT, THRICE, COMMIT), "there is nothing behind it"
    assert not attempts.is_passed(COMMIT, THRICE, FIX)
    attempts.give(COMMIT, THRICE, FIX)
    assert attempts.verdict(COMMIT, THRICE, 0) == Verdict(0)
    fail(attempts, 2)
    attempts.give(COMMIT, THRICE, "c" * 64)
    assert attempts.verdict(COMMIT, THRICE, 0) == Verdict(2), "it was not given up when that came"
    fail(attempts, 1)
    assert attempts.is_passed(COMMIT, THRICE, "c" * 64)
    assert attempts.is_passed(COMMIT, THRICE, "d" * 64)


def test_one_that_had_others_behind_it_from_the_first_gives_way_at_once(attempts: Attempts) -> None:
    attempts.give(COMMIT, THRICE, FIX)
    fail(attempts, 2)
    assert not attempts.is_passed(COMMIT, THRICE, FIX), "it is not given up yet"
    fail(attempts, 1)
    assert attempts.is_passed(COMMIT, THRICE, FIX)


def test_polls_that_find_the_same_write_nothing(attempts: Attempts) -> None:
    attempts.give(COMMIT, THRICE, FIX)
    file = (attempts.folder / "attempts").stat()
    attempts.give(COMMIT, THRICE, FIX)
    assert (attempts.folder / "attempts").stat() == file


def test_what_is_forgotten_or_damaged_begins_anew(attempts: Attempts) -> None:
    fail(attempts, 3)
    attempts.forget()
    attempts.forget()
    assert attempts.verdict(COMMIT, THRICE, 0) == Verdict(0)
    for content in (b"", b"{", b"[]", b'{"a": 1}', b'{"a": [1, 2, 3, 4, 5, 6, 7]}', b"\xff"):
        (attempts.folder / "attempts").write_bytes(content)
        assert attempts.verdict(COMMIT, THRICE, 0) == Verdict(0)
    assert attempts.add(COMMIT, "", "run", 0) == 1


def test_the_oldest_of_many_are_forgotten(attempts: Attempts) -> None:
    (attempts.folder / "attempts").write_text(
        "{" + ", ".join(f'"{number}": ["", 3, 0, "r", "", false]' for number in range(1000)) + "}", encoding="ascii"
    )
    attempts.add(COMMIT, "", "run", 0)
    assert (attempts.of("0"), attempts.of("1"), attempts.of(COMMIT), len(attempts.table())) == (0, 3, 1, 1000)
    attempts.add("1", "", "run", 0)
    attempts.add(FIX, "", "run", 0)
    assert (attempts.of("1"), attempts.of("2"), len(attempts.table())) == (4, 0, 1000), "the one that was changed stays"


def test_all_delays_may_be_the_longest() -> None:
    pace = Pace.from_params({**GIVEN, "retry_delay": "1h"})
    assert [pace.wait(1), pace.wait(9)] == [3600, 3600]


@pytest.mark.parametrize("run", ["", "0", "aZ9._:+-" * 31 + "x" * 7])
def test_what_tells_an_attempt_apart_is_taken(run: str) -> None:
    assert Pace.from_params({**GIVEN, "run": run}).run == run


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"retry_delay": "soon"}, "attempts.retry_delay: 'soon' is not a duration"),
        ({"retry_max_delay": "-1s"}, "attempts.retry_max_delay: '-1s' is not a duration"),
        ({"retry_delay": "2h"}, "attempts.retry_max_delay: it must not be shorter than attempts.retry_delay."),
        ({"max_attempts": -1}, "attempts.max_attempts: it must not be negative."),
        ({"run": "x" * 256}, "attempts.run: it must be an id of letters, digits and ._:+- of at most 255 characters."),
        ({"run": "a b"}, "attempts.run: it must be an id of letters, digits and ._:+- of at most 255 characters."),
    ],
)
def test_what_makes_no_sense_is_refused(given: dict[str, object], said: str) -> None:
    with pytest.raises(Failure) as refused:
        Pace.from_params({**GIVEN, **given})
    assert str(refused.value).startswith(said)
