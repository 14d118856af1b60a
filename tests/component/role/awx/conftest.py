# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An AWX with the example project."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.tests.support.awx_job import Awx

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.tests.support.site import Site

EXAMPLE = Path(__file__).resolve().parents[4] / "examples/awx"
HOST = "default@web1"
HOST_FACTS = {"ansible_distribution": "Debian", "module_setup": True}


@pytest.fixture
def awx(tmp_path: Path, site: Site) -> Awx:
    """An AWX whose inventory has one alias, of whose host a job of another template has gathered facts."""
    site.host = HOST
    project = tmp_path / "project"
    shutil.copytree(EXAMPLE, project)
    host = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, "ansible_host": "web1"}
    variables = {f"flant_gitops_{name}": value for name, value in site.variables.items()}
    folder = tmp_path / "jobs"
    folder.mkdir()
    return Awx(folder, project, {HOST: host}, variables, {HOST: dict(HOST_FACTS)})
