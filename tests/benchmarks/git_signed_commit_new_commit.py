# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one new commit costs in a warm ``git_dir``, with short and with long histories.

Needs ansible-core in the interpreter's own environment, and some minutes to make the repositories, which are kept if
a folder is given. Usage: git_signed_commit_new_commit.py [--rounds N] [--keep FOLDER]
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.tests.support import payload
from ansible_collections.flant.gitops.tests.support.environment import clean
from ansible_collections.flant.gitops.tests.support.git_server import http_process, http_server
from ansible_collections.flant.gitops.tests.support.large_repository import tree_of, with_history
from ansible_collections.flant.gitops.tests.support.ratios import row
from ansible_collections.flant.gitops.tests.support.repository import Repository
from ansible_collections.flant.gitops.tests.support.signed_commit import Task, call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SHORT, _LONG = 1_000, 100_000
_FILES, _SIZE = 2_000, 50 << 20


@dataclass
class Branch:
    """One upstream's branch and a task that follows it."""

    upstream: Repository
    task: Task
    repo: str
    last: str = ""

    def follow(self) -> None:
        self.last = self.task.process(repo=self.repo, last_commit=self.last, archive=self.task.archive)

    def poll(self) -> float:
        """Return the seconds that it takes to find, fetch and archive what is new."""
        start = time.perf_counter()
        with contextlib.suppress(Failure):
            call(repo=self.repo, git_dir=self.task.git_dir, last_commit=self.last, archive=self.task.archive)
        return time.perf_counter() - start

    def commit(self, parents: list[str] | None = None) -> str:
        """Add a commit that changes one file of the last one's tree."""
        upstream = self.upstream
        tree = upstream.git_bytes("ls-tree", self.last)
        blob = upstream.object("blob", str(time.time_ns()).encode())
        lines = [line for line in tree.splitlines() if not line.endswith(b"\tchanging")]
        lines.append(f"100644 blob {blob}\tchanging".encode())
        new_tree = upstream.git("mktree", stdin=b"\n".join(lines) + b"\n")
        return upstream.commit(new_tree, parents=parents or [self.last])


def one_commit(branch: Branch) -> None:
    branch.commit()


def merge_of_an_old_branch(branch: Branch) -> None:
    old = branch.upstream.git("rev-parse", f"{branch.last}~900")
    side = branch.commit([old])
    branch.commit([branch.last, side])


def forced_push(branch: Branch) -> None:
    branch.commit([branch.upstream.git("rev-parse", f"{branch.last}~1")])


def lengths(branches: dict[int, Branch], rounds: int) -> Iterator[str]:
    """Measure the long history against the short one."""
    for change in (one_commit, merge_of_an_old_branch, forced_push):
        ratios = []
        for _round in range(rounds + 1):
            seconds = {}
            for length, branch in branches.items():
                change(branch)
                seconds[length] = branch.poll()
                if change is forced_push:
                    branch.upstream.point("refs/heads/main", branch.last)
                else:
                    branch.follow()
            ratios.append(seconds[_LONG] / seconds[_SHORT])
        yield row(f"{change.__name__}: {_LONG} / {_SHORT} commits", median(ratios[1:]), 1.15)


def seconds_of(function: Callable[[], object]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def peers(branch: Branch, folder: Path, rounds: int) -> Iterator[str]:
    """Measure against the built-in module and against a whole clone."""
    nothing = payload.payload(folder / "nothing", "nothing", {})
    checkout = {"repo": branch.repo, "dest": str(folder / "checkout"), "version": "main"}
    builtin = payload.payload(folder / "builtin", "ansible.builtin.git", checkout)
    params = {"repo": branch.repo, "git_dir": str(branch.task.git_dir), "archive": str(branch.task.archive)}
    ours = payload.payload(folder / "ours", "flant.gitops.git_signed_commit", {**params, "last_commit": ""})
    own = []
    for _round in range(rounds + 1):
        branch.commit()
        idle = seconds_of(lambda: payload.run(nothing))
        found = seconds_of(lambda: payload.run(ours))
        updated = seconds_of(lambda: payload.run(builtin))
        own.append((found - idle) / (updated - idle))
        branch.follow()
    yield row("own time / that of builtin.git", median(own[1:]), 0.7)


def whole_clone(branch: Branch, folder: Path, rounds: int) -> Iterator[str]:
    """Measure against a whole clone, which the original makes at each poll."""
    command = ["git", "clone", "--quiet", "--bare", branch.repo, str(folder / "clone")]

    def clone() -> None:
        subprocess.run(command, env=clean(), check=True)

    ratios = []
    for _round in range(rounds):
        branch.commit()
        ratios.append(branch.poll() / seconds_of(clone))
        shutil.rmtree(folder / "clone")
        branch.follow()
    yield row(f"time / that of a whole clone of {_LONG} commits", median(ratios), 0.06)


def traffic(branch: Branch, served: Path) -> Iterator[str]:
    """Measure what one commit brings over the network."""
    with http_server(served) as server:
        branch.commit()
        call(
            repo=f"{server.url}/{branch.upstream.path.name}",
            git_dir=branch.task.git_dir,
            last_commit=branch.last,
            archive=branch.task.archive,
        )
        yield row("kB", (server.received + server.sent) / 1000, 15)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--keep", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        kept = arguments.keep or folder / "made"
        served = folder / "served"
        for length in (_SHORT, _LONG):
            made = kept / f"{length}.git"
            if not made.exists():
                with_history(made, length, tree_of(_FILES, _SIZE))
            shutil.copytree(made, served / made.name)
        with http_process(served) as url:
            branches = {
                length: Branch(
                    Repository(served / f"{length}.git"),
                    Task(Repository(served / f"{length}.git"), folder / f"task{length}"),
                    f"{url}/{length}.git",
                )
                for length in (_SHORT, _LONG)
            }
            for branch in branches.values():
                branch.follow()
            for line in (
                *lengths(branches, arguments.rounds),
                *peers(branches[_SHORT], folder, arguments.rounds),
                *whole_clone(branches[_LONG], folder, min(arguments.rounds, 3)),
                *traffic(branches[_LONG], served),
            ):
                print(line, flush=True)


if __name__ == "__main__":
    main()
