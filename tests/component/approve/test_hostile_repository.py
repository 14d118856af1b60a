# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The thing under review neither hides itself nor runs anything, and does not choose its reviewers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.tests.support.approver import ids, lines
from ansible_collections.flant.gitops.tests.support.signed_commit import Task

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.tests.component.approve.conftest import MakeApprover
    from ansible_collections.flant.gitops.tests.support.approver import Approver
    from ansible_collections.flant.gitops.tests.support.repository import Repository
    from ansible_collections.flant.gitops.tests.support.signers import Signers


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    """A file that is there once something was run."""
    return tmp_path / "was-run"


@pytest.fixture
def trap(tmp_path: Path, marker: Path) -> str:
    """A program that leaves the marker."""
    program = tmp_path / "trap"
    program.write_text(f"#!/bin/sh\ntouch {marker}\ncat\n", encoding="utf-8")
    program.chmod(0o755)
    return str(program)


def check_out(approver: Approver) -> None:
    approver.git("fetch", "--quiet", "origin", "main")
    approver.git("checkout", "--quiet", "-B", "main", "FETCH_HEAD")


@pytest.mark.parametrize("attribute", ["-diff", "diff=evil", "binary", "diff=evil -text filter=evil"])
def test_attributes_hide_nothing_and_start_nothing(
    attribute: str, upstream: Repository, bob: Approver, trap: str, marker: Path
) -> None:
    upstream.commit({"deploy.sh": b"echo evil\n", ".gitattributes": f"* {attribute}\n".encode()}, message="Evil")
    check_out(bob)
    for name in ("diff.external", "diff.evil.textconv", "diff.evil.command", "filter.evil.smudge", "filter.evil.clean"):
        bob.configure(name, trap)
    bob.configure("diff.evil.binary", "true")
    attributes = bob.clone.parent / "attributes"
    attributes.write_text(f"* {attribute}\n", encoding="utf-8")
    bob.configure("core.attributesFile", str(attributes))

    shown = bob.approve("show", GIT_EXTERNAL_DIFF=trap, GIT_DIFF_OPTS="-u0")

    assert "+echo evil\n" in shown
    assert f"+* {attribute}\n" in shown
    assert not marker.exists()


def test_a_submodule_is_shown_whatever_gitmodules_says(upstream: Repository, bob: Approver) -> None:
    module = b'[submodule "lib"]\n\tpath = lib\n\turl = https://example.test/lib.git\n\tignore = all\n'

    def tree(pinned: str) -> str:
        blob = upstream.object("blob", module)
        return upstream.raw_tree([("100644", ".gitmodules", blob), ("160000", "lib", pinned)])

    bob.configure("approve.base", upstream.commit(tree("1" * 40)))
    upstream.commit(tree("2" * 40), message="Bump")
    bob.git("fetch", "--quiet", "origin", "main")
    bob.git("checkout", "--quiet", "-B", "main", "FETCH_HEAD")
    bob.configure("submodule.lib.ignore", "all")
    bob.configure("diff.ignoreSubmodules", "all")

    shown = bob.approve("show")

    assert f"submodule lib: {'1' * 40} to {'2' * 40}; its content is not shown" in shown
    assert f"-Subproject commit {'1' * 40}\n+Subproject commit {'2' * 40}\n" in shown


def test_names_of_refs_lead_nowhere(upstream: Repository, bob: Approver) -> None:
    head = upstream.head()
    other = upstream.commit({"deploy.sh": b"echo other\n"}, parents=[], branch="other", message="Other")
    names = ["tags/origin/main", f"heads/{head[:12]}", f"tags/{head}", "heads/origin/main", "tags/main"]
    for name in names:
        upstream.point(f"refs/{name}", other)
    upstream.point("refs/changes/refs/heads/main", other)
    bob.git("fetch", "--quiet", "origin", "+refs/*:refs/remotes/origin/*")
    for name in names:
        bob.git("update-ref", f"refs/{name}", other)

    for prefix in (head[:12], head):
        assert f"commit    {head}" in bob.approve("show", prefix)
    bob.sign(head)

    assert len(lines(upstream, head)) == 1
    assert lines(upstream, other) == []


def test_replaced_and_grafted_objects_are_shown_as_they_are(upstream: Repository, bob: Approver) -> None:
    first = upstream.head()
    evil = upstream.commit({"deploy.sh": b"echo evil\n"}, message="Evil")
    harmless = upstream.commit({"deploy.sh": b"echo first\n"}, parents=[first], branch="x", message="Harmless")
    bob.git("fetch", "--quiet", "origin", "main", "x")
    bob.git("replace", evil, harmless)
    bob.configure("approve.base", first)
    (bob.clone / ".git/info").mkdir(exist_ok=True)
    (bob.clone / ".git/info/grafts").write_text(f"{evil} {harmless}\n", encoding="ascii")

    shown = bob.approve("show")

    assert "-echo first\n+echo evil\n" in shown
    assert "    Evil" in shown
    assert "between   1 commit, 1 path" in shown


def test_settings_never_come_from_the_tree(upstream: Repository, bob: Approver) -> None:
    text = b"[approve]\n\trequired = 1\n\tbranch = other\n"
    upstream.commit({".gitconfig": text, ".gitapprove": text, "approve.signers": b"x"}, message="Settings")
    check_out(bob)
    assert "2 commits of origin/main wait" in bob.approve()

    bob.configure("include.path", "../.gitconfig")
    assert f"Git's configuration includes {bob.clone}/.git/../.gitconfig" in bob.refused().replace(
        "includes .git", (f"includes {bob.clone}/.git")
    )


def test_the_file_of_signers_lies_outside_of_what_is_reviewed(
    upstream: Repository, bob: Approver, tmp_path: Path
) -> None:
    check_out(bob)
    bob.knows(bob, required=1, file=bob.clone / "signers")
    assert "lies in the work tree" in bob.refused("sign", upstream.head(), "--yes")

    link = tmp_path / "link"
    link.symlink_to(bob.clone / "signers")
    bob.configure("approve.signers", str(link))
    assert "lies in the work tree" in bob.refused("sign", upstream.head(), "--yes")

    bob.knows(bob, required=1, file=tmp_path / "signers")
    (bob.clone / "way").symlink_to(tmp_path)
    bob.configure("approve.signers", str(bob.clone / "way/signers"))
    assert "lies in the work tree" in bob.refused("sign", upstream.head(), "--yes")
    assert ids(upstream) == ("", "")


def test_no_hook_is_run_not_even_of_the_work_tree(upstream: Repository, bob: Approver, trap: str, marker: Path) -> None:
    hooks = {
        f".hooks/{name}*": Path(trap).read_bytes() for name in ("pre-push", "reference-transaction", "post-update")
    }
    upstream.commit({"deploy.sh": b"echo first\n", **hooks}, message="Hooks")
    check_out(bob)
    bob.configure("core.hooksPath", ".hooks")
    bob.configure("core.fsmonitor", trap)
    marker.unlink(missing_ok=True)

    bob.sign(upstream.head())

    assert len(lines(upstream, upstream.head())) == 1
    assert not marker.exists()


_HUGE = b"A" * (2 << 20)
_VOTES = b"\n".join(b"iHUEABYIAB0WIQ%06dAAA=" % number for number in range(400))


@pytest.mark.parametrize(
    "note", [_HUGE, _HUGE + b"\n", _VOTES, b"\0\xff\n" * 1000, b"\x1b[2J\n", _VOTES + b"\n" + _HUGE]
)
def test_s14_a_vote_counts_beside_a_hostile_note(
    note: bytes, upstream: Repository, approver: MakeApprover, signers: Signers, tmp_path: Path
) -> None:
    head = upstream.head()
    upstream.publish(upstream.notes({head: note, f"{head[:2]}/{head[2:]}": note}))

    approver("alice", signers.alice).sign(head)
    approver("carol", signers.carol).sign(head)

    outcome = Task(upstream, tmp_path).poll(
        trusted_keys=[signers.alice.public_key, signers.carol.public_key], required_signatures=2
    )
    assert outcome.commit == head


def test_s14_a_note_that_is_no_file_gives_way(
    upstream: Repository, approver: MakeApprover, signers: Signers, tmp_path: Path
) -> None:
    head = upstream.head()
    for notes in (
        upstream.notes({f"{head}@": b"/etc/passwd"}),
        upstream.notes({f"{head}/below": b"x"}),
        upstream.notes({head[:2]: b"a file where git has a tree", f"{head[2:4]}/x": b""}),
    ):
        upstream.publish(notes)
        approver(f"alice-{notes[:8]}", signers.alice).sign(head)
        outcome = Task(upstream, tmp_path / notes).poll(trusted_keys=[signers.alice.public_key], required_signatures=1)
        assert outcome.commit == head


def test_s14_a_tag_of_a_tag_and_a_tag_of_a_file_give_way(upstream: Repository, bob: Approver, signers: Signers) -> None:
    head = upstream.head()
    notes = upstream.notes({head: signers.alice.note_line(head) + b"\n"})
    upstream.point("refs/tags/latest-signature", upstream.tag(upstream.tag(notes, "commit"), "tag"))
    bob.sign(head)
    assert len(lines(upstream, head)) == 2

    upstream.point("refs/tags/latest-signature", upstream.tag(upstream.object("blob", b"x"), "blob"))
    bob.sign(head)
    assert len(set(ids(upstream))) == 1
    assert len(lines(upstream, head)) == 2


def test_a_branch_that_moves_away_while_one_reads_is_not_signed(upstream: Repository, bob: Approver) -> None:
    first = upstream.head()
    second = upstream.commit(message="Second")

    status, seen = bob.on_a_terminal(
        b"yes\n", "sign", meanwhile=lambda: upstream.git("update-ref", "refs/heads/main", first)
    )

    assert status == 1
    assert f"origin/main has moved away from {second}, to {first}; nothing was signed." in seen
    assert ids(upstream) == ("", "")


def test_a_branch_that_goes_on_is_told_and_only_what_was_shown_is_signed(upstream: Repository, bob: Approver) -> None:
    shown = upstream.head()

    status, seen = bob.on_a_terminal(b"yes\n", "sign", meanwhile=lambda: upstream.commit(message="Later"))

    assert status == 0, seen
    assert f"origin/main has moved on to {upstream.head()}, which this signature does not cover." in seen
    assert len(lines(upstream, shown)) == 1
    assert lines(upstream, upstream.head()) == []


def test_hostile_words_are_shown_clean(upstream: Repository, bob: Approver) -> None:
    hostile = "\x1b]0;x\x07 \x9b31m \u202e \u200b \U000e0041 \u3164 \r evil \udcff"
    upstream.commit(
        {
            "deploy.sh": hostile.encode("utf-8", "surrogateescape"),
            "a\nb": b"1\n",
            'q"\\\t\udcff': b"2\n",
            "\u202ename": b"3\n",
        },
        message=f"Subject {hostile}\n\nBody {hostile}",
    )

    for output in (bob.approve(), bob.approve("show"), bob.sign(upstream.head())):
        assert not set("\x1b\x07\x9b\u202e\u200b\U000e0041\u3164\r") & set(output)
        assert "<U+001B>]0;x<U+0007> <U+009B>31m <U+202E> <U+200B> <U+E0041> <U+3164> <U+000D> evil" in output
    shown = bob.approve("show")
    assert "+<U+001B>]0;x" in shown
    assert "<FF>" in shown
    assert "A 000000 100644  a<U+000A>b" in shown
    assert "between   2 commits, 4 paths" in shown


def test_a_commit_whose_headers_are_moved_is_refused(upstream: Repository, bob: Approver, signers: Signers) -> None:
    signed = upstream.commit(message="Signed", signer=signers.alice)
    raw = upstream.git_bytes("cat-file", "commit", signed)
    start = raw.index(b"gpgsig")
    end = raw.index(b"-----END PGP SIGNATURE-----\n") + len(b"-----END PGP SIGNATURE-----\n")
    header, rest = raw[start:end], raw[:start] + raw[end:]
    moved = upstream.raw_commit(rest.replace(b"\nparent", b"\n" + header.rstrip(b"\n") + b"\nparent", 1))

    assert "does not have the shape that git gives to commits" in bob.refused("sign", moved, "--yes")
    assert ids(upstream) == ("", "")


def test_what_is_cut_is_counted(upstream: Repository, bob: Approver) -> None:
    upstream.commit({"deploy.sh": b"x" * 5000 + b"\nshort\n", "long": b"line\n" * 60_000}, message="Long")
    bob.configure("approve.base", upstream.git("rev-parse", "main^"))

    shown = bob.approve("show")

    assert "x (3001 more bytes)" in shown
    assert "+short" in shown
    left_out = 60_000 - shown.count("\n+line")
    assert left_out > 10_000
    assert f"({left_out + 1} lines of the difference not shown, or not to the end)" in shown
    assert f"{left_out + 1} lines of the difference not shown" in bob.sign(upstream.head()).rpartition("base  ")[2]


@pytest.mark.parametrize("kind", ["100755", "120000", "file to folder"])
def test_a_changed_mode_and_a_changed_kind_are_shown(kind: str, upstream: Repository, bob: Approver) -> None:
    bob.configure("approve.base", upstream.head())
    files = {
        "100755": {"deploy.sh*": b"echo first\n"},
        "120000": {"deploy.sh@": b"/bin/sh"},
        "file to folder": {"deploy.sh/below": b"echo first\n"},
    }
    upstream.commit(files[kind], message=kind)

    shown = bob.approve("show")

    if kind.isdigit():
        assert f"100644 {kind}  deploy.sh" in shown
    else:
        assert "D 100644 000000  deploy.sh\n" in shown
        assert "A 000000 100644  deploy.sh/below" in shown
    assert "diff --git a/deploy.sh" in shown


@pytest.mark.parametrize(
    ("instead", "reason"),
    [
        ("-- deploy.sh", "Git's patch does not show all paths that its list of changes has; nothing is signed."),
        ("--dst-prefix=x/", "Git's patch does not show the paths that its list of changes has; nothing is signed."),
    ],
    ids=["a path left out", "another path"],
)
def test_a_patch_and_a_list_of_changes_that_differ_are_refused(
    instead: str, reason: str, upstream: Repository, bob: Approver, tmp_path: Path
) -> None:
    """No git is known to do so: another one stands in for it, with a patch of its own."""
    bob.configure("approve.base", upstream.head())
    upstream.commit({"deploy.sh": b"echo second\n", "hidden.sh": b"echo evil\n"})
    git = tmp_path / "bin/git"
    git.parent.mkdir()
    real = bob.run("sh", "-c", "command -v git")
    git.write_text(f'#!/bin/sh\ncase " $* " in *" -p "*) set -- "$@" {instead} ;; esac\nexec {real} "$@"\n')
    git.chmod(0o755)
    path = f"{git.parent}:{bob.environment['PATH']}"

    assert reason in bob.refused("show", PATH=path)
    assert reason in bob.refused("sign", upstream.head(), "--yes", PATH=path)
    assert not upstream.git("for-each-ref", "refs/tags", "refs/notes")
