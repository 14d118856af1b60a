# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collections that a schedule brings: pinned, and one folder for each set of them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.plugin_utils._schedule_collections import (
    Collections,
    refuse,
    schedule_collections,
)

SHA256, COMMIT = "a" * 64, "b" * 40
TARBALL = {"url": "https://example.com/flant-gitops-1.0.0.tar.gz", "sha256": SHA256}
REPOSITORY = {"url": "https://git.example.com/gitops.git", "commit": COMMIT}


def course(
    given: list[dict[str, str]],
    *,
    check_mode: bool = False,
    **steps: Any,  # noqa: ANN401 -- what tasks return
) -> Collections:
    steps = {"there": {}, "before": {}, **steps}
    return schedule_collections(given=given, directory="/d", steps=steps, check_mode=check_mode)


def test_what_is_pinned_is_let_through() -> None:
    refuse([TARBALL, REPOSITORY, {"url": "file:///srv/x.tar.gz", "sha256": SHA256}], {"HOME": "/x"})
    refuse([], {"ANSIBLE_COLLECTIONS_PATH": "/x"})
    refuse(None, {})


@pytest.mark.parametrize(
    ("item", "sentence"),
    [
        ({"url": "https://x/y"}, "it must have a url, and either sha256 or commit"),
        ({**TARBALL, "commit": COMMIT}, "it must have a url, and either sha256 or commit"),
        ("flant.gitops", "it must have a url, and either sha256 or commit"),
        ({**TARBALL, "url": "flant.gitops"}, "url must be an https, http, ssh or file URL"),
        ({**TARBALL, "url": "https://x/y,main"}, "url must be an https, http, ssh or file URL"),
        ({**TARBALL, "url": "https://me:secret@x/y"}, "url must be an https, http, ssh or file URL"),
        ({**TARBALL, "url": 5}, "url must be an https, http, ssh or file URL"),
        ({**TARBALL, "sha256": "a" * 63}, "sha256 must be the SHA-256 of the tarball"),
        ({**TARBALL, "sha256": "A" * 64}, "sha256 must be the SHA-256 of the tarball"),
        ({**REPOSITORY, "commit": "main"}, "commit must be the full id of a commit"),
        ({**REPOSITORY, "commit": "b" * 39}, "commit must be the full id of a commit"),
    ],
)
def test_what_is_not_pinned_is_refused_and_not_repeated(item: object, sentence: str) -> None:
    with pytest.raises(Failure, match=rf"^schedule_collections\[1\]: {sentence}") as refused:
        refuse([TARBALL, item], {})
    assert "secret" not in str(refused.value)


def test_ansible_is_told_once_where_collections_are() -> None:
    with pytest.raises(Failure, match=r"^schedule_environment\['ANSIBLE_COLLECTIONS_PATH'\]: "):
        refuse([TARBALL], {"ANSIBLE_COLLECTIONS_PATH": "/x"})


def test_a_set_has_a_folder_of_its_own_and_is_fetched_into_another() -> None:
    due = course([TARBALL, REPOSITORY])
    assert due.installs
    assert due.folder.startswith("/d/collections-")
    assert due.environment == {"ANSIBLE_COLLECTIONS_PATH": due.folder}
    path = f"{due.folder}.new/{SHA256}.tar.gz"
    assert due.tarballs == [{"url": TARBALL["url"], "checksum": f"sha256:{SHA256}", "path": path}]
    assert due.sources == [path, f"git+{REPOSITORY['url']},{COMMIT}"]
    assert course([TARBALL]).folder != due.folder
    assert course([REPOSITORY, TARBALL]).folder != due.folder


def test_what_is_there_is_not_installed_again_and_without_any_there_is_nothing_to_do() -> None:
    assert not course([TARBALL], there={"stat": {"exists": True}}).installs
    assert not course([TARBALL], check_mode=True).installs
    none = course([])
    assert (none.installs, none.environment, none.tarballs, none.sources) == (False, {}, [], [])


def test_the_set_before_is_kept_for_a_run_that_goes_on() -> None:
    now = course([TARBALL]).folder
    found = (("b", 20), ("c", 30), ("d.new", 40), ("a", 10))
    files = [{"path": f"/d/collections-{name}", "mtime": mtime} for name, mtime in found]
    due = course([TARBALL], before={"files": [*files, {"path": now, "mtime": 5}]})
    assert due.old == ["/d/collections-d.new", "/d/collections-a", "/d/collections-b"]
    assert course([TARBALL], before={"files": [{"path": now, "mtime": 5}]}).old == []
