# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One content under several ids, which nobody needs a key to make."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Callable

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.tests.support.repository import Repository
from ansible_collections.flant.gitops.tests.support.signed_commit import Task
from ansible_collections.flant.gitops.tests.support.signers import armored, with_header

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.flant.gitops.tests.support.signers import Signers

_HEADER = re.compile(rb"^gpgsig(-sha256)? (.*\n( .*\n)*)", re.MULTILINE)


def _with_comment(armor: bytes) -> bytes:
    return armor.replace(b"SIGNATURE-----\n", b"SIGNATURE-----\nComment: made by nobody\n", 1)


def _with_carriage_returns(armor: bytes) -> bytes:
    return armor.replace(b"\n", b"\r\n")


def _with_unhashed_subpacket(armor: bytes) -> bytes:
    """Add a subpacket of the private type 100 to the unhashed ones, see RFC 9580, sections 5.2.3 and 4.2."""
    text = armor.split(b"\n\n", 1)[1].partition(b"\n=")[0]
    packet = base64.b64decode(text)
    assert packet[0] in (0x88, 0xC2), "a signature packet with a length of one octet"
    body = packet[2:]
    end_of_hashed = 6 + int.from_bytes(body[4:6], "big")
    unhashed = int.from_bytes(body[end_of_hashed : end_of_hashed + 2], "big") + 3
    body = body[:end_of_hashed] + unhashed.to_bytes(2, "big") + b"\x02\x64x" + body[end_of_hashed + 2 :]
    return armored(packet[:1] + bytes([len(body)]) + body)


TWINS: dict[str, Callable[[bytes], bytes]] = {
    "armor comment": _with_comment,
    "CRLF": _with_carriage_returns,
    "unhashed subpacket": _with_unhashed_subpacket,
}


def reenveloped(upstream: Repository, commit: str, change: Callable[[bytes], bytes]) -> str:
    """Let the branch point to a twin of the commit whose signature was changed so."""
    raw = upstream.git_bytes("cat-file", "commit", commit)
    header = _HEADER.search(raw)
    armor = change(header[2].replace(b"\n ", b"\n"))
    name = "gpgsig-sha256" if header[1] else "gpgsig"
    return upstream.raw_commit(with_header(raw.replace(header[0], b""), name, armor))


def second_header(upstream: Repository, commit: str, name: str = "gpgsig-sha256") -> str:
    raw = upstream.git_bytes("cat-file", "commit", commit)
    return upstream.raw_commit(with_header(raw, name, b"anything"))


def trust(signers: Signers) -> dict[str, object]:
    return {"required_signatures": 1, "trusted_keys": [signers.alice.public_key]}


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
@pytest.mark.parametrize("kind", TWINS)
def test_g10_a_processed_twin_keeps_nobody_from_the_true_history(
    tmp_path: Path, signers: Signers, kind: str, object_format: str
) -> None:
    task = Task(Repository(tmp_path / "upstream.git", object_format), tmp_path)
    root = task.upstream.commit(signer=signers.alice)
    commit = task.upstream.commit(signer=signers.alice)
    twin = reenveloped(task.upstream, commit, TWINS[kind])
    assert twin != commit
    found = task.poll(**trust(signers), last_commit=root)
    assert (found.commit, found.previous_commit) == (twin, root)
    task.record(twin)

    task.upstream.point("refs/heads/main", commit)
    for claimed in ("", twin):
        back = task.poll(**trust(signers), last_commit=claimed)
        assert (back.status, back.commit, back.previous_commit, back.head) == ("unchanged", twin, twin, commit)
    new = task.upstream.commit(signer=signers.alice)
    for params in ({}, {"select": "oldest"}, {"verify": "every"}, {"select": "oldest", "verify": "every"}):
        outcome = task.poll(**trust(signers), last_commit=twin, **params)
        assert (outcome.commit, outcome.previous_commit, outcome.commits) == (new, twin, (new,))
    assert task.show().commit == twin
    recorded = task.record(new)
    assert (recorded.changed, recorded.commit, recorded.previous_commit, recorded.warnings) == (True, new, twin, ())


def test_g10_a_pushed_twin_of_the_last_commit_is_no_new_one(task: Task, signers: Signers) -> None:
    task.upstream.commit(signer=signers.alice)
    commit = task.process(**trust(signers))
    for twin in (
        reenveloped(task.upstream, commit, _with_comment),
        second_header(task.upstream, commit),
        second_header(task.upstream, commit, "gpgsig"),
    ):
        task.upstream.point("refs/heads/main", twin)
        outcome = task.poll(**trust(signers), last_commit=commit)
        assert (outcome.status, outcome.commit, outcome.head) == ("unchanged", commit, twin)
        assert task.show().commit == commit


def test_g10_twins_have_the_same_content_id_when_they_are_chosen(task: Task, signers: Signers) -> None:
    commit = task.upstream.commit(signer=signers.alice)
    first = task.poll(**trust(signers))
    twin = reenveloped(task.upstream, commit, _with_comment)
    second = task.poll(**trust(signers))
    assert (first.commit, second.commit) == (commit, twin)
    assert first.content_id == second.content_id != ""


def test_g10_a_caller_left_with_a_twin_of_an_older_commit_goes_on(task: Task, signers: Signers) -> None:
    """Cut off between its record and its fact, a run leaves the twin in the fact and the next commit in git_dir."""
    commit = task.upstream.commit(signer=signers.alice)
    twin = reenveloped(task.upstream, commit, _with_comment)
    task.process(**trust(signers))
    task.upstream.point("refs/heads/main", commit)
    new = task.upstream.commit(signer=signers.alice)
    task.process(**trust(signers), last_commit=twin)
    outcome = task.poll(**trust(signers), last_commit=twin)
    assert (outcome.status, outcome.previous_commit, len(outcome.warnings)) == ("unchanged", new, 1)


@pytest.mark.parametrize("difference", ["message", "parents", "tree"])
def test_g10_another_content_is_no_twin(task: Task, signers: Signers, difference: str) -> None:
    root = task.upstream.commit({"file": b"x"}, signer=signers.alice)
    task.upstream.commit({"file": b"y"}, signer=signers.alice)
    commit = task.process(**trust(signers))
    raw = task.upstream.git_bytes("cat-file", "commit", commit)
    if difference == "parents":
        raw = raw.replace(b"parent %b\n" % root.encode(), b"")
    elif difference == "tree":
        raw = raw.replace(task.upstream.tree({"file": b"y"}).encode(), task.upstream.tree({"file": b"z"}).encode())
    else:
        raw = raw.replace(b"Change something", b"Change anything")
    other = task.upstream.raw_commit(raw)
    with pytest.raises(Failure, match=f"^branch: its head {other} does not descend from {commit}"):
        task.poll(**trust(signers), last_commit=commit)


def test_g10_a_twin_that_hides_its_parents_is_none(task: Task, signers: Signers) -> None:
    root = task.upstream.commit(signer=signers.alice)
    task.upstream.commit(signer=signers.alice)
    commit = task.process(**trust(signers))
    raw = task.upstream.git_bytes("cat-file", "commit", commit)
    header = _HEADER.search(raw)[0]
    parent = b"parent %b\n" % root.encode()
    other = task.upstream.raw_commit(raw.replace(header, b"").replace(parent, header + parent))
    with pytest.raises(Failure, match=f"^branch: its head {other} does not descend from {commit}"):
        task.poll(**trust(signers), last_commit=commit)


def moved_up(upstream: Repository, commit: str, above: bytes, more: bytes = b"") -> str:
    """Let the branch point to the commit with its signature higher up, and with ``more`` of a message."""
    raw = upstream.git_bytes("cat-file", "commit", commit)
    header = _HEADER.search(raw)[0]
    return upstream.raw_commit(raw.replace(header, b"").replace(above, header + above, 1) + more)


@pytest.mark.parametrize("above", [b"author ", b"committer "])
def test_g10_a_twin_of_another_shape_is_none(task: Task, signers: Signers, above: bytes) -> None:
    commit = task.upstream.commit(signer=signers.alice)
    task.process(**trust(signers))
    moved_up(task.upstream, commit, above)
    head = task.upstream.commit(signer=signers.alice)
    with pytest.raises(Failure, match=f"^branch: its head {head} does not descend from {commit}"):
        task.poll(**trust(signers), last_commit=commit)


def test_g10_two_commits_of_another_shape_are_no_twins(task: Task, signers: Signers) -> None:
    honest = task.upstream.commit(signer=signers.alice)
    last = moved_up(task.upstream, honest, b"author ")
    task.upstream.commit(signer=signers.alice)
    task.process(**trust(signers))
    task.reset(last)
    moved_up(task.upstream, honest, b"author ", more=b"and more\n")
    head = task.upstream.commit(signer=signers.alice)
    with pytest.raises(Failure, match=f"^branch: its head {head} does not descend from {last}"):
        task.poll(**trust(signers), last_commit=last)


def test_g10_no_more_than_max_commits_are_looked_at(task: Task, signers: Signers) -> None:
    commit = task.upstream.commit(signer=signers.alice)
    twin = reenveloped(task.upstream, commit, _with_comment)
    task.process(**trust(signers))
    task.upstream.point("refs/heads/main", commit)
    for _number in range(4):
        task.upstream.commit(signer=signers.alice)
    assert task.poll(**trust(signers), last_commit=twin, max_commits=5).changed
    with pytest.raises(Failure, match=f"does not descend from {twin}"):
        task.poll(**trust(signers), last_commit=twin, max_commits=4)
