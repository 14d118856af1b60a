# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How evenly a fleet of 10,000 hosts, simulated, begins its runs by the schedule that the role renders.

Needs ansible-core in the interpreter's own environment. Usage: schedule_load.py [--rounds N]; each has the same answer.
"""

from __future__ import annotations

import argparse

from ansible_collections.flant.gitops.tests.support.fleet import NEW, OLD, busiest, seconds, times
from ansible_collections.flant.gitops.tests.support.ratios import row

_HOSTS = range(10_000)


def main() -> None:
    """Simulate and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=1)
    parser.parse_args()
    kinds = {"systemd": ("systemd", NEW), "systemd before 247": ("systemd", OLD), "cron": ("cron",)}
    for kind, arguments in kinds.items():
        measured = busiest(seconds(times(*arguments), _HOSTS))
        print(row(f"10,000 hosts, {kind}: arrivals in the busiest second / even share", measured, 2), flush=True)


if __name__ == "__main__":
    main()
