# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Killed at any moment, a ledger is one that verifies, and each run in it has an end or the next one's word for it."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._ledger import audit
from ansible_collections.flant.gitops.plugins.module_utils._ledger.chain import Expected

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.tests.support.soak import Long

COLLECTIONS = Path(audit.__file__).parents[6]
RUNS = """
import sys
from pathlib import Path
from ansible_collections.flant.gitops.plugins.module_utils._ledger import book, entry
place = entry.Place("https://git.example.com/a.git", "main", "1" * 40)
told = {"required": 0, "signatures": [], "trusted": "sha256:" + "a" * 64, "commands": "sha256:" + "b" * 64}
author = book.Author("web1", "default", "", None)
adopts = False
print("ready", flush=True)
while True:
    adopts = not adopts
    with book.opened(Path(sys.argv[1]), author) as opened:
        run = book.begin(opened, place, adopts=adopts, **told)
    with book.opened(Path(sys.argv[1]), author) as opened:
        book.end(opened, entry.FINISHED, run)
"""


@pytest.mark.soak
def test_killed_at_any_moment_each_run_has_an_end_or_the_next_ones_word(tmp_path: Path, long: Long) -> None:
    ledger, chance = tmp_path / "default/ledger", long.chance
    for _kill in range(long.times(200)):
        running = subprocess.Popen(
            [sys.executable, "-c", RUNS, str(ledger)],
            stdout=subprocess.PIPE,
            cwd=tmp_path,
            env={"PYTHONPATH": str(COLLECTIONS), "PATH": "/usr/bin:/bin"},
        )
        assert running.stdout
        assert running.stdout.readline() == b"ready\n"
        time.sleep(chance.uniform(0, 0.3))
        running.kill()
        running.communicate()
    report = audit.verify([ledger], Expected("web1"), ())
    assert report.problems == []
    assert report.entries > 0
    assert len(report.signing_keys) == 1
