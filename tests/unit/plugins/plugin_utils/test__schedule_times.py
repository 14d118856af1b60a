# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.flant.gitops.plugins.plugin_utils._schedule_times import Times, schedule_times

NOW = "2026-11-29T23:58:30Z"
NEW, OLD = "systemd 252 (252.38-1~deb12u1)\n+PAM", "systemd 246 (246.6)\n"
EVERY_FIVE_MINUTES = """\
  Original form: *:0/5
Normalized form: *-*-* *:00/5:00
    Next elapse: Sun 2026-11-29 19:00:00 UTC
       From now: 3min 54s left
       Iter. #2: Sun 2026-11-29 19:05:00 UTC
       From now: 8min left
       Iter. #3: Sun 2026-11-29 19:10:00 UTC
       From now: 13min left
"""
UNEVEN = EVERY_FIVE_MINUTES.replace("19:10:00", "19:06:30")
ONCE = "    Next elapse: Thu 2099-01-01 00:00:00 UTC\n       From now: 72 years 1 month left\n"

NEXT = "".join(EVERY_FIVE_MINUTES.splitlines(keepends=True)[:4])


def times(
    manager: str,
    delay: object,
    timeout: object = "2h",
    cron: str = "*/5 * * * *",
    *,
    trigger: bool = False,
    **steps: str,
) -> Times:
    """Return the times where systemd has said ``steps``."""
    said = {name: {"stdout": steps[name]} if name in steps else {} for name in ("version", "calendar")}
    config = {"schedule_timeout": timeout, "schedule_randomized_delay": delay, "schedule_cron": cron}
    config["schedule_trigger"] = trigger
    config["schedule_full_every"] = "90m"
    return schedule_times(config=config, manager=manager, steps=said, now=NOW)


@pytest.mark.parametrize(
    ("delay", "version", "calendar", "delays"),
    [
        ("", NEW, EVERY_FIVE_MINUTES, (300, 0)),
        ("", NEW, UNEVEN, (90, 0)),
        ("", NEW, ONCE, (3600, 0)),
        ("", NEW, "    Next elapse: never\n", (3600, 0)),
        ("30s", NEW, EVERY_FIVE_MINUTES, (30, 0)),
        ("0s", NEW, EVERY_FIVE_MINUTES, (0, 0)),
        (0, NEW, EVERY_FIVE_MINUTES, (0, 0)),
        ("2h", NEW, EVERY_FIVE_MINUTES, (7200, 0)),
        ("", "systemd 247 (247.3)", EVERY_FIVE_MINUTES, (300, 0)),
        ("", OLD, EVERY_FIVE_MINUTES, (0, 300)),
        ("30s", OLD, EVERY_FIVE_MINUTES, (0, 30)),
        ("", "systemd 242", EVERY_FIVE_MINUTES, (0, 300)),
        ("", "systemd 241", NEXT, (0, 30)),
        ("2h", "systemd 241", NEXT, (0, 7200)),
        ("", "busybox", NEXT, (0, 30)),
    ],
)
def test_delay_is_the_timers_or_the_programs(
    delay: object, version: str, calendar: str, delays: tuple[int, int]
) -> None:
    found = times("systemd", delay, version=version, calendar=calendar)
    assert (found.timer_delay, found.program_delay) == delays


@pytest.mark.parametrize(
    ("delay", "fields", "seconds"),
    [
        ("", "*/5 * * * *", 300),
        ("", "* * * * *", 60),
        ("", "0 4 * * *", 3600),
        ("", "0,10,13 * * * *", 180),
        ("", "0 0 29 2 *", 3600),
        ("", "0 0 31 2 *", 3600),
        ("7s", "*/5 * * * *", 7),
        ("0", "*/5 * * * *", 0),
    ],
)
def test_delay_of_a_cron_job_is_the_programs_whatever_systemd_there_is(delay: str, fields: str, seconds: int) -> None:
    found = times("cron", delay, cron=fields)
    assert (found.timer_delay, found.program_delay) == (0, seconds)
    assert times("cron", delay, cron=fields, version=NEW, calendar=UNEVEN) == found


def test_systemd_leaves_the_program_the_time_to_wait_and_to_end_what_takes_too_long() -> None:
    assert times("systemd", "30s", "1h", version=NEW) == Times(3600, 3840, 30, 0, 5400)
    assert times("systemd", "30s", 600, version=OLD) == Times(600, 870, 0, 30, 5400)


def test_push_may_double_what_the_unit_takes() -> None:
    once, twice = (times("systemd", "30s", timeout=100, trigger=trigger, version=OLD) for trigger in (False, True))
    assert (once.run, once.unit) == (100, 370)
    assert (twice.run, twice.unit) == (100, 620)
