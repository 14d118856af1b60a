# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the checks on a machine that may have nothing but git and Python 3.11, and add up what they say.

    python3 tests/run.py                                  every check, two at a time
    python3 tests/run.py units-3.9                        one of those that ``--list`` names
    python3 tests/run.py units-3.9 -- tests/unit/...      with arguments of its own

A line for each session, the end of the log of one that failed, and ``N passed, N failed`` as the last line; the whole
logs are in tests/output/logs. Tests count one by one, other checks as one each. A skipped test counts as failed.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import dataclasses
import json
import os
import re
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import machine

if TYPE_CHECKING:
    from pathlib import Path

LOGS = machine.ROOT / "tests/output/logs"
TIME_LIMIT = 1800.0  # seconds for one session
GRACE = 60.0  # seconds in which a session that is stopped may clean up
AT_ONCE = 2
TAIL = 60  # lines of a failed session's log that are shown

# What ansible-test and pip warn of, although nothing is amiss.
HARMLESS = re.compile(
    r"Using locale|Skipping sanity test .* on Python 3\.14|Reviewing previous \d+ warning"
    r"|Location .* is ignored|Retrying"
)


@dataclasses.dataclass(frozen=True)
class Result:
    """What a session came to."""

    session: str
    passed: int
    failed: int
    seconds: float
    remark: str

    def __str__(self) -> str:
        """Return the session's line of the report."""
        word = "FAILED" if self.failed else "ok"
        failed = f", {self.failed} failed" if self.failed else ""
        return f"{word:7} {self.session:24} {self.seconds:4.0f} s  {self.passed} passed{failed}{self.remark}"


def main() -> int:
    """Run the sessions that were asked for; return 1 if anything failed."""
    arguments, extra = parse_arguments()
    try:
        with machine.prepared() as nox:
            if arguments.list:
                return subprocess.run([nox, "--list"], check=False).returncode
            sessions = arguments.sessions or default_sessions(nox)
            if arguments.show:
                return subprocess.run(nox_command(nox, sessions, extra), check=False).returncode
            results = run_all(nox, sessions, extra)
    except machine.SetUpError as error:
        print(error)
        print("0 passed, 1 failed")
        return 1
    failed = sum(result.failed for result in results)
    print(f"{sum(result.passed for result in results)} passed, {failed} failed")
    return 1 if failed else 0


def parse_arguments() -> tuple[argparse.Namespace, list[str]]:
    """Return the arguments, and apart from them those after ``--``, which are the sessions' own."""
    split = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sessions", nargs="*", metavar="SESSION", help="default: all that are not optional")
    parser.add_argument("--list", action="store_true", help="say what sessions there are")
    parser.add_argument("--show", action="store_true", help="show what the sessions print, instead of adding it up")
    return parser.parse_args(sys.argv[1:split]), sys.argv[split + 1 :]


def default_sessions(nox: Path) -> list[str]:
    """Return the sessions that run when none is named."""
    listing = subprocess.run([nox, "--list", "--json"], cwd=machine.ROOT, check=True, stdout=subprocess.PIPE)
    names = [session["session"] for session in json.loads(listing.stdout)]
    return [name for name in names if name != "lint"]  # which only calls others of the list


def run_all(nox: Path, sessions: list[str], extra: list[str]) -> list[Result]:
    """Run the sessions, some at once, and print a line for each as it ends."""
    LOGS.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_arguments: sys.exit("Terminated"))
    running: set[subprocess.Popen[bytes]] = set()
    results = []
    pool = concurrent.futures.ThreadPoolExecutor(AT_ONCE)
    try:
        pending = [pool.submit(run, nox_command(nox, [session], extra), session, running) for session in sessions]
        for each in concurrent.futures.as_completed(pending):
            results.append(each.result())
            report(results[-1])
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in set(running):
            stop(process)
    return results


def run(command: list[str | Path], session: str, running: set[subprocess.Popen[bytes]]) -> Result:
    """Run one session with its output in its log; while it runs, its process is in ``running``."""
    started = time.monotonic()
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
    text = read_log(session)
    passed, failed = count(text, success=status == 0)
    return Result(session, passed, failed, time.monotonic() - started, remark(text))


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
    if result.failed:
        lines = read_log(result.session).splitlines()[-TAIL:]
        print("", *lines, f"(all of it: {log_of(result.session)})", "", sep="\n    ", flush=True)


def nox_command(nox: Path, sessions: list[str], extra: list[str]) -> list[str | Path]:
    """Return the command that runs the sessions with arguments of their own."""
    command = [nox, "--noxfile", machine.ROOT / "noxfile.py", "--sessions", *sessions, "--no-color"]
    return [*command, "--", *extra] if extra else command


def log_of(session: str) -> Path:
    """Return the file that the session's output goes to."""
    return LOGS / f"{session}.log"


def read_log(session: str) -> str:
    """Return what the session has printed."""
    return log_of(session).read_text(encoding="utf-8", errors="replace")


def count(log: str, *, success: bool) -> tuple[int, int]:
    """Return how many checks passed and failed, from a session's log and whether it succeeded."""
    passed = failed = 0
    for summary in re.findall(r"^=+ (.*\d (?:passed|failed|error|skipped).*) in [\d.]+s.*=$", log, re.MULTILINE):
        for number, word in re.findall(r"(\d+) ([a-z]+)", summary):
            if word == "passed":
                passed += int(number)
            elif word in {"failed", "error", "errors", "skipped", "xfailed", "xpassed"}:
                failed += int(number)
    passed += len(re.findall(r"^nox > passed: ", log, re.MULTILINE))
    failed += len(re.findall(r"^nox > failed: ", log, re.MULTILINE))
    passed += len(re.findall(r'^Running sanity test "(?!.*\nNo tests applicable)', log, re.MULTILINE))
    passed += len(re.findall(r"^Running \S+ integration test role", log, re.MULTILINE))
    for number in re.findall(r"^(?:ERROR|FATAL): The (\d+) \w+ test\(s\) listed below", log, re.MULTILINE):
        passed -= int(number)
        failed += int(number)
    failed += sum(not HARMLESS.search(text) for text in re.findall(r"^WARNING: (.*)", log, re.MULTILINE))
    if success:
        return passed or 1, failed
    return passed, failed or 1


def remark(log: str) -> str:
    """Return what else the report says: how much of the code was gone through."""
    coverage = re.findall(r"^TOTAL .* (\d+(?:\.\d+)?%)$", log, re.MULTILINE)
    return f", branch coverage {coverage[-1]}" if coverage else ""


if __name__ == "__main__":
    sys.exit(main())
