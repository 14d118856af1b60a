# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is due where a schedule is installed or removed."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from ansible_collections.flant.gitops.plugins.plugin_utils._schedule_course import (
    Course,
    schedule,
    schedule_pull,
)

NOTHING: dict[str, dict[str, object]] = {"pull": {}, "crontab": {}, "calendar": {}, "units": {}, "unwatched": {}}


def course(steps: dict[str, dict[str, object]] | None = None, **changed: Any) -> Course:  # noqa: ANN401 -- of any type
    known = {"booted": True, "check_mode": False, **changed}
    wanted = {"state": "present", "manager": "auto", "trigger": ""}
    wanted.update({name: known.pop(name) for name in wanted if name in known})
    return schedule(wanted=wanted, **known, steps={**NOTHING, **(steps or {})})


def test_state_says_which_way_it_goes() -> None:
    assert (course(state="present").installs, course(state="present").removes) == (True, False)
    assert (course(state="absent").installs, course(state="absent").removes) == (False, True)


@pytest.mark.parametrize(
    ("manager", "booted", "chosen"),
    [
        ("auto", True, "systemd"),
        ("auto", False, "cron"),
        ("cron", True, "cron"),
        ("systemd", False, "systemd"),
    ],
)
def test_manager_is_the_one_that_was_named_or_the_one_that_is_there(manager: str, booted: bool, chosen: str) -> None:
    due = course(manager=manager, booted=booted)
    assert (due.manager, due.keeps_log) == (chosen, chosen == "cron")


def test_what_was_looked_for_is_there_only_if_it_was_found() -> None:
    assert not any((course().has_pull, course().has_crontab, course().knows_calendar))
    assert course({"pull": {"stdout": "/usr/bin/ansible-pull"}}).has_pull
    assert not course({"pull": {"stdout": "ansible-pull: aliased to /x"}}).has_pull
    assert course({"crontab": {"rc": 0}}).has_crontab
    assert not course({"crontab": {"rc": 127}}).has_crontab
    assert course({"calendar": {"rc": 0}}).knows_calendar
    assert not course({"calendar": {"rc": 1}}).knows_calendar


@pytest.mark.parametrize(
    ("booted", "changed", "reloads", "start", "stop"),
    [
        (True, True, True, "restarted", "stopped"),
        (True, False, False, "started", "stopped"),
        (False, True, False, "", ""),
        (False, False, False, "", ""),
    ],
)
def test_systemd_is_asked_for_nothing_where_it_does_not_run(
    booted: bool, changed: bool, reloads: bool, start: str, stop: str
) -> None:
    due = course({"units": {"changed": changed}}, booted=booted)
    assert (due.reloads, due.start_state, due.stop_state) == (reloads, start, stop)


def test_push_needs_a_unit_of_systemds_and_what_it_needs_goes_with_it() -> None:
    quiet, pushed = course(), course(trigger="/trigger")
    assert (quiet.triggers, quiet.triggers_no_more, quiet.units) == (False, True, ["service", "timer"])
    assert (pushed.triggers, pushed.triggers_no_more, pushed.units) == (True, False, ["service", "timer", "path"])
    assert (quiet.starters, pushed.starters) == (["timer"], ["timer", "path"])
    assert (quiet.trigger, pushed.trigger) == ("", "/trigger")
    assert [course(trigger=path, manager="cron").can_trigger for path in ("", "/trigger")] == [True, False]
    assert course(trigger="/trigger", manager="systemd").can_trigger
    deleted = {"unwatched": {"changed": True}}
    assert [course(deleted, booted=booted).forgets_watch for booted in (True, False)] == [True, False]
    assert not course().forgets_watch


def test_check_mode_starts_no_timer_that_is_not_written() -> None:
    assert not course({"units": {"changed": True}}, check_mode=True).starts
    assert course({"units": {"changed": False}}, check_mode=True).starts
    assert course({"units": {"changed": True}}).starts


def test_keys_are_those_that_verify_and_name_their_folder() -> None:
    named = schedule_pull(keys={"alice": "k1", "bob": "k2"})
    assert named == schedule_pull(keys=["k1", "k2"])
    assert (named.imports, named.trusted, named.verify) == (True, ["k1", "k2"], ["--verify-commit"])
    assert named.keyring == "gnupg-" + hashlib.sha256(b'["k1", "k2"]').hexdigest()[:12]


def test_without_keys_nothing_is_imported_or_verified() -> None:
    for keys in ([], {}):
        due = schedule_pull(keys=keys)
        assert (due.imports, due.trusted, due.verify, due.keyring) == (False, [], [], "gnupg-none")
