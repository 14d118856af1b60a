# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an unchanged branch costs, against the least that could tell: ``git ls-remote``.

Needs ansible-core in the interpreter's own environment. Usage: git_signed_commit_poll.py [--rounds N]
"""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.tests.support import payload
from ansible_collections.flant.gitops.tests.support.environment import clean
from ansible_collections.flant.gitops.tests.support.git_server import http_process, http_server
from ansible_collections.flant.gitops.tests.support.ratios import ratio, row
from ansible_collections.flant.gitops.tests.support.repository import Repository
from ansible_collections.flant.gitops.tests.support.signed_commit import Task, call
from ansible_collections.flant.gitops.tests.support.slow_link import slow_link

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ROUND_TRIP = 0.02


def upstream(path: Path, refs: int = 0) -> Repository:
    """Return a repository with a few commits, and as many refs as a hosting service has for pull requests."""
    repository = Repository(path)
    repository.git("config", "uploadpack.allowFilter", "true")
    for _index in range(10):
        repository.commit()
    head = repository.head()
    updates = "".join(f"create refs/pull/{number}/head {head}\n" for number in range(refs))
    repository.git("update-ref", "--stdin", stdin=updates.encode())
    repository.git("pack-refs", "--all")
    return repository


def processed(task: Task, repo: str) -> dict[str, object]:
    """Let everything be processed, and return the parameters of a task that finds nothing new."""
    return {"repo": repo, "git_dir": str(task.git_dir), "last_commit": task.process(repo=repo)}


def ls_remote(repo: str, *arguments: str) -> Callable[[], object]:
    return lambda: subprocess.run(["git", "ls-remote", repo, *arguments], env=clean(), capture_output=True, check=True)


def in_turns(functions: list[Callable[[], object]], rounds: int) -> list[list[float]]:
    """Return the seconds that each function took, once a round."""
    times: list[list[float]] = [[] for _other in functions]
    for _index in range(rounds + 1):
        for function, seconds in zip(functions, times):
            start = time.perf_counter()
            function()
            seconds.append(time.perf_counter() - start)
    return [seconds[1:] for seconds in times]


def whole_process(folder: Path, rounds: int) -> Iterator[str]:
    """Measure the module as it runs on a target, beside a module that does nothing and git."""
    task = Task(upstream(folder / "served" / "up.git"), folder)
    with http_process(folder / "served") as url, contextlib.ExitStack() as links:
        far = links.enter_context(slow_link(int(url.rpartition(":")[2]), _ROUND_TRIP))
        near_repo, far_repo = f"{url}/up.git", f"http://127.0.0.1:{far.port}/up.git"
        params = processed(task, near_repo)
        ours = payload.payload(folder / "ours", "flant.gitops.git_signed_commit", params)
        ours_far = payload.payload(folder / "far", "flant.gitops.git_signed_commit", {**params, "repo": far_repo})
        nothing = payload.payload(folder / "nothing", "nothing", {})
        checkout = {"repo": far_repo, "dest": str(folder / "checkout"), "version": "main"}
        builtin = payload.payload(folder / "builtin", "ansible.builtin.git", checkout)

        def floor() -> None:
            payload.run(nothing)
            ls_remote(near_repo)()

        yield row(
            "whole process / (a module that does nothing + ls-remote)",
            ratio(lambda: payload.run(ours), floor, rounds),
            1.1,
        )
        idle, own, theirs = in_turns(
            [lambda: payload.run(nothing), lambda: payload.run(ours_far), lambda: payload.run(builtin)], rounds
        )
        yield row(
            "own time / that of builtin.git, 20 ms away",
            median((a - i) / (b - i) for a, b, i in zip(own, theirs, idle)),
            0.4,
        )
        in_process = {**params, "repo": far_repo}
        floor_far = ls_remote(far_repo, "--heads", "--tags")
        yield row(
            "own time in process / ls-remote --heads --tags, 20 ms away",
            ratio(lambda: call(**in_process), floor_far, rounds),
            1.2,
        )


def traffic(folder: Path) -> Iterator[str]:
    """Measure what travels, with few refs and with many."""
    sizes = {}
    for refs in (10, 10_000):
        task = Task(upstream(folder / f"{refs}" / "served" / "up.git", refs), folder / f"{refs}")
        with http_server(folder / f"{refs}" / "served") as server:
            params = processed(task, f"{server.url}/up.git")
            before = (server.received + server.sent, server.connections)
            call(**params)
            sizes[refs] = server.received + server.sent - before[0]
            connections = server.connections - before[1]
    yield row("bytes with 10,000 refs / with 10 refs", sizes[10_000] / sizes[10], 1.2)
    yield row("connections", connections, 1.0)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=11)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as temporary:
        for line in whole_process(Path(temporary) / "whole", rounds):
            print(line, flush=True)
        for line in traffic(Path(temporary) / "traffic"):
            print(line, flush=True)


if __name__ == "__main__":
    main()
