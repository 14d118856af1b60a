# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules as they arrive on a target: one Python program each, with everything the module imports packed into it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.tests.support.environment import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

_COLLECTIONS = Path(__file__).absolute().parents[5]
_NOTHING = """\
#!/usr/bin/python
from ansible.module_utils.basic import AnsibleModule

AnsibleModule({}).exit_json(changed=False)
"""


def payload(folder: Path, module: str, params: Mapping[str, object]) -> list[str]:
    """Let Ansible pack ``module`` with these parameters, and return the command that runs it.

    Ansible runs it once for that. The module ``nothing`` is one that does nothing. ``folder`` is to be empty.
    """
    folder.mkdir(parents=True)
    (folder / "nothing.py").write_text(_NOTHING)
    settings = {
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_HOME": str(folder),
        "ANSIBLE_REMOTE_TMP": str(folder / "remote"),
        "ANSIBLE_LIBRARY": str(folder),
        "ANSIBLE_COLLECTIONS_PATH": str(_COLLECTIONS),
        "ANSIBLE_KEEP_REMOTE_FILES": "1",
        "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
    }
    ansible = Path(sys.executable).parent / "ansible"
    arguments = ["-a", json.dumps(dict(params))] if params else []
    ran = subprocess.run(
        [str(ansible), "-i", "localhost,", "-c", "local", "localhost", "-m", module, *arguments],
        env={**clean(), **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    packed = list((folder / "remote").glob("*/AnsiballZ_*.py"))
    assert len(packed) == 1, ran.stdout + ran.stderr
    return [sys.executable, str(packed[0])]


def run(command: list[str]) -> dict[str, object]:
    """Run a packed module and return its result, which must not be a failure."""
    ran = subprocess.run(command, env=clean(), capture_output=True, text=True, check=False)
    result: dict[str, object] = json.loads(ran.stdout[ran.stdout.index("{") :])
    assert not result.get("failed"), result
    return result
