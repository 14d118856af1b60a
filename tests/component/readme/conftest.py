# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine that was just installed is made before any test begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.tests.support import new_machine

if TYPE_CHECKING:
    import pytest


def pytest_collection_finish(session: pytest.Session) -> None:
    """Make it before a test's time begins to count, and while the environment is the machine's."""
    if session.items and not session.config.option.collectonly:
        new_machine.installed()
