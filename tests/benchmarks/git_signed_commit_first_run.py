# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the first run on a long history costs, with an empty ``git_dir``, against a full clone.

Needs some minutes to make the repository, which is kept if a folder is given.
Usage: git_signed_commit_first_run.py [--rounds N] [--keep FOLDER]
"""

from __future__ import annotations

import argparse
import itertools
import shutil
import subprocess
import tempfile
from pathlib import Path

from ansible_collections.flant.gitops.tests.support.environment import clean
from ansible_collections.flant.gitops.tests.support.git_server import http_process
from ansible_collections.flant.gitops.tests.support.large_repository import tree_of, with_history
from ansible_collections.flant.gitops.tests.support.ratios import ratio, row
from ansible_collections.flant.gitops.tests.support.repository import Repository
from ansible_collections.flant.gitops.tests.support.signed_commit import Task

_COMMITS = 100_000
_FILES, _SIZE = 2_000, 50 << 20


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--keep", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        made = (arguments.keep or folder / "made") / f"{_COMMITS}.git"
        if not made.exists():
            with_history(made, _COMMITS, tree_of(_FILES, _SIZE))
        numbers = itertools.count()
        with http_process(made.parent) as url:
            repo = f"{url}/{made.name}"

            def find() -> None:
                """Find the tip of the branch."""
                task = Task(Repository(made), folder / f"find{next(numbers)}")
                assert task.poll(repo=repo).changed
                shutil.rmtree(task.folder)

            def find_and_archive() -> None:
                task = Task(Repository(made), folder / f"archive{next(numbers)}")
                assert task.poll(repo=repo, archive=task.archive).changed
                shutil.rmtree(task.folder)

            def clone() -> None:
                target = folder / "clone"
                subprocess.run(["git", "clone", "--quiet", "--bare", repo, str(target)], env=clean(), check=True)
                shutil.rmtree(target)

            rounds = arguments.rounds
            print(row("first run without an archive / full clone", ratio(find, clone, rounds), 0.4))
            print(row("first run with an archive / full clone", ratio(find_and_archive, clone, rounds), 0.4))


if __name__ == "__main__":
    main()
