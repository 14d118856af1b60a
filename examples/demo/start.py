# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start the throw-away server, engine and repository, and keep them until Ctrl-C: ``make``, then ``make enable``."""

from __future__ import annotations

import signal
import sys

from machine import CACHE, say
from stage import stage

MARK = CACHE / "stage"


def main() -> None:
    """Set the stage and wait."""
    signal.signal(signal.SIGTERM, lambda *_arguments: sys.exit(143))
    with stage() as here:
        MARK.write_text(str(here.folder), encoding="utf-8")
        try:
            say(f"Ready. The repository's working copy is {here.folder}/app")
            say("Now type 'make release' and 'make enable' in other terminals; Ctrl-C here ends everything")
            signal.pause()
        except KeyboardInterrupt:
            print()
        finally:
            MARK.unlink()


if __name__ == "__main__":
    main()
