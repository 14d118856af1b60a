# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The recipe of the signing guide for those who sign by hand, as it stands there."""

from __future__ import annotations

import re
import shutil
import subprocess
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.tests.support.approver import ids, lines
from ansible_collections.flant.gitops.tests.support.signed_commit import Task

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.tests.component.approve.conftest import MakeApprover
    from ansible_collections.flant.gitops.tests.support.approver import Approver
    from ansible_collections.flant.gitops.tests.support.repository import Repository
    from ansible_collections.flant.gitops.tests.support.signers import Signers

GUIDE = Path(__file__).resolve().parents[3] / "docs/docsite/rst/guide_signing.rst"


def recipe(title: str) -> list[str]:
    """Return the shell scripts of the guide's section with this title."""
    section = GUIDE.read_text(encoding="utf-8").split(f"{title}\n---")[1].split("\n---")[0]
    found = re.findall(r"\.\. code-block:: shell\n\n((?:    .*\n|\n)+)", section)
    return [textwrap.dedent(script) for script in found]


def by_hand(approver: Approver, deployed: str) -> subprocess.Popen[str]:
    look, sign, *_others = recipe("Sign somebody else's commit by hand")
    script = f"deployed={deployed}\n{look.replace('| less', '')}{sign}"
    return subprocess.Popen(
        ["sh", "-ec", script],
        cwd=approver.clone,
        env=approver.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_r23_the_recipe_by_hand_loses_no_vote(
    upstream: Repository, approver: MakeApprover, signers: Signers, tmp_path: Path
) -> None:
    people = [approver(name, signers[name]) for name in ("alice", "carol")]
    for person in people:  # the recipe leaves the choice of the key to gpg
        program = person.clone.parent / f"{person.name}.bin/gpg"
        program.parent.mkdir()
        real = shutil.which("gpg")
        program.write_text(f'#!/bin/sh\nexec {real} --local-user {person.key.fingerprint} "$@"\n', encoding="utf-8")
        program.chmod(0o755)
        person.environment["PATH"] = f"{program.parent}:{person.environment['PATH']}"
    first = upstream.head()
    commit = upstream.commit({"deploy.sh": b"echo second\n"}, message="Second")

    calls = [by_hand(person, first) for person in people]
    outputs = [call.communicate()[0] for call in calls]

    assert [call.returncode for call in calls] == [0, 0], outputs
    assert all("+echo second" in output for output in outputs)
    assert len(set(ids(upstream))) == 1
    assert len(lines(upstream, commit)) == 2
    approver("bob", signers.bob).sign(commit)
    keys = [signers[name].public_key for name in ("alice", "bob", "carol")]
    assert Task(upstream, tmp_path).poll(trusted_keys=keys, required_signatures=3).commit == commit
