# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""A program of this collection in one file: a zip of its sources and of all that they import from here.

Python runs such a file as it is, see https://docs.python.org/3/library/zipapp.html. One file is replaced in one step,
so that a run never has some of its code from one version and the rest from the next.
"""

from __future__ import annotations

import ast
import importlib.util
import io
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_OURS = "ansible_collections.flant.gitops.plugins.module_utils"
_MAIN = f"""\
import sys
from pathlib import Path
from {_OURS}._packed import compile_once
compile_once()
from {_OURS}.{{module}} import main
sys.exit(main(Path(sys.argv[0]).parent, sys.argv[1:]))
"""


def packed(module: str) -> bytes:
    """Return the program that calls ``main`` of ``module``, a name below module_utils.

    The same sources give the same program.
    """
    sources = {f"{_OURS}._packed": _source(f"{_OURS}._packed")}
    waiting = [f"{_OURS}.{module}"]
    while waiting:
        name = waiting.pop()
        if name not in sources:
            sources[name] = _source(name)
            waiting += _imports(sources[name])
    files = {"__main__.py": _MAIN.format(module=module)}
    for name, source in sources.items():
        path = name.split(".")
        files.update({"/".join([*path[:depth], "__init__.py"]): "" for depth in range(1, len(path))})
        files["/".join(path) + ".py"] = source
    return _zip(files)


def _source(name: str) -> str:
    """Return the text of a module, which lies in a folder, or in a zip that Ansible has made."""
    found = importlib.util.find_spec(name)
    source = found.loader.get_source(name) if found and found.loader else None  # type: ignore[attr-defined]
    if source is None:
        raise LookupError(name)
    if isinstance(source, bytes):  # so does Ansible's loader of collections give it
        return importlib.util.decode_source(source)
    return str(source)


def _imports(source: str) -> Iterator[str]:
    """Yield the modules of ours that are imported to run, and not only to be checked."""
    tree = ast.parse(source)
    tree.body = [
        node for node in tree.body if not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test))
    ]
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and f"{node.module}.".startswith(f"{_OURS}."):
            for each in node.names:
                below = f"{node.module}.{each.name}"
                yield below if _is_module(below) else node.module


def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # what it would be in is a module itself
        return False


def _zip(files: dict[str, str]) -> bytes:
    packed_files = io.BytesIO()
    with zipfile.ZipFile(packed_files, "w") as archive:  # not compressed: it is read more often than it is written
        for path, text in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(path), text)
    return packed_files.getvalue()
