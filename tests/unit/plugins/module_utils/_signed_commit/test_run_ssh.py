# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""People who sign with SSH keys, beside others who sign with OpenPGP, and with both."""

from __future__ import annotations

import base64
import os
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.tests.support.signers import with_header
from ansible_collections.flant.gitops.tests.support.ssh_signers import Forger, armored, create

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.flant.gitops.tests.support.signed_commit import Task
    from ansible_collections.flant.gitops.tests.support.signers import Signers
    from ansible_collections.flant.gitops.tests.support.ssh_signers import SshSigner

_RAW = b"""tree %b
author A. Author <author@example.test> %b +0000
committer C. Committer <committer@example.test> %b +0000

Change the gate
"""


def _person(name: str, *keys: str) -> dict[str, object]:
    return {"name": name, "public_keys": [*keys]}


def _raw(task: Task, time: bytes = b"1700000000") -> bytes:
    return _RAW % (task.upstream.tree({"file": b"x"}).encode(), time, time)


def _signed(task: Task, signer: SshSigner, time: bytes = b"1700000000") -> str:
    """Return a commit with a signature in its header, as git writes it with ``gpg.format=ssh``."""
    raw = _raw(task, time)
    return task.upstream.raw_commit(with_header(raw, "gpgsig", signer.sign(raw)))


def test_an_ssh_signature_in_the_header_counts_without_gpg(
    task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob = create(tmp_path, "bob")
    commit = _signed(task, bob)
    _without(monkeypatch, tmp_path, "gpg")
    outcome = task.poll(required_signatures=1, trusted_signers=[_person("bob", bob.public_key)])
    assert (outcome.commit, outcome.signers) == (commit, ("bob",))
    assert [*outcome.signatures] == [
        {
            "signer": "bob",
            "type": "ssh",
            "fingerprint": bob.fingerprint,
            "signing_key": bob.fingerprint,
            "user_id": "",
            "created": "",
            "touched": False,
            "source": "commit",
            "signature": outcome.signatures[0]["signature"],
        }
    ]
    assert base64.b64decode(outcome.signatures[0]["signature"]).startswith(b"-----BEGIN SSH SIGNATURE-----\n")


def test_who_has_openpgp_keys_alone_needs_no_ssh_keygen(
    task: Task, signers: Signers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task.upstream.commit(signer=signers.alice)
    key = signers.alice.public_key
    _without(monkeypatch, tmp_path, "ssh-keygen")
    assert task.poll(required_signatures=1, trusted_signers=[_person("alice", key)]).signers == ("alice",)


def _without(monkeypatch: pytest.MonkeyPatch, folder: Path, program: str) -> None:
    """Put a program of this name in the way that fails whatever it is asked."""
    stub = folder / "bin" / program
    stub.parent.mkdir()
    stub.write_text("#!/bin/sh\nexit 3\n")
    stub.chmod(0o755)
    monkeypatch.setenv("PATH", f"{stub.parent}:{os.environ['PATH']}")


def test_one_person_over_both_kinds_is_one_vote_and_two_are_two(task: Task, signers: Signers, tmp_path: Path) -> None:
    laptop, bob = create(tmp_path, "alice"), create(tmp_path, "bob")
    people = [_person("alice", signers.alice.public_key, laptop.public_key), _person("bob", bob.public_key)]
    commit = task.upstream.commit(signer=signers.alice)
    task.upstream.publish(task.upstream.notes({commit: laptop.note_line(commit)}))
    with pytest.raises(Failure, match=f"{commit} carries 1 of 2: alice; bob is missing"):
        task.poll(required_signatures=2, trusted_signers=people)
    both = b"\n".join([laptop.note_line(commit), signers.carol.note_line(commit), bob.note_line(commit)])
    task.upstream.publish(task.upstream.notes({commit: both}))
    outcome = task.poll(required_signatures=2, trusted_signers=people)
    assert [(each["signer"], each["type"], each["source"]) for each in outcome.signatures] == [
        ("alice", "openpgp", "commit"),
        ("bob", "ssh", "notes"),
    ]
    only_openpgp = [_person("alice", signers.alice.public_key), _person("carol", signers.carol.public_key)]
    assert task.poll(required_signatures=2, trusted_signers=only_openpgp).signers == ("alice", "carol")


def test_s25_a_backdated_commit_by_a_key_that_was_taken_out_does_not_count(task: Task, tmp_path: Path) -> None:
    former, bob = create(tmp_path, "former"), create(tmp_path, "bob")
    commit = _signed(task, former, time=b"1000000000")
    with pytest.raises(Failure, match=f"{commit} carries 0 of 1; bob is missing .*not trusted .*SHA256:"):
        task.poll(required_signatures=1, trusted_signers=[_person("bob", bob.public_key)])


def test_s25_two_armors_in_the_header_do_not_count(task: Task, tmp_path: Path) -> None:
    alice, bob = create(tmp_path, "alice"), create(tmp_path, "bob")
    raw = _raw(task)
    commit = task.upstream.raw_commit(with_header(raw, "gpgsig", alice.sign(raw) + bob.sign(raw)))
    people = [_person("alice", alice.public_key), _person("bob", bob.public_key)]
    with pytest.raises(Failure, match=f"{commit} carries 0 of 1; .*not exactly one armored SSH signature"):
        task.poll(required_signatures=1, trusted_signers=people)


def test_a_touched_security_key_is_told_and_an_untouched_one_named(task: Task) -> None:
    key = Forger(security_key=True)
    raw = _raw(task)
    people = [_person("alice", key.public_key)]
    task.upstream.raw_commit(with_header(raw, "gpgsig", armored(key.sign(raw))))
    outcome = task.poll(required_signatures=1, trusted_signers=people)
    assert [each["touched"] for each in outcome.signatures] == [True]
    with pytest.raises(Failure, match="did not ask for a PIN, which ssh_user_verification requires"):
        task.poll(required_signatures=1, trusted_signers=people, ssh_user_verification=True)
    commit = task.upstream.raw_commit(with_header(raw, "gpgsig", armored(key.sign(raw, flags=0))))
    with pytest.raises(Failure, match=f"{commit} .*: the security key was not touched"):
        task.poll(required_signatures=1, trusted_signers=people)


def test_s19_a_rule_about_ssh_keys_without_any_is_refused(task: Task, signers: Signers) -> None:
    people = [_person("alice", signers.alice.public_key)]
    with pytest.raises(Failure, match=r"^ssh_user_verification: "):
        task.poll(required_signatures=1, trusted_signers=people, ssh_user_verification=True)


def test_an_ssh_signature_where_no_ssh_key_is_trusted_is_named(task: Task, signers: Signers, tmp_path: Path) -> None:
    commit = _signed(task, create(tmp_path, "bob"))
    with pytest.raises(Failure, match=f"{commit} .*: it is an SSH signature, and no SSH key is trusted"):
        task.poll(required_signatures=1, trusted_keys=[signers.alice.public_key])


def test_every_commit_may_be_signed_by_ssh(task: Task, tmp_path: Path) -> None:
    bob = create(tmp_path, "bob")
    people = [_person("bob", bob.public_key)]
    commit = _signed(task, bob)
    params = {"required_signatures": 1, "trusted_signers": people, "verify": "every"}
    assert task.poll(**params).commit == commit
