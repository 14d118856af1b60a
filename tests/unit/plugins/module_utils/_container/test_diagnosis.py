# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""C20: what an engine says of itself; how it cannot be reached is tried on real ones, beside `test_connection`."""

from __future__ import annotations

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._container.diagnosis import of_answer

OLD = "it takes Docker Engine 20.10 or Podman 4.3, or newer"


@pytest.mark.parametrize(
    ("headers", "refusal"),
    [
        ({"Api-Version": "1.41"}, ""),
        ({"Api-Version": "1.52"}, ""),
        ({"Api-Version": "2.0"}, ""),
        ({"Api-Version": "1.40"}, f"Api-Version 1.40 is too old; {OLD}"),
        ({"Api-Version": "1.9"}, f"Api-Version 1.9 is too old; {OLD}"),
        ({"Api-Version": "new"}, f"Api-Version new is too old; {OLD}"),
        ({"Api-Version": "1.41", "Libpod-Api-Version": "4.3.1"}, ""),
        ({"Api-Version": "1.41", "Libpod-Api-Version": "5.0.0-dev"}, ""),
        ({"Api-Version": "1.41", "Libpod-Api-Version": "4.2.9"}, f"Libpod-Api-Version 4.2.9 is too old; {OLD}"),
        ({}, "what answers there is not an engine (HTTP status 200)"),
    ],
)
def test_c20_an_engine_that_is_too_old_is_said(headers: dict[str, str], refusal: str) -> None:
    assert of_answer(200, headers, "OK") == refusal


def test_c20_what_a_version_brings_along_is_not_printed() -> None:
    assert "\x1b" not in of_answer(200, {"Api-Version": "1.0\x1b[2J"}, "OK")
