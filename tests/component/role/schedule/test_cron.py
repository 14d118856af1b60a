# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cron job of a machine that systemd does not run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.tests.component.role.schedule.conftest import Schedule

ODD = "a $HOME ${HOME} 100% \\n \"double\" 'single' ; # | é"


def stand_in(cron: Schedule) -> str:
    """Return the path of a script that stands in for ansible-pull: it tells what it got."""
    return cron.machine.script('printf "<%s>\\n" "$@" "$ODD" "$PWD"; exit 3')


def test_cron_job_is_installed_changed_and_removed(cron: Schedule) -> None:
    installed = cron.set(ansible_pull=stand_in(cron), arguments=[f"--odd={ODD}"], environment={"ODD": ODD})
    assert installed.returncode == 0, installed.stdout
    assert f"*/5 * * * * {cron.folder}/ansible-pull\n" in cron.machine.output("crontab", "-l")
    again = cron.set(ansible_pull=stand_in(cron), arguments=[f"--odd={ODD}"], environment={"ODD": ODD})
    assert "changed=0" in again.stdout, again.stdout

    changed = cron.set(cron="30 4 * * Mon", ansible_pull=stand_in(cron))
    assert changed.returncode == 0, changed.stdout
    table = cron.machine.output("crontab", "-l")
    assert f"30 4 * * Mon {cron.folder}/ansible-pull\n" in table
    assert f"*/5 * * * * {cron.folder}/" not in table

    gone = cron.set(state="absent")
    assert gone.returncode == 0, gone.stdout
    assert cron.unit not in cron.machine.output("crontab", "-l")
    assert cron.machine.run("test", "-e", f"{cron.folder}/ansible-pull").returncode == 1
    assert cron.machine.run("test", "-d", f"{cron.folder}/facts").returncode == 0


def test_arguments_and_environment_arrive_byte_by_byte_and_runs_do_not_overlap(cron: Schedule) -> None:
    cron.set(ansible_pull=stand_in(cron), arguments=[f"--odd={ODD}"], environment={"ODD": ODD}, randomized_delay="7s")
    cron.machine.output(f"{cron.folder}/ansible-pull")
    told = cron.machine.output("cat", f"{cron.folder}/ansible-pull.log")
    for text in (f"--odd={ODD}", ODD, cron.folder, "--sleep=8", f"--directory={cron.folder}/checkout"):
        assert f"<{text}>\n" in told
    assert told.endswith("ansible-pull ended with status 3.\n")

    cron.machine.output("rm", f"{cron.folder}/ansible-pull.log")
    cron.machine.output("flock", f"{cron.folder}/lock", f"{cron.folder}/ansible-pull")
    assert cron.machine.run("test", "-e", f"{cron.folder}/ansible-pull.log").returncode == 1
