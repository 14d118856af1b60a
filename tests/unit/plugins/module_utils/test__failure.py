# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure, MissingLibrary


def test_a_failure_is_its_sentence_and_what_is_returned_beside_it() -> None:
    failure = Failure("branch: there is none.", commit="c0ffee", rc=1)
    assert str(failure) == "branch: there is none."
    assert failure.result == {"commit": "c0ffee", "rc": 1}
    assert failure.warnings == ()


def test_warnings_are_no_return_values() -> None:
    failure = Failure("branch: there is none.", rc=1).after(["first", "second"])
    assert failure.warnings == ("first", "second")
    assert failure.result == {"rc": 1}


def test_a_missing_library_is_named_as_the_package_index_has_it() -> None:
    failure = MissingLibrary("python-gnupg")
    assert isinstance(failure, Failure)
    assert "python-gnupg is needed on the target" in str(failure)
    assert failure.result == {}
