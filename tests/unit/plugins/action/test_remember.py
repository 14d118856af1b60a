# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ast
import inspect

from ansible_collections.flant.gitops.plugins.action.remember import SHARED
from ansible_collections.flant.gitops.plugins.filter.course import course


def test_what_the_course_imports_is_loaded_before_ansible_forks() -> None:
    imports = [node for node in ast.walk(ast.parse(inspect.getsource(course))) if isinstance(node, ast.ImportFrom)]
    shared = {module.__name__ for module in SHARED}
    assert imports
    for node in imports:
        assert {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)} & shared, ast.unparse(node)
