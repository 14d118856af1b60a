# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SSH signatures by real keys and by forged ones: which count, and why others do not."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._ssh.keys import read
from ansible_collections.flant.gitops.plugins.module_utils._ssh.sshsig import parse
from ansible_collections.flant.gitops.plugins.module_utils._ssh.verifier import SshVerifier
from ansible_collections.flant.gitops.plugins.module_utils._verdict import Candidate, GoodSignature, Rejected
from ansible_collections.flant.gitops.tests.support.ssh_signers import Forger, armored, blob_of, create
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.plugins.module_utils._verdict import Verdict

_PAYLOAD = b"tree of trust\n"
_KINDS = [
    ("ed25519",),
    ("ecdsa", "-b", "256"),
    ("ecdsa", "-b", "384"),
    ("ecdsa", "-b", "521"),
    ("rsa", "-b", "2048"),
]


def _verdict(
    *keys: str, signature: bytes, payload: bytes = _PAYLOAD, source: str = "commit", user_verification: bool = False
) -> Verdict:
    trusted = [read(key, f"keys[{index}]") for index, key in enumerate(keys)]
    verifier = SshVerifier(trusted, user_verification=user_verification)
    return verifier.verify(Candidate(source, "it", payload, signature))


# What counts


@pytest.mark.parametrize("kind", _KINDS, ids=" ".join)
@pytest.mark.parametrize("digest", ["sha512", "sha256"])
def test_a_signature_by_a_key_of_each_type_counts(tmp_path: Path, kind: tuple[str, ...], digest: str) -> None:
    alice, bob = create(tmp_path, "alice", *kind), create(tmp_path, "bob")
    verdict = _verdict(
        bob.public_key, alice.public_key, signature=alice.sign(_PAYLOAD, "git", "-O", f"hashalg={digest}")
    )
    assert verdict == GoodSignature(alice.fingerprint, alice.fingerprint, "", "", type="ssh")


def test_a_binary_one_counts_in_a_note_and_an_armored_one_in_a_commit_alone(tmp_path: Path) -> None:
    alice = create(tmp_path, "alice")
    text = alice.sign(_PAYLOAD, "git-signatures")
    assert isinstance(_verdict(alice.public_key, signature=blob_of(text), source="notes"), GoodSignature)
    assert isinstance(_verdict(alice.public_key, signature=text, source="notes"), Rejected)
    assert isinstance(_verdict(alice.public_key, signature=blob_of(alice.sign(_PAYLOAD))), Rejected)


@pytest.mark.parametrize(
    ("flags", "user_verification"), [(0x01, False), (0x05, False), (0x05, True), (0x81, False), (0x85, True)]
)
def test_a_touched_security_key_counts(flags: int, user_verification: bool) -> None:
    forger = Forger(security_key=True)
    signature = armored(forger.sign(_PAYLOAD, flags=flags))
    verdict = _verdict(forger.public_key, signature=signature, user_verification=user_verification)
    assert isinstance(verdict, GoodSignature)
    assert verdict.touched


# What does not: S25


@pytest.mark.parametrize(("flags", "user_verification"), [(0x00, False), (0x04, False), (0x80, True), (0x04, True)])
def test_s25_a_security_key_that_nobody_touched_does_not_count(flags: int, user_verification: bool) -> None:
    forger = Forger(security_key=True)
    signature = armored(forger.sign(_PAYLOAD, flags=flags))
    verdict = _verdict(forger.public_key, signature=signature, user_verification=user_verification)
    assert verdict == Rejected("the security key was not touched")


def test_s25_a_security_key_without_its_pin_does_not_count_where_it_is_wanted() -> None:
    forger = Forger(security_key=True)
    verdict = _verdict(forger.public_key, signature=armored(forger.sign(_PAYLOAD)), user_verification=True)
    assert verdict == Rejected("the security key did not ask for a PIN, which ssh_user_verification requires")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"namespace": b"file"}, "it is made for the namespace 'file' and not for 'git'"),
        ({"namespace": b""}, "it is made for the namespace '' and not for 'git'"),
        ({"namespace": b"git-signatures"}, "it is made for the namespace 'git-signatures' and not for 'git'"),
        ({"reserved": b"x"}, "its reserved field is not empty"),
        ({"digest": b"sha1"}, "its digest 'sha1' does not count; sha256 and sha512 do"),
        ({"digest": b"md5"}, "its digest 'md5' does not count; sha256 and sha512 do"),
        ({"version": 2}, "it is not an SSH signature of version 1"),
        ({"version": 0}, "it is not an SSH signature of version 1"),
        ({"behind": b"x"}, "something follows it"),
        ({"inside": b"x"}, "something follows it"),
        ({"algorithm": b"ssh-rsa"}, "the algorithm 'ssh-rsa' does not count"),
        ({"algorithm": b"ssh-dss"}, "the algorithm 'ssh-dss' does not count"),
    ],
)
def test_s25_what_is_not_as_it_has_to_be_does_not_count(fields: dict[str, Any], reason: str) -> None:
    forger = Forger()
    assert isinstance(_verdict(forger.public_key, signature=armored(forger.sign(_PAYLOAD))), GoodSignature)
    assert _verdict(forger.public_key, signature=armored(forger.sign(_PAYLOAD, **fields))) == Rejected(reason)


@pytest.mark.parametrize("source", ["commit", "notes"])
def test_s25_each_place_has_its_namespace(source: str) -> None:
    forger = Forger()
    spaces = {"commit": b"git", "notes": b"git-signatures"}
    for name, namespace in spaces.items():
        blob = forger.sign(_PAYLOAD, namespace=namespace)
        form = armored(blob) if source == "commit" else blob
        counts = isinstance(_verdict(forger.public_key, signature=form, source=source), GoodSignature)
        assert counts == (name == source)


@pytest.mark.parametrize("place", ["before", "behind", "twice", "inside", "header", "carriage returns"])
def test_s25_text_around_the_armor_does_not_count(place: str) -> None:
    forger = Forger()
    text = armored(forger.sign(_PAYLOAD))
    form = {
        "before": b"x\n" + text,
        "behind": text + b"x",
        "twice": text + text,
        "inside": text.replace(b"\n", b"\n \n", 1),
        "header": text.replace(b"\n", b"\nComment: x\n", 1),
        "carriage returns": text.replace(b"\n", b"\r\n"),
    }[place]
    assert _verdict(forger.public_key, signature=form) == Rejected("it is not exactly one armored SSH signature")


def test_a_signature_over_something_else_does_not_count() -> None:
    for forger in (Forger(), Forger(security_key=True)):
        verdict = _verdict(forger.public_key, signature=armored(forger.sign(b"something else")))
        assert verdict == Rejected("it does not match what it is over")


def test_a_key_that_is_not_trusted_does_not_count(tmp_path: Path) -> None:
    alice, forger = create(tmp_path, "alice"), Forger()
    verdict = _verdict(forger.public_key, signature=alice.sign(_PAYLOAD))
    assert verdict == Rejected(f"made by an SSH key that is not trusted ({alice.fingerprint})")


def test_a_security_key_is_not_the_plain_key_of_the_same_numbers() -> None:
    plain, hard = Forger(), Forger(security_key=True)
    hard._key = plain._key  # noqa: SLF001 -- no other way makes two keys of one
    verdict = _verdict(hard.public_key, signature=armored(plain.sign(_PAYLOAD)))
    assert isinstance(verdict, Rejected)


def test_s25_a_certificate_does_not_count(tmp_path: Path) -> None:
    authority, alice = create(tmp_path, "authority"), create(tmp_path, "alice")
    command = ["ssh-keygen", "-q", "-s", authority.file, "-I", "alice", "-n", "alice", alice.file.with_suffix(".pub")]
    subprocess.run(command, check=True)
    shutil.copy(tmp_path / "alice-cert.pub", tmp_path / "alice.pub")
    signature = alice.sign(_PAYLOAD)
    assert b"ssh-ed25519-cert-v01@openssh.com" in blob_of(signature)
    verdict = _verdict(authority.public_key, signature=signature)
    assert verdict == Rejected("a key of the type 'ssh-ed25519-cert-v01@openssh.com' does not count")


def test_s25_a_short_rsa_key_is_never_trusted(tmp_path: Path) -> None:
    weak = create(tmp_path, "weak", "rsa", "-b", "1024")
    with pytest.raises(Failure, match=r"^keys\[0\] .* 1024 bits does not count"):
        read(weak.public_key, "keys[0]")


@given(st.binary())
def test_s25_any_octets_are_refused_in_words(octets: bytes) -> None:
    forger = Forger()
    whole = forger.sign(_PAYLOAD)
    for blob in (octets, b"SSHSIG\0\0\0\1" + octets, whole[: len(octets)], whole[: len(octets) + 10] + octets):
        with pytest.raises(ValueError, match=r"^[a-z].*[^.]$"):
            parse(blob, b"git", user_verification=False)


def test_a_large_one_is_refused() -> None:
    with pytest.raises(ValueError, match="larger than 8 KiB"):
        parse(b"SSHSIG\0\0\0\1" + bytes(8192), b"git", user_verification=False)


# ssh-keygen


def test_ssh_keygen_may_be_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forger = Forger()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Failure, match=r"^ssh-keygen \(OpenSSH 8\.1 or newer\) .* is not installed there\.$"):
        _verdict(forger.public_key, signature=armored(forger.sign(_PAYLOAD)))


def test_what_ssh_keygen_says_if_it_cannot_verify_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A script stands in for an ssh-keygen that is too old."""
    forger = Forger()
    (tmp_path / "ssh-keygen").write_text("#!/bin/sh\necho 'unknown option -- Y' >&2\nexit 1\n")
    (tmp_path / "ssh-keygen").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(Failure, match=r"cannot verify a signature on the target: unknown option -- Y\.$"):
        _verdict(forger.public_key, signature=armored(forger.sign(_PAYLOAD)))


@pytest.mark.root  # only root may become a user that does not exist
def test_s25_a_user_without_an_entry_gets_ssh_keygens_sentence() -> None:
    forger = Forger()
    signature = armored(forger.sign(_PAYLOAD))
    child = os.fork()
    if not child:
        os.setuid(54321)
        try:
            _verdict(forger.public_key, signature=signature)
        except Failure as failure:
            os._exit(0 if "No user exists for uid 54321" in str(failure) else 2)
        os._exit(1)
    assert os.waitpid(child, 0)[1] == 0


def test_no_descriptor_stays() -> None:
    forger = Forger()
    signature = armored(forger.sign(_PAYLOAD))
    before = len([*Path("/proc/self/fd").iterdir()])
    for _round in range(3):
        assert isinstance(_verdict(forger.public_key, signature=signature), GoodSignature)
    assert len([*Path("/proc/self/fd").iterdir()]) == before
