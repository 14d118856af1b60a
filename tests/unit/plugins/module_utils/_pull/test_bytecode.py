# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import io
import os
import pwd
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._pull.bytecode import compiled

USER = pwd.getpwuid(os.geteuid())
NOBODY = pwd.getpwnam("nobody")
SOURCE = "import os\nprint('ran', sorted({'a', 'b', 'c'}), os.getpid() > 0)\n"


def program(source: str = SOURCE) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("__main__.py", "import told")
        archive.writestr("told.py", source)
    return made.getvalue()


def run(path: Path) -> str:
    return subprocess.run([sys.executable, "-I", "-B", path], capture_output=True, text=True, check=True).stdout


def rewrite(path: Path, change: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in {**files, **change}.items():
            archive.writestr(name, content)


def test_the_bytecode_is_what_runs_and_the_same_each_time(tmp_path: Path) -> None:
    made = compiled(program(), sys.executable, USER)
    assert made == compiled(program(), sys.executable, USER)
    (tmp_path / "program").write_bytes(made)
    assert run(tmp_path / "program") == "ran ['a', 'b', 'c'] True\n"
    rewrite(tmp_path / "program", {"told.py": b"raise SystemExit('compiled again')"})
    assert run(tmp_path / "program") == "ran ['a', 'b', 'c'] True\n"


def test_another_python_takes_the_sources(tmp_path: Path) -> None:
    (tmp_path / "program").write_bytes(compiled(program(), sys.executable, USER))
    rewrite(tmp_path / "program", {f"{name}.pyc": b"\0" * 16 for name in ("told", "__main__")})
    assert run(tmp_path / "program") == "ran ['a', 'b', 'c'] True\n"


def test_an_interpreter_that_does_not_take_it_is_refused() -> None:
    with pytest.raises(Failure, match=r"^command: \S+ does not take the program: SyntaxError"):
        compiled(program("match = = 1"), sys.executable, USER)
    with pytest.raises(Failure, match=r"^user: \S+ cannot run /no/python: "):
        compiled(program(), "/no/python", USER)


@pytest.mark.root
def test_the_interpreter_runs_as_the_user_of_the_schedule() -> None:
    with tempfile.TemporaryDirectory() as folder:  # which nobody may look into
        Path(folder).chmod(0o755)
        python = Path(folder) / "python"
        python.write_text("#!/bin/sh\nid -u\n", encoding="ascii")
        python.chmod(0o755)
        assert compiled(program(), str(python), NOBODY) == b"%d\n" % NOBODY.pw_uid
