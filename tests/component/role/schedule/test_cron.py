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


def for_everybody(cron: Schedule) -> str:
    """Return a stand-in for ansible-pull whose interpreter not only root can reach."""
    pull = cron.machine.shared / f"pull-{cron.instance}"
    pull.write_text("#!/usr/bin/python3\nraise SystemExit(3)\n", encoding="utf-8")
    pull.chmod(0o755)
    return str(cron.machine.there(pull))


def test_cron_job_is_installed_changed_and_removed(cron: Schedule) -> None:
    installed = cron.set(ansible_pull=stand_in(cron), arguments=[f"--odd={ODD}"], environment={"ODD": ODD})
    assert installed.returncode == 0, installed.stdout
    assert f"*/5 * * * * {' '.join(cron.command())}\n" in cron.machine.output("crontab", "-l")
    again = cron.set(ansible_pull=stand_in(cron), arguments=[f"--odd={ODD}"], environment={"ODD": ODD})
    assert "changed=0" in again.stdout, again.stdout

    changed = cron.set(cron="30 4 * * Mon", ansible_pull=stand_in(cron))
    assert changed.returncode == 0, changed.stdout
    table = cron.machine.output("crontab", "-l")
    assert f"30 4 * * Mon {' '.join(cron.command())}\n" in table

    gone = cron.set(state="absent")
    assert gone.returncode == 0, gone.stdout
    assert cron.unit not in cron.machine.output("crontab", "-l")
    assert cron.machine.run("test", "-e", cron.program).returncode == 1
    assert cron.machine.run("test", "-d", f"{cron.folder}/facts").returncode == 0


def test_script_of_the_version_before_gives_way(cron: Schedule) -> None:
    """The job keeps its name, by which the playbook finds it; what it ran is gone once it runs something else."""
    scripts = [f"/var/lib/flant_gitops/.ansible-pull-{cron.instance}", f"{cron.folder}/ansible-pull"]
    cron.machine.output("mkdir", "-p", cron.folder)
    for script in scripts:
        cron.machine.output("sh", "-c", f"printf '#!/bin/sh\\nexit 0\\n' > {script} && chmod 0700 {script}")
    before = f"#Ansible: {cron.unit}\n*/5 * * * * {scripts[0]}"
    cron.machine.output("sh", "-c", f"(crontab -l 2>/dev/null; printf '{before}\\n') | crontab -")

    cron.set(ansible_pull=stand_in(cron))

    table = cron.machine.output("crontab", "-l")
    assert table.count(cron.instance) == 2, table
    assert f"#Ansible: {cron.unit}\n*/5 * * * * {' '.join(cron.command())}\n" in table
    assert [cron.machine.run("test", "-e", script).returncode for script in scripts] == [1, 1]


def test_r15_root_follows_no_link_in_the_folder_of_another_user(cron: Schedule, signers: Signers) -> None:
    given = {
        "ansible_pull": for_everybody(cron),
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
    cron.set(ansible_pull=stand_in(cron), arguments=[f"--odd={ODD}"], environment={"ODD": ODD}, randomized_delay="0s")
    assert cron.machine.run(*cron.command()).returncode == 3
    told = cron.machine.output("cat", f"{cron.folder}/ansible-pull.log")
    for text in (f"--odd={ODD}", ODD, cron.folder, f"--directory={cron.folder}/checkout"):
        assert f"<{text}>\n" in told
    assert told.endswith("ansible-pull ended with status 3.\n")

    cron.machine.output("rm", f"{cron.folder}/ansible-pull.log")
    cron.machine.output("flock", f"{cron.folder}/lock", *cron.command())
    assert cron.machine.run("test", "-e", f"{cron.folder}/ansible-pull.log").returncode == 1


def test_r20_the_output_of_a_run_that_failed_stays_when_the_next_one_goes_well(cron: Schedule) -> None:
    fails = cron.machine.script('test -e "$PWD/mended" && echo well || { echo badly; exit 4; }')
    cron.set(ansible_pull=fails, randomized_delay="0s", full_every="0s")
    assert cron.machine.run(*cron.command()).returncode == 4
    cron.machine.output("touch", f"{cron.folder}/mended")
    assert cron.machine.run(*cron.command()).returncode == 0
    assert cron.machine.output("cat", f"{cron.folder}/ansible-pull.log") == "well\n"
    assert (
        cron.machine.output("cat", f"{cron.folder}/ansible-pull.failed.log")
        == "badly\nansible-pull ended with status 4.\n"
    )


def test_a_user_other_than_root_runs_it_and_writes_the_metrics_and_removing_the_schedule_deletes_them(
    cron: Schedule,
) -> None:
    folder = f"/var/lib/metrics-{cron.instance}"
    cron.machine.output("install", "-d", "-o", "nobody", folder)
    given = {
        "ansible_pull": for_everybody(cron),
        "user": "nobody",
        "randomized_delay": "0s",
        "metrics_dir": folder,
    }
    installed = cron.set(**given)
    assert installed.returncode == 0, installed.stdout
    found = cron.machine.output("find", cron.program, "-printf", "%u %m %P\n").splitlines()
    assert sorted(found) == ["root 640 settings.json", "root 644 flant-gitops-pull.pyz", "root 755 "]

    line = cron.machine.output("crontab", "-l", "-u", "nobody").splitlines()[-1]
    ran = cron.machine.run("runuser", "-u", "nobody", "--", *line.split()[5:])
    assert ran.returncode == 3, ran.stdout
    written = cron.machine.output("find", folder, "-type", "f", "-printf", "%u %m %P\n")
    assert written == f"nobody 644 flant_gitops_{cron.instance}.prom\n"

    gone = cron.set(state="absent", user="nobody")
    assert gone.returncode == 0, gone.stdout
    assert cron.machine.output("find", folder, "-type", "f") == ""


def test_r14_a_folder_for_metrics_that_others_could_change_is_refused(cron: Schedule) -> None:
    folder = f"/var/lib/metrics-{cron.instance}"
    cron.machine.output("install", "-d", "-m", "0777", folder)
    refused = cron.set(ansible_pull=stand_in(cron), metrics_dir=folder)
    assert refused.returncode == 2, refused.stdout
    assert f"flant_gitops_schedule_metrics_dir: {folder} can be written to by others than its owner" in refused.stdout
    assert cron.machine.run("test", "-e", f"{cron.program}/settings.json").returncode == 1
