# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The systemd units: systemd itself finds nothing amiss in them, starts them, and lets them go again."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

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
