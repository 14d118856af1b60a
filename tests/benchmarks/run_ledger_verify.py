# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What it costs to verify 10,000 entries of a ledger besides their signatures, and whether memory grows with them.

Nobody has signed these entries, as on a host without ssh-keygen, so that no signature is looked at. The floor takes
each line apart and digests it, which whoever verifies a chain of such lines cannot do without.
Usage: run_ledger_verify.py [--rounds N]
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ansible_collections.flant.gitops.plugins.module_utils._ledger import audit, entry
from ansible_collections.flant.gitops.plugins.module_utils._ledger.chain import Expected
from ansible_collections.flant.gitops.plugins.module_utils._ledger.entry import Entry, Place
from ansible_collections.flant.gitops.plugins.module_utils._ledger.envelope import Envelope, digest
from ansible_collections.flant.gitops.tests.support.environment import clean
from ansible_collections.flant.gitops.tests.support.ratios import ratio, row

_FEW, _MANY = 1_000, 10_000
_DIGEST = "sha256:" + "d" * 64
_PLACE = Place("https://git.example.com/ops/deploy.git", "main", "1" * 40)
_SIGNED = {"signer": "alice", "type": "openpgp", "source": "notes", "fingerprint": "A" * 40, "signature": "A" * 760}
_BEGUN = {
    **dict.fromkeys(("trusted", "commands", "image"), _DIGEST),
    "required": 2,
    "signatures": [_SIGNED, {**_SIGNED, "signer": "bob"}],
    "previousCommit": "2" * 40,
    "tree": "3" * 40,
}
_TIME = "2026-11-28T12:00:00Z"
_REQUEST = {"name": "database", "accessor": "A" * 24, "creationPath": "secret/data/database"}
_FINISHED = {"rc": 0, "startedOn": _TIME, "finishedOn": _TIME, "output": _DIGEST, "requests": [_REQUEST] * 5}
_PEAK = """
import sys
from pathlib import Path
from ansible_collections.flant.gitops.plugins.module_utils._ledger import audit
from ansible_collections.flant.gitops.plugins.module_utils._ledger.chain import Expected
assert audit.verify([Path(sys.argv[1])], Expected(), ()).verdict == audit.CONSISTENT
with open("/proc/self/status") as status:  # getrusage would count what the parent had, too
    print(next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")))
"""


def write(folder: Path, number: int) -> Path:
    """Return a ledger of ``number`` entries, the beginnings and the ends of runs in turns."""
    folder.mkdir()
    previous = entry.NO_LINE
    with (folder / "2026.jsonl").open("wb") as file:
        for index in range(number):
            told = Entry(
                ledger="a" * 32,
                number=index,
                previous=previous,
                event=entry.FINISHED if index % 2 else entry.BEGUN,
                at=_TIME,
                host="web1",
                instance="default",
                machine="b" * 32,
                version=entry.VERSION,
                run=f"{index // 2:032x}",
                place=_PLACE,
                details=_FINISHED if index % 2 else _BEGUN,
            )
            line = Envelope(told.payload(), keyid="", signature=b"").line()
            previous = digest(line)
            file.write(line + b"\n")
    return folder


def verify(ledger: Path) -> None:
    """Verify it as the module does."""
    report = audit.verify([ledger], Expected(), ())
    assert (report.verdict, report.entries) == (audit.CONSISTENT, _MANY), report


def take_apart(ledger: Path) -> None:
    """Digest each line, and read what it holds."""
    with (ledger / "2026.jsonl").open("rb") as file:
        for line in file:
            hashlib.sha256(line).hexdigest()
            json.loads(base64.b64decode(json.loads(line)["payload"]))


def seconds(ledger: Path) -> float:
    """Return how long it keeps a processor busy to verify it, which others on the machine have little say in."""
    start = time.process_time()
    verify(ledger)
    return time.process_time() - start


def peak(ledger: Path) -> int:
    """Return the most memory that verifying it takes, in KiB."""
    environment = {**clean(), "PYTHONPATH": ":".join(sys.path)}
    command = [sys.executable, "-c", _PEAK, str(ledger)]
    return int(subprocess.run(command, check=True, capture_output=True, env=environment).stdout)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as temporary:
        few, many = (write(Path(temporary) / str(number), number) for number in (_FEW, _MANY))
        taken = statistics.median(seconds(many) for _round in range(rounds))
        print(row("10,000 entries verified besides their signatures, in s of a processor", taken, 2), flush=True)
        against = ratio(lambda: verify(many), lambda: take_apart(many), rounds)
        print(row("10,000 entries verified besides their signatures / each line digested and read", against, 6))
        more = (peak(many) - peak(few)) / 1024
        print(row("memory to verify 10,000 entries less that for 1,000, in MiB", more, 1))


if __name__ == "__main__":
    main()
