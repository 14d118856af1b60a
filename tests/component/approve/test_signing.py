# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What waits, what it would change, and how it is signed."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.tests.support.approver import NOTES_REF, SCRIPT, Approver, Werf, ids, lines
from ansible_collections.flant.gitops.tests.support.repository import Repository
from ansible_collections.flant.gitops.tests.support.signature_notes import SIGNATURES_REF
from ansible_collections.flant.gitops.tests.support.signed_commit import Task

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.tests.component.approve.conftest import MakeApprover
    from ansible_collections.flant.gitops.tests.support.signers import Signers


def test_the_list_shows_what_waits_oldest_first_and_who_has_signed(
    upstream: Repository, approver: MakeApprover, bob: Approver, signers: Signers
) -> None:
    alice = approver("alice", signers.alice)
    bob.knows(alice, bob, required=2)
    first = upstream.head()
    alice.sign(first)
    bob.environment["GNUPGHOME"] = alice.environment["GNUPGHOME"]
    bob.sign(first)
    second = upstream.commit({"deploy.sh": b"echo second\n"}, message="Second", signer=signers.alice)
    third = upstream.commit({"deploy.sh": b"echo third\n"}, message="Third")

    listed = bob.approve()

    assert f"2 commits of origin/main wait since {first[:12]} (2 of 2: alice, bob)" in listed
    rows = [line.split() for line in listed.splitlines() if line.startswith("  ")]
    assert rows == [
        [second[:12], "1", "of", "2:", "alice", "A.", "Author", "Second"],
        [third[:12], "0", "of", "2", "A.", "Author", "Third"],
    ]
    assert "the host decides" in listed


def test_nothing_waits_once_the_head_is_approved(upstream: Repository, bob: Approver) -> None:
    bob.knows(bob, required=1)
    bob.sign(upstream.head())

    assert f"Nothing waits: the head of origin/main is {upstream.head()[:12]} (1 of 1: bob)." in bob.approve()


def test_an_openpgp_signature_counts_on_the_host(
    upstream: Repository, approver: MakeApprover, signers: Signers, tmp_path: Path
) -> None:
    for name in ("alice", "carol"):
        approver(name, signers[name]).sign(upstream.head())

    outcome = Task(upstream, tmp_path).poll(
        trusted_keys=[signers.alice.public_key, signers.carol.public_key], required_signatures=2
    )

    assert outcome.commit == upstream.head()


def test_an_ssh_signature_is_the_base64_of_its_blob_over_the_id(upstream: Repository, bob: Approver) -> None:
    bob.sign(upstream.head())

    (line,) = lines(upstream, upstream.head())
    armored = "-----BEGIN SSH SIGNATURE-----\n" + "\n".join(re.findall(".{1,70}", line))
    (bob.clone / "sig").write_text(f"{armored}\n-----END SSH SIGNATURE-----\n", encoding="utf-8")
    (bob.clone / "allowed").write_text(f"bob {bob.ssh_key}\n", encoding="utf-8")
    command = ["ssh-keygen", "-Y", "verify", "-f", "allowed", "-I", "bob", "-n", "git-signatures", "-s", "sig"]
    payload = upstream.head().encode()
    assert base64.b64decode(line).startswith(b"SSHSIG")
    assert subprocess.run(command, cwd=bob.clone, env=bob.environment, input=payload, check=False).returncode == 0


def test_a_key_may_stand_in_the_configuration_itself(upstream: Repository, bob: Approver) -> None:
    agent = dict(line.split(";")[0].split("=", 1) for line in bob.run("ssh-agent", "-s").splitlines() if "=" in line)
    try:
        bob.environment.update(agent)
        bob.run("ssh-add", "-q", bob.git("config", "user.signingKey")[: -len(".pub")])
        bob.configure("user.signingKey", f"key::{bob.ssh_key}")
        bob.knows(bob, required=1)

        assert "1 of 1: bob" in bob.sign(upstream.head())
    finally:
        bob.run("kill", agent["SSH_AGENT_PID"])


def test_signing_twice_is_no_error(upstream: Repository, bob: Approver) -> None:
    bob.knows(bob, required=1)
    bob.sign(upstream.head())
    before = ids(upstream)

    assert "Your signature was there already" in bob.sign(upstream.head())
    assert ids(upstream) == before
    assert len(lines(upstream, upstream.head())) == 1


def test_a_junk_line_with_ones_own_key_does_not_stand_for_a_vote(upstream: Repository, bob: Approver) -> None:
    other = upstream.commit(branch="other")
    bob.sign(upstream.head())
    (line,) = lines(upstream, upstream.head())
    upstream.publish(upstream.notes({other: f"{line}\n".encode()}))
    bob.configure("approve.branch", "other")
    bob.knows(bob, required=1)

    assert "0 of 1" in bob.approve()
    assert f"Signed: {other}, 1 of 1: bob." in bob.sign(other)


def test_what_others_have_signed_meanwhile_is_told(upstream: Repository, bob: Approver, approver: MakeApprover) -> None:
    carol = approver("carol")
    bob.knows(bob, carol, required=2)
    carol.sign(upstream.head())
    # Bob's first look comes before hers: his clone is shown a server that has not her vote yet.
    notes = upstream.git("rev-parse", NOTES_REF)
    upstream.git("update-ref", "-d", NOTES_REF)
    upstream.git("update-ref", "-d", SIGNATURES_REF)
    program = bob.clone / "gpg-program"
    program.write_text(
        f"#!/bin/sh\ngit --git-dir={upstream.path} update-ref {NOTES_REF} {notes}\n"
        f'git --git-dir={upstream.path} update-ref {SIGNATURES_REF} {notes}\nexec ssh-keygen "$@"\n',
        encoding="utf-8",
    )
    program.chmod(0o755)
    bob.configure("gpg.ssh.program", str(program))

    said = bob.sign(upstream.head())

    assert "2 of 2: bob, carol" in said
    assert "Meanwhile carol signed as well." in said


def test_both_refs_name_the_same_commit_and_git_notes_reads_it(
    upstream: Repository, bob: Approver, approver: MakeApprover, signers: Signers
) -> None:
    bob.sign(upstream.head())
    approver("alice", signers.alice).sign(upstream.head())

    notes, tag = ids(upstream)
    assert notes == tag
    assert len(lines(upstream, upstream.head(), NOTES_REF)) == len(lines(upstream, upstream.head())) == 2


def test_notes_are_fanned_out_as_git_does_it_and_no_other_is_touched(
    upstream: Repository, bob: Approver, approver: MakeApprover
) -> None:
    others = [upstream.commit(branch="many") for _index in range(300)]
    for name in others:
        upstream.git("notes", "--ref=signatures", "add", "-m", f"note of {name}", name)
    upstream.publish(upstream.git("rev-parse", NOTES_REF))
    assert "/" in upstream.git("ls-tree", "-r", "--name-only", NOTES_REF), "git has not fanned them out"
    bob.sign(upstream.head())
    approver("carol").sign(upstream.head())

    assert len(lines(upstream, upstream.head())) == 2
    assert all(lines(upstream, name) == [f"note of {name}"] for name in others[::30])


def test_a_flat_tree_of_many_notes_is_fanned_out_for_new_ones(
    upstream: Repository, bob: Approver, approver: MakeApprover
) -> None:
    upstream.publish(upstream.notes({f"{number:040x}": b"x\n" for number in range(300)}))

    bob.sign(upstream.head())
    approver("carol").sign(upstream.head())

    head = upstream.head()
    assert f"{head[:2]}/{head[2:]}" in upstream.git("ls-tree", "-r", "--name-only", SIGNATURES_REF)
    assert len(lines(upstream, head)) == 2
    assert lines(upstream, f"{7:040x}") == ["x"]


def test_what_is_compared_is_the_last_approved_commit(upstream: Repository, bob: Approver) -> None:
    bob.knows(bob, required=1)
    approved = upstream.head()
    bob.sign(approved)
    upstream.commit({"deploy.sh": b"echo second\n"}, message="Second")
    upstream.commit({"deploy.sh": b"echo second\n", "more": b"new\n"}, message="Third")

    shown = bob.approve("show")

    assert f"base      {approved}  First  (1 of 1: bob)" in shown
    assert "between   2 commits, 2 paths; a signature covers all of it" in shown
    assert "-echo first\n+echo second\n" in shown
    assert "A 000000 100644  more" in shown


def test_what_is_compared_is_what_was_deployed_if_that_is_newer(upstream: Repository, bob: Approver) -> None:
    bob.knows(bob, required=1)
    bob.sign(upstream.head())
    deployed = upstream.commit({"deploy.sh": b"echo deployed\n"}, message="Deployed")
    upstream.commit({"deploy.sh": b"echo third\n"}, message="Third")
    bob.configure("approve.base", deployed)

    shown = bob.approve("show")

    assert f"base      {deployed}  Deployed  (approve.base)" in shown
    assert "-echo deployed\n+echo third\n" in shown


def test_approve_base_may_be_the_full_name_of_a_ref(upstream: Repository, bob: Approver) -> None:
    upstream.git("tag", "deployed", upstream.head())
    bob.git("fetch", "--quiet", "origin", "refs/tags/deployed:refs/tags/deployed")
    upstream.commit({"deploy.sh": b"echo second\n"}, message="Second")
    bob.configure("approve.base", "refs/tags/deployed")

    assert "First  (approve.base)" in bob.approve("show")
    bob.configure("approve.base", "deployed")
    assert "approve.base is neither a full id nor the full name of a ref" in bob.refused("show")
    bob.configure("approve.base", "refs/tags/missing")
    assert "approve.base names no commit of this clone: refs/tags/missing" in bob.refused("show")


def test_a_base_on_another_line_of_history_is_refused(upstream: Repository, bob: Approver) -> None:
    elsewhere = upstream.commit(branch="elsewhere", parents=[])
    bob.git("fetch", "--quiet", "origin", "elsewhere")
    bob.configure("approve.base", elsewhere)

    assert f"approve.base, {elsewhere}, was not found on the way back" in bob.refused("show")


def test_without_a_base_the_whole_tree_is_new(upstream: Repository, bob: Approver) -> None:
    upstream.commit({"deploy.sh": b"echo second\n", "other": b"other\n"}, message="Second")

    shown = bob.approve("show")

    assert "base      none was approved or deployed (the whole history was looked at): the whole tree is new" in shown
    assert "between   2 commits, 2 paths" in shown
    assert "+echo second\n" in shown


def test_votes_below_the_required_number_make_no_base(upstream: Repository, bob: Approver) -> None:
    bob.knows(bob, Approver(bob.clone.parent, "carol", str(upstream.path)), required=2)
    bob.sign(upstream.head())
    upstream.commit({"deploy.sh": b"echo second\n"}, message="Second")

    assert "the whole tree is new" in bob.approve("show")


def test_a_commit_is_meant_by_the_beginning_of_an_id_that_is_listed(upstream: Repository, bob: Approver) -> None:
    first = upstream.head()
    upstream.commit(message="Second")
    stranger = upstream.commit(branch="other", parents=[], message="Stranger")
    bob.git("fetch", "--quiet", "origin", "other")

    assert f"commit    {first}" in bob.approve("show", first[:7])
    for prefix in (stranger[:12], stranger, "abc", "main", "HEAD", "refs/heads/main"):
        assert "No commit of origin/main that `git approve` lists" in bob.refused("show", prefix)


def test_yes_needs_all_the_digits(upstream: Repository, bob: Approver) -> None:
    for arguments in (["sign", "--yes"], ["sign", upstream.head()[:12], "--yes"]):
        assert "--yes needs all the digits" in bob.refused(*arguments)
    assert ids(upstream) == ("", "")


def test_sign_shows_everything_and_asks(upstream: Repository, bob: Approver) -> None:
    bob.knows(bob, required=1)

    status, seen = bob.on_a_terminal(b"yes\n", "sign")

    assert status == 0, seen
    assert "+echo first" in seen
    for setting in ("branch    main of origin", "signers   bob", "required  1", "deployed  approve.base is not set"):
        assert setting in seen
    assert f'Sign {upstream.head()}, "First"? Type yes:' in seen
    assert "1 of 1: bob" in seen


def test_nothing_is_signed_without_a_yes(upstream: Repository, bob: Approver) -> None:
    status, seen = bob.on_a_terminal(b"y\n", "sign")

    assert status == 1
    assert "Nothing was signed." in seen
    assert "sign asks on a terminal" in bob.refused("sign")
    assert ids(upstream) == ("", "")


def test_what_would_not_count_is_not_published(upstream: Repository, approver: MakeApprover, signers: Signers) -> None:
    alice = approver("alice", signers.alice)
    (signers.home / "gpg.conf").write_text("digest-algo SHA1\n", encoding="utf-8")

    assert "would not count: it has a weak digest (SHA-1)" in alice.refused("sign", upstream.head(), "--yes")
    assert ids(upstream) == ("", "")


def test_x509_is_refused_and_so_is_no_key_at_all(upstream: Repository, bob: Approver) -> None:
    bob.configure("gpg.format", "x509")
    assert "gpg.format is x509" in bob.refused("sign", upstream.head(), "--yes")
    bob.configure("gpg.format", "ssh")
    bob.git("config", "--unset", "user.signingKey")
    assert "user.signingKey is not set" in bob.refused("sign", upstream.head(), "--yes")


def test_the_default_key_of_openpgp_is_the_committers(
    upstream: Repository, approver: MakeApprover, signers: Signers
) -> None:
    alice = approver("alice", signers.alice)
    alice.knows(alice, required=1)
    alice.git("config", "--unset", "user.signingKey")
    alice.environment.update(GIT_COMMITTER_NAME="Alice", GIT_COMMITTER_EMAIL="alice@example.test")

    assert "1 of 1: alice" in alice.sign(upstream.head())


def test_a_key_that_is_not_in_the_signers_file_is_told(
    upstream: Repository, bob: Approver, approver: MakeApprover
) -> None:
    bob.knows(approver("carol"), required=1)

    assert "Your key is not in approve.signers: see that the host has it." in bob.sign(upstream.head())


def test_a_weak_or_foreign_signature_is_no_vote(
    upstream: Repository, bob: Approver, approver: MakeApprover, signers: Signers
) -> None:
    alice = approver("alice", signers.alice)
    bob.environment["GNUPGHOME"] = alice.environment["GNUPGHOME"]
    bob.knows(alice, bob, required=2)
    head = upstream.head()
    weak = signers.alice.note_line(head, "--digest-algo", "SHA1")
    text = signers.alice.note_line(head, "--textmode")
    stranger = signers.bob.note_line(head)
    upstream.publish(upstream.notes({head: b"\n".join([weak, text, stranger, b"junk"])}))
    assert "0 of 2" in bob.approve()

    upstream.publish(upstream.notes({head: b"\n".join([weak, signers.alice.note_line(head)])}))
    assert "1 of 2: alice" in bob.approve()


def test_one_person_with_two_keys_has_one_vote(
    upstream: Repository, bob: Approver, approver: MakeApprover, signers: Signers
) -> None:
    alice = approver("alice", signers.alice)
    bob.environment["GNUPGHOME"] = alice.environment["GNUPGHOME"]
    bob.knows(alice, bob, required=2)
    file = Path(bob.git("config", "approve.signers"))
    file.write_text(f"alice: {signers.alice.fingerprint}\nalice: {bob.ssh_key}\n", encoding="utf-8")
    bob.configure("approve.required", "1")
    alice.sign(upstream.head())

    assert "1 of 1: alice" in bob.sign(upstream.head())


def test_a_commits_own_ssh_signature_is_a_vote(upstream: Repository, bob: Approver) -> None:
    bob.knows(bob, required=1)
    bob.git("fetch", "--quiet", "origin", "main")
    bob.git("checkout", "--quiet", "-b", "main", "FETCH_HEAD")
    bob.git("commit", "--quiet", "--allow-empty", "-S", "-m", "Signed by SSH")
    bob.git("push", "--quiet", "origin", "main")

    assert f"Nothing waits: the head of origin/main is {upstream.head()[:12]} (1 of 1: bob)." in bob.approve()


def test_settings_that_cannot_be_meant_are_refused_by_name(bob: Approver) -> None:
    signers_file = bob.clone.parent / "signers"
    cases = {
        "approve.branch": ("../x", "approve.branch is not the name of a branch"),
        "approve.remote": ("elsewhere", "This clone has no remote elsewhere: set approve.remote."),
        "approve.required": ("2", "approve.required needs approve.signers"),
        "approve.signers": ("signers", "approve.signers is not an absolute path"),
    }
    for name, (value, reason) in cases.items():
        bob.configure(name, value)
        assert reason in bob.refused()
        bob.git("config", "--unset", name)
    bob.configure("approve.signers", str(signers_file))
    assert "approve.signers cannot be read" in bob.refused()
    for text in ("bob", "bob: what", "-bob: " + bob.ssh_key, "bob: ssh-dss AAAA"):
        signers_file.write_text(f"# the team\n\n{text}\n", encoding="utf-8")
        assert f"Line 3 of {signers_file} is not a name, a colon" in bob.refused()
    signers_file.write_text(f"bob: {bob.ssh_key}\ncarol: {bob.ssh_key}\n", encoding="utf-8")
    assert "gives one key to bob and to carol" in bob.refused()
    signers_file.write_text(f"bob: {bob.ssh_key}\n", encoding="utf-8")
    for number in ("0", "two", "2"):
        bob.configure("approve.required", number)
        assert "approve.required is" in bob.refused()


def test_a_branch_that_is_missing_is_named(bob: Approver) -> None:
    bob.configure("approve.branch", "missing")

    assert "origin has no branch missing: set approve.branch or approve.remote." in bob.refused()


def test_it_works_in_a_bare_clone_a_linked_work_tree_and_a_subfolder(upstream: Repository, bob: Approver) -> None:
    bob.git("fetch", "--quiet", "origin", "main")
    bob.git("checkout", "--quiet", "-b", "main", "FETCH_HEAD")
    bob.git("worktree", "add", "--quiet", "../linked")
    bob.git("clone", "--quiet", "--bare", str(upstream.path), "../bare")
    (bob.clone / "sub").mkdir()

    for folder in ("../linked", "../bare", "sub"):
        ran = subprocess.run(
            bob.command, cwd=bob.clone / folder, env=bob.environment, capture_output=True, text=True, check=False
        )
        assert "1 commit of origin/main waits" in ran.stdout, ran.stderr


def test_a_relative_url_is_git_s_own_affair(bob: Approver) -> None:
    bob.git("remote", "set-url", "origin", "../../served/team.git")
    (bob.clone / "sub").mkdir()

    ran = subprocess.run(
        bob.command, cwd=bob.clone / "sub", env=bob.environment, capture_output=True, text=True, check=False
    )
    assert "1 commit of origin/main waits" in ran.stdout, ran.stderr


def test_a_sha256_repository_is_signed_as_well(tmp_path: Path, signers: Signers) -> None:
    upstream = Repository(tmp_path / "sha256.git", "sha256")
    head = upstream.commit({"deploy.sh": b"echo first\n"})
    alice = Approver(tmp_path / "people", "alice", str(upstream.path), signers.alice)
    alice.run("rm", "-rf", ".git")
    alice.git("init", "--quiet", "--object-format=sha256")
    alice.git("remote", "add", "origin", str(upstream.path))
    alice.configure("user.signingKey", signers.alice.fingerprint)

    alice.sign(head)

    outcome = Task(upstream, tmp_path).poll(trusted_keys=[signers.alice.public_key], required_signatures=1)
    assert outcome.commit == head


def test_a_password_in_a_url_is_not_shown(upstream: Repository, bob: Approver) -> None:
    bob.git("remote", "set-url", "origin", f"file://bob:hush@localhost{upstream.path}")  # git leaves the host out

    assert "hush" not in "".join(map(str, bob.tries("sign", upstream.head(), "--yes")))


def test_another_url_to_push_to_is_shown_and_several_are_refused(upstream: Repository, bob: Approver) -> None:
    bob.git("remote", "set-url", "--push", "origin", f"file://{upstream.path}")
    assert f"signatures are pushed to file://{upstream.path}" in bob.sign(upstream.head())
    bob.git("remote", "set-url", "--push", "--add", "origin", str(upstream.path))
    assert "The remote origin has 2 URLs to push to" in bob.refused("sign", upstream.head(), "--yes")


def test_a_push_to_another_repository_is_no_success(upstream: Repository, bob: Approver, tmp_path: Path) -> None:
    elsewhere = Repository(tmp_path / "elsewhere.git")
    bob.git("remote", "set-url", "--push", "origin", str(elsewhere.path))

    said = bob.refused("sign", upstream.head(), "--yes")

    assert f"What was pushed to {elsewhere.path} is not in {upstream.path}" in said
    assert ids(upstream) == ("", "")


def test_werfs_script_and_git_approve_read_each_other(
    upstream: Repository, approver: MakeApprover, signers: Signers, tmp_path: Path
) -> None:
    alice, carol = (approver(name, signers[name]) for name in ("alice", "carol"))
    hers = Werf(carol, signers.carol)
    hers.add()
    assert hers.push()
    alice.sign(upstream.head())
    later = approver("dora", signers.bob)
    dora = Werf(later, signers.bob)
    dora.add()
    dora.pull()
    later.git("tag", "-m", "add signature", "-f", "latest-signature", later.git("rev-parse", NOTES_REF))
    assert dora.push()

    outcome = Task(upstream, tmp_path).poll(
        trusted_keys=[signers[name].public_key for name in ("alice", "bob", "carol")], required_signatures=3
    )
    assert outcome.commit == upstream.head()


def test_it_starts_where_there_is_no_python_but_python3(bob: Approver, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("git", "sh", "ssh-keygen"):
        (programs / name).symlink_to(Path(bob.run("sh", "-c", f"command -v {name}")).resolve())
    (programs / "python3").symlink_to(sys.executable)
    (programs / "git-approve").symlink_to(SCRIPT)

    assert "1 commit of origin/main waits" in bob.git("approve", PATH=str(programs))
    (programs / "python3").unlink()
    ran = subprocess.run([str(SCRIPT)], env={"PATH": str(programs)}, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (127, "git approve: python3 is not installed.\n")
