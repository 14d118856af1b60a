# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every test."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import hypothesis
import pytest
from ansible_collections.flant.gitops.tests.support import environment
from ansible_collections.flant.gitops.tests.support.signers import Signers, opened
from ansible_collections.flant.gitops.tests.support.soak import Long

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

# A busy machine is no fault of the code, and the examples that failed are told, not kept in a folder.
hypothesis.settings.register_profile(
    "anywhere", deadline=None, database=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("anywhere")

_LONGEST_ID = 200


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="run the tests marked soak at their full length")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes seconds; make check leaves it to make test")
    config.addinivalue_line("markers", "root: acts as another user, too, and so is left out unless root runs it")
    config.addinivalue_line("markers", "soak: finds the more the longer it runs; see tests/support/soak.py")


def pytest_make_parametrize_id(val: object) -> str | None:
    """Keep the name of a test short: it is in the environment of each process that the test starts."""
    return f"{len(val)} long" if isinstance(val, (str, bytes)) and len(val) > _LONGEST_ID else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if os.geteuid() != 0:
        config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker("root")])
        items[:] = [item for item in items if not item.get_closest_marker("root")]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let a test that is skipped fail: it has shown nothing."""
    report = yield
    if report.skipped:
        report.outcome, report.longrepr = "failed", str(report.longrepr)
    return report


@pytest.fixture
def long(request: pytest.FixtureRequest) -> Long:
    return Long.all_of_it() if request.config.getoption("--soak") else Long.a_tenth()


@pytest.fixture(scope="session", autouse=True)
def _poisoned_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let every setting of the machine that might leak into the code be one that breaks it."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.poisoned(tmp_path_factory.mktemp("poison")).items():
            patch.setenv(name, value)
        yield


@pytest.fixture
def signers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signers]:
    with opened(tmp_path_factory) as signers:
        yield signers
