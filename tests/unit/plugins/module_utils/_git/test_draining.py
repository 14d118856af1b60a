# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import subprocess
import threading
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._git.draining import draining
from ansible_collections.flant.gitops.plugins.module_utils._git.process import running
from ansible_collections.flant.gitops.tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable


def shell(script: str) -> Callable[[], subprocess.Popen[bytes]]:
    return lambda: subprocess.Popen(
        ["sh", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )


def test_error_text_that_nobody_waits_for_holds_nothing_up() -> None:
    with running(shell("yes error | head -c 1000000 >&2; echo last >&2; echo out")) as process:
        assert process.stdout
        assert process.stderr
        end_of_errors = draining(process.stderr)
        assert process.stdout.read() == b"out\n"
        errors = end_of_errors()
    assert len(errors) <= 1 << 13
    assert errors.endswith(b"last\n")


def test_a_body_that_fails_leaves_no_reader_of_error_text() -> None:
    before = threading.active_count()
    with pytest.raises(ZeroDivisionError), running(shell("echo error >&2; sleep 60")) as process:
        assert process.stderr
        draining(process.stderr)
        raise ZeroDivisionError
    until(lambda: threading.active_count() == before, seconds=10)
