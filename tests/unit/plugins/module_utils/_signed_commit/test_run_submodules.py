# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trees of submodules, at every depth, and only from where they may come."""

from __future__ import annotations

import contextlib
import hashlib
import tarfile
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit import archive
from ansible_collections.flant.gitops.tests.support.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.flant.gitops.tests.support.signed_commit import Task


def commit_with(upstream: Repository, modules: dict[str, tuple[str, str]], names: dict[str, str] | None = None) -> str:
    """Commit a file, and submodules by path with their URL and commit."""
    sections = "".join(
        f'[submodule "{(names or {}).get(path, path)}"]\n\tpath = {path}\n\turl = {url}\n'
        for path, (url, _other) in modules.items()
    )
    entries = [
        ("100644", ".gitmodules", upstream.object("blob", sections.encode())),
        ("100644", "own", upstream.object("blob", b"own")),
        *(("160000", path, commit) for path, (_other, commit) in modules.items()),
    ]
    return upstream.commit(upstream.raw_tree(entries))


def files(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar if member.isreg()}


@pytest.fixture
def library(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "library.git")


@pytest.fixture
def leaf(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "leaf.git")


@pytest.mark.parametrize("form", ["{path}", "file://{path}", "../{name}", "./../{name}"])
def test_submodules_of_every_depth_are_in_the_archive(
    task: Task, library: Repository, leaf: Repository, form: str
) -> None:
    pinned = leaf.commit({"leaf": b"leaf"})
    leaf.commit({"leaf": b"not pinned"})
    inner = commit_with(library, {"deep": (form.format(path=leaf.path, name=leaf.path.name), pinned)})
    outer = form.format(path=library.path, name=library.path.name)
    commit_with(task.upstream, {"lib": (outer, inner), "twice": (outer, inner)})

    outcome = task.poll(archive=task.archive, submodules=True)

    found = files(task.archive)
    assert outcome.archive_sha256 == hashlib.sha256(task.archive.read_bytes()).hexdigest()
    assert {name: content for name, content in found.items() if not name.endswith(".gitmodules")} == {
        "own": b"own",
        "lib/own": b"own",
        "lib/deep/leaf": b"leaf",
        "twice/own": b"own",
        "twice/deep/leaf": b"leaf",
    }


def test_submodules_are_left_out_unless_wanted(task: Task, library: Repository) -> None:
    commit_with(task.upstream, {"lib": (str(library.path), library.commit())})
    task.poll(archive=task.archive)
    assert set(files(task.archive)) == {".gitmodules", "own"}


def test_a_submodule_that_has_not_moved_is_not_fetched_again(task: Task, library: Repository) -> None:
    pinned = library.commit({"lib": b"lib"})
    commit_with(task.upstream, {"lib": (str(library.path), pinned)})
    last = task.process(archive=task.archive, submodules=True)
    commit_with(task.upstream, {"lib": (str(library.path), pinned)})
    library.path.rename(library.path.with_name("gone.git"))
    task.poll(archive=task.archive, submodules=True, last_commit=last)
    assert files(task.archive)["lib/lib"] == b"lib"


def test_a_submodule_that_moves_is_followed(task: Task, library: Repository) -> None:
    last = ""
    for content in (b"one", b"two"):
        commit_with(task.upstream, {"lib": (str(library.path), library.commit({"lib": content}))})
        last = task.process(archive=task.archive, submodules=True, last_commit=last)
        assert files(task.archive)["lib/lib"] == content


@pytest.mark.parametrize("name", ["../../../escaped", "..", "-x", "a/../../b", ".git/hooks"])
def test_t6_a_submodules_name_is_never_a_path(task: Task, library: Repository, name: str) -> None:
    commit_with(task.upstream, {"lib": (str(library.path), library.commit({"lib": b"lib"}))}, {"lib": name})
    before = {file.name for file in task.folder.iterdir()} | {"cache", "cache.id", "tree.tar"}
    with contextlib.suppress(Failure):  # git itself refuses some of these names
        task.poll(archive=task.archive, submodules=True)
        assert files(task.archive)["lib/lib"] == b"lib"
    assert {file.name for file in task.folder.iterdir()} <= before


@pytest.mark.parametrize("url", ["--upload-pack=touch /tmp/pwned", "-x", "ext::sh -c id", "lib", "", "https://u:p@h/x"])
def test_t6_hostile_urls_are_refused_and_not_quoted(task: Task, library: Repository, url: str) -> None:
    commit_with(task.upstream, {"lib": (url, library.commit())})
    with pytest.raises(Failure) as raised:
        task.poll(archive=task.archive, submodules=True)
    assert "pwned" not in str(raised.value)
    assert "p@h" not in str(raised.value)
    assert not task.archive.exists()


def test_a_submodule_without_a_url_is_refused(task: Task, library: Repository) -> None:
    commit = library.commit()
    entries = [("160000", "lib", commit)]
    task.upstream.commit(task.upstream.raw_tree(entries))
    with pytest.raises(Failure, match=r"^submodules: the \.gitmodules of .* is missing"):
        task.poll(archive=task.archive, submodules=True)
    blob = task.upstream.object("blob", b'[submodule "other"]\n\tpath = other\n\turl = ../x\n')
    task.upstream.commit(task.upstream.raw_tree([*entries, ("100644", ".gitmodules", blob)]))
    with pytest.raises(Failure, match=r"^submodules: lib: the \.gitmodules of .* does not say"):
        task.poll(archive=task.archive, submodules=True)


def test_a_pinned_commit_that_the_server_lacks_is_an_error_that_names_the_submodule(
    task: Task, library: Repository
) -> None:
    library.commit()
    commit_with(task.upstream, {"lib": (str(library.path), "a" * 40)})
    with pytest.raises(Failure, match=r"^submodules: lib: git could not fetch"):
        task.poll(archive=task.archive, submodules=True)


def test_t11_submodules_count_towards_the_bounds(
    task: Task, library: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MAX_ENTRIES", 5)
    commit_with(task.upstream, {"lib": (str(library.path), library.commit({"1": b"", "2": b"", "3": b""}))})
    with pytest.raises(Failure, match="too large"):
        task.poll(archive=task.archive, submodules=True)
    assert task.poll(archive=task.archive).changed


def test_sha256_submodules(task: Task, tmp_path: Path) -> None:
    library = Repository(tmp_path / "lib256.git", "sha256")
    upstream = Repository(tmp_path / "up256.git", "sha256")
    commit_with(upstream, {"lib": (str(library.path), library.commit({"lib": b"lib"}))})
    task.poll(repo=upstream.path, archive=task.archive, submodules=True)
    assert files(task.archive)["lib/lib"] == b"lib"


def test_submodules_stay_in_git_dir_whatever_the_folder_around_it_is_called(
    task: Task, library: Repository, tmp_path: Path
) -> None:
    commit_with(task.upstream, {"lib": (str(library.path), library.commit())})
    task.poll(git_dir=tmp_path / "submodules" / "cache", archive=task.archive, submodules=True)
    assert {entry.name for entry in (tmp_path / "submodules").iterdir()} == {"cache", "cache.id"}
