# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an unchanged branch does without."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.tests.support.signed_commit import COLLECTIONS, parameters

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.tests.support.signed_commit import Task
    from ansible_collections.flant.gitops.tests.support.signers import Signers

QUIET = """
import json, sys
sys.path.insert(0, sys.argv[1])
from ansible_collections.flant.gitops.plugins.module_utils._interruption import interruptible
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.request import Request
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.run import run
with interruptible():
    outcome = run(Request.from_params(json.loads(sys.argv[2]), check_mode=False))
print(json.dumps([outcome.status, {name: getattr(module, "__file__", None) for name, module in sys.modules.items()}]))
"""


def test_an_unchanged_branch_is_polled_without_libraries_and_most_of_the_code(task: Task, signers: Signers) -> None:
    task.upstream.commit(signer=signers.alice)
    trust = {"required_signatures": 1, "trusted_keys": [signers.alice.public_key]}
    commit = task.process(**trust)
    params = parameters(repo=task.upstream.path, git_dir=task.git_dir, last_commit=commit, **trust)
    command = [sys.executable, "-c", QUIET, str(COLLECTIONS), json.dumps(params)]
    status, modules = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert status == "unchanged"
    assert {"git", "gnupg", "gitdb"} & modules.keys() == set()
    ours = {Path(file).name: file for name, file in modules.items() if name.startswith("ansible_collections.") and file}
    lines = {name: lines_of_code(Path(file)) for name, file in ours.items()}
    assert sum(lines.values()) < 1690, lines  # a tenth of which looks for keys that two signers hold


def lines_of_code(file: Path) -> int:
    """Return the number of lines that are compiled to something: no comments, docstrings and empty lines."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return len(
        {line for node in ast.walk(tree) for line in span(node)}
        - {line for node in ast.walk(tree) for line in docstring(node)}
    )


def span(node: ast.AST) -> range:
    return (
        range(node.lineno, node.end_lineno + 1)
        if isinstance(node, ast.expr)
        else range(getattr(node, "lineno", 0), getattr(node, "lineno", -1) + 1)
    )


def docstring(node: ast.AST) -> range:
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    return range(node.lineno, node.end_lineno + 1) if is_text else range(0)
