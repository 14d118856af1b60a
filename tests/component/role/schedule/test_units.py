# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The systemd units: systemd itself finds nothing amiss in them, starts them, and lets them go again."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.tests.support.waiting import until

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.tests.component.role.schedule.conftest import Schedule
    from ansible_collections.flant.gitops.tests.support.throwaway_machine import Machine

ODD = "a $HOME ${HOME} 100% %n \\n \"double\" 'single' ; # | é"


def test_timer_is_installed_changed_and_removed(schedule: Schedule) -> None:
    machine = schedule.machine
    installed = schedule.set()
    assert installed.returncode == 0, installed.stdout
    assert machine.output("systemd-analyze", "verify", *schedule.units()) == ""
    assert machine.output("systemctl", "is-enabled", f"{schedule.unit}.timer") == "enabled\n"
    assert machine.output("systemctl", "is-active", f"{schedule.unit}.timer") == "active\n"
    assert exposure(schedule) <= 2.5
    assert "changed=0" in schedule.set().stdout

    changed = schedule.set(on_calendar="Mon *-*-* 04:30:00", randomized_delay="0s")
    assert changed.returncode == 0, changed.stdout
    next_time = machine.output("systemctl", "show", "--property=NextElapseUSecRealtime", f"{schedule.unit}.timer")
    assert re.search(r"=Mon .* 04:30:00", next_time), next_time

    gone = schedule.set(state="absent")
    assert gone.returncode == 0, gone.stdout
    assert machine.output("find", "/etc/systemd/system", "-name", f"{schedule.unit}*") == ""
    assert machine.output("systemctl", "list-units", "--all", "--no-legend", f"{schedule.unit}*").strip() == ""
    assert machine.run("test", "-d", f"{schedule.folder}/facts").returncode == 0
    assert "changed=0" in schedule.set(state="absent").stdout


def test_service_that_failed_is_gone_with_its_timer(schedule: Schedule, booted: Machine) -> None:
    schedule.set(ansible_pull=booted.script("exit 1"))
    assert booted.run("systemctl", "start", schedule.unit).returncode == 1
    gone = schedule.set(state="absent")
    assert gone.returncode == 0, gone.stdout
    assert booted.output("systemctl", "list-units", "--all", "--no-legend", f"{schedule.unit}*") == ""


def exposure(schedule: Schedule) -> float:
    """Return how much of the host systemd thinks the service is exposed to, from 0 to 10."""
    report = schedule.machine.output("systemd-analyze", "security", "--no-pager", f"{schedule.unit}.service")
    level = re.search(r"Overall exposure level for \S+: ([0-9.]+)", report)
    assert level, report
    return float(level[1])


def test_check_mode_installs_nothing(schedule: Schedule) -> None:
    checked = schedule.set("--check", on_calendar="*:0/5")
    assert checked.returncode == 0, checked.stdout
    assert schedule.machine.run("test", "-e", schedule.units()[0]).returncode == 1
    assert schedule.machine.run("test", "-e", schedule.folder).returncode == 1


def test_arguments_and_environment_arrive_byte_by_byte(schedule: Schedule, booted: Machine) -> None:
    script = booted.script('printf "<%s>\\n" "$@" "$ODD"')  # stands in for ansible-pull: it tells what it got
    written = schedule.set(ansible_pull=script, arguments=[f"--odd={ODD}"], environment={"ODD": ODD})
    assert written.returncode == 0, written.stdout
    booted.output("systemctl", "start", schedule.unit)
    told = booted.output("journalctl", "--no-pager", "--output=cat", f"--unit={schedule.unit}")
    assert f"<--odd={ODD}>" in told, told
    assert f"<{ODD}>" in told, told
    assert f'"flant_gitops_instance": "{schedule.instance}"' in told, told


def test_r20_the_service_ends_with_ansible_pulls_status_and_writes_its_metrics_from_the_sandbox(
    schedule: Schedule, booted: Machine
) -> None:
    folder = f"/var/lib/metrics-{schedule.instance}"
    booted.output("install", "-d", folder)
    written = schedule.set(ansible_pull=booted.script("exit 3"), metrics_dir=folder)
    assert written.returncode == 0, written.stdout
    assert booted.run("systemctl", "start", schedule.unit).returncode == 1
    status = booted.output("systemctl", "show", "--property=ExecMainStatus", "--value", schedule.unit)
    assert status == "3\n", booted.run("journalctl", "--no-pager", f"--unit={schedule.unit}").stdout
    assert booted.output("find", folder, "-type", "f", "-printf", "%u %m %P\n") == (
        f"root 644 flant_gitops_{schedule.instance}.prom\n"
    )


def test_timer_keeps_to_a_second_of_its_own_within_the_whole_period(schedule: Schedule, booted: Machine) -> None:
    schedule.set(on_calendar="2099-01-01 *:0/5")
    timer = booted.output("cat", schedule.units()[1])
    assert "RandomizedDelaySec=300\nFixedRandomDelay=true\n" in timer
    schedule.set(on_calendar="2099-01-01 *:0/5", randomized_delay="30s")
    timer = booted.output("cat", schedule.units()[1])
    assert "RandomizedDelaySec=30\nFixedRandomDelay=true\n" in timer
    assert delay(schedule) == 0


@pytest.mark.parametrize(
    ("version", "seconds", "says"),
    [("246", 300, 'exec {real}.new "$@"'), ("239", 30, 'test "$#" = 2 && exec {real}.new "$@"')],
)
def test_where_systemd_cannot_keep_to_one_the_program_does(
    version: str, seconds: int, says: str, schedule: Schedule, booted: Machine
) -> None:
    """A script stands in for systemd-analyze of versions that do not know FixedRandomDelay, or --iterations either."""
    real = booted.output("sh", "-c", "command -v systemd-analyze").strip()
    booted.output("mv", real, f"{real}.new")
    old = f'if test "$1" = --version; then echo "systemd {version} ({version}.6)"; else {says.format(real=real)}; fi'
    try:
        booted.output("ln", "-s", booted.script(old), real)
        installed = schedule.set(on_calendar="2099-01-01 *:0/5")
    finally:
        booted.output("mv", f"{real}.new", real)
    assert installed.returncode == 0, installed.stdout
    assert "Delay" not in booted.output("cat", schedule.units()[1])
    assert delay(schedule) == seconds


def delay(schedule: Schedule) -> int:
    """Return up to how many seconds the program waits by itself."""
    return int(json.loads(schedule.machine.output("cat", f"{schedule.program}/settings.json"))["delay"])


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"on_calendar": "whenever"}, "flant_gitops_schedule_on_calendar: systemd does not know"),
        ({"ansible_pull": "/nowhere/ansible-pull"}, "flant_gitops_schedule_ansible_pull: there is no"),
    ],
)
def test_schedule_that_cannot_work_is_refused(schedule: Schedule, variables: dict[str, object], sentence: str) -> None:
    refused = schedule.set(**variables)
    assert refused.returncode == 2, refused.stdout
    assert sentence in refused.stdout
    assert schedule.machine.run("test", "-e", schedule.units()[0]).returncode == 1


def test_where_systemd_is_to_boot_later_the_timer_is_enabled(cron: Schedule) -> None:
    installed = cron.set(manager="systemd")
    assert installed.returncode == 0, installed.stdout
    assert cron.machine.output("systemctl", "is-enabled", f"{cron.unit}.timer") == "enabled\n"
    assert "changed=0" in cron.set(manager="systemd").stdout
    gone = cron.set(state="absent")
    assert gone.returncode == 0, gone.stdout
    assert cron.machine.run("find", "/etc/systemd/system", "-name", f"{cron.unit}*").stdout == ""


def test_trigger_is_installed_and_removed(schedule: Schedule, booted: Machine) -> None:
    path, folder = f"{schedule.unit}.path", f"/var/lib/flant_gitops/.trigger-{schedule.instance}"
    installed = schedule.set(trigger=True, trigger_group="daemon")
    assert installed.returncode == 0, installed.stdout
    assert booted.output("systemd-analyze", "verify", *schedule.units(), f"/etc/systemd/system/{path}") == ""
    assert booted.output("systemctl", "is-enabled", path) == "enabled\n"
    assert booted.output("systemctl", "is-active", path) == "active\n"
    found = booted.output("find", folder, "-printf", "%u %g %m %P\n")
    assert found == "root daemon 750 \nroot daemon 660 trigger\n"
    assert exposure(schedule) <= 2.5
    assert "changed=0" in schedule.set(trigger=True, trigger_group="daemon").stdout

    gone = schedule.set()
    assert gone.returncode == 0, gone.stdout
    assert booted.output("systemctl", "list-units", "--all", "--no-legend", path).strip() == ""
    assert booted.run("test", "-e", folder).returncode == 1
    assert booted.output("systemctl", "is-active", f"{schedule.unit}.timer") == "active\n"

    schedule.set(trigger=True)
    gone = schedule.set(state="absent")
    assert gone.returncode == 0, gone.stdout
    assert booted.output("find", "/etc/systemd/system", "-name", f"{schedule.unit}*") == ""
    assert booted.output("systemctl", "list-units", "--all", "--no-legend", f"{schedule.unit}*").strip() == ""
    assert booted.run("test", "-e", folder).returncode == 1


def test_only_the_group_may_push_and_a_flood_costs_polls_only_and_the_timer_goes_on(
    schedule: Schedule, booted: Machine
) -> None:
    """A script stands in for ansible-pull: it counts."""
    polls = f"{schedule.folder}/polls"
    installed = schedule.set(
        ansible_pull=booted.script('echo poll >> "$PWD/polls"'),
        trigger=True,
        trigger_group="daemon",
        on_calendar="*:*:0/20",
        randomized_delay="0s",
    )
    assert installed.returncode == 0, installed.stdout
    until(lambda: count(booted, polls))
    trigger = f"/var/lib/flant_gitops/.trigger-{schedule.instance}/trigger"
    pushes = ("setpriv", "--reuid=nobody", "--regid=nogroup")
    assert booted.run(*pushes, "--clear-groups", "touch", trigger).returncode == 1
    assert booted.run(*pushes, "--groups=daemon", "touch", f"{trigger}-2").returncode == 1

    began, before = time.monotonic(), count(booted, polls)
    flood = 'n=0; while test $n -lt 1000; do echo "$n" > "$0"; n=$((n + 1)); sleep 0.005; done'
    booted.output(*pushes, "--groups=daemon", "sh", "-c", flood, trigger)
    by_the_timer = (time.monotonic() - began) / 20 + 1
    after = count(booted, polls)
    assert 2 <= after - before <= 2 * (10 + by_the_timer)  # a push during a run causes one more
    assert booted.output("systemctl", "is-active", f"{schedule.unit}.timer") == "active\n"
    until(lambda: count(booted, polls) > after)
    until(lambda: booted.run("systemctl", "is-active", f"{schedule.unit}.path").stdout == "active\n")
    assert booted.output("systemctl", "show", "--property=Result", "--value", schedule.unit) == "success\n"


def test_pushes_beyond_the_limit_are_not_heard_until_the_timers_next_run_which_no_limit_holds_up(
    schedule: Schedule, booted: Machine
) -> None:
    """Limits of one take the place of those of many, which a slow machine does not come to."""
    polls, path = f"{schedule.folder}/polls", f"{schedule.unit}.path"
    installed = schedule.set(ansible_pull=booted.script('echo poll >> "$PWD/polls"'), trigger=True)
    assert installed.returncode == 0, installed.stdout
    for kind, limit in (("service", "[Unit]\nStartLimitBurst=1"), ("path", "[Path]\nTriggerLimitBurst=1")):
        folder = f"/run/systemd/system/{schedule.unit}.{kind}.d"
        booted.output("sh", "-c", f"mkdir -p {folder} && printf '%s\n' \"$0\" > {folder}/limit.conf", limit)
    booted.output("systemctl", "daemon-reload")
    booted.output("systemctl", "restart", path)
    push = ("touch", f"/var/lib/flant_gitops/.trigger-{schedule.instance}/trigger")

    booted.output(*push)
    until(lambda: count(booted, polls) == 1 and "SubState=waiting" in booted.output("systemctl", "show", path))
    booted.output(*push)
    until(lambda: "Result=trigger-limit-hit" in booted.output("systemctl", "show", path))
    for _index in range(2):  # as the timer does
        assert booted.run("systemctl", "start", schedule.unit).returncode == 0
    assert count(booted, polls) == 3
    assert booted.output("systemctl", "is-active", path) == "active\n"


def count(machine: Machine, polls: str) -> int:
    return machine.run("cat", polls).stdout.count("poll\n")


def test_cron_watches_no_trigger(cron: Schedule) -> None:
    refused = cron.set(trigger=True)
    assert refused.returncode == 2, refused.stdout
    assert "flant_gitops_schedule_trigger: it needs systemd, and the schedule of this host is cron's." in refused.stdout
    assert cron.machine.run("test", "-e", cron.folder).returncode == 1
