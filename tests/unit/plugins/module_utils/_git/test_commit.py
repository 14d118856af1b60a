# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commit objects, as git writes them and as it never would."""

from __future__ import annotations

import hashlib
import subprocess
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._git.commit import Commit, parse
from ansible_collections.flant.gitops.tests.support.environment import clean
from ansible_collections.flant.gitops.tests.support.signers import with_header
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from pathlib import Path

_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_PARENTS = ("1" * 40, "2" * 40)
_RAW = b"""tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904
parent 1111111111111111111111111111111111111111
parent 2222222222222222222222222222222222222222
author A. Author <author@example.test> 1700000000 +0200
committer C. Committer <committer@example.test> 1795506977 -0500

Change the gate
and its lock

Nobody used it.
"""
_SIGNATURE = b"-----BEGIN PGP SIGNATURE-----\n\nabcd\n=abcd\n-----END PGP SIGNATURE-----"


def _id(raw: bytes, algorithm: str = "sha1") -> str:
    return hashlib.new(algorithm, b"commit %d\0" % len(raw) + raw).hexdigest()


def _parsed(raw: bytes) -> Commit:
    return parse(_id(raw), raw)


def test_a_commit_says_what_it_is() -> None:
    assert _parsed(_RAW) == Commit(
        id=_id(_RAW),
        tree=_TREE,
        parents=_PARENTS,
        payload=_RAW,
        signature=None,
        subject="Change the gate and its lock",
        author="A. Author <author@example.test>",
        committed_at="2026-11-24T07:56:17Z",
    )


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_git_reads_the_same(tmp_path: Path, object_format: str) -> None:
    def git(*arguments: str) -> bytes:
        command = ["git", "-C", str(tmp_path), *arguments]
        return subprocess.run(command, capture_output=True, env=clean(), check=True).stdout

    git("init", "--quiet", f"--object-format={object_format}")
    for _index in range(2):
        git("commit", "--quiet", "--allow-empty", "-m", "Subject\non two lines\n\nBody\n\nmore")
    pretty = git("log", "-1", "--format=%H%n%T%n%P%n%s%n%an <%ae>%n%ct").decode().splitlines()
    commit = parse(pretty[0], git("cat-file", "commit", "HEAD"))
    assert [commit.id, commit.tree, *commit.parents, commit.subject, commit.author] == pretty[:5]
    assert commit.committed_at.startswith("20")


@pytest.mark.parametrize(("algorithm", "header"), [("sha1", "gpgsig"), ("sha256", "gpgsig-sha256")])
def test_the_signature_and_what_it_covers_are_told_apart(algorithm: str, header: str) -> None:
    raw = with_header(_RAW, header, _SIGNATURE)
    commit = parse(_id(raw, algorithm), raw)
    assert commit.signature == _SIGNATURE
    assert commit.payload == _RAW


def test_headers_below_the_signature_are_covered() -> None:
    covered = with_header(_RAW, "encoding", b"ISO-8859-1")
    commit = _parsed(covered.replace(b"encoding", b"gpgsig " + _SIGNATURE.replace(b"\n", b"\n ") + b"\nencoding"))
    assert commit.signature == _SIGNATURE
    assert commit.payload == covered


# What the signature covers: S1 to S4


def test_s1_every_other_byte_is_covered() -> None:
    odd = _RAW.replace(b"parent 1", b"tree " + b"3" * 40 + b"\nparent 1").replace(
        b"\n\nChange", b"\nx  y\r\n\n\nChange"
    )
    commit = _parsed(with_header(odd, "gpgsig", _SIGNATURE))
    assert commit.payload == odd
    assert commit.tree == _TREE


def test_s1_the_first_tree_and_the_parents_right_below_are_the_ones_that_git_takes() -> None:
    late = b"\nparent " + b"4" * 40 + b"\ntree " + b"3" * 40 + b"\n\n"
    assert _parsed(_RAW.replace(b"\n\n", late, 1)).parents == _PARENTS
    assert _parsed(_RAW.replace(b"\n\n", late, 1)).tree == _TREE


@pytest.mark.parametrize("second", [_SIGNATURE, b"", b"-----BEGIN PGP SIGNATURE-----"])
def test_s2_several_signature_headers_are_none(second: bytes) -> None:
    raw = with_header(with_header(_RAW, "gpgsig", _SIGNATURE), "gpgsig", second)
    commit = _parsed(raw)
    assert commit.signature is None
    assert commit.payload == _RAW


@pytest.mark.parametrize("name", ["gpgsigx", "gpgsig-sha2567", "gpgsig-sha1", "GPGSIG", "xgpgsig", "gpgsig\t"])
def test_s3_a_header_of_another_name_is_payload(name: str) -> None:
    odd = with_header(_RAW, name, _SIGNATURE)
    assert _parsed(odd).signature is None
    commit = _parsed(with_header(odd, "gpgsig", _SIGNATURE))
    assert commit.signature == _SIGNATURE
    assert commit.payload == odd


@pytest.mark.parametrize("end", [b"gpgsig", b"gpgsig\n", b"gpgsig-sha256\n\nMessage"])
def test_s3_a_signature_header_without_a_space_is_payload(end: bytes) -> None:
    raw = _RAW.partition(b"\n\n")[0] + b"\n" + end
    assert _parsed(raw).signature is None
    assert _parsed(raw).payload == raw


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
@pytest.mark.parametrize("order", [("gpgsig", "gpgsig-sha256"), ("gpgsig-sha256", "gpgsig")])
def test_s20_the_signature_headers_of_both_object_formats_are_left_out(algorithm: str, order: tuple[str, str]) -> None:
    values = {"gpgsig": _SIGNATURE, "gpgsig-sha256": _SIGNATURE.replace(b"abcd\n", b"wxyz\n")}
    raw = with_header(_RAW, order[0], values[order[0]])
    raw = with_header(raw, order[1], values[order[1]])
    commit = parse(_id(raw, algorithm), raw)
    assert commit.signature == values["gpgsig" if algorithm == "sha1" else "gpgsig-sha256"]
    assert commit.payload == _RAW


def test_s20_the_other_object_formats_header_alone_is_no_signature() -> None:
    commit = _parsed(with_header(_RAW, "gpgsig-sha256", _SIGNATURE))
    assert (commit.signature, commit.payload) == (None, _RAW)


@pytest.mark.parametrize(
    "raw",
    [
        with_header(_RAW, "mergetag", b"object 1\ngpgsig " + _SIGNATURE),
        _RAW + b"\ngpgsig " + _SIGNATURE + b"\n",
        _RAW.replace(b"\n\n", b"\n\ngpgsig " + _SIGNATURE.replace(b"\n", b"\n ") + b"\n\n", 1),
        _RAW.replace(b"author ", b" gpgsig x\nauthor "),
    ],
)
def test_s4_a_signature_elsewhere_is_none(raw: bytes) -> None:
    assert _parsed(raw).signature is None
    assert _parsed(raw).payload == raw


def test_s4_a_merged_tags_signature_is_covered_by_the_commits_own() -> None:
    odd = with_header(_RAW, "mergetag", b"object 1\ntype commit\n\nTag\n" + _SIGNATURE)
    commit = _parsed(with_header(odd, "gpgsig", b"own"))
    assert commit.signature == b"own"
    assert commit.payload == odd


# What is verified and what is acted on are one document: G9

_HEADER = b"gpgsig " + _SIGNATURE.replace(b"\n", b"\n ") + b"\n"


@pytest.mark.parametrize("above", [b"parent 1", b"parent 2"])
@pytest.mark.parametrize("name", [b"gpgsig", b"gpgsig-sha256"])
@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_g9_a_signature_header_that_hides_parents_is_refused(above: bytes, name: bytes, algorithm: str) -> None:
    moved = _HEADER.replace(b"gpgsig", name)
    raw = _RAW.replace(above, moved + above)
    with pytest.raises(Failure, match=f"^commit {_id(raw, algorithm)}: git reads other parents in it"):
        parse(_id(raw, algorithm), raw)


@pytest.mark.parametrize("above", [b"author ", b"committer "])
@pytest.mark.parametrize("name", [b"gpgsig", b"gpgsig-sha256"])
def test_g9_a_signature_header_above_the_committer_is_refused(above: bytes, name: bytes) -> None:
    raw = _RAW.replace(above, _HEADER.replace(b"gpgsig", name) + above)
    with pytest.raises(Failure, match=f"^commit {_id(raw)}: its signature header does not stand below its committer"):
        _parsed(raw)


def test_g9_a_signature_header_without_a_committer_is_refused() -> None:
    raw = b"".join(line for line in _RAW.splitlines(keepends=True) if not line.startswith(b"committer"))
    assert _parsed(raw).payload == raw
    with pytest.raises(Failure, match=r"does not stand below its committer"):
        _parsed(with_header(raw, "gpgsig", _SIGNATURE))


def test_g9_a_second_signature_header_is_held_to_the_same_place() -> None:
    raw = with_header(_RAW, "gpgsig", _SIGNATURE).replace(b"author ", b"gpgsig x\nauthor ")
    with pytest.raises(Failure, match=r"does not stand below its committer"):
        _parsed(raw)


def test_g9_a_long_signature_header_is_read_in_no_time() -> None:
    raw = _RAW.replace(b"\n\n", b"\ngpgsig x\n" + b" \n" * 500_000 + b"\n", 1)
    assert _parsed(raw).payload == _RAW


# One content, whatever its signatures: G10


@pytest.mark.parametrize(
    "twin",
    [
        _RAW,
        with_header(_RAW, "gpgsig", _SIGNATURE.replace(b"\n\n", b"\nComment: another\n\n", 1)),
        with_header(_RAW, "gpgsig", _SIGNATURE.replace(b"\n", b"\r\n")),
        with_header(with_header(_RAW, "gpgsig", _SIGNATURE), "gpgsig", b"second"),
        with_header(with_header(_RAW, "gpgsig", _SIGNATURE), "gpgsig-sha256", b"other form"),
    ],
)
def test_g10_twins_have_one_content_id(twin: bytes) -> None:
    assert _parsed(twin).content_id == _parsed(with_header(_RAW, "gpgsig", _SIGNATURE)).content_id
    assert _parsed(twin).content_id == hashlib.sha256(_RAW).hexdigest()


@pytest.mark.parametrize("header", ["gpgsigx", "encoding"])
def test_g10_what_is_signed_makes_another_content(header: str) -> None:
    assert _parsed(with_header(_RAW, header, b"x")).content_id != _parsed(_RAW).content_id


# Whatever is no commit


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\n",
        b"tree",
        b"tree \n",
        b"tree 123\n\n",
        b" tree " + b"1" * 40,
        b"\ntree " + b"1" * 40,
        b"parent " + b"1" * 40 + b"\ntree " + b"1" * 40,
        b"object " + b"1" * 40 + b"\ntype commit\n",
        b"tree " + b"1" * 40 + b"\n continued\n",
        b"tree " + b"1" * 40 + b"\0\n",
    ],
)
def test_what_does_not_begin_with_a_tree_is_no_commit(raw: bytes) -> None:
    with pytest.raises(Failure, match=_id(raw)):
        _parsed(raw)


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_g2_the_content_has_to_be_that_of_the_id(algorithm: str) -> None:
    with pytest.raises(Failure, match="is not that of a commit with this id"):
        parse(_id(_RAW, algorithm), _RAW.replace(b"gate", b"door"))


# Words and times of strangers: G8


@pytest.mark.parametrize(
    ("message", "subject"),
    [
        (b"", ""),
        (b"\n\n  Late\n\nBody", "Late"),
        (b"No line feed", "No line feed"),
        (b"Red \x1b[31malert\x1b[0m", "Red \ufffd[31malert\ufffd[0m"),
        (b"Caf\xe9", "Caf\ufffd"),
        (b"NUL \0 here", "NUL \ufffd here"),
        (b"{{ lookup('pipe', 'id') }}", "{{ lookup('pipe', 'id') }}"),
        (b"x" * 100_000, "x" * 499 + "…"),
    ],
)
def test_g8_the_subject_is_fit_to_be_shown(message: bytes, subject: str) -> None:
    assert _parsed(_RAW.partition(b"\n\n")[0] + b"\n\n" + message).subject == subject


@pytest.mark.parametrize(
    ("identity", "author"),
    [
        (b"A \x1b[2J <a@b> 1 +0000", "A \ufffd[2J <a@b>"),
        (b"A <a@b> > <c> 1 +0000", "A <a@b> > <c>"),
        (b"A <a@b>", "A <a@b>"),
        (b"nobody", "nobody"),
        (b"", ""),
        (b"\xff <\xfe> 1 +0000", "\ufffd <\ufffd>"),
    ],
)
def test_g8_the_author_is_fit_to_be_shown(identity: bytes, author: str) -> None:
    raw = _RAW.replace(b"author A. Author <author@example.test> 1700000000 +0200", b"author " + identity)
    assert _parsed(raw).author == author


@pytest.mark.parametrize(
    ("time", "shown"),
    [
        (b"0 +0000", "1970-01-01T00:00:00Z"),
        (b"-1 +0000", "1969-12-31T23:59:59Z"),
        (b"1795506977", "2026-11-24T07:56:17Z"),
        (b"1795506977 +9999999", "2026-11-24T07:56:17Z"),
        (b"99999999999999 +0000", ""),
        (b"9" * 5000 + b" +0000", ""),
        (b"soon", ""),
        (b"", ""),
        (b"\xd9\xa1 +0000", ""),
    ],
)
def test_g8_no_time_is_too_absurd(time: bytes, shown: str) -> None:
    assert _parsed(_RAW.replace(b"1795506977 -0500", time)).committed_at == shown


_LINES = st.sampled_from(
    [
        *_RAW.splitlines(keepends=True),
        b"\n",
        b"gpgsig " + _SIGNATURE.replace(b"\n", b"\n ") + b"\n",
        b"gpgsigx y\n",
        b"gpgsig\n",
        b" continued\n",
        b"mergetag object\n",
        b"\0\xff\r\n",
    ]
)


@given(
    st.one_of(
        st.binary(), st.lists(_LINES).map(b"".join), st.lists(_LINES).map(lambda lines: _RAW[:47] + b"".join(lines))
    )
)
def test_s1_any_object_is_read_or_refused_and_no_byte_escapes(raw: bytes) -> None:
    try:
        commit = _parsed(raw)
    except Failure:
        return
    headers = raw.partition(b"\n\n")[0] + b"\n"
    assert raw.startswith(b"tree " + commit.tree.encode() + b"\n")
    assert (commit.signature is not None) == (headers.count(b"\ngpgsig ") == 1)
    if headers.count(b"\ngpgsig ") == 1:
        start = raw.index(b"\ngpgsig ") + 1
        assert raw.startswith(commit.payload[:start])
        assert raw.endswith(commit.payload[start:])
        hidden = raw[start : len(raw) - len(commit.payload) + start]
        assert hidden.startswith(b"gpgsig ")
        assert all(line.startswith(b" ") for line in hidden.split(b"\n")[1:-1])
    elif b"\ngpgsig " not in headers:
        assert commit.payload == raw
    assert (commit.subject + commit.author + commit.committed_at).isprintable()


def test_a_parent_that_is_no_id_is_shown_and_breaks_nothing() -> None:
    assert _parsed(_RAW.replace(b"2" * 40, b"\xff" * 40)).parents == (_PARENTS[0], "\ufffd" * 40)


def test_a_commit_without_an_author_has_none() -> None:
    raw = b"".join(line for line in _RAW.splitlines(keepends=True) if not line.startswith(b"author"))
    assert _parsed(raw).author == ""


def test_only_line_feeds_are_taken_off_a_message() -> None:
    assert _parsed(_RAW.replace(b"Change", b"X-change")).subject == "X-change the gate and its lock"


def test_an_author_who_is_no_identity_is_shown_whole() -> None:
    raw = _RAW.replace(b"author A. Author <author@example.test> 1700000000 +0200", b"author Mister X")
    assert _parsed(raw).author == "Mister X"
