# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import subprocess
import sys

from ansible_collections.flant.gitops.plugins.module_utils._container import builder

_PRINT = (
    "from ansible_collections.flant.gitops.plugins.module_utils._container import builder; print(builder.current())"
)


def test_this_process_is_alive_and_each_call_differs() -> None:
    labels = {builder.current() for _index in range(3)}
    assert len(labels) == 3
    assert all(map(builder.is_alive, labels))


def test_a_process_that_ended_is_not() -> None:
    environment = {"PYTHONPATH": ":".join(sys.path)}
    ran = subprocess.run([sys.executable, "-c", _PRINT], check=True, capture_output=True, text=True, env=environment)
    assert ran.stdout.count(":") == 3
    assert not builder.is_alive(ran.stdout.strip())


def test_a_process_that_ended_and_nobody_has_reaped_is_not_either() -> None:
    environment = {"PYTHONPATH": ":".join(sys.path)}
    with subprocess.Popen([sys.executable, "-c", _PRINT], stdout=subprocess.PIPE, text=True, env=environment) as child:
        label = child.stdout.read() if child.stdout else ""
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert not builder.is_alive(label.strip())


def test_another_boot_or_another_process_of_the_same_id_is_not() -> None:
    boot, pid, start, token = builder.current().split(":")
    assert not builder.is_alive(f"{boot[:-1]}x:{pid}:{start}:{token}")
    assert not builder.is_alive(f"{boot}:{pid}:{start}1:{token}")
    for broken in ("", ":", ":::", "x", f"{boot}:", f"{boot}:{pid}", f"{boot}:x:{start}:y", f"{boot}:{pid}::"):
        assert not builder.is_alive(broken)
