# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the checks on a machine that may have nothing but git and Python 3.11, and add up what they say.

    python3 tests/run.py                                  every check, two at a time
    python3 tests/run.py check                            those of a group, or one: ``--list`` names them
    python3 tests/run.py units-3.9 -- tests/unit/...      with arguments of its own

A line for each session, the end of the log of one that failed, and ``N passed, N failed`` as the last line; whole logs
are in tests/output/logs. Tests count one by one, other checks as one each. A skipped test counts as failed.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import dataclasses
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import machine
import results
import sessions

if TYPE_CHECKING:
    from pathlib import Path

    from sessions import Session

LOGS = results.OUTPUT / "logs"
TIME_LIMIT = 3600.0  # seconds for one session
GRACE = 60.0  # seconds in which a session that is stopped may clean up
AT_ONCE = 2
TAIL = 60  # lines of a failed session's log that are shown


@dataclasses.dataclass(frozen=True)
class Result:
    """What a session came to."""

    session: str
    passed: int
    failed: int
    seconds: float

    def __str__(self) -> str:
        """Return the session's line of the report."""
        word = "FAILED" if self.failed else "ok"
        failed = f", {self.failed} failed" if self.failed else ""
        return f"{word:7} {self.session:24} {self.seconds:4.0f} s  {self.passed} passed{failed}"


def main() -> int:
    """Run the sessions that were asked for; return 1 if anything failed."""
    arguments, extra = parse_arguments()
    if arguments.list:
        print_list()
        return 0
    try:
        chosen = sessions.chosen(arguments.sessions)
        with machine.prepared({need for each in chosen for need in each.needs}, pythons(chosen)) as nox:
            if arguments.show:
                return subprocess.run(nox_command(nox, chosen, extra), check=False).returncode
            told = run_all(nox, chosen, extra)
    except (machine.SetUpError, LookupError) as error:
        print(error.args[0])
        print("0 passed, 1 failed")
        return 1
    failed = sum(result.failed for result in told)
    print(f"{sum(result.passed for result in told)} passed, {failed} failed")
    return 1 if failed else 0


def parse_arguments() -> tuple[argparse.Namespace, list[str]]:
    """Return the arguments, and apart from them those after ``--``, which are the sessions' own."""
    split = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "sessions", nargs="*", metavar="SESSION", default=[sessions.TEST], help="default: the group test"
    )
    parser.add_argument("--list", action="store_true", help="say what sessions there are, and what each needs")
    parser.add_argument("--show", action="store_true", help="show what the sessions print, instead of adding it up")
    return parser.parse_args(sys.argv[1:split]), sys.argv[split + 1 :]


def print_list() -> None:
    """Print what sessions there are; nothing is installed for that."""
    for each in sessions.SESSIONS:
        needs = f"  (needs {', '.join(each.needs)})" if each.needs else ""
        print(f"{each.name:20} {','.join(each.groups):16} {each.does}{needs}")


def pythons(chosen: list[Session]) -> set[str]:
    """Return the versions of Python that the sessions run, or let ansible-test or molecule run."""
    return {each.python for each in chosen if each.python} | {
        sessions.OLDEST_PYTHON
        for each in chosen
        if each.name == "molecule" or sessions.OLDEST_PYTHON in each.ansible_test
    }


def run_all(nox: Path, chosen: list[Session], extra: list[str]) -> list[Result]:
    """Run the sessions, some at once, and print a line for each as it ends."""
    LOGS.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_arguments: sys.exit("Terminated"))
    running: set[subprocess.Popen[bytes]] = set()
    told = []
    pool = concurrent.futures.ThreadPoolExecutor(AT_ONCE)
    try:
        pending = [pool.submit(run, nox_command(nox, [each], extra), each.name, running) for each in chosen]
        for each in concurrent.futures.as_completed(pending):
            told.append(each.result())
            report(told[-1])
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in set(running):
            stop(process)
    return told


def run(command: list[str | Path], session: str, running: set[subprocess.Popen[bytes]]) -> Result:
    """Run one session with its output in its log; while it runs, its process is in ``running``."""
    started = time.monotonic()
    results.clear(session)
    with log_of(session).open("wb") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
        running.add(process)
        try:
            status = process.wait(TIME_LIMIT)
        except subprocess.TimeoutExpired:
            status = stop(process)
            log.write(b"\nStopped: it took too long.\n")
        running.remove(process)
    passed, failed = results.count(session, success=status == 0)
    return Result(session, passed, failed, time.monotonic() - started)


def stop(process: subprocess.Popen[bytes]) -> int:
    """Interrupt a session, so that its tests clean up, and kill what does not end then; return its exit status."""
    os.killpg(process.pid, signal.SIGINT)
    try:
        return process.wait(GRACE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return process.wait()


def report(result: Result) -> None:
    """Print a session's line and, if it failed, the end of its log."""
    print(result, flush=True)
    lines = log_of(result.session).read_text(encoding="utf-8", errors="replace").splitlines()
    for line in lines:
        if line.startswith("RERUN "):
            print(f"        tried again: {line.removeprefix('RERUN ')}", flush=True)
    if result.failed:
        print("", *lines[-TAIL:], f"(all of it: {log_of(result.session)})", "", sep="\n    ", flush=True)


def nox_command(nox: Path, chosen: list[Session], extra: list[str]) -> list[str | Path]:
    """Return the command that runs the sessions with arguments of their own."""
    names = [each.name for each in chosen]
    command = [nox, "--noxfile", machine.ROOT / "noxfile.py", "--sessions", *names, "--no-color"]
    return [*command, "--", *extra] if extra else command


def log_of(session: str) -> Path:
    """Return the file that the session's output goes to."""
    return LOGS / f"{session}.log"


if __name__ == "__main__":
    sys.exit(main())
