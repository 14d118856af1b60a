# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Be the schedule of the stage that ``make`` has set: run the playbook every few seconds and show what it prints."""

from __future__ import annotations

import time
from pathlib import Path

from machine import say, stop
from stage import run_playbook
from start import MARK

PERIOD = 10  # seconds


def main() -> None:
    """Run until the stage is gone or Ctrl-C."""
    if not MARK.exists():
        stop("nothing is started; type 'make' in another terminal first.")
    folder = Path(MARK.read_text(encoding="utf-8"))
    say("Following the scheduled runs; 'make release VERSION=2.0' in another terminal gives them something to do")
    try:
        while MARK.exists():
            say(f"{time.strftime('%H:%M:%S')} scheduled run")
            run_playbook(folder)
            time.sleep(PERIOD)
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    main()
