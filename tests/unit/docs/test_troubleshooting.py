# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each sentence that the guide on troubleshooting explains is one that the code says."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

COLLECTION = Path(__file__).resolve().parents[3]
GUIDE = COLLECTION / "docs/docsite/rst/guide_troubleshooting.rst"
OF_ANSIBLE = {"Missing end of comment tag", "Syntax error in template"}  # which is the one to say these
DOCUMENTS = {"DOCUMENTATION", "EXAMPLES", "RETURN"}
OF_VAULT = {"... permission denied"}

ROW = re.compile(r"^(``.*)\n  \S", re.MULTILINE)
SENTENCE = re.compile(r"``(.+?)``")
NAMED = re.compile(r"^([\w.\[\]]+): ")  # the option that a sentence begins with, which the code joins to what it says


def sentences() -> list[str]:
    rows = ROW.findall(GUIDE.read_text(encoding="utf-8"))
    return [sentence for row in rows for sentence in SENTENCE.findall(row)]


@functools.cache
def variables() -> set[str]:
    spec = yaml.safe_load((COLLECTION / "roles/flant_gitops/meta/argument_specs.yml").read_text(encoding="utf-8"))
    return {name for entry in spec["argument_specs"].values() for name in entry["options"]}


def names(assignment: ast.Assign) -> set[str]:
    return {target.id for target in assignment.targets if isinstance(target, ast.Name)}


def said() -> Iterator[str]:
    """Yield each text of the code on one line, with ``\\0`` for what is filled in; what explains the code is none."""
    for file in (COLLECTION / "plugins").rglob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        explained = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        explained |= {id(node.value) for node in tree.body if isinstance(node, ast.Assign) and names(node) & DOCUMENTS}
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                yield "".join(str(part.value) if isinstance(part, ast.Constant) else "\0" for part in node.values)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in explained:
                yield node.value
    for file in (COLLECTION / "roles").rglob("tasks/*.yml"):
        yield re.sub(r"\s+", " ", file.read_text(encoding="utf-8"))


SAID = list(said())


@pytest.mark.parametrize("sentence", sorted(set(sentences()) - OF_ANSIBLE - OF_VAULT))
def test_code_says_what_the_guide_explains(sentence: str) -> None:
    named = NAMED.match(sentence)
    if named and named[1].startswith("flant_gitops_"):
        assert named[1].split("[")[0] in variables()
    words = NAMED.sub("", sentence)
    parts = [part.strip(" .,:;()") for part in words.split("...")]
    assert sum(len(part.split()) for part in parts) > 1, "too little to be told from other sentences"
    assert [part for part in parts if not any(part in text for text in SAID)] == []


def test_guide_explains_many_and_each_once() -> None:
    found = sentences()
    assert len(found) > 40
    assert len(found) == len(set(found))
