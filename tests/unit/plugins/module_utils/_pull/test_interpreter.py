# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._pull.interpreter import interpreter

if TYPE_CHECKING:
    from pathlib import Path

LONG = "/opt/" + "a" * 200 + "/bin/python3.13"


@pytest.mark.parametrize(
    ("begin", "found"),
    [
        ("#!/opt/ansible/bin/python3.13\n", "/opt/ansible/bin/python3.13"),
        ("#! /usr/bin/python3 -sP\n", "/usr/bin/python3"),
        (f"#!/bin/sh\n'''exec' {LONG} \"$0\" \"$@\"\n' '''\n", LONG),
        (f"#!/bin/sh\n'''exec' \"{LONG}\" \"$0\" \"$@\"\n' '''\n", LONG),
        ("#!/bin/sh\nexec /opt/ansible/bin/python3 -m ansible\n", sys.executable),
        ("#!/opt/a b/python3\n", sys.executable),
        ("#!/opt/ansible/bin/perl\n", sys.executable),
        ("\x7fELF", sys.executable),
        ("", sys.executable),
    ],
)
def test_python_of_a_command_is_what_its_first_lines_name(tmp_path: Path, begin: str, found: str) -> None:
    (tmp_path / "ansible-pull").write_text(begin, encoding="utf-8")
    assert interpreter(tmp_path / "ansible-pull") == found


def test_python_that_is_found_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "python3").touch(mode=0o755)
    (tmp_path / "ansible-pull").write_text("#!/usr/bin/env python3\n", encoding="utf-8")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert interpreter(tmp_path / "ansible-pull") == str(tmp_path / "python3")
