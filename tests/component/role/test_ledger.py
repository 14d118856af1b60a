# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger that the role writes: each run begins and ends there, whatever comes between."""

from __future__ import annotations

import contextlib
import hashlib
import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._ledger import book, entry
from ansible_collections.flant.gitops.plugins.module_utils._ledger.envelope import digest, open_line
from ansible_collections.flant.gitops.tests.component.role.conftest import NO_VAULT, SIGKILLED
from ansible_collections.flant.gitops.tests.support import openbao
from ansible_collections.flant.gitops.tests.support.site import Site
from ansible_collections.flant.gitops.tests.support.vault_account import ROTATION_POLICY
from ansible_collections.flant.gitops.tests.support.waiting import until
from google.protobuf.json_format import ParseDict
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement
from securesystemslib import dsse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.flant.gitops.plugins.module_utils._ledger.entry import Entry
    from ansible_collections.flant.gitops.tests.component.role.conftest import Containers, Upstream
    from ansible_collections.flant.gitops.tests.support.signers import Signers


def ledger(site: Site) -> list[Entry]:
    """Return the entries, once it is seen that they are a chain."""
    lines = [line for file in sorted(site.work.glob("ledger/*.jsonl")) for line in file.read_bytes().splitlines()]
    entries = [entry.read(open_line(line).payload) for line in lines]
    assert [each.previous for each in entries] == [entry.NO_LINE, *map(digest, lines)][: len(lines)]
    return entries


def events(site: Site) -> list[str]:
    return [each.event for each in ledger(site)]


def test_run_is_written_down_with_who_signed_what_ran_and_what_came_of_it(
    site: Site, upstream: Upstream, signers: Signers, image: str
) -> None:
    first = upstream.commit("one", "First", signers.alice)
    assert site.run().rc == 0
    commit = upstream.commit("two", "Second", signers.bob)
    assert site.run().rc == 0
    begun, finished = ledger(site)[2:]
    assert (begun.event, finished.event) == (entry.BEGUN, entry.FINISHED)
    assert begun.run == finished.run
    assert begun.place == finished.place == entry.Place(upstream.folder.as_uri(), "main", commit)
    assert (begun.host, begun.instance) == (site.host, "default")
    assert begun.details["previousCommit"] == first
    assert begun.details["tree"] == upstream.git("rev-parse", "HEAD^{tree}")
    assert begun.details["image"] == image
    (signature,) = begun.details["signatures"]
    assert (signature["signer"], signature["fingerprint"]) == ("bob", signers.bob.fingerprint)
    (log,) = site.work.glob(f"log/*-{commit[:12]}.log")
    assert finished.details["output"] == f"sha256:{hashlib.sha256(log.read_bytes()).hexdigest()}"
    assert finished.details["rc"] == 0


def test_quiet_run_writes_nothing(site: Site, upstream: Upstream, signers: Signers) -> None:
    upstream.commit("one", "First", signers.alice)
    assert site.run().rc == 0
    before = {file: file.stat().st_mtime_ns for file in site.work.glob("ledger/*")}
    assert site.run().status == "unchanged"
    assert {file: file.stat().st_mtime_ns for file in site.work.glob("ledger/*")} == before


def test_commands_that_fail_end_as_failed(site: Site, upstream: Upstream, signers: Signers) -> None:
    site.variables["commands"] = ["exit 3"]
    upstream.commit("one", "First", signers.alice)
    assert site.run().rc == 2
    _begun, failed = ledger(site)
    assert (failed.event, failed.details["rc"]) == (entry.FAILED, 3)


def test_refusal_between_begin_and_start_ends_as_failed(
    site: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    site.variables |= NO_VAULT
    upstream.commit("one", "First", signers.alice)
    assert site.run().rc == 2
    assert events(site) == [entry.BEGUN, entry.FAILED]
    assert "rc" not in ledger(site)[1].details
    assert containers.started(site) == 0


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ("Say that the run begins", []),
        ("Remember that the commit is started", [entry.BEGUN, entry.LOST]),
        ("Print the output", [entry.BEGUN, entry.ADOPTED]),
        ("Keep the output and delete the archive", [entry.BEGUN, entry.ADOPTED, entry.FINISHED]),
        ("Remove the container", [entry.BEGUN, entry.FINISHED]),
    ],
)
def test_run_that_is_killed_has_an_end_or_the_next_ones_word_for_it(
    task: str, expected: list[str], site: Site, upstream: Upstream, signers: Signers
) -> None:
    upstream.commit("one", "First", signers.alice)
    assert site.run(kill_at=task).rc == SIGKILLED
    assert site.run().rc == 0
    assert events(site)[: len(expected)] == expected
    upstream.commit("two", "Second", signers.alice)
    assert site.run().rc == 0
    found = ledger(site)
    ended = {each.run for each in found if each.event in (entry.FINISHED, entry.LOST)}
    assert {each.run for each in found} == ended


def test_run_that_is_killed_again_while_it_is_taken_up_still_ends(
    site: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    upstream.commit("one", "First", signers.alice)
    for _kill in range(2):
        assert site.run(kill_at="Keep the output and delete the archive").rc == SIGKILLED
    assert site.run().rc == 0
    assert events(site) == [entry.BEGUN, entry.ADOPTED, entry.FINISHED]
    assert containers.left(site) == []


def test_run_that_has_failed_and_is_killed_before_its_container_is_gone_stands_there_once(
    site: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    site.variables["commands"] = ["exit 3"]
    upstream.commit("one", "First", signers.alice)
    assert site.run(kill_at="Remove the container").rc == SIGKILLED
    assert site.run().rc == 2
    assert events(site) == [entry.BEGUN, entry.FAILED]
    assert (containers.started(site), containers.left(site)) == (1, [])


def test_two_runs_at_once_are_a_chain(site: Site, upstream: Upstream, signers: Signers, containers: Containers) -> None:
    site.variables["commands"] = ["sleep 3", "cat file"]
    upstream.commit("ran", "First", signers.alice)
    processes = [site.start() for _index in range(2)]
    outputs = [process.communicate(timeout=300)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], "\n".join(outputs)
    assert containers.started(site) == 1
    assert entry.FINISHED in events(site)


def test_cancelled_run_ends_as_cancelled_or_failed(
    site: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    site.variables["commands"] = ["sleep 600"]
    upstream.commit("one", "First", signers.alice)
    running = site.start()
    until(lambda: containers.started(site), during=running)
    assert site.run(playbook="flant.gitops.cancel").rc == 0
    output, _errors = running.communicate(timeout=60)
    assert running.returncode == 2, output
    assert events(site) == [entry.BEGUN, entry.FAILED]


def test_ledger_that_cannot_be_written_stops_the_run_before_its_tokens(
    site: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    upstream.commit("one", "First", signers.alice)
    site.work.mkdir(parents=True)
    (site.work / "ledger").write_text("", encoding="utf-8")
    site.variables |= NO_VAULT
    refused = site.run()
    assert refused.rc == 2, refused.output
    assert "is not a directory" in refused.output
    assert "vault_addr" not in refused.output
    assert containers.started(site) == 0
    (site.work / "ledger").unlink()
    asked = site.run()
    assert asked.rc == 2, asked.output
    assert "vault_addr" in asked.output


@pytest.mark.root
def test_full_disk_stops_the_run_before_its_tokens(
    site: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    """The ledger alone lies on a disk of its own, so that nothing else stops the run."""
    upstream.commit("one", "First", signers.alice)
    assert site.run().status == "processed"
    before = ledger(site)
    with disk(site.work / "ledger", 64 * 1024):
        blocks = site.work / "ledger/blocks"
        with contextlib.suppress(OSError), blocks.open("wb", buffering=0) as full:
            while full.write(b"0" * 4096):
                pass
        upstream.commit("two", "Second", signers.alice)
        asks = site.variables | NO_VAULT
        refused = replace(site, variables=asks).run()
        assert refused.rc == 2, refused.output
        assert "No space left on device" in refused.output
        assert "vault_addr" not in refused.output
        assert (containers.started(site), ledger(site)) == (1, before)
        blocks.unlink()
        assert site.run().status == "processed"
        assert events(site) == [entry.BEGUN, entry.FINISHED] * 2


@contextlib.contextmanager
def disk(folder: Path, size: int) -> Iterator[None]:
    """Put what is in ``folder`` onto a disk of ``size`` bytes for a while."""
    kept = [(file.name, file.read_bytes()) for file in folder.iterdir()]
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", folder], check=True)
    try:
        for name, content in kept:
            (folder / name).write_bytes(content)
            (folder / name).chmod(0o600)
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


def test_host_key_signs_where_it_is_named(site: Site, upstream: Upstream, signers: Signers) -> None:
    key = site.folder / "host_key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    site.variables["ledger_key_file"] = str(key)
    upstream.commit("one", "First", signers.alice)
    assert site.run().rc == 0
    assert not (site.work / "ledger/key").exists()
    key.unlink()
    upstream.commit("two", "Second", signers.alice)
    refused = site.run()
    assert refused.rc == 2, refused.output
    assert "flant_gitops_ledger_key_file: " in refused.output


def test_host_without_ssh_keygen_keeps_a_ledger_that_nobody_signs(
    site: Site, upstream: Upstream, signers: Signers
) -> None:
    """A folder with all other programs stands in for such a host."""
    programs = site.folder / "bin"
    programs.mkdir()
    for file in (file for folder in ("/usr/bin", "/usr/sbin") for file in Path(folder).iterdir()):
        if file.name != "ssh-keygen" and not (programs / file.name).exists():
            (programs / file.name).symlink_to(file)
    upstream.commit("one", "First", signers.alice)
    ran = site.run(environment={"PATH": str(programs)})
    assert ran.status == "processed", ran.output
    assert "ssh-keygen is not installed on the target, so nobody signs the ledger" in " ".join(ran.output.split())
    assert events(site) == [entry.BEGUN, entry.FINISHED]
    verified = site.run(playbook="flant.gitops.verify")
    assert verified.rc == 2, verified.output
    assert "the ledger is consistent, not authentic, 2 entries: nobody has signed it" in verified.output


def test_controller_verifies_what_the_target_has_written(site: Site, upstream: Upstream, signers: Signers) -> None:
    upstream.commit("one", "First", signers.alice)
    assert site.run().rc == 0
    unknown = site.run(playbook="flant.gitops.verify")
    assert unknown.rc == 2, unknown.output
    assert "the ledger is consistent, not authentic, 2 entries: flant_gitops_verify_known_hosts" in unknown.output
    key = ["ssh-keygen", "-y", "-f", str(site.work / "ledger/key")]
    known = subprocess.run(key, capture_output=True, text=True, check=True).stdout
    (site.folder / "known_hosts").write_text(f"{site.host} {known}", encoding="utf-8")
    site.variables["verify_known_hosts"] = str(site.folder / "known_hosts")
    verified = site.run(playbook="flant.gitops.verify")
    assert verified.rc == 0, verified.output
    assert "default: the ledger is authentic, 2 entries" in verified.output
    (file,) = site.work.glob("ledger/*.jsonl")
    copy = site.folder / "copy"
    copy.mkdir()
    (copy / file.name).write_bytes(file.read_bytes())
    file.write_bytes(file.read_bytes().splitlines(keepends=True)[1])
    broken = site.run(playbook="flant.gitops.verify")
    assert broken.rc == 2, broken.output
    assert "line 1: it is entry 1 of the ledger, and those before it are missing." in broken.output
    site.variables["verify_copies"] = [str(copy)]
    (site.folder / "heads").write_text("0" * 64 + "\n", encoding="utf-8")
    assert site.run(playbook="flant.gitops.verify").rc == 0
    missed = site.run("-e", f"flant_gitops_verify_heads={site.folder}/heads", playbook="flant.gitops.verify")
    assert missed.rc == 2, missed.output
    assert "was witnessed elsewhere" in missed.output


def test_what_operators_do_stands_in_the_ledger_whatever_they_call_the_host(
    site: Site, upstream: Upstream, signers: Signers
) -> None:
    commit = upstream.commit("one", "First", signers.alice)
    assert site.run().rc == 0
    operator = site.elsewhere(site.folder / "operator", "web1.example.com")
    for playbook, given in (
        ("suspend", ("-e", "flant_gitops_suspend_reason=Moving")),
        ("resume", ()),
        ("reset", ("-e", "flant_gitops_reset_commit=none", "-e", "flant_gitops_reset_confirmed=yes")),
    ):
        ran = operator.run(*given, playbook=f"flant.gitops.{playbook}")
        assert ran.rc == 0, ran.output
    assert events(site) == [entry.BEGUN, entry.FINISHED, entry.SUSPENDED, entry.RESUMED, entry.RESET]
    assert {each.host for each in ledger(site)} == {site.host}
    assert ledger(site)[-1].details == {"previousCommit": commit}


def test_signatures_of_the_commits_are_verified_again(tmp_path: Path, upstream: Upstream, signers: Signers) -> None:
    """The ledger is written as the role does, and no engine is needed."""
    site = Site(tmp_path / "site", {"work_dir": str(tmp_path / "work")})
    site.folder.mkdir()
    commits = [upstream.commit("one", "First", signers.alice), upstream.commit("two", "Second", signers.bob)]
    for commit, signer in zip(commits, (signers.alice, signers.bob)):
        signed = {"signer": signer.name, "type": "openpgp", "source": "notes", "fingerprint": signer.fingerprint}
        said = {"trusted": f"sha256:{'a' * 64}", "commands": f"sha256:{'b' * 64}"}
        place = entry.Place(upstream.folder.as_uri(), "main", commit)
        with book.opened(site.work / "ledger", book.Author(site.host, "default", "", None)) as opened:
            run = book.begin(opened, place, adopts=False, required=1, signatures=[signed], **said)
            book.end(opened, entry.FINISHED, run)
    key = ["ssh-keygen", "-y", "-f", str(site.work / "ledger/key")]
    known = subprocess.run(key, capture_output=True, text=True, check=True).stdout
    (site.folder / "known_hosts").write_text(f"{site.host} {known}", encoding="utf-8")
    site.variables |= {
        "verify_known_hosts": str(site.folder / "known_hosts"),
        "verify_repo": str(upstream.folder),
        "trusted_pgp_public_keys": {"alice": signers.alice.public_key},
    }
    left = site.run(playbook="flant.gitops.verify")
    assert left.rc == 2, left.output
    assert f"line 3: commit {commits[1]} has no good signature by bob, {signers.bob.fingerprint}" in left.output
    site.variables["verify_former_signers"] = {"bob": signers.bob.public_key}
    verified = site.run(playbook="flant.gitops.verify")
    assert verified.rc == 0, verified.output
    assert "default: the ledger is authentic, 4 entries" in verified.output
    assert f"commit {commits[1]} was signed by bob, which counted then and would not today" in verified.output
    upstream.git("reset", "--quiet", "--hard", "HEAD^")
    gone = site.run(playbook="flant.gitops.verify")
    assert gone.rc == 2, gone.output
    assert f"line 3: commit {commits[1]} is not in the history of the branch" in gone.output


def test_vaults_own_log_tells_which_run_of_the_ledger_a_request_was_for(
    site: Site, upstream: Upstream, signers: Signers
) -> None:
    with openbao.running(audited=True) as bao:
        mount = bao.mount("kv")
        bao.call("POST", f"/v1/{mount}/database", {"password": "hidden"})
        policy = f'path "{mount}/*" {{ capabilities = ["read"] }}\n'
        role = bao.approle(policy + ROTATION_POLICY)
        file = site.folder / "secret-id"
        file.write_text(bao.secret_id(role), encoding="utf-8")
        file.chmod(0o600)
        site.variables |= {
            "vault_addr": bao.address,
            "vault_role_name": role.name,
            "vault_role_id": role.role_id,
            "vault_secret_id_file": str(file),
            "vault_requests": [{"name": "database", "path": f"/{mount}/database"}],
        }
        commit = upstream.commit("one", "First", signers.alice)
        ran = site.run()
        assert ran.rc == 0, ran.output
        begun, finished = ledger(site)
        lines = [line for line in bao.audit_log if line["request"]["path"] == f"{mount}/database"]
        told = [line["auth"]["metadata"] for line in lines if "run" in line["auth"].get("metadata", {})]
        (line, *_others) = site.work.glob("ledger/*.jsonl")
        head = digest(line.read_bytes().splitlines()[0])
        assert len(told) == 2
        for metadata in told:
            assert metadata["run"] == begun.run
            assert metadata["ledger"] == head
            assert (metadata["commit"], metadata["signers"], metadata["host"]) == (commit, "alice", site.host)
        (request,) = finished.details["requests"]
        hashed = bao.call("POST", "/v1/sys/audit-hash/file", {"input": request["accessor"]})["data"]["hash"]
        assert any((each.get("response", {}).get("wrap_info") or {}).get("accessor") == hashed for each in lines)
        assert len(bao.secret_ids(role)) == 1  # the one in the file

        allowed = bao.call("GET", f"/v1/sys/policies/acl/{role.name}")["data"]["policy"]
        bao.call("PUT", f"/v1/sys/policies/acl/{role.name}", {"policy": policy})
        upstream.commit("two", "Second", signers.alice)
        refused = site.run()
        assert refused.rc == 2, refused.output
        assert "flant_gitops_vault_audit_metadata: the AppRole's policy must allow update on" in refused.output
        assert events(site)[2:] == [entry.BEGUN, entry.FAILED]
        assert len(bao.secret_ids(role)) == 1

        # As the guide has it: all heads of a log, against a ledger whose end was cut off.
        bao.call("PUT", f"/v1/sys/policies/acl/{role.name}", {"policy": allowed})
        assert site.run().status == "processed"
        told = [(line.get("auth") or {}).get("metadata") or {} for line in bao.audit_log]
        heads = {metadata["ledger"] for metadata in told if metadata.get("host") == site.host}
        (site.folder / "heads").write_text("\n".join(heads), encoding="utf-8")
        key = ["ssh-keygen", "-y", "-f", str(site.work / "ledger/key")]
        known = subprocess.run(key, capture_output=True, text=True, check=True).stdout
        (site.folder / "known_hosts").write_text(f"{site.host} {known}", encoding="utf-8")
        site.variables |= {
            "verify_known_hosts": str(site.folder / "known_hosts"),
            "verify_heads": str(site.folder / "heads"),
        }
        whole = site.run(playbook="flant.gitops.verify")
        assert whole.rc == 0, whole.output
        line.write_bytes(b"".join(line.read_bytes().splitlines(keepends=True)[:4]))
        cut = site.run(playbook="flant.gitops.verify")
        assert cut.rc == 2, cut.output
        assert "was witnessed elsewhere and is not a line here: the end was cut off" in cut.output


def test_verifier_that_shares_no_code_with_us_accepts_what_the_role_has_written(
    site: Site, upstream: Upstream, signers: Signers
) -> None:
    upstream.commit("one", "First")
    signs = ["git", "commit", "--amend", "--no-edit", "--quiet", f"--gpg-sign={signers.alice.fingerprint}"]
    subprocess.run(signs, cwd=upstream.folder, env=signers.environment, check=True)
    assert site.run().rc == 0
    key = ["ssh-keygen", "-y", "-f", str(site.work / "ledger/key")]
    known = subprocess.run(key, capture_output=True, text=True, check=True).stdout
    (site.folder / "allowed").write_text(f'{site.host} namespaces="run@flant.gitops" {known}', encoding="utf-8")
    (file,) = site.work.glob("ledger/*.jsonl")
    lines = file.read_bytes().splitlines()
    assert len(lines) == 2
    for line in lines:
        envelope = dsse.Envelope.from_dict(json.loads(line))
        (signature,) = json.loads(line)["signatures"]
        armor = f"-----BEGIN SSH SIGNATURE-----\n{signature['sig']}\n-----END SSH SIGNATURE-----\n"
        (site.folder / "signature").write_text(armor, encoding="ascii")
        options = ["-f", str(site.folder / "allowed"), "-I", site.host, "-s", str(site.folder / "signature")]
        subprocess.run(
            ["ssh-keygen", "-Y", "verify", "-n", "run@flant.gitops", *options],
            input=envelope.pae(),
            capture_output=True,
            check=True,
        )
        fields = {name.removeprefix("_"): value for name, value in json.loads(envelope.payload).items()}
        Statement.copy_from_pb(ParseDict(fields, statement_pb2.Statement())).validate()
        subprocess.run(
            ["git", "verify-commit", fields["subject"][0]["digest"]["gitCommit"]],
            cwd=upstream.folder,
            env=signers.environment,
            capture_output=True,
            check=True,
        )
    signed = json.loads(dsse.Envelope.from_dict(json.loads(lines[0])).payload)["predicate"]["signatures"]
    assert [(each["source"], each["fingerprint"]) for each in signed] == [("commit", signers.alice.fingerprint)]
