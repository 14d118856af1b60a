# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signers of real commits, as git, gpg and git-signatures leave them."""

from __future__ import annotations

import base64
import hashlib
import subprocess
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._git import commit as git_commit
from ansible_collections.flant.gitops.plugins.module_utils._git import notes as git_notes
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.roster import roster
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.signatures import look, look_at_each
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.trust import Trust, trust
from ansible_collections.flant.gitops.plugins.module_utils._verdict import GoodSignature, Rejected
from ansible_collections.flant.gitops.plugins.module_utils._workers import workers
from ansible_collections.flant.gitops.tests.support import signature_notes
from ansible_collections.flant.gitops.tests.support.signers import Signer, Signers, armored, with_header
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from ansible_collections.flant.gitops.plugins.module_utils._git.commit import Commit
    from ansible_collections.flant.gitops.plugins.module_utils._verdict import Candidate, Verdict
    from ansible_collections.flant.gitops.plugins.module_utils._workers import Workers


class Repository:
    """A real repository, and the shortest way to a commit in it."""

    def __init__(self, folder: Path, signers: Signers, object_format: str = "sha1") -> None:
        self.folder = folder
        self._signers = signers
        self.git("init", "--quiet", f"--object-format={object_format}")

    def git(self, *arguments: str, stdin: bytes = b"") -> bytes:
        ran = subprocess.run(
            ["git", "-C", str(self.folder), *arguments],
            input=stdin,
            capture_output=True,
            env=self._signers.environment,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr.decode()
        return ran.stdout

    def commit(self, signer: Signer | None = None) -> Commit:
        options = signer.git_options if signer else []
        self.git(*options, "commit", "--quiet", "--allow-empty", "-m", "Change something")
        commit_id = self.git("rev-parse", "HEAD").decode().strip()
        return git_commit.parse(commit_id, self.git("cat-file", "commit", commit_id))

    def notes(self, commit: Commit) -> list[bytes]:
        """Return the notes for a commit, as a reader that knows nothing of git's notes code finds them."""
        listing = self.git("ls-tree", "-r", "--name-only", signature_notes.SIGNATURES_REF).decode().split()
        paths = [path for path in git_notes.paths(commit.id) if path in listing]
        return [self.git("cat-file", "blob", f"{signature_notes.SIGNATURES_REF}:{path}") for path in paths]


@pytest.fixture(params=["sha1", "sha256"])
def repository(request: pytest.FixtureRequest, tmp_path: Path, signers: Signers) -> Repository:
    return Repository(tmp_path, signers, request.param)


def _trusted(signers: Iterable[Signer]) -> AbstractContextManager[Trust]:
    """Trust people by their names, with one key each."""
    people = [{"name": signer.name, "public_keys": [signer.public_key]} for signer in signers]
    return trust(roster([], people))


def test_a_commit_signed_by_git_has_its_signer(repository: Repository, signers: Signers) -> None:
    commit = repository.commit(signers.alice)
    with _trusted([signers.alice, signers.bob]) as trusted:
        found = look(trusted, commit, [], 1)
    assert [signer.as_dict() for signer in found.signers] == [
        {
            "signer": "alice",
            "type": "openpgp",
            "fingerprint": signers.alice.fingerprint,
            "signing_key": signers.alice.fingerprint,
            "user_id": "Alice <alice@example.test>",
            "created": found.signers[0].created,
            "touched": False,
            "source": "commit",
            "signature": base64.b64encode(commit.signature).decode(),
        }
    ]
    assert found.rejected == ()


def test_signers_in_notes_count_beside_the_commits_own(repository: Repository, signers: Signers) -> None:
    commit = repository.commit(signers.alice)
    signature_notes.add(repository.folder, commit.id, signers.bob, signers.carol)
    with _trusted([signers.alice, signers.bob, signers.carol]) as trusted:
        found = look(trusted, commit, repository.notes(commit), 3)
    assert [(signer.fingerprint, signer.source) for signer in found.signers] == [
        (signers.alice.fingerprint, "commit"),
        (signers.bob.fingerprint, "notes"),
        (signers.carol.fingerprint, "notes"),
    ]


# The table of trdl (server/pkg/git/signatures_test.go): who signed how, and how many signers that makes


@pytest.mark.parametrize(
    ("own", "in_notes", "distinct"),
    [
        pytest.param(None, [], [], id="not signed"),
        pytest.param("alice", [], ["alice"], id="regular signature"),
        pytest.param(None, ["alice"], ["alice"], id="one note"),
        pytest.param(None, ["alice", "bob"], ["alice", "bob"], id="two notes"),
        pytest.param("alice", ["bob", "carol"], ["alice", "bob", "carol"], id="regular signature and two notes"),
        pytest.param("alice", ["alice", "alice"], ["alice"], id="three signatures by one signer"),
    ],
)
def test_as_many_signers_stand_as_in_trdl(
    tmp_path: Path, signers: Signers, own: str | None, in_notes: list[str], distinct: list[str]
) -> None:
    repository = Repository(tmp_path, signers)
    commit = repository.commit(signers[own] if own else None)
    if in_notes:
        signature_notes.add(repository.folder, commit.id, *(signers[name] for name in in_notes))
    notes = repository.notes(commit) if in_notes else []
    for trusted_names in ([], ["alice"], ["bob"], ["carol", "bob", "alice"]):
        expected = [name for name in distinct if name in trusted_names]
        with _trusted([signers[name] for name in trusted_names]) as trusted:
            for required in range(5):
                found = look(trusted, commit, notes, required).signers
                assert [each.fingerprint for each in found] == [
                    signers[name].fingerprint for name in expected[:required]
                ]


# What a signature covers


_RAW = b"""tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904
author A. Author <author@example.test> 1700000000 +0000
committer C. Committer <committer@example.test> 1700000000 +0000

Change the gate
"""


def _commit(raw: bytes) -> Commit:
    commit_id = hashlib.sha1(b"commit %d\0" % len(raw) + raw, usedforsecurity=False).hexdigest()
    return git_commit.parse(commit_id, raw)


def _signers_of(commit: Commit, *trusted_signers: Signer, notes: Sequence[bytes] = ()) -> list[str]:
    with _trusted(trusted_signers) as trusted:
        return [signer.fingerprint for signer in look(trusted, commit, notes, 9).signers]


def test_s1_two_trees_count_only_if_both_were_signed(signers: Signers) -> None:
    other = b"tree " + b"1" * 40 + b"\n"
    signed_both = signers.alice.sign_commit(other + _RAW)
    signed_one = signers.alice.sign_commit(_RAW)
    assert _signers_of(_commit(signed_both), signers.alice) == [signers.alice.fingerprint]
    assert _signers_of(_commit(other + signed_one), signers.alice) == []
    assert _signers_of(_commit(signed_one.replace(b"\nauthor", b"\n" + other + b"author")), signers.alice) == []


@pytest.mark.parametrize("header", ["encoding", "unknown", "gpgsigx", "gpgsig-sha1"])
def test_s1_unknown_headers_count_only_if_they_were_signed(signers: Signers, header: str) -> None:
    signed = signers.alice.sign_commit(with_header(_RAW, header, b"any\nthing"))
    assert _signers_of(_commit(signed), signers.alice) == [signers.alice.fingerprint]
    added = with_header(signers.alice.sign_commit(_RAW), header, b"any\nthing")
    assert _signers_of(_commit(added), signers.alice) == []


def test_s2_two_signature_headers_are_ignored(signers: Signers) -> None:
    twice = with_header(signers.alice.sign_commit(_RAW), "gpgsig", armored(signers.bob.sign(_RAW)))
    assert _signers_of(_commit(twice), signers.alice, signers.bob) == []


def test_s2_two_packets_in_one_header_are_ignored(signers: Signers) -> None:
    both = armored(signers.alice.sign(_RAW) + signers.bob.sign(_RAW))
    assert _signers_of(_commit(with_header(_RAW, "gpgsig", both)), signers.alice, signers.bob) == []


def test_s2_notes_count_beside_an_ignored_signature(signers: Signers) -> None:
    twice = signers.alice.sign_commit(signers.alice.sign_commit(_RAW))
    commit = _commit(twice)
    note = signers.bob.note_line(commit.id)
    assert _signers_of(commit, signers.alice, signers.bob, notes=[note]) == [signers.bob.fingerprint]


def test_s3_unsigned_text_in_a_header_like_the_signatures_fails(signers: Signers) -> None:
    """Of this very commit, ``git verify-commit`` says that its signature is good."""
    signed = signers.alice.sign_commit(_RAW).replace(b"\ngpgsig", b"\ngpgsigx unsigned\ngpgsig")
    assert _signers_of(_commit(signed), signers.alice) == []


def test_s4_a_merged_tags_signature_is_not_the_commits(signers: Signers) -> None:
    tag = b"object 1\ntype commit\n\nTag\n"
    merged = with_header(_RAW, "mergetag", tag + b"gpgsig " + armored(signers.bob.sign(tag)))
    assert _signers_of(_commit(merged), signers.bob) == []
    assert _signers_of(_commit(signers.alice.sign_commit(merged)), signers.alice, signers.bob) == [
        signers.alice.fingerprint
    ]


def test_s4_a_signature_in_the_message_is_not_the_commits(signers: Signers) -> None:
    lines = armored(signers.alice.sign(_RAW)).replace(b"\n", b"\n ")
    for separator in (b"\n", b"\n\n"):
        assert _signers_of(_commit(_RAW + separator + b"gpgsig " + lines), signers.alice) == []


def test_s5_an_inline_signed_message_in_the_header_is_ignored(signers: Signers) -> None:
    for data in (_RAW, b"anything else"):
        message = signers.alice.sign_inline(data)
        for label in ("MESSAGE", "SIGNATURE"):
            commit = _commit(with_header(_RAW, "gpgsig", armored(message, label)))
            assert _signers_of(commit, signers.alice) == []


def test_s17_a_text_mode_signature_does_not_let_line_ends_change(signers: Signers) -> None:
    windows = _RAW + b"echo safe\r\n"
    for raw in (windows, windows.replace(b"\r\n", b"\n")):
        signed = with_header(raw, "gpgsig", armored(signers.alice.sign(windows, "--textmode")))
        assert _signers_of(_commit(signed), signers.alice) == []


# What a note covers


@pytest.mark.parametrize(
    "text",
    [
        "{id}\n",
        " {id}",
        "{ID}",
        "{other}",
        "commit {id}",
        "",
    ],
)
def test_only_a_note_over_exactly_the_id_counts(signers: Signers, text: str) -> None:
    commit = _commit(_RAW)
    signed = text.format(id=commit.id, ID=commit.id.upper(), other="0" * 40).encode()
    note = base64.b64encode(signers.alice.sign(signed))
    assert _signers_of(commit, signers.alice, notes=[note]) == []
    assert _signers_of(commit, signers.alice, notes=[note, signers.alice.note_line(commit.id)]) == [
        signers.alice.fingerprint
    ]


def test_a_commits_signature_is_no_note_and_a_notes_is_no_commits(signers: Signers) -> None:
    commit = _commit(signers.alice.sign_commit(_RAW))
    assert _signers_of(commit, signers.bob, notes=[base64.b64encode(signers.bob.sign(_RAW))]) == []
    assert _signers_of(commit, signers.bob, notes=[base64.b64encode(signers.bob.sign(commit.payload))]) == []
    noted = with_header(_RAW, "gpgsig", armored(signers.bob.sign(_commit(_RAW).id.encode())))
    assert _signers_of(_commit(noted), signers.bob) == []


@pytest.mark.parametrize(
    "bad",
    [
        b"\0\xff" * 100,
        b"A" * 70_000,
        base64.b64encode(b"no signature"),
        base64.b64encode(b"\xc2\x03abc"),
        b"-----BEGIN PGP SIGNATURE-----\n\nabcd\n-----END PGP SIGNATURE-----",
    ],
)
def test_s14_good_lines_count_among_bad_ones(signers: Signers, bad: bytes) -> None:
    commit = _commit(_RAW)
    lines = [bad, signers.alice.note_line(commit.id), bad, signers.bob.note_line(commit.id), bad]
    assert _signers_of(commit, signers.alice, signers.bob, notes=[b"\n".join(lines)]) == [
        signers.alice.fingerprint,
        signers.bob.fingerprint,
    ]


def test_several_notes_for_one_commit_count_together(signers: Signers) -> None:
    commit = _commit(_RAW)
    notes = [signers.alice.note_line(commit.id), signers.bob.note_line(commit.id)]
    assert len(_signers_of(commit, signers.alice, signers.bob, notes=notes)) == 2


# Who counts once


def test_s15_a_signer_counts_once_whichever_of_the_keys_signed(signers: Signers) -> None:
    commit = _commit(signers.alice.sign_commit(_RAW))
    keys = [signers.alice.public_key, signers.bob.public_key]
    notes = [signers.bob.note_line(commit.id), signers.alice.note_line(commit.id), signers.carol.note_line(commit.id)]
    people = [{"name": "alice", "public_keys": keys}, {"name": "carol", "public_keys": [signers.carol.public_key]}]
    with trust(roster([], people)) as trusted:
        found = look(trusted, commit, notes, 3)
    assert [(each.signer, each.fingerprint) for each in found.signers] == [
        ("alice", signers.alice.fingerprint),
        ("carol", signers.carol.fingerprint),
    ]


def test_a_signer_without_a_name_goes_by_the_fingerprint(signers: Signers) -> None:
    commit = _commit(signers.alice.sign_commit(_RAW))
    with trust(roster([signers.alice.public_key], [])) as trusted:
        assert [each.signer for each in look(trusted, commit, [], 1).signers] == [signers.alice.fingerprint]


def test_s15_two_subkeys_of_one_certificate_count_once(signers: Signers) -> None:
    subkeys = [signers.alice.add_subkey(), signers.alice.add_subkey()]
    commit = _commit(_RAW)
    notes = [base64.b64encode(signers.alice.sign(commit.id.encode(), key=key)) for key in subkeys]
    with _trusted([signers.alice]) as trusted:
        found = look(trusted, commit, notes, 2)
    assert [(each.fingerprint, each.signing_key) for each in found.signers] == [(signers.alice.fingerprint, subkeys[0])]


# How many are looked at


class Ledger:
    """A verifier without gpg: it takes the signatures that stand in its ledger, and counts what it is asked."""

    def __init__(self, entries: dict[tuple[bytes, bytes], str], pool: Workers) -> None:
        self._entries = entries
        self.workers = pool
        self.asked = 0

    def verify(self, candidate: Candidate) -> Verdict:
        self.asked += 1
        name = self._entries.get((candidate.payload, candidate.signature))
        return GoodSignature(name, name, name, "", signer=name) if name else Rejected("it is not in the ledger")


def test_no_signature_is_looked_at_in_vain() -> None:
    commit = _commit(with_header(_RAW, "gpgsig", b"by alice"))
    names = ["alice", "alice", "bob", "", "carol", "dave", "erin"]
    note = b"\n".join(base64.b64encode(b"%d by %b" % (number, name.encode())) for number, name in enumerate(names))
    entries = {(commit.id.encode(), b"%d by %b" % (number, name.encode())): name for number, name in enumerate(names)}
    entries[commit.payload, b"by alice"] = "alice"
    with workers(2) as pool:
        for required, asked in [(0, 0), (1, 1), (2, 4), (3, 6), (4, 7), (5, 8), (6, 8)]:
            ledger = Ledger(entries, pool)
            found = look(ledger, commit, [note], required)
            assert len(found.signers) == min(required, 5)
            assert ledger.asked == asked


def test_what_does_not_count_says_which_it_is_and_why() -> None:
    commit = _commit(with_header(_RAW, "gpgsig", b"x"))
    with workers(1) as pool:
        found = look(Ledger({}, pool), commit, [base64.b64encode(b"y"), base64.b64encode(b"z")], 1)
    assert found.rejected == (
        "the commit's own signature: it is not in the ledger",
        "signature 1 in the notes: it is not in the ledger",
        "signature 2 in the notes: it is not in the ledger",
    )


_SIGNED = {b"by alice": "alice", b"by alice again": "alice", b"by bob": "bob", b"by carol": "carol"}


@given(
    st.sampled_from([None, *_SIGNED, b"by nobody"]),
    st.lists(st.lists(st.one_of(st.sampled_from([*_SIGNED]).map(base64.b64encode), st.binary())), max_size=4),
    st.integers(0, 4),
)
def test_s14_any_notes_make_no_signer_who_has_not_signed(
    own: bytes | None, note_lines: list[list[bytes]], required: int
) -> None:
    commit = _commit(with_header(_RAW, "gpgsig", own) if own is not None else _RAW)
    notes = [b"\n".join(lines) for lines in note_lines]
    entries = {
        (payload, text): name for payload in (commit.payload, commit.id.encode()) for text, name in _SIGNED.items()
    }
    with workers(1) as pool:
        found = look(Ledger(entries, pool), commit, notes, required).signers
    lines = {line.strip() for note in notes for line in note.split(b"\n")}
    signed = {name for text, name in _SIGNED.items() if own == text or base64.b64encode(text) in lines}
    assert {each.fingerprint for each in found} <= signed
    assert len(found) == len({each.fingerprint for each in found}) == min(required, len(signed))


# Many commits


def test_many_commits_come_back_in_their_order(repository: Repository, signers: Signers) -> None:
    people = [signers.alice, signers.bob, None] * 4
    commits = [repository.commit(person) for person in people]
    with _trusted([signers.alice, signers.bob]) as trusted:
        found = list(look_at_each(trusted, commits, {}, 1))
    assert [[each.fingerprint for each in one.signers] for one in found] == [
        [person.fingerprint] if person else [] for person in people
    ]


def test_commits_are_taken_as_they_are_yielded(signers: Signers) -> None:
    taken = []

    def commits() -> Iterator[Commit]:
        for number in range(100):
            taken.append(number)
            yield _commit(_RAW + b"%d" % number)

    with _trusted([signers.alice]) as trusted:
        results = look_at_each(trusted, commits(), {}, 1)
        next(results)
    assert len(taken) == 16
