# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""C20: a library that is missing, too old or broken is told apart."""

from __future__ import annotations

import sys

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure, MissingLibrary
from ansible_collections.flant.gitops.plugins.module_utils._library import check


def test_one_that_is_not_installed_is_named() -> None:
    with pytest.raises(MissingLibrary, match="The Python library no-such-library is needed on the target"):
        check("no-such-library", "1.0", error=ImportError("No module named 'no_such_library'"))


def test_c20_one_that_is_too_old_is_named_with_both_versions() -> None:
    with pytest.raises(Failure) as raised:
        check("docker", "6.0.0", version="5.0.3")
    assert str(raised.value) == (
        f"The Python library docker has to be of version 6.0.0 or newer on the target, and {sys.executable} has 5.0.3."
    )


def test_c20_one_that_is_too_old_for_this_python_is_not_missing() -> None:
    """As docker 5 is for Python 3.12, which has no distutils; pytest stands in for it, which is installed."""
    with pytest.raises(Failure, match=r"pytest has to be of version 1000 or newer on the target"):
        check("pytest", "1000", error=ImportError("No module named 'distutils'"))


def test_c20_one_that_lacks_a_library_itself_says_so() -> None:
    with pytest.raises(Failure, match=r"pytest cannot be imported by .* on the target: No module named 'pluggy'\.$"):
        check("pytest", "1", error=ImportError("No module named 'pluggy'"))


@pytest.mark.parametrize("version", ["6.0.0", "6.0", "6.1.3", "10.0", "6.0.0rc1", "7.1.0+dfsg", "7.0.0.dev0"])
def test_one_that_will_do(version: str) -> None:
    check("docker", "6.0", version=version)


@pytest.mark.parametrize("version", ["5.9.9", "5", "5.0.3+dfsg1", "0.0.0"])
def test_one_that_will_not(version: str) -> None:
    with pytest.raises(Failure, match="docker has to be of version 6"):
        check("docker", "6.0.0", version=version)
