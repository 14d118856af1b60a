# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports out of a zip, as a module makes them on a target."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from ansible_collections.flant.gitops.plugins.module_utils import _packed

_FILES = {
    "packed/__init__.py": "",
    "packed/_packed.py": Path(_packed.__file__).read_text(encoding="utf-8"),
    "packed/single.py": "def fail():\n    raise ValueError(__file__)\n",
    "packed/deeper/__init__.py": "",
    "packed/deeper/single.py": "from packed import single\n",
}
_PROGRAM = """\
import json, sys, traceback
compiled = []
sys.addaudithook(lambda event, args: compiled.append(str(args[1])) if event == "compile" else None)
from packed._packed import compile_once
if {once}:
    compile_once()
from packed.deeper import single
import packed.single
try:
    packed.single.fail()
except ValueError as error:
    frame = traceback.extract_tb(error.__traceback__)[-1]
try:
    import packed.missing
except ModuleNotFoundError as error:
    missing = error.name
print(json.dumps([compiled, packed.deeper.__file__, packed.single.__file__, frame.filename, frame.line, missing]))
"""


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "packed.zip"
    with zipfile.ZipFile(path, "w") as file:
        for name, text in _FILES.items():
            file.writestr(name, text)
    return path


def imported(where: Path, *, once: bool) -> tuple[Counter[str], list[str]]:
    """Return how often each file was compiled, and what the program has told."""
    program = f"import sys; sys.path.insert(0, {str(where)!r})\n" + _PROGRAM.format(once=once)
    ran = subprocess.run([sys.executable, "-IB", "-c", program], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    compiled, *told = json.loads(ran.stdout)
    return Counter(name[len(str(where)) + 1 :] for name in compiled if name.startswith(str(where))), told


def test_each_file_is_compiled_once(archive: Path) -> None:
    compiled, _told = imported(archive, once=True)

    assert {name: compiled[name] for name in ("packed/single.py", "packed/deeper/__init__.py")} == {
        "packed/single.py": 1,
        "packed/deeper/__init__.py": 1,
    }


def test_all_else_is_as_without_it(archive: Path) -> None:
    _compiled, told = imported(archive, once=True)

    assert told == imported(archive, once=False)[1]
    assert told == [
        f"{archive}/packed/deeper/__init__.py",
        f"{archive}/packed/single.py",
        f"{archive}/packed/single.py",
        "raise ValueError(__file__)",
        "packed.missing",
    ]


def test_where_it_came_in_no_zip_nothing_changes() -> None:
    before = (list(sys.path_hooks), dict(sys.path_importer_cache))

    _packed.compile_once()

    assert (list(sys.path_hooks), dict(sys.path_importer_cache)) == before
