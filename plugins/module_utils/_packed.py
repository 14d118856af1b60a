# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that Ansible has packed into a zip with a module, each compiled once."""

from __future__ import annotations

import sys
from zipimport import zipimporter


class _Importer(zipimporter):
    """One that compiles a file to run it only.

    That of the standard library does it once more before, to tell the file's name: see ``zipimporter.get_filename``.
    """

    def get_filename(self, fullname: str) -> str:
        """Return the path of a module; as there, a ZipImportError says that there is none."""
        suffix = "/__init__.py" if self.is_package(fullname) else ".py"
        return f"{self.archive}/{self.prefix}{fullname.rpartition('.')[2]}{suffix}"


def compile_once() -> None:
    """Let what is imported from now on be compiled once, if this file came in a zip itself.

    Nothing changes where it did not, such as on the controller.
    """
    if not isinstance(__spec__.loader, zipimporter):
        return
    sys.path_hooks.insert(0, _Importer)
    for path, importer in list(sys.path_importer_cache.items()):
        if isinstance(importer, zipimporter):
            del sys.path_importer_cache[path]
