# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a tree of 500 MB costs: the most memory of any process against that for 5 MB, and time against ``git archive``.

Usage: git_signed_commit_memory.py [--rounds N]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from ansible_collections.flant.gitops.plugins.module_utils._git import url as urls
from ansible_collections.flant.gitops.plugins.module_utils._git.cache import Cache
from ansible_collections.flant.gitops.plugins.module_utils._git.environment import Access
from ansible_collections.flant.gitops.plugins.module_utils._git.remote import Remote
from ansible_collections.flant.gitops.plugins.module_utils._git.tree import Part
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.archive import write_archive
from ansible_collections.flant.gitops.tests.support.environment import clean
from ansible_collections.flant.gitops.tests.support.git_server import http_process
from ansible_collections.flant.gitops.tests.support.large_repository import with_history
from ansible_collections.flant.gitops.tests.support.ratios import ratio, row
from ansible_collections.flant.gitops.tests.support.signed_commit import Task

_SMALL, _LARGE = 5_000_000, 500_000_000
_SHAPES = {"one file": 1, "100 files": 100}
# Peak resident sizes in KiB, of this process and of the largest that it waited for, git's own children among them.
_PEAKS = """
import json, resource, sys
from ansible_collections.flant.gitops.tests.support.signed_commit import call
assert call(**json.loads(sys.argv[1])).changed
with open("/proc/self/status") as status:  # getrusage would count what the parent had, too
    own = next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
print(max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
"""


def peak(task: Task, repo: str) -> int:
    """Return the most memory that any process takes to find, fetch and archive a first commit, in KiB."""
    options = {"repo": repo, "git_dir": str(task.git_dir), "archive": str(task.archive)}
    command = [sys.executable, "-c", _PEAKS, json.dumps(options)]
    environment = {**clean(), "PYTHONPATH": ":".join(sys.path)}
    return int(subprocess.run(command, check=True, capture_output=True, env=environment).stdout)


def archive_ratio(task: Task, repo: str, rounds: int) -> float:
    """Return how long it takes to write the archive of a tree that is here, over the time of ``git archive``."""
    remote = Remote(Cache(task.git_dir), Access(urls.parse(repo, "repo")), timeout=300)
    part = Part(remote, task.upstream.head())
    other = task.folder / "git.tar"
    return ratio(
        lambda: write_archive(part, task.archive, submodules=False),
        lambda: task.upstream.git("archive", f"--output={other}", part.commit),
        rounds,
    )


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    for shape, number in _SHAPES.items():
        with tempfile.TemporaryDirectory() as temporary, http_process(Path(temporary)) as url:
            peaks = {}
            for size in (_SMALL, _LARGE):
                files = {f"file{index}": size // number for index in range(number)}
                upstream = with_history(Path(temporary) / f"{size}.git", 1, files)
                repo = f"{url}/{upstream.path.name}"
                task = Task(upstream, Path(temporary) / f"task-{size}")
                peaks[size] = peak(task, repo)
            more = (peaks[_LARGE] - peaks[_SMALL]) / 1024
            print(row(f"memory for 500 MB in {shape} less that for 5 MB, in MiB", more, 8), flush=True)
            ratio_of_times = archive_ratio(task, repo, rounds)
            print(row(f"archive of 500 MB in {shape} / git archive", ratio_of_times, 1.3), flush=True)


if __name__ == "__main__":
    main()
