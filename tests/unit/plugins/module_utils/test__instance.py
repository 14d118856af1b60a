# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._instance import check_instance


@pytest.mark.parametrize("name", ["a", "0", "web-1_a.b", "x" * 40])
def test_plain_name_passes(name: str) -> None:
    check_instance(name)


@pytest.mark.parametrize("name", ["", "-a", ".a", "a/b", "a\n", "ä", "x" * 41])
def test_other_name_is_refused(name: str) -> None:
    with pytest.raises(Failure) as raised:
        check_instance(name)
    assert str(raised.value) == (
        "instance: it must be a letter or digit and up to 39 letters, digits, '_', '.' or '-'."
    )


@pytest.mark.parametrize("name", [1, None, True, ["a"]])
def test_what_is_no_text_is_refused(name: object) -> None:
    with pytest.raises(Failure) as raised:
        check_instance(name)
    assert str(raised.value) == "instance: it must be a text; put it in quotes."
