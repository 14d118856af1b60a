# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports go one way, as read from the syntax trees.

A module asks one package to do its job; the package of a job is made of its own files, of what knows git, OpenPGP or
SSH alone, and of the single files; nothing looks back or sideways.
"""

from __future__ import annotations

import ast
import graphlib
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

PLUGINS = Path(__file__).parents[2] / "plugins"
DRAWING = PLUGINS.parent / "docs/docsite/images/floors.svg"
OURS = "ansible_collections.flant.gitops.plugins."
UTILS = f"{OURS}module_utils."

USES = {  # a package of module_utils, and the packages that it may import from
    "_git": set(),
    "_openpgp": set(),
    "_ssh": set(),
    "_signed_commit": {"_git", "_openpgp", "_ssh"},
    "_vault": set(),
    "_container": set(),
    "_ledger": {"_ssh"},
    "_pull": {"_git", "_ledger", "_signed_commit"},  # it reads what they keep
}
FACES = {"request", "outcome", "run"}  # what a package shows to its module


def name_of(file: Path) -> str:
    return OURS + ".".join(file.relative_to(PLUGINS).with_suffix("").parts)


SOURCES = {name_of(file): file for file in sorted(PLUGINS.rglob("*.py"))}
MODULE_UTILS = [name for name in SOURCES if name.startswith(UTILS)]
ACTIONS = {
    f"{OURS}modules.{name}" for name in ("fleet_status", "quiet", "remember")
}  # no more than an action's documentation
MODULES = [name for name in SOURCES if name.startswith(f"{OURS}modules.") and name not in ACTIONS]


def imports(name: str, *, for_types: bool = True) -> Iterator[str]:
    """Yield the full name of each module that the module ``name`` imports, wherever in it the import stands."""
    tree = ast.parse(SOURCES[name].read_text(encoding="utf-8"))
    if not for_types:
        tree.body = [node for node in tree.body if not (isinstance(node, ast.If) and _is_for_types(node))]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module
            assert node.level == 0, "relative imports do not work in modules"
            submodules = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from ([each for each in submodules if each in SOURCES] or [node.module])


def _is_for_types(node: ast.If) -> bool:
    return isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def place(name: str) -> tuple[str, str]:
    """Return the package and the file that a name below module_utils stands for; a single file has no package."""
    package, _dot, file = name[len(UTILS) :].rpartition(".")
    return package, file


def test_all_of_the_code_is_looked_at() -> None:
    assert {place(name)[0] for name in MODULE_UTILS} <= {"", *USES}
    assert MODULES


@pytest.mark.parametrize("name", MODULE_UTILS)
def test_module_utils_know_nothing_of_ansible(name: str) -> None:
    assert [each for each in imports(name) if each.split(".")[0] == "ansible"] == []


@pytest.mark.parametrize("name", MODULE_UTILS)
def test_a_package_imports_only_what_is_below_it(name: str) -> None:
    package = place(name)[0]
    allowed = {"", package} | USES.get(package, set())
    ours = [each for each in imports(name) if each.startswith(OURS)]
    assert [each for each in ours if not each.startswith(UTILS) or place(each)[0] not in allowed] == []


@pytest.mark.parametrize("name", MODULES)
def test_a_module_sees_the_faces_of_one_package_and_the_single_files(name: str) -> None:
    ours = [place(each) for each in imports(name) if each.startswith(UTILS)]
    packages = {package for package, file in ours} - {""}
    assert len(packages) == 1
    assert {file for package, file in ours if package} <= FACES


@pytest.mark.parametrize("name", MODULES)
def test_a_module_sees_to_it_that_what_it_imports_is_compiled_once(name: str) -> None:
    lines = SOURCES[name].read_text(encoding="utf-8").splitlines()
    packed = [line for line in lines if line.startswith(("from ansible", "compile_once"))]
    assert packed[:2] == [f"from {UTILS}_packed import compile_once", "compile_once()"]


def test_drawing_shows_what_imports_what() -> None:
    lines = ET.parse(DRAWING).iter("{http://www.w3.org/2000/svg}path")  # noqa: S314 -- our own
    drawn = {(line.attrib["data-from"], line.attrib["data-to"]) for line in lines if "data-from" in line.attrib}
    packages = {(package, used) for package, uses in USES.items() for used in uses}
    modules = {
        (name.rpartition(".")[2], place(each)[0])
        for name in MODULES
        for each in imports(name)
        if each.startswith(UTILS) and place(each)[0]
    }
    assert drawn == packages | modules


def test_no_file_is_imported_by_what_it_imports() -> None:
    graph = {name: {each for each in imports(name, for_types=False) if each in SOURCES} for name in SOURCES}
    graphlib.TopologicalSorter(graph).prepare()


def test_a_third_party_library_has_one_importer() -> None:
    importers = defaultdict(set)
    for name in SOURCES:
        for library in {each.split(".")[0] for each in imports(name)}:
            if library not in {*sys.stdlib_module_names, "ansible", "ansible_collections"}:
                importers[library].add(name[len(OURS) :])
    for come_along in ("requests", "urllib3", "jinja2"):  # with hvac, docker and Ansible
        importers.pop(come_along, None)
    assert set(importers) <= {"docker", "git", "gnupg", "hvac"}
    assert {library: names for library, names in importers.items() if len(names) > 1} == {}
