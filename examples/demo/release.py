# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commit a version on the stage that ``make`` has set, signed, and let it be approved: ``release.py VERSION``."""

from __future__ import annotations

import sys
from pathlib import Path

from machine import say, stop
from repository import Repository, signers
from start import MARK


def main() -> None:
    """Commit and approve."""
    if not MARK.exists():
        stop("nothing is started; type 'make' in another terminal first.")
    folder = Path(MARK.read_text(encoding="utf-8"))
    repository = Repository(folder)
    author, approver = signers(folder)
    commit = repository.commit(sys.argv[1], author)
    say(f"{author.name} has pushed commit {commit}, signed by git commit --gpg-sign")
    repository.approve(commit, approver)
    say(f"{approver.name} has approved it by git approve, with an SSH key")


if __name__ == "__main__":
    main()
