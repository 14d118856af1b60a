# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cron job of a machine that systemd does not run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.tests.component.role.schedule.conftest import Schedule
    from ansible_collections.flant.gitops.tests.support.signers import Signers

ODD = "a $HOME ${HOME} 100% \\n \"double\" 'single' ; # | é"


def stand_in(cron: Schedule) -> str:
    """Return the path of a script that stands in for ansible-pull: it tells what it got."""
    return cron.machine.script('printf "<%s>\\n" "$@" "$ODD" "$PWD"; exit 3')


def test_cron_job_is_installed_changed_and_removed(cron: Schedule) -> None:
    installed = cron.set(ansible_pull=stand_in(cron), arguments=[f"--odd={ODD}"], environment={"ODD": ODD})
    assert installed.returncode == 0, installed.stdout
    assert f"*/5 * * * * {cron.script}\n" in cron.machine.output("crontab", "-l")
    again = cron.set(ansible_pull=stand_in(cron), arguments=[f"--odd={ODD}"], environment={"ODD": ODD})
    assert "changed=0" in again.stdout, again.stdout

    changed = cron.set(cron="30 4 * * Mon", ansible_pull=stand_in(cron))
    assert changed.returncode == 0, changed.stdout
    table = cron.machine.output("crontab", "-l")
    assert f"30 4 * * Mon {cron.script}\n" in table
    assert f"*/5 * * * * {cron.script}" not in table

    gone = cron.set(state="absent")
    assert gone.returncode == 0, gone.stdout
    assert cron.unit not in cron.machine.output("crontab", "-l")
    assert cron.machine.run("test", "-e", cron.script).returncode == 1
    assert cron.machine.run("test", "-d", f"{cron.folder}/facts").returncode == 0


def test_script_of_the_version_before_gives_way(cron: Schedule) -> None:
    cron.set(ansible_pull=stand_in(cron))
    cron.machine.output("cp", cron.script, f"{cron.folder}/ansible-pull")
    cron.set(ansible_pull=stand_in(cron))
    assert cron.machine.run("test", "-e", f"{cron.folder}/ansible-pull").returncode == 1


def test_r15_root_follows_no_link_in_the_folder_of_another_user(cron: Schedule, signers: Signers) -> None:
    given = {
        "ansible_pull": stand_in(cron),
        "user": "nobody",
        "trusted_pgp_public_keys": {"alice": signers.alice.public_key},
    }
    assert cron.set(**given).returncode == 0
    keyrings = cron.machine.output("find", cron.folder, "-maxdepth", "1", "-name", "gnupg-*").split()
    assert len(keyrings) == 1
    cron.machine.output("sh", "-c", "mkdir /root/target && touch /root/target/file && chmod -R 0755 /root/target")
    as_user = ("runuser", "-u", "nobody", "--")
    for name in ("facts", "home", "ansible-pull"):
        cron.machine.output(*as_user, "rm", "-rf", f"{cron.folder}/{name}")
        cron.machine.output(*as_user, "ln", "-s", "/root/target", f"{cron.folder}/{name}")
    cron.machine.output(*as_user, "rm", "-rf", *keyrings)
    cron.machine.output(*as_user, "ln", "-s", "/root/target", f"{keyrings[0]}.new")

    cron.set(**given)

    found = cron.machine.output("find", "/root/target", "-printf", "%u %m %P\n").splitlines()
    assert sorted(found) == ["root 755 ", "root 755 file"]


def test_arguments_and_environment_arrive_byte_by_byte_and_runs_do_not_overlap(cron: Schedule) -> None:
    cron.set(ansible_pull=stand_in(cron), arguments=[f"--odd={ODD}"], environment={"ODD": ODD}, randomized_delay="7s")
    assert cron.machine.run(cron.script).returncode == 3
    told = cron.machine.output("cat", f"{cron.folder}/ansible-pull.log")
    for text in (f"--odd={ODD}", ODD, cron.folder, "--sleep=8", f"--directory={cron.folder}/checkout"):
        assert f"<{text}>\n" in told
    assert told.endswith("ansible-pull ended with status 3.\n")

    cron.machine.output("rm", f"{cron.folder}/ansible-pull.log")
    cron.machine.output("flock", f"{cron.folder}/lock", cron.script)
    assert cron.machine.run("test", "-e", f"{cron.folder}/ansible-pull.log").returncode == 1
