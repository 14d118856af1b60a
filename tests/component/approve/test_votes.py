# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No vote is lost: not to others who sign at the same time, not to werf's script, and not to a kill."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.tests.support.approver import NOTES_REF, Approver, Werf, ids, lines
from ansible_collections.flant.gitops.tests.support.git_server import http_server
from ansible_collections.flant.gitops.tests.support.signature_notes import SIGNATURES_REF
from ansible_collections.flant.gitops.tests.support.signed_commit import Task

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ansible_collections.flant.gitops.tests.component.approve.conftest import MakeApprover
    from ansible_collections.flant.gitops.tests.support.repository import Repository
    from ansible_collections.flant.gitops.tests.support.signers import Signers
    from ansible_collections.flant.gitops.tests.support.soak import Long

_TEN = 10
_ROUNDS = 20


@pytest.fixture(params=["file", "http"])
def url(request: pytest.FixtureRequest, upstream: Repository) -> Iterator[str]:
    if request.param == "file":
        yield upstream.path.as_uri()
        return
    upstream.git("config", "http.receivepack", "true")
    with http_server(upstream.path.parent) as server:
        yield f"{server.url}/{upstream.path.name}"


@pytest.mark.soak
def test_r23_ten_at_once_lose_no_vote(
    url: str, upstream: Repository, approver: MakeApprover, signers: Signers, tmp_path: Path, long: Long
) -> None:
    """Between the rounds somebody signs with werf's script, before and after whom all have signed."""
    by_openpgp = [signers.create(f"p{number}") for number in range(_TEN // 2)]
    people = [approver(key.name, key, url) for key in by_openpgp]
    people += [approver(f"s{number}", None, url) for number in range(_TEN - len(people))]
    looker = approver("looker", signers.alice, url)
    looker.knows(*people, required=_TEN)
    werf = Werf(approver("werf", signers.bob, url), signers.bob)
    for _round in range(long.times(_ROUNDS)):
        commit = upstream.commit()

        calls = [person.start("sign", commit, "--yes") for person in people]
        said = [call.communicate()[1] for call in calls]

        assert [call.returncode for call in calls] == [0] * _TEN, said
        assert "10 of 10" in looker.approve()
        assert len(set(ids(upstream))) == 1
        werf.pull()
        werf.add()
        assert werf.push()
        assert len(lines(upstream, commit)) == _TEN + 1
    outcome = Task(upstream, tmp_path).poll(
        trusted_keys=[key.public_key for key in [*by_openpgp, signers.bob]],
        required_signatures=len(by_openpgp) + 1,
        verify="tip",
    )
    assert outcome.commit == commit


def test_r23_two_refs_that_differ_are_healed(
    upstream: Repository, approver: MakeApprover, signers: Signers, tmp_path: Path
) -> None:
    """As werf's script leaves them: the second of two who push at once has their notes refused and their tag forced."""
    head = upstream.head()
    alice, carol = (Werf(approver(name, signers[name]), signers[name]) for name in ("alice", "carol"))
    alice.add()
    carol.add()
    assert alice.push()
    assert not carol.push()
    assert len(set(ids(upstream))) == 2

    approver("dora", signers.bob).sign(head)

    assert len(set(ids(upstream))) == 1
    outcome = Task(upstream, tmp_path).poll(
        trusted_keys=[signers[name].public_key for name in ("alice", "bob", "carol")], required_signatures=3
    )
    assert outcome.commit == head


def test_what_only_the_notes_have_of_other_commits_is_named_and_stays_out(
    upstream: Repository, bob: Approver, signers: Signers
) -> None:
    other, head = upstream.head(), upstream.commit(message="Second")
    upstream.git("update-ref", NOTES_REF, upstream.notes({other: signers.alice.note_line(other) + b"\n"}))
    upstream.publish(upstream.notes({head: signers.alice.note_line(head) + b"\n"}))
    before = ids(upstream)

    said = bob.sign(head)

    assert f"Only {NOTES_REF} has 1 signature of {other}, which hosts do not read: sign it again." in said
    assert lines(upstream, other) == []
    assert len(lines(upstream, head)) == 2
    notes, tag = ids(upstream)
    assert notes == tag
    for old in before:
        upstream.git("merge-base", "--is-ancestor", old, notes)


def test_notes_that_were_never_tagged_are_published(upstream: Repository, bob: Approver, signers: Signers) -> None:
    other, head = upstream.head(), upstream.commit(message="Second")
    upstream.git("update-ref", NOTES_REF, upstream.notes({other: signers.alice.note_line(other) + b"\n"}))

    bob.sign(head)

    assert len(lines(upstream, other)) == 1
    assert len(lines(upstream, head)) == 1


def test_a_server_without_atomic_pushes_is_served_as_well(
    upstream: Repository, bob: Approver, approver: MakeApprover
) -> None:
    upstream.git("config", "receive.advertiseAtomic", "false")

    bob.sign(upstream.head())
    approver("carol").sign(upstream.head())

    assert len(set(ids(upstream))) == 1
    assert len(lines(upstream, upstream.head())) == 2


def test_a_server_that_refuses_is_quoted_at_once(upstream: Repository, bob: Approver) -> None:
    hook = upstream.path / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho 'Signatures are \x1b[31mnot for you.' >&2\nexit 1\n", encoding="utf-8")
    hook.chmod(0o755)

    said = bob.refused("sign", upstream.head(), "--yes")

    assert "origin did not accept the signature" in said
    assert "not for you." in said
    assert "pre-receive hook declined" in said
    assert "\x1b" not in said


class Killer:
    """A git that ends the program that has called it, before or after it has done one of its calls."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._log = folder / "log"
        self._folder = folder
        git = folder / "git"
        git.write_text(
            f"""#!/bin/sh
echo "$*" >>{self._log}
number=$(wc -l <{self._log})
if [ "$number" = "$KILL_AT" ]; then
    [ "$KILL_AFTER" = no ] || {shutil.which("git")} "$@" >/dev/null 2>&1
    kill -9 $PPID
    exit 1
fi
exec {shutil.which("git")} "$@"
""",
            encoding="utf-8",
        )
        git.chmod(0o755)

    def sign(self, approver: Approver, commit: str, at: int = 0, *, after: bool = False) -> list[str]:
        """Let somebody sign, and be killed at the call of this number; return all calls of git."""
        self._log.write_text("", encoding="utf-8")
        path = f"{self._folder}:{approver.environment['PATH']}"
        status, _output, said = approver.tries(
            "sign", commit, "--yes", PATH=path, KILL_AT=str(at), KILL_AFTER="yes" if after else "no"
        )
        assert status == (-9 if at else 0), said
        return self._log.read_text(encoding="utf-8").splitlines()


@pytest.mark.soak
@pytest.mark.parametrize("atomic", ["true", "false"])
def test_killed_at_any_step_both_refs_agree_after_the_next_call(
    atomic: str, upstream: Repository, bob: Approver, approver: MakeApprover, tmp_path: Path, long: Long
) -> None:
    upstream.git("config", "receive.advertiseAtomic", atomic)
    killer = Killer(tmp_path / "killer")
    calls = killer.sign(bob, upstream.head())
    pushes = [number for number, call in enumerate(calls, 1) if " push " in call]
    others = [number for number in range(1, len(calls) + 1) if number not in pushes]
    chance = long.chance
    steps = [(step, after) for step in pushes for after in (False, True)]
    steps += [(step, chance.random() < 1 / 2) for step in chance.sample(others, long.times(len(others) // 2))]
    carol = approver("carol")
    for step, after in steps:
        commit = upstream.commit()
        killer.sign(bob, commit, step, after=after)

        carol.sign(commit)
        assert len(set(ids(upstream))) == 1
        bob.sign(commit)
        assert len(set(ids(upstream))) == 1
        assert len(lines(upstream, commit)) == 2
    assert len(pushes) == (1 if atomic == "true" else 3)
    assert upstream.git("for-each-ref", "--format=%(refname)").split() == ["refs/heads/main", NOTES_REF, SIGNATURES_REF]
