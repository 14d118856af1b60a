# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._container.account import Account, resolve
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure

FILES = {
    "/etc/passwd": "# comment\n\nbroken:x\nodd:x:one:two::/:\nroot:x:0:0::/:\nworker:x:1234:2345::/:\n77:x:78:79::/:\n"
    "last:x:5:6",
    "/etc/group": "root:x:0:\nbad:x:y:\nworkers:x:2345:worker\n",
}


@pytest.mark.parametrize(
    ("user", "account"),
    [
        ("", Account(0, 0)),
        ("root", Account(0, 0)),
        ("0:0", Account(0, 0)),
        ("5:7", Account(5, 7)),
        ("worker", Account(1234, 2345)),
        ("1234", Account(1234, 2345)),
        ("4321", Account(4321, 0)),
        ("worker:root", Account(1234, 0)),
        ("worker:3", Account(1234, 3)),
        ("4321:workers", Account(4321, 2345)),
        ("77", Account(78, 79)),
        ("last", Account(5, 6)),
    ],
)
def test_a_user_is_looked_up_as_the_engines_do(user: str, account: Account) -> None:
    assert resolve(user, lambda path: FILES[path]) == account


@pytest.mark.parametrize("user", ["", "0:0", "12:34"])
def test_nothing_is_read_where_the_numbers_say_it_all(user: str) -> None:
    def read(path: str) -> str:
        raise AssertionError(path)

    resolve(user, read)


@pytest.mark.parametrize(
    ("user", "unknown"),
    [
        ("stranger", "'stranger'"),
        ("odd", "'odd'"),
        ("broken", "'broken'"),
        ("worker:strangers", "'strangers'"),
        ("1:bad", "'bad'"),
    ],
)
def test_an_unknown_name_is_refused(user: str, unknown: str) -> None:
    with pytest.raises(Failure, match=f"^user: .*{unknown} is not in the image's /etc/"):
        resolve(user, lambda path: FILES[path])


def test_an_image_without_accounts_has_numbers_only() -> None:
    assert resolve("5", lambda _other: "") == Account(5, 0)
    with pytest.raises(Failure):
        resolve("worker", lambda _other: "")
