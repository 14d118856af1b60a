# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a scheduled run costs that is skipped, against whole ones, ansible-pull alone, and ``git ls-remote``.

Needs ansible-core in the interpreter's own environment. Usage: flant_gitops_tick.py [--rounds N]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import trustme
from ansible_collections.flant.gitops.tests.support.environment import clean
from ansible_collections.flant.gitops.tests.support.git_server import http_server
from ansible_collections.flant.gitops.tests.support.host_repository import host_repository
from ansible_collections.flant.gitops.tests.support.quiet_schedule import QuietSchedule
from ansible_collections.flant.gitops.tests.support.ratios import ratio, ratio_of_work, row
from ansible_collections.flant.gitops.tests.support.repository import Repository
from ansible_collections.flant.gitops.tests.support.scheduled_pull import Installation
from ansible_collections.flant.gitops.tests.support.slow_link import slow_link

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROUND_TRIP = 0.02


@dataclass
class Schedule(Installation):
    """One whose ansible-pull is the real one, and that is seen to skip or not."""

    def start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(self.command, env=clean(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def run(self, *, whole: bool) -> None:
        status, output = self.tick()
        assert status == 0, output
        assert ("PLAY RECAP" in output) == whole, output


def over_files(folder: Path, rounds: int) -> Iterator[str]:
    """Measure whole runs, and those that are skipped, of an instance whose repositories lie on this machine."""
    upstream = Repository(folder / "upstream.git")
    upstream.commit()
    host = host_repository(folder / "host.git", upstream)
    schedules = {}
    for name, full_every in (("whole", 0), ("quiet", 86400)):
        schedules[name] = Schedule(folder / name)
        options = host.options(schedules[name].folder / "instance")
        schedules[name].set("", **options, full_every=full_every)
        schedules[name].run(whole=True)

    def pull() -> None:
        program = Path(sys.executable).parent / "ansible-pull"
        where = ("-U", host.url, "-C", "main", "-d", str(folder / "checkout"), "-i", "localhost,")
        environment = {**clean(), **host.environment, "HOME": str(folder)}
        subprocess.run([program, "-o", *where, "ping.yml"], env=environment, check=True, capture_output=True)

    def quiet() -> None:
        schedules["quiet"].run(whole=False)

    yield row(
        "a run that is skipped / a whole one, CPU",
        ratio_of_work(quiet, lambda: schedules["whole"].run(whole=True), rounds),
        0.04,
    )
    yield row("a run that is skipped / ansible-pull -o, CPU", ratio_of_work(quiet, pull, rounds), 0.08)


def over_https(folder: Path, rounds: int) -> Iterator[str]:
    """Measure runs that are skipped, of an instance whose repositories are 20 ms away; only whole ones are a script."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    (folder / "schedule").mkdir()
    schedule = QuietSchedule(folder / "schedule")
    schedule.upstream.commit()
    with (
        http_server(schedule.folder, authority.issue_cert("127.0.0.1")) as server,
        slow_link(int(server.url.rpartition(":")[2]), _ROUND_TRIP) as link,
    ):
        far = f"https://127.0.0.1:{link.port}"
        schedule.options_of_poll = {"repo": f"{far}/upstream.git", "ca_cert_file": folder / "ca.pem"}
        schedule.says(schedule.process())
        variables = {"GIT_SSL_CAINFO": str(folder / "ca.pem"), "GIT_SSL_CAPATH": os.devnull}
        command = [str(schedule.folder / "pull"), f"--url={far}/playbook.git", "--checkout=main"]
        schedule.ready(command=command, environment=variables)

        def quiet() -> None:
            assert not schedule.is_whole(), schedule.last

        def ls_remote() -> None:
            asking = [
                subprocess.Popen(
                    ["git", "ls-remote", f"{far}/{name}.git", "main"],
                    env={**clean(), **variables},
                    stdout=subprocess.DEVNULL,
                )
                for name in ("upstream", "playbook")
            ]
            assert [process.wait() for process in asking] == [0, 0]

        yield row("a run that is skipped / two ls-remote at once, 20 ms away", ratio(quiet, ls_remote, rounds), 1.5)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as temporary:
        for name, measure in (("files", over_files), ("https", over_https)):
            (Path(temporary) / name).mkdir()
            for line in measure(Path(temporary) / name, rounds):
                print(line, flush=True)


if __name__ == "__main__":
    main()
