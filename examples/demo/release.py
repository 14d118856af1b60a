# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commit a version on the stage that ``make`` has set, and let both signers sign it: ``release.py VERSION``."""

from __future__ import annotations

import sys
from pathlib import Path

from machine import say, stop
from repository import Repository, Signer
from stage import SIGNERS
from start import MARK


def main() -> None:
    """Commit and sign."""
    if not MARK.exists():
        stop("nothing is started; type 'make' in another terminal first.")
    folder = Path(MARK.read_text(encoding="utf-8"))
    repository = Repository(folder)
    commit = repository.commit(sys.argv[1])
    say(f"Pushed commit {commit}")
    for name in SIGNERS:
        repository.add_signature(commit, Signer(name, folder))
        say(f"{name} has signed it")


if __name__ == "__main__":
    main()
