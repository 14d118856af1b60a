# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The chosen commit's tree, byte for byte, whole or not at all."""

from __future__ import annotations

import hashlib
import resource
import shutil
import stat
import tarfile
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit import archive
from ansible_collections.flant.gitops.tests.support.signed_commit import contents

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ansible_collections.flant.gitops.tests.support.repository import Repository
    from ansible_collections.flant.gitops.tests.support.signed_commit import Task
    from ansible_collections.flant.gitops.tests.support.soak import Long

BLOB = b"\x00\r\n\xff$Id$ $Format:%H$ \xe4\n"


def archived(task: Task, files: Mapping[str, bytes] | str, **params: object) -> dict[str, bytes | str]:
    task.upstream.commit(files)
    task.poll(archive=task.archive, **params)
    return contents(task.archive)


def test_names_modes_and_links_are_kept(task: Task) -> None:
    task.upstream.commit({"a/b/c.txt": b"c", "run*": b"r", "link@": b"a/b", "dangling@": b"/etc/passwd", "empty": b""})
    task.poll(archive=task.archive)
    assert contents(task.archive) == {
        "a/b/c.txt": b"c",
        "run": b"r",
        "link": "a/b",
        "dangling": "/etc/passwd",
        "empty": b"",
    }
    with tarfile.open(task.archive) as tar:
        modes = {member.name: member.mode for member in tar if member.isreg()}
    assert modes == {"a/b/c.txt": 0o644, "run": 0o755, "empty": 0o644}


@pytest.mark.parametrize(
    "name",
    ["with space", "-rf", "line\nfeed", "quote'\"", "$HOME", "unicode-\u00e4\u65e5", "latin-\udce4", "x" * 200, "%s"],
)
def test_t14_names_are_data(task: Task, name: str) -> None:
    assert archived(task, {f"{name}/{name}": BLOB}) == {f"{name}/{name}": BLOB}


ATTRIBUTES = [
    b"* text=auto eol=crlf\n",
    b"* export-ignore\n",
    b"* export-subst ident\n",
    b"* working-tree-encoding=UTF-16\n",
    b"* filter=evil text eol=crlf\n",
    b"[attr]macro export-ignore export-subst text eol=crlf\n* macro\n",
    b"[attr]text export-ignore\n[attr]binary export-subst\n* binary text crlf=input\n",
]


@pytest.mark.parametrize("attributes", ATTRIBUTES)
def test_t10_no_attribute_of_the_commit_changes_a_byte(task: Task, attributes: bytes) -> None:
    files = {".gitattributes": attributes, "file": BLOB, "folder/file": BLOB, "folder/.gitattributes": attributes}
    assert archived(task, files) == files


def test_t10_a_git_binary_config_in_the_tree_is_a_file_like_any_other(task: Task) -> None:
    files = {".gitconfig": b"[core]\n\tfsmonitor = touch /tmp/x\n", "config": b"[core]\n", "HEAD": b"ref: x\n"}
    assert archived(task, files) == files


def test_only_we_can_read_it_whatever_was_there_before(task: Task, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("mine")
    for make in (
        lambda: task.archive.write_text("old"),
        lambda: task.archive.symlink_to(target),
        lambda: task.archive.with_name("tree.tar.part").write_text("left behind"),
        lambda: task.archive.with_name("tree.tar.part").symlink_to(target),
    ):
        task.archive.unlink(missing_ok=True)
        make()
        assert archived(task, {"file": BLOB}) == {"file": BLOB}
        assert not task.archive.is_symlink()
        assert stat.S_IMODE(task.archive.stat().st_mode) == 0o600
        assert not task.archive.with_name("tree.tar.part").exists()
    assert target.read_text() == "mine"


def test_an_archive_that_cannot_be_written_is_an_error_that_names_it(task: Task) -> None:
    task.upstream.commit()
    with pytest.raises(Failure, match=rf"^archive: {task.folder}/missing does not exist\.$"):
        task.poll(archive=task.folder / "missing" / "tree.tar")
    with pytest.raises(Failure, match=rf"^archive: {task.folder} cannot be written: "):
        task.poll(archive=task.folder)


def test_an_empty_tree_makes_an_empty_archive(task: Task) -> None:
    assert archived(task, {}) == {}


def test_without_an_archive_no_tree_is_fetched(task: Task) -> None:
    task.upstream.commit({"file": BLOB})
    task.poll()
    assert "blob" not in task.cache.git("cat-file", "--batch-all-objects", "--batch-check")


def test_t8_once_fetched_the_server_is_not_needed(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    fetch_tree = archive.fetch_tree

    def fetch_and_lose_the_server(*args: object) -> None:
        fetch_tree(*args)
        shutil.rmtree(task.upstream.path)

    monkeypatch.setattr(archive, "fetch_tree", fetch_and_lose_the_server)
    files = {f"{number}/file": b"%d" % number for number in range(20)}
    assert archived(task, files) == files


def test_t8_a_blob_that_did_not_arrive_is_an_error_and_not_fetched_one_by_one(
    task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "fetch_tree", lambda *_arguments: None)
    task.upstream.commit({"file": BLOB})
    with pytest.raises(Failure, match=r"^git_dir: "):
        task.poll(archive=task.archive)
    assert not task.archive.exists()
    assert "blob" not in task.cache.git("cat-file", "--batch-all-objects", "--batch-check")


@pytest.mark.parametrize(
    "identity",
    [
        b"A <a@x> 1 +051800",
        b"A <a@x> 0001 +0000",
        b"A 1 +0000",
        b"A <a@x>1 +0000",
        b"A<a@x> 1 +0000",
        b"A <a@x> 99999999999999999999 +0000",
        b"A> <a@x> 1 +0000",
    ],
)
@pytest.mark.parametrize("filtered", [True, False])
def test_t9_ill_formed_names_and_dates_of_real_histories_are_let_through(
    task: Task, identity: bytes, filtered: bool
) -> None:
    if not filtered:
        task.git_dir.mkdir(mode=0o700)
        (task.git_dir / "last_commit").write_text("none\n")
        (task.git_dir / "unfiltered").touch()
    empty = task.upstream.tree({}).encode()
    root = task.upstream.raw_commit(b"tree %b\nauthor %b\ncommitter %b\n\nm\n" % (empty, identity, identity))
    head = task.upstream.commit({"file": BLOB}, parents=[root])
    assert task.poll(archive=task.archive).commit == head


@pytest.mark.parametrize("name", [".git", "..", ".", ".GIT", "a/../b", "x/passwd", "/x", "x/"])
def test_t9_names_that_lead_elsewhere_are_refused(task: Task, name: str) -> None:
    blob = task.upstream.object("blob", b"x")
    task.upstream.commit(task.upstream.raw_tree([("100644", name, blob), ("120000", "x", blob)]))
    with pytest.raises(Failure, match=r"^archive: the tree of .* holds a name that git refuses"):
        task.poll(archive=task.archive)
    assert not task.archive.exists()


@pytest.mark.parametrize("kinds", [("120000", "40000"), ("100644", "100644"), ("40000", "40000"), ("120000", "160000")])
def test_t9_a_name_that_is_there_twice_is_refused(task: Task, kinds: tuple[str, str]) -> None:
    blob = task.upstream.object("blob", b"x")
    inner = task.upstream.raw_tree([("100644", "passwd", blob)])
    entries = [(kind, "x", inner if kind == "40000" else blob) for kind in kinds]
    between = [("100644", "x.c", blob)]  # sorts between a file and a folder of the same name
    task.upstream.commit(task.upstream.raw_tree([*entries, *between]))
    with pytest.raises(Failure, match=r"^archive: the tree of .* holds a name that git refuses"):
        task.poll(archive=task.archive)
    assert not task.archive.exists()


def test_t9_git_checks_what_it_fetches_as_a_whole(task: Task) -> None:
    task.git_dir.mkdir(mode=0o700)
    (task.git_dir / "last_commit").write_text("none\n")
    (task.git_dir / "unfiltered").touch()
    blob = task.upstream.object("blob", b"x")
    task.upstream.commit(task.upstream.raw_tree([("100644", "x", blob), ("100644", "x", blob)]))
    with pytest.raises(Failure, match=r"^repo: git's consistency check refuses [0-9a-f]{40}: duplicateEntries"):
        task.poll()


def test_t9_zero_padded_modes_of_real_histories_are_let_through(task: Task) -> None:
    inner = task.upstream.raw_tree([("100644", "file", task.upstream.object("blob", BLOB))])
    assert archived(task, task.upstream.raw_tree([("040000", "folder", inner)])) == {"folder/file": BLOB}


def test_many_folders_with_the_same_names_in_them_are_let_through(task: Task) -> None:
    files = {f"{folder}/{inner}/{name}": b"" for folder in "ab" for inner in "abx" for name in "ab"}
    assert archived(task, {**files, "a.c": b"", "x": b""}) == {**files, "a.c": b"", "x": b""}


@pytest.mark.slow
def test_t11_a_small_repository_that_stands_for_a_huge_tree_is_refused(task: Task) -> None:
    inner = task.upstream.tree({"file": b"x"})
    for _index in range(8):
        inner = task.upstream.raw_tree([("40000", f"{number}", inner) for number in range(10)])
    task.upstream.commit(inner)
    with pytest.raises(Failure, match=r"^archive: the tree of .* is too large"):
        task.poll(archive=task.archive)
    assert [file.name for file in task.folder.iterdir() if "tree.tar" in file.name] == []


def test_t11_a_small_repository_that_stands_for_many_bytes_is_refused(
    task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MAX_ENTRIES", 100)
    monkeypatch.setattr(archive, "_MAX_BYTES", 200_000)
    assert len(archived(task, {f"{number}": b"x" * 10 for number in range(100)})) == 100
    task.upstream.commit({"a": b"x" * 100_000, "b": b"x" * 100_000})
    with pytest.raises(Failure, match=r"^archive: the tree of .* is too large"):
        task.poll(archive=task.archive)
    task.upstream.commit({f"{number}": b"x" for number in range(101)})
    with pytest.raises(Failure, match=r"^archive: the tree of .* is too large"):
        task.poll(archive=task.archive)


def test_t11_a_file_that_cannot_grow_is_removed(task: Task) -> None:
    task.upstream.commit({"file": b"x" * 100_000})
    task.poll()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    task.upstream.commit({"file": hashlib.sha256(b"").digest() * 10_000})
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, before[1]))
        with pytest.raises(Failure, match=r"^archive: .* cannot be written: File too large"):
            task.poll(archive=task.archive)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [file.name for file in task.folder.iterdir() if "tree.tar" in file.name] == []
    assert task.poll(archive=task.archive).changed


def with_bitmaps(upstream: Repository) -> None:
    """Let the server know what leads to what, as hosting services do, so that it leaves out all it can."""
    upstream.git("repack", "-adbq")


def test_t15_a_new_folder_with_a_given_last_commit_gets_the_whole_tree(task: Task) -> None:
    files = {"old": b"old", "folder/kept": BLOB}
    last = task.upstream.commit(files)
    head = task.upstream.commit({**files, "new": b"new"})
    with_bitmaps(task.upstream)
    assert task.poll(last_commit=last, archive=task.archive).commit == head
    assert contents(task.archive) == {**files, "new": b"new"}


def test_t15_after_a_refused_commit_the_next_gets_the_whole_tree(task: Task) -> None:
    files = {"old": b"old"}
    task.upstream.commit(files)
    last = task.process(archive=task.archive)
    task.upstream.commit({**files, "refused": b"r"}, parents=[])
    task.poll_refused(last_commit=last, archive=task.archive)
    task.upstream.commit({**files, "refused": b"r", "new": b"n"}, parents=[last])
    with_bitmaps(task.upstream)
    task.poll(last_commit=last, archive=task.archive)
    assert contents(task.archive) == {**files, "refused": b"r", "new": b"n"}


def test_t15_after_a_reset_the_next_gets_the_whole_tree(task: Task) -> None:
    files = {"old": b"old"}
    task.upstream.commit(files)
    last = task.process(archive=task.archive)
    middle = task.upstream.commit({**files, "middle": b"m"})
    task.upstream.commit({**files, "middle": b"m", "new": b"n"})
    with_bitmaps(task.upstream)
    task.reset(middle)
    assert task.poll(last_commit=middle, archive=task.archive).previous_commit == middle
    assert contents(task.archive) == {**files, "middle": b"m", "new": b"n"}
    assert last


@pytest.mark.parametrize("whole", [True, False])
def test_t15_what_comes_back_from_an_older_commit_arrives(task: Task, whole: bool) -> None:
    """The server takes all that lies behind the last commit to be here, but only that commit's own tree is."""
    old = {f"{number}": b"old %d" % number for number in range(20)}
    task.upstream.commit(old)
    new = {name: b"new" + content for name, content in old.items()}
    task.upstream.commit(new)
    last = task.process(archive=task.archive)
    again = old if whole else {**new, "7": old["7"], "added": b"a"}
    task.upstream.commit(again)
    with_bitmaps(task.upstream)
    task.poll(last_commit=last, archive=task.archive)
    assert contents(task.archive) == again


def test_t15_only_what_is_new_travels(task: Task) -> None:
    files = {f"{number}": hashlib.sha256(b"%d" % number).digest() * 40 for number in range(100)}
    task.upstream.commit(files)
    last = task.process(archive=task.archive)
    task.upstream.commit({**files, "new": b"n"})
    with_bitmaps(task.upstream)
    before = pack_bytes(task)
    task.poll(last_commit=last, archive=task.archive)
    assert pack_bytes(task) - before < 15_000


def pack_bytes(task: Task) -> int:
    return sum(pack.stat().st_size for pack in (task.git_dir / "objects" / "pack").iterdir())


@pytest.mark.soak
@pytest.mark.parametrize("bitmaps", [True, False])
def test_t15_whatever_comes_and_goes_arrives_whole(task: Task, long: Long, bitmaps: bool) -> None:
    """Files change, trees come back, commits are skipped or not recorded, and the server packs deltas as it likes."""
    chance = long.chance
    files = {f"{number % 7}/{number}": chance.randbytes(300) for number in range(100)}
    history = [files]
    last = ""
    for _number in range(long.times(200)):
        files = dict(chance.choice(history) if chance.random() < 0.3 else files)
        for name in chance.sample(sorted(files), 3):
            files[name] = chance.choice([chance.randbytes(300), chance.choice(history)[name]])
        history.append(files)
        commit = task.upstream.commit(files)
        if chance.random() < 0.5:
            task.upstream.git("repack", "-adqf", *(["-b"] if bitmaps else []), "--depth=50", "--window=50")
        if chance.random() < 0.7:
            task.poll(last_commit=last, archive=task.archive)
            assert contents(task.archive) == files
            if chance.random() < 0.8:
                task.record(commit)
                last = commit
        else:
            task.poll(last_commit=last)


@pytest.mark.parametrize("line", [b"!negative%d text\n", b"*.%d -a^b\n"])
def test_t10_attributes_that_git_complains_of_line_by_line_hold_nothing_up(task: Task, line: bytes) -> None:
    attributes = b"".join(line % number for number in range(3000))
    assert archived(task, {".gitattributes": attributes}) == {".gitattributes": attributes}


def test_c16_the_digest_is_that_of_the_archive(task: Task) -> None:
    task.upstream.commit({"file": BLOB, "large": BLOB * 100_000})
    outcome = task.poll(archive=task.archive)
    assert outcome.archive_sha256 == hashlib.sha256(task.archive.read_bytes()).hexdigest()


def test_c16_the_digest_is_that_of_the_tree_whatever_becomes_of_the_file(
    task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another user who may write to the folder puts another file in place of ours while it is being written."""
    write_tar = archive.write_tar

    def write_and_swap(*args: object) -> None:
        write_tar(*args)
        unfinished = task.archive.with_name("tree.tar.part")
        unfinished.unlink()
        unfinished.write_bytes(b"swapped")

    task.upstream.commit({"file": BLOB})
    honest = task.poll(archive=task.archive).archive_sha256
    monkeypatch.setattr(archive, "write_tar", write_and_swap)
    assert task.poll(archive=task.archive).archive_sha256 == honest
    assert task.archive.read_bytes() == b"swapped"


def test_without_an_archive_there_is_no_digest(task: Task) -> None:
    task.upstream.commit()
    assert task.poll().archive_sha256 == ""
