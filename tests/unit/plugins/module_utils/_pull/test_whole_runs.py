# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._pull.request import Request
from ansible_collections.flant.gitops.plugins.module_utils._pull.run import run
from ansible_collections.flant.gitops.plugins.module_utils._pull.whole_runs import full_every
from ansible_collections.flant.gitops.tests.support.scheduled_pull import Installation

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("settings", "seconds"),
    [
        pytest.param('{"full_every": 600}', 600, id="as it is"),
        pytest.param('{"instance": "default"}', 0, id="of a version that skipped none"),
        pytest.param("{", 0, id="damaged"),
        pytest.param("[]", 0, id="no object"),
        pytest.param(None, 3600, id="new"),
    ],
)
def test_where_nobody_has_said_so_it_stays_as_it_was(tmp_path: Path, settings: str | None, seconds: int) -> None:
    if settings is not None:
        (tmp_path / "settings.json").write_text(settings, encoding="utf-8")
    assert full_every(tmp_path, [tmp_path / "ansible-pull"]) == seconds


def test_a_schedule_that_is_taken_over_runs_whole_each_time(tmp_path: Path) -> None:
    (tmp_path / "ansible-pull").touch()
    assert full_every(tmp_path, [tmp_path / "timer", tmp_path / "ansible-pull"]) == 0


def test_the_module_keeps_it_until_it_is_told_otherwise(tmp_path: Path) -> None:
    installation = Installation(tmp_path)

    def installed(value: int | None) -> int:
        installation.set("exit 0", full_every=value)
        return json.loads((tmp_path / "program/settings.json").read_text(encoding="utf-8"))["full_every"]

    assert [installed(value) for value in (None, None, 0, None, 60, None)] == [3600, 3600, 0, 0, 60, 60]
    run(Request.from_params(installation.options(state="absent"), check_mode=False))
    (tmp_path / "program").mkdir()
    assert installed(None) == 3600
