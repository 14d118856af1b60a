# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many signers stand behind a commit, and what follows from that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.tests.support.signed_commit import Task
    from ansible_collections.flant.gitops.tests.support.signers import Signer, Signers

NOBODY: tuple[str, ...] = ()
SIGNED = {  # who signed the commit itself, who signed with notes, and how many signers that makes
    "unsigned": (None, NOBODY, 0),
    "one regular signature": ("alice", NOBODY, 1),
    "one note": (None, ("alice",), 1),
    "two notes": (None, ("alice", "bob"), 2),
    "a regular signature and two notes": ("alice", ("bob", "carol"), 3),
    "three by one key": ("alice", ("alice", "alice"), 1),
}


def keys(*signers: Signer) -> list[str]:
    return [signer.public_key for signer in signers]


@pytest.mark.parametrize("required", range(5))
@pytest.mark.parametrize("signed", SIGNED)
def test_trdl_table(task: Task, signers: Signers, signed: str, required: int) -> None:
    own, notes, number = SIGNED[signed]
    commit = task.upstream.commit(signer=signers[own] if own else None)
    for name in notes:
        task.upstream.note(commit, signers[name])
    trusted = keys(signers.alice, signers.bob, signers.carol)
    if required == 0:
        with pytest.raises(Failure, match="it is 0, so that any commit would do, although keys are given"):
            task.poll(trusted_keys=trusted)
        assert task.poll().commit == commit
    elif required > len(trusted):
        with pytest.raises(Failure, match="4 are required, but only 3 of the trusted signers"):
            task.poll(required_signatures=required, trusted_keys=trusted)
    elif required > number:
        with pytest.raises(Failure, match=f"{commit} carries {number} of {required}"):
            task.poll(required_signatures=required, trusted_keys=trusted)
    else:
        outcome = task.poll(required_signatures=required, trusted_keys=trusted)
        assert (outcome.commit, outcome.verified_signatures) == (commit, required)


def test_keys_for_every_task_need_no_number_where_nothing_is_verified(task: Task, signers: Signers) -> None:
    commit = task.upstream.commit()

    task.poll()
    recorded = task.record(commit, trusted_keys=keys(signers.alice))

    assert recorded.status == "recorded"


def test_signatures_by_keys_that_are_not_trusted_do_not_count(task: Task, signers: Signers) -> None:
    commit = task.upstream.commit(signer=signers.bob)
    task.upstream.note(commit, signers.carol)
    with pytest.raises(Failure, match=f"{commit} carries 0 of 1; {signers.alice.fingerprint} is missing .+"):
        task.poll(required_signatures=1, trusted_keys=keys(signers.alice))


@pytest.mark.parametrize("annotated", [True, False])
def test_notes_of_a_commit_or_of_an_annotated_tag_count(task: Task, signers: Signers, annotated: bool) -> None:
    commit = task.upstream.commit()
    notes = task.upstream.notes({commit: signers.alice.note_line(commit)})
    task.upstream.publish(notes, annotated=annotated)
    assert task.poll(required_signatures=1, trusted_keys=keys(signers.alice)).verified_signatures == 1


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_notes_may_be_fanned_out(task: Task, signers: Signers, depth: int) -> None:
    commit = task.upstream.commit()
    steps = [commit[2 * level : 2 * level + 2] for level in range(depth)]
    path = "/".join([*steps, commit[2 * depth :]])
    task.upstream.publish(task.upstream.notes({path: signers.alice.note_line(commit), "README": b"not a note"}))
    assert task.poll(required_signatures=1, trusted_keys=keys(signers.alice)).verified_signatures == 1


def test_s13_more_signatures_than_usable_keys_are_refused_before_any_commit_is_verified(
    task: Task, signers: Signers
) -> None:
    expired = signers.create("expired", key=("ed25519", "sign", "seconds=10"), at="20200101T000000")
    commit = task.upstream.commit(signer=signers.alice)
    with pytest.raises(
        Failure, match=r"^required_signatures: 2 are required, but only 1 of the trusted signers"
    ) as raised:
        task.poll(required_signatures=2, trusted_keys=keys(signers.alice, expired))
    assert commit not in str(raised.value)


def test_s13_the_refusal_says_what_is_wrong_with_the_keys(task: Task, signers: Signers) -> None:
    expired = signers.create("expired", key=("ed25519", "sign", "seconds=10"), at="20200101T000000")
    task.upstream.commit()
    with pytest.raises(Failure, match=rf"trusted_keys\[1\]: .*{expired.fingerprint}.*it has expired\.$"):
        task.poll(required_signatures=2, trusted_keys=keys(signers.alice, expired))


def test_s12_a_clock_behind_the_keys_creation_is_named(task: Task, signers: Signers) -> None:
    future = signers.create("future", at="20900101T000000")
    task.upstream.commit()
    with pytest.raises(Failure, match=r"created in the future \(check this machine's clock\)"):
        task.poll(required_signatures=1, trusted_keys=keys(future))


def test_s13_a_quiet_poll_does_not_look(task: Task, signers: Signers) -> None:
    task.upstream.commit()
    commit = task.process()
    outcome = task.poll(required_signatures=2, trusted_keys=keys(signers.alice), last_commit=commit)
    assert outcome.status == "unchanged"


def test_required_signatures_without_keys_are_refused_on_every_call(task: Task) -> None:
    with pytest.raises(Failure, match=r"^required_signatures: without trusted_signers or trusted_keys"):
        task.poll(required_signatures=1)


def test_a_key_that_is_none_is_refused_on_every_call(task: Task, signers: Signers) -> None:
    task.upstream.commit()
    commit = task.process()
    with pytest.raises(Failure, match=r"^trusted_keys\[1\]"):
        task.poll(required_signatures=1, trusted_keys=[signers.alice.public_key, "no key"], last_commit=commit)


def test_s19_keys_without_a_number_are_refused_by_a_quiet_poll_too(task: Task, signers: Signers) -> None:
    task.upstream.commit()
    commit = task.process()
    alice = {"name": "alice", "public_keys": [signers.alice.public_key]}
    for given in ({"trusted_keys": keys(signers.alice)}, {"trusted_signers": [alice]}):
        with pytest.raises(Failure, match=r"^required_signatures: it is 0, .* although keys are given"):
            task.poll(last_commit=commit, **given)


# People


def person(name: str, *signers: Signer) -> dict[str, object]:
    return {"name": name, "public_keys": keys(*signers)}


def test_a_person_with_two_keys_is_one_signer(task: Task, signers: Signers) -> None:
    commit = task.upstream.commit(signer=signers.alice)
    task.upstream.note(commit, signers.bob)
    people = [person("alice", signers.alice, signers.bob), person("carol", signers.carol)]
    message = f"^required_signatures: commit {commit} carries 1 of 2: alice; carol is missing\\.$"
    with pytest.raises(Failure, match=message) as raised:
        task.poll(required_signatures=2, trusted_signers=people)
    assert raised.value.result["signers"] == ("alice",)
    task.upstream.note(commit, signers.carol)
    outcome = task.poll(required_signatures=2, trusted_signers=people)
    assert (outcome.signers, outcome.verified_signatures) == (("alice", "carol"), 2)
    assert [each["signer"] for each in outcome.signatures] == ["alice", "carol"]


def test_people_and_keys_without_a_name_count_together(task: Task, signers: Signers) -> None:
    commit = task.upstream.commit(signer=signers.alice)
    task.upstream.note(commit, signers.bob)
    outcome = task.poll(
        required_signatures=2, trusted_signers=[person("bob", signers.bob)], trusted_keys=keys(signers.alice)
    )
    assert (outcome.commit, outcome.signers) == (commit, (signers.alice.fingerprint, "bob"))


def test_who_waits_is_told_who_is_missing(task: Task, signers: Signers) -> None:
    commit = task.upstream.commit(signer=signers.alice)
    people = [person(signer.name, signer) for signer in (signers.alice, signers.bob, signers.carol)]
    outcome = task.poll(required_signatures=2, trusted_signers=people, on_insufficient_signatures="wait")
    assert outcome.msg == f"required_signatures: commit {commit} carries 1 of 2: alice; bob or carol is missing."
    task.upstream.note(commit, signers.bob)
    assert task.poll(required_signatures=2, trusted_signers=people).msg == ""


def test_s13_people_who_cannot_sign_are_named(task: Task, signers: Signers) -> None:
    expired = signers.create("expired", key=("ed25519", "sign", "seconds=10"), at="20200101T000000")
    task.upstream.commit()
    with pytest.raises(Failure, match=r"trusted_signers\[1\]\.public_keys\[0\] \(dave\): .* it has expired\.$"):
        task.poll(required_signatures=2, trusted_signers=[person("alice", signers.alice), person("dave", expired)])


def test_an_expired_certificate_is_a_warning_whatever_comes_of_the_poll(task: Task, signers: Signers) -> None:
    expired = signers.create("expired", key=("ed25519", "sign", "seconds=10"), at="20200101T000000")
    task.upstream.commit(signer=signers.alice)
    outcome = task.poll(required_signatures=1, trusted_keys=keys(signers.alice, expired))
    assert [expired.fingerprint in warning for warning in outcome.warnings] == [True]

    task.upstream.commit()
    with pytest.raises(Failure) as raised:
        task.poll(required_signatures=1, trusted_keys=keys(signers.alice, expired))
    assert [expired.fingerprint in warning for warning in raised.value.warnings] == [True]


def test_s16_a_signature_that_is_published_later_is_noticed_by_the_next_poll(task: Task, signers: Signers) -> None:
    commit = task.upstream.commit()
    params = {"required_signatures": 1, "trusted_keys": keys(signers.alice), "on_insufficient_signatures": "wait"}
    assert task.poll(**params).status == "awaiting_signatures"
    assert task.poll(**params).status == "awaiting_signatures"
    task.upstream.note(commit, signers.alice)
    assert task.poll(**params).commit == commit


def test_s16_signatures_that_are_taken_back_are_gone_at_once(task: Task, signers: Signers) -> None:
    commit = task.upstream.commit()
    task.upstream.note(commit, signers.alice)
    params = {"required_signatures": 1, "trusted_keys": keys(signers.alice)}
    assert task.poll(**params).commit == commit
    task.upstream.git("update-ref", "-d", "refs/tags/latest-signature")
    with pytest.raises(Failure, match=f"{commit} carries 0 of 1"):
        task.poll(**params)


def test_s16_signatures_that_are_replaced_are_gone_at_once(task: Task, signers: Signers) -> None:
    commit = task.upstream.commit()
    task.upstream.publish(task.upstream.notes({commit: signers.alice.note_line(commit)}))
    params = {"required_signatures": 1, "trusted_keys": keys(signers.alice)}
    assert task.poll(**params).commit == commit
    task.upstream.publish(task.upstream.notes({commit: signers.bob.note_line(commit)}))
    with pytest.raises(Failure, match=f"{commit} carries 0 of 1"):
        task.poll(**params)


def test_s14_hostile_notes_are_ignored_and_good_lines_count(task: Task, signers: Signers) -> None:
    commit = task.upstream.commit()
    good = signers.alice.note_line(commit)
    note = b"A" * 70_000 + b"\n\xff\n" + good + b"\n" + b"\n".join([b"AAAA"] * 100_000)
    task.upstream.publish(task.upstream.notes({commit: note}))
    assert task.poll(required_signatures=1, trusted_keys=keys(signers.alice)).verified_signatures == 1


def test_s14_a_symlink_is_no_note(task: Task, signers: Signers) -> None:
    commit = task.upstream.commit()
    task.upstream.publish(task.upstream.notes({f"{commit}@": signers.alice.note_line(commit)}))
    with pytest.raises(Failure, match=f"{commit} carries 0 of 1"):
        task.poll(required_signatures=1, trusted_keys=keys(signers.alice))


@pytest.mark.parametrize("kind", ["tag of a tag", "tree", "blob", "tag of a blob"])
def test_s14_a_signatures_ref_to_something_else_holds_no_signatures(task: Task, signers: Signers, kind: str) -> None:
    commit = task.upstream.commit()
    notes = task.upstream.notes({commit: signers.alice.note_line(commit)})
    blob = task.upstream.object("blob", b"x")
    target = {
        "tag of a tag": lambda: task.upstream.tag(task.upstream.tag(notes, "commit"), "tag"),
        "tree": lambda: task.upstream.git("rev-parse", f"{notes}^{{tree}}"),
        "blob": lambda: blob,
        "tag of a blob": lambda: task.upstream.tag(blob, "blob"),
    }[kind]()
    task.upstream.point("refs/tags/latest-signature", target)
    with pytest.raises(Failure, match=f"{commit} carries 0 of 1"):
        task.poll(required_signatures=1, trusted_keys=keys(signers.alice))


def test_another_signatures_ref_can_be_named(task: Task, signers: Signers) -> None:
    commit = task.upstream.commit()
    task.upstream.note(commit, signers.alice, ref="refs/notes/signed")
    params = {"required_signatures": 1, "trusted_keys": keys(signers.alice)}
    assert task.poll(**params, signatures_ref="refs/notes/signed").commit == commit


def test_many_notes_arrive_in_part_only(task: Task, signers: Signers) -> None:
    commit = task.upstream.commit()
    notes = {f"{number:02x}/{number:038x}": b"x" * 100 for number in range(200)}
    task.upstream.publish(task.upstream.notes({**notes, f"{commit[:2]}/{commit[2:]}": signers.alice.note_line(commit)}))
    assert task.poll(required_signatures=1, trusted_keys=keys(signers.alice)).commit == commit
    listing = task.cache.git("cat-file", "--batch-all-objects", "--batch-check").splitlines()
    assert sum(" blob " in line for line in listing) == 1


def test_notes_that_a_later_commit_needs_arrive_although_the_server_takes_them_to_be_here(
    task: Task, signers: Signers
) -> None:
    first = task.upstream.commit()
    task.upstream.note(first, signers.alice)
    params = {"required_signatures": 1, "trusted_keys": keys(signers.alice)}
    assert task.process(**params) == first
    second = task.upstream.commit()
    task.upstream.note(second, signers.alice)
    kept = task.upstream.git("rev-parse", "refs/notes/signatures")
    assert task.process(**params, last_commit=first) == second
    third = task.upstream.commit()
    task.upstream.note(third, signers.alice)
    task.upstream.note(third, signers.bob)
    assert kept
    task.upstream.git("repack", "-adbq")
    assert task.poll(**params, last_commit=second).commit == third


def test_s23_where_was_looked_is_told(task: Task, signers: Signers) -> None:
    commit = task.upstream.commit()
    where = r"\(it has no signature of its own, and refs/tags/latest-signature holds none for it\)\.$"
    with pytest.raises(Failure, match=f"{commit} carries 0 of 1; alice is missing {where}"):
        task.poll(required_signatures=1, trusted_signers=[person("alice", signers.alice)])


@pytest.mark.parametrize("line_feed", [b"", b"\n"])
def test_s23_an_armored_note_is_told_what_a_note_takes(task: Task, signers: Signers, line_feed: bytes) -> None:
    commit = task.upstream.commit()
    note = signers.gpg("--armor", "--detach-sign", "--local-user", signers.alice.fingerprint, stdin=commit.encode())
    task.upstream.publish(task.upstream.notes({commit: note + line_feed}))
    refusal = task.poll_refused(required_signatures=1, trusted_keys=keys(signers.alice))
    assert "a note takes one line for each: gpg --detach-sign | base64 --wrap=0" in refusal
