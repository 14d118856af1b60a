# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signatures verified by a real gpg, made by real keys, and what may go wrong with both."""

from __future__ import annotations

import errno
import json
import os
import stat
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Callable

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._openpgp import keyring
from ansible_collections.flant.gitops.plugins.module_utils._openpgp.certificates import read
from ansible_collections.flant.gitops.plugins.module_utils._verdict import GoodSignature, Rejected, Verdict
from ansible_collections.flant.gitops.tests.support.signers import armored, without_embedded_signatures

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractContextManager

    from ansible_collections.flant.gitops.tests.support.signers import Signer, Signers

_OPTIONS = keyring._OPTIONS  # noqa: SLF001 -- what /etc/gnupg/gpg.conf may say can only be imitated in front of these
_PAYLOAD = b"tree of trust\n"
_MADE = "20200101T000000"
_SIGNED = "20200601T000000"


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let temporary folders lie where a test can look for them."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def _trusted(texts: Iterable[str]) -> AbstractContextManager[keyring.Keyring]:
    return keyring.trusted([read(text, f"trusted_keys[{index}]") for index, text in enumerate(texts)])


def _verify(signature: bytes, *trusted: Signer, payload: bytes = _PAYLOAD) -> Verdict:
    with _trusted([signer.public_key for signer in trusted]) as ring:
        return ring.verify(payload, signature)


def _processes_about(folder: Path) -> list[str]:
    """Return the command lines of the processes that have to do with the folder."""
    command_lines = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command_line = entry.read_bytes()
        except OSError:
            continue
        if os.fsencode(folder) in command_line:
            command_lines.append(command_line.decode("utf-8", "replace"))
    return command_lines


# What counts


@pytest.mark.parametrize("algorithm", ["ed25519", "rsa2048", "nistp256", "brainpoolP256r1"])
@pytest.mark.parametrize("form", [bytes, armored])
def test_a_signature_counts_binary_and_armored(
    signers: Signers, algorithm: str, form: Callable[[bytes], bytes]
) -> None:
    signer = signers.create("dave", key=(algorithm, "sign", "never"))
    verdict = _verify(form(signer.sign(_PAYLOAD)), signers.alice, signer)
    assert isinstance(verdict, GoodSignature)
    assert verdict.fingerprint == verdict.signing_key == signer.fingerprint
    assert verdict.user_id == "Dave <dave@example.test>"
    assert verdict.created.endswith("Z")


def test_a_subkeys_signature_is_that_of_its_primary_key(signers: Signers) -> None:
    signer = signers.create("dave", key=("ed25519", "cert", "never"))
    subkey = signer.add_subkey()
    verdict = _verify(signer.sign(_PAYLOAD, key=subkey), signer)
    assert isinstance(verdict, GoodSignature)
    assert (verdict.fingerprint, verdict.signing_key) == (signer.fingerprint, subkey)


def test_the_library_may_be_missing(signers: Signers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "_MISSING", ImportError("No module named 'gnupg'"))
    with pytest.raises(Failure, match="python-gnupg"), _trusted([signers.alice.public_key]):
        pass


def test_gpg_may_be_missing(signers: Signers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    key = signers.alice.public_key
    with monkeypatch.context() as patch:
        patch.setenv("PATH", str(tmp_path))
        with pytest.raises(Failure, match=r"^gpg .* is not installed there\.$"), _trusted([key]):
            pass
        (tmp_path / "gpg").write_text("#!/bin/sh\nexit 2\n")
        (tmp_path / "gpg").chmod(0o755)
        with pytest.raises(Failure, match=r"^gpg .* is needed on the target, and .*/gpg does not run\.$"):
            _trusted([key]).__enter__()


# The form of a signature: S2, S5


def test_s2_two_signatures_in_one_do_not_count(signers: Signers) -> None:
    both = signers.alice.sign(_PAYLOAD) + signers.bob.sign(_PAYLOAD)
    for form in (both, armored(both)):
        assert isinstance(_verify(form, signers.alice, signers.bob), Rejected)


def test_s5_inline_signed_message_does_not_count(signers: Signers) -> None:
    for options in ([], ["--compress-algo", "none"]):
        message = signers.alice.sign_inline(b"anything else", *options)
        for form in (message, armored(message, "MESSAGE"), armored(message)):
            assert isinstance(_verify(form, signers.alice), Rejected)


def test_s5_a_signature_over_other_data_does_not_count(signers: Signers) -> None:
    verdict = _verify(signers.alice.sign(b"other data"), signers.alice)
    assert verdict == Rejected("it does not match what it is over")


# Keys and signatures past their time: S6


def test_s6_a_key_that_has_expired_does_not_count(signers: Signers) -> None:
    signer = signers.create("dave", key=("ed25519", "sign", "1y"), at=_MADE)
    with _trusted([signer.public_key, signers.alice.public_key]) as ring:
        assert ring.verify(_PAYLOAD, signer.sign(_PAYLOAD, at=_SIGNED)) == Rejected(
            "made by a key that has expired", for_now=True
        )
        assert ring.usable == {signers.alice.fingerprint}
        assert ring.warnings == (
            f"trusted_keys[0]: the signatures of {signer.fingerprint} do not count, because it has expired.",
        )


def test_s6_a_revoked_key_does_not_count_even_for_what_it_signed_before(signers: Signers) -> None:
    signature = signers.bob.sign(_PAYLOAD)
    signers.bob.revoke()
    with _trusted([signers.alice.public_key, signers.bob.public_key]) as ring:
        assert ring.verify(_PAYLOAD, signature) == Rejected("made by a key that was revoked")
        assert ring.usable == {signers.alice.fingerprint}
        assert ring.warnings == (
            f"trusted_keys[1]: the signatures of {signers.bob.fingerprint} do not count, because it was revoked.",
        )


def test_s6_a_signature_that_has_expired_does_not_count(signers: Signers) -> None:
    signer = signers.create("dave", at=_MADE)
    signature = signer.sign(_PAYLOAD, "--default-sig-expire", "30d", at=_SIGNED)
    assert _verify(signature, signer) == Rejected("it has expired", for_now=True)
    assert isinstance(_verify(signer.sign(_PAYLOAD, at=_SIGNED), signer), GoodSignature)


def test_s6_a_subkey_that_has_expired_does_not_count(signers: Signers) -> None:
    signer = signers.create("dave", key=("ed25519", "cert", "never"), at=_MADE)
    subkey = signer.add_subkey(expires="1y", at=_MADE)
    with _trusted([signer.public_key]) as ring:
        verdict = ring.verify(_PAYLOAD, signer.sign(_PAYLOAD, key=subkey, at=_SIGNED))
        assert verdict == Rejected("made by a key that has expired", for_now=True)
        assert ring.usable == frozenset()
        assert "because it has no key that may sign" in ring.warnings[0]


def test_s6_a_revoked_subkey_does_not_count(signers: Signers) -> None:
    signer = signers.create("dave")
    subkey = signer.add_subkey()
    signature = signer.sign(_PAYLOAD, key=subkey)
    signer.revoke_subkey()
    with _trusted([signer.public_key]) as ring:
        assert ring.verify(_PAYLOAD, signature) == Rejected("made by a key that was revoked")
        assert isinstance(ring.verify(_PAYLOAD, signer.sign(_PAYLOAD)), GoodSignature)


# Digests that are too weak: S7


@pytest.mark.parametrize(("digest", "name"), [("SHA1", "SHA-1"), ("RIPEMD160", "RIPEMD-160")])
def test_s7_weak_digests_do_not_count(signers: Signers, digest: str, name: str) -> None:
    assert _verify(signers.alice.sign(_PAYLOAD, "--digest-algo", digest), signers.alice) == Rejected(
        f"{name} is too weak"
    )


@pytest.mark.parametrize("digest", ["SHA224", "SHA256", "SHA384", "SHA512"])
def test_s7_strong_digests_count(signers: Signers, digest: str) -> None:
    signer = signers.create("dave", key=("rsa2048", "sign", "never"))
    assert isinstance(_verify(signer.sign(_PAYLOAD, "--digest-algo", digest), signer), GoodSignature)


def test_s7_a_key_that_certified_itself_with_sha1_still_signs(signers: Signers) -> None:
    signer = signers.create("dave", "--cert-digest-algo", "SHA1")
    assert isinstance(_verify(signer.sign(_PAYLOAD, "--digest-algo", "SHA256"), signer), GoodSignature)


# Whom to trust: S8, S10, S15


def test_s8_a_key_that_was_not_given_does_not_count(signers: Signers) -> None:
    verdict = _verify(signers.bob.sign(_PAYLOAD), signers.alice)
    assert verdict == Rejected(f"made by a key that is not trusted ({signers.bob.fingerprint})")


def test_s8_a_keyring_that_gpgs_system_configuration_adds_is_not_trusted(
    signers: Signers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stands in /etc/gnupg/gpg.conf comes before the command line's options, so that these can imitate it."""
    others = signers.home / "pubring.kbx"
    configured = [f"--keyring={others}", "--auto-key-import", "--auto-key-retrieve"]
    signature = signers.bob.sign(_PAYLOAD, "--include-key-block")
    key = signers.alice.public_key
    monkeypatch.setattr(keyring, "_OPTIONS", [*configured, *_OPTIONS])
    with _trusted([key]) as ring:
        assert ring.usable == {signers.alice.fingerprint}
        verdict = ring.verify(_PAYLOAD, signature)
    assert verdict == Rejected(f"made by a key that is not trusted ({signers.bob.fingerprint})")


def test_s8_a_key_that_comes_with_its_signature_is_not_imported(
    signers: Signers, monkeypatch: pytest.MonkeyPatch, scratch: Path
) -> None:
    monkeypatch.setattr(keyring, "_OPTIONS", ["--auto-key-import", *_OPTIONS])
    with _trusted([signers.alice.public_key]) as ring:
        (keys,) = scratch.glob("*/pubring.kbx")
        before = keys.read_bytes()
        assert isinstance(ring.verify(_PAYLOAD, signers.bob.sign(_PAYLOAD, "--include-key-block")), Rejected)
        assert keys.read_bytes() == before


@pytest.mark.parametrize("order", [slice(None), slice(None, None, -1)], ids=["revoked last", "revoked first"])
@pytest.mark.parametrize("together", [list, lambda copies: ["\n".join(copies)]], ids=["two texts", "one text"])
def test_s10_of_two_copies_the_revocation_holds(
    signers: Signers, order: slice, together: Callable[[list[str]], list[str]]
) -> None:
    signature = signers.bob.sign(_PAYLOAD)
    copies = [signers.bob.export()]
    signers.bob.revoke()
    copies.append(signers.bob.export())
    with _trusted(together(copies[order])) as ring:
        assert isinstance(ring.verify(_PAYLOAD, signature), Rejected)
        assert ring.usable == frozenset()
        assert len(ring.warnings) == 1


def test_s10_a_copy_that_lives_longer_counts(signers: Signers) -> None:
    signer = signers.create("dave", key=("ed25519", "sign", "1y"), at=_MADE)
    copies = [signer.export()]
    signers.gpg("--quick-set-expire", signer.fingerprint, "0")
    copies.append(signer.export())
    for order in (copies, copies[::-1]):
        with _trusted(order) as ring:
            assert ring.usable == {signer.fingerprint}
            assert isinstance(ring.verify(_PAYLOAD, signer.sign(_PAYLOAD)), GoodSignature)


def test_s15_a_key_given_twice_is_one(signers: Signers) -> None:
    with _trusted([signers.alice.public_key] * 2) as ring:
        assert ring.usable == {signers.alice.fingerprint}


def test_s22_a_key_without_a_user_id_is_named_as_such(signers: Signers) -> None:
    exported = signers.gpg("--export", signers.bob.fingerprint)
    key_alone = armored(exported[: 2 + exported[1]], "PUBLIC KEY BLOCK").decode()
    with _trusted([signers.alice.public_key, key_alone]) as ring:
        assert ring.usable == {signers.alice.fingerprint}
        (warning,) = ring.warnings
        assert warning.startswith(f"trusted_keys[1]: the signatures of {signers.bob.fingerprint} do not count, ")
        assert "because it has no user id, which keys.openpgp.org leaves out" in warning
        assert isinstance(ring.verify(_PAYLOAD, signers.bob.sign(_PAYLOAD)), Rejected)


@pytest.mark.parametrize(("algorithm", "name"), [(27, "Ed25519"), (28, "Ed448"), (99, "an unknown algorithm")])
def test_s22_a_key_of_an_algorithm_that_gpg_lacks_is_named_as_such(signers: Signers, algorithm: int, name: str) -> None:
    """RFC 9580's Ed25519, algorithm 27, has no place in GnuPG."""
    body = b"\x04\x5f\x00\x00\x00%c" % algorithm + bytes(range(57))
    unknown = armored(b"\xc6%c" % len(body) + body + b"\xcd\x05Erwin", "PUBLIC KEY BLOCK").decode()
    with _trusted([unknown, signers.alice.public_key]) as ring:
        assert ring.usable == {signers.alice.fingerprint}
        (warning,) = ring.warnings
        assert warning.startswith("trusted_keys[0]: ")
        assert f"because it is a key of {name}" in warning
        assert f"({algorithm}), which this gpg does not support." in warning


def test_s22_a_signing_subkey_without_cross_certification_is_a_warning(signers: Signers) -> None:
    signer = signers.create("dave", key=("ed25519", "cert", "never"))
    subkey = signer.add_subkey()
    signature = signer.sign(_PAYLOAD, key=subkey)
    stripped = armored(without_embedded_signatures(signer.export(armor=False).encode("latin-1")), "PUBLIC KEY BLOCK")
    with _trusted([signer.export(), signers.alice.public_key]) as ring:
        assert ring.warnings == ()
    with _trusted([stripped.decode(), signers.alice.public_key]) as ring:
        assert "trusted_keys[0]: the signatures of a subkey " in ring.warnings[-1]
        assert "lacks a cross-certification" in ring.warnings[-1]
        assert isinstance(ring.verify(_PAYLOAD, signature), Rejected)


# A machine whose gpg wants keyboxd: S21


def _gpg_with_keyboxd(folder: Path, monkeypatch: pytest.MonkeyPatch, *, starts: bool) -> Path:
    """Imitate GnuPG 2.4 under ``use-keyboxd``, which GnuPG 2.2 does not know; return where gpgconf's calls stand."""
    bin_folder, calls = folder / "bin", folder / "calls"
    bin_folder.mkdir()
    (bin_folder / "gpgconf").write_text(
        f'#!/bin/sh\necho "$@" >> {calls}\n'
        f'case "$*" in *--launch*) {"touch" if starts else "false"} {folder}/running;; '
        f"*--kill*) rm -f {folder}/running;; esac\n"
    )
    (bin_folder / "gpg").write_text(
        f'#!/bin/sh\ncase "$*" in *--import*) ;; *) exec {_path_of("gpg")} "$@";; esac\n'
        f'test -e {folder}/running && exec {_path_of("gpg")} "$@"\n'
        "for each; do case $each in --logger-file=*) log=${each#*=};; esac; done\n"
        'echo "2026-11-28 19:29:18 gpg[7] no keyboxd running in this session" > "$log"; cat > /dev/null; exit 2\n'
    )
    for program in bin_folder.iterdir():
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_folder}:{os.environ['PATH']}")
    return calls


def test_s21_keyboxd_runs_in_the_private_home_and_is_ended(
    signers: Signers, tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signature, key = signers.alice.sign(_PAYLOAD), signers.alice.public_key
    calls = _gpg_with_keyboxd(tmp_path, monkeypatch, starts=True)
    with _trusted([key]) as ring:
        (home,) = scratch.iterdir()
        assert isinstance(ring.verify(_PAYLOAD, signature), GoodSignature)
        assert calls.read_text() == f"--homedir {home} --launch keyboxd\n"
    assert f"--homedir {home} --kill all\n--homedir {home} --remove-socketdir\n" in calls.read_text()
    assert not (tmp_path / "running").exists()


def test_s21_a_keyboxd_that_does_not_start_is_the_machines_fault_and_not_the_keys(
    signers: Signers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = signers.alice.public_key
    _gpg_with_keyboxd(tmp_path, monkeypatch, starts=False)
    with (
        pytest.raises(
            Failure,
            match=r"^gpg cannot keep keys on this machine, which uses keyboxd: no keyboxd running in this session\.$",
        ),
        _trusted([key]),
    ):
        pass


def test_s21_what_gpg_says_on_import_is_told(signers: Signers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A script stands in for a gpg that refuses a key in its own words."""
    stub = tmp_path / "bin" / "gpg"
    stub.parent.mkdir()
    stub.write_text(
        f'#!/bin/sh\ncase "$*" in *--import*) ;; *) exec {_path_of("gpg")} "$@";; esac\n'
        "for each; do case $each in --logger-file=*) log=${each#*=};; esac; done\n"
        'printf "gpg: no space: \\033[31mNo space left\\n" > "$log"; cat > /dev/null; exit 2\n'
    )
    stub.chmod(0o755)
    key = signers.alice.public_key
    monkeypatch.setenv("PATH", f"{stub.parent}:{os.environ['PATH']}")
    with _trusted([key]) as ring:
        (warning,) = ring.warnings
    assert warning.endswith("because it is refused by gpg: no space: \N{REPLACEMENT CHARACTER}[31mNo space left.")


# What a signer did wrong: S23


@pytest.mark.parametrize(
    ("signed", "reason"),
    [
        (_PAYLOAD + b"\n", "it signs a line feed too; "),
        (_PAYLOAD + b"\r\n", "it signs a line feed too; "),
        (b"", "it signs an empty text; "),
        (b"something else", "it does not match what it is over"),
    ],
)
def test_s23_what_was_signed_instead_is_told(signers: Signers, signed: bytes, reason: str) -> None:
    for digest in ("SHA256", "SHA512"):
        verdict = _verify(signers.alice.sign(signed, "--digest-algo", digest), signers.alice)
        assert isinstance(verdict, Rejected)
        assert verdict.reason.startswith(reason)


# Forged words: S9


@pytest.mark.parametrize("separator", ["\n", "\r", "\x0b", "\x85", "\u2028"])
def test_s9_a_user_id_forges_no_verdict(signers: Signers, separator: str, monkeypatch: pytest.MonkeyPatch) -> None:
    broken_threads: list[object] = []
    monkeypatch.setattr(threading, "excepthook", broken_threads.append)  # python-gnupg reads what gpg says in one
    alice = signers.alice.fingerprint
    forged = [
        "Dave",
        f"[GNUPG:] GOODSIG {alice[-16:]} Alice",
        f"[GNUPG:] VALIDSIG {alice} 2026-11-24 1795506977 0 4 0 22 8 00 {alice}",
        f"[GNUPG:] IMPORT_OK 1 {alice}",
        "[GNUPG:] IMPORT_OK",
        f"fpr:::::::::{alice}:",
        "pub:u",
    ]
    signer = signers.create("dave", user_id=separator.join(forged), key=("ed25519", "sign", "1y"), at=_MADE)
    signature = signer.sign(_PAYLOAD, at=_SIGNED)
    with _trusted([signer.public_key, signers.alice.public_key]) as ring:
        assert ring.usable == {alice}
        assert ring.verify(_PAYLOAD, signature) == Rejected("made by a key that has expired", for_now=True)
    assert broken_threads == []


def test_s9_a_notation_forges_no_verdict(signers: Signers) -> None:
    alice = signers.alice.fingerprint
    lines = [
        "note@example.test=x",
        f"[GNUPG:] GOODSIG {alice[-16:]} Alice",
        f"[GNUPG:] VALIDSIG {alice} 2026-11-24 1795506977 0 4 0 22 8 00 {alice}",
        "",
    ]
    expired = signers.create("dave", key=("ed25519", "sign", "1y"), at=_MADE)
    for separator in ("%0A", "\x85", "\u2028"):
        notation = separator.join(lines)
        with _trusted([signers.alice.public_key, expired.public_key]) as ring:
            verdict = ring.verify(_PAYLOAD, expired.sign(_PAYLOAD, "--sig-notation", notation, at=_SIGNED))
            assert verdict == Rejected("made by a key that has expired", for_now=True)
            verdict = ring.verify(_PAYLOAD, signers.alice.sign(_PAYLOAD, "--sig-notation", notation))
            assert isinstance(verdict, GoodSignature)


# Nothing stays: S11


def test_s11_the_folder_is_private_and_goes(signers: Signers, scratch: Path) -> None:
    with _trusted([signers.alice.public_key]) as ring:
        (home,) = scratch.iterdir()
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
        ring.verify(_PAYLOAD, signers.alice.sign(_PAYLOAD))
        assert {each.name for each in home.iterdir()} <= {"pubring.kbx", "pubring.kbx~", "trustdb.gpg"}
        assert _processes_about(home) == []
    assert list(scratch.iterdir()) == []


def test_s11_the_folder_goes_after_a_failure(signers: Signers, scratch: Path) -> None:
    with pytest.raises(Failure, match="elsewhere"), _trusted([signers.alice.public_key]):
        raise Failure("It went wrong elsewhere.")
    assert list(scratch.iterdir()) == []


def test_s11_a_full_disk_leaves_nothing_and_is_named(
    signers: Signers, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write that fails stands in for the disk, which a unit test cannot fill."""

    def full(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(Failure, match="No space left"), _trusted([signers.alice.public_key]) as ring:
        signature = signers.alice.sign(_PAYLOAD)
        monkeypatch.setattr(Path, "write_bytes", full)
        ring.verify(_PAYLOAD, signature)
    assert list(scratch.iterdir()) == []


def test_s11_nothing_is_made_for_keys_that_are_refused(scratch: Path) -> None:
    with pytest.raises(Failure, match=r"trusted_keys\[0\]"), _trusted(["no key"]):
        pass
    assert list(scratch.iterdir()) == []


_VERIFY_FOR_EVER = """
import json, pathlib, sys
inputs = json.load(sys.stdin)
sys.path[:0] = inputs["path"]
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._interruption import interruptible
from ansible_collections.flant.gitops.plugins.module_utils._openpgp import keyring
from ansible_collections.flant.gitops.plugins.module_utils._openpgp.certificates import read
certificates = [read(text, "keys") for text in inputs["keys"]]
try:
    with interruptible():
        print("ready", flush=True)
        while True:
            with keyring.trusted(certificates) as ring:
                list(ring.workers.map(ring.verify, [b"payload"] * 4, [inputs["signature"].encode()] * 4))
except Failure as failure:
    print(failure)
"""


@pytest.mark.parametrize("delay", [0.0, 0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1])
def test_s11_nothing_stays_after_sigterm(signers: Signers, scratch: Path, delay: float) -> None:
    inputs = {
        "path": sys.path,
        "keys": [signers.alice.public_key, signers.bob.public_key],
        "signature": armored(signers.alice.sign(b"payload")).decode(),
    }
    command = [sys.executable, "-c", _VERIFY_FOR_EVER]
    # Without coverage: a signal's exception inside its tracer leaves the tracer's lock held, and the process hangs.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    environment["TMPDIR"] = str(scratch)
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps(inputs))
        process.stdin.close()
        process.stdin = None
        assert process.stdout.readline() == "ready\n"
        time.sleep(delay)
        process.terminate()
        try:
            told, _errors = process.communicate(timeout=60)
        finally:
            process.kill()
    assert told == "Interrupted by SIGTERM; everything that was begun has been cleaned up.\n"
    assert process.returncode == 0
    assert list(scratch.iterdir()) == []
    assert _processes_about(scratch) == []


def test_s11_a_long_path_does_no_harm(signers: Signers, scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = scratch / ("long" * 30) / ("longer" * 20)
    deep.mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    assert isinstance(_verify(signers.alice.sign(_PAYLOAD), signers.alice), GoodSignature)
    assert list(deep.iterdir()) == []


def test_s11_a_gpg_that_does_not_end_is_ended(
    signers: Signers, tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script stands in for a gpg that hangs, which no input is known to bring about."""
    signature, key = signers.alice.sign(_PAYLOAD), signers.alice.public_key
    stub = tmp_path / "bin" / "gpg"
    stub.parent.mkdir()
    stub.write_text(f'#!/bin/sh\ncase "$*" in *--verify*) exec sleep 600;; esac\nexec {_path_of("gpg")} "$@"\n')
    stub.chmod(0o755)
    monkeypatch.setenv("PATH", f"{stub.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(keyring, "_SECONDS_FOR_GPG", 0.5)
    with pytest.raises(Failure, match="gpg did not end within"), _trusted([key]) as ring:
        ring.verify(_PAYLOAD, signature)
    assert list(scratch.iterdir()) == []


def _path_of(program: str) -> str:
    return next(
        f"{folder}/{program}" for folder in os.environ["PATH"].split(":") if os.access(f"{folder}/{program}", os.X_OK)
    )


# A clock that is behind: S12


def test_s12_a_key_of_the_future_does_not_count_and_names_the_clock(signers: Signers) -> None:
    signer = signers.create("dave", at="20900101T000000")
    signature = signer.sign(_PAYLOAD, at="20900102T000000")
    with _trusted([signer.public_key]) as ring:
        verdict = ring.verify(_PAYLOAD, signature)
        assert isinstance(verdict, Rejected)
        assert "check this machine's clock" in verdict.reason
        assert ring.usable == frozenset()
        assert "check this machine's clock" in ring.warnings[0]


def test_s12_a_signature_of_the_future_does_not_count_and_names_the_clock(signers: Signers) -> None:
    verdict = _verify(signers.alice.sign(_PAYLOAD, at="20900102T000000"), signers.alice)
    assert verdict == Rejected("made in the future, at 2090-01-02T00:00:00Z: check this machine's clock", for_now=True)


# Text mode: S17


@pytest.mark.parametrize("signed", [_PAYLOAD, _PAYLOAD.replace(b"\n", b"\r\n")])
def test_s17_a_signature_over_text_does_not_count(signers: Signers, signed: bytes) -> None:
    assert _verify(signers.alice.sign(signed, "--textmode"), signers.alice) == Rejected("it signs text and not bytes")


# Several at once


def test_threads_get_each_their_own_verdict(signers: Signers) -> None:
    payloads = [b"payload %d" % number for number in range(20)]
    signed = [(payload, signers.alice.sign(payload)) for payload in payloads]
    verdicts: dict[int, Verdict] = {}
    with _trusted([signers.alice.public_key]) as ring:

        def verify(number: int) -> None:
            payload, signature = signed[number]
            verdicts[number] = ring.verify(payload if number % 2 else b"not " + payload, signature)

        threads = [threading.Thread(target=verify, args=(number,)) for number in range(len(signed))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [isinstance(verdicts[number], GoodSignature) for number in range(len(signed))] == [False, True] * 10


# A gpg that does not take everything: S10


def _gpg_that_stops_at(limit: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a gpg in the way that takes no more octets of keys at once, as on a full disk or at a key it cannot store."""
    stub, gpg, keys = folder / "bin" / "gpg", _path_of("gpg"), folder / "keys"
    stub.parent.mkdir()
    stub.write_text(
        f'#!/bin/sh\ncase "$*" in *--import*) ;; *) exec {gpg} "$@";; esac\n'
        f'cat > {keys}; test $(wc -c < {keys}) -le {limit} && exec {gpg} "$@" < {keys}\n'
        f'head -c {limit} {keys} | {gpg} "$@"; exit 2\n'
    )
    stub.chmod(0o755)
    monkeypatch.setenv("PATH", f"{stub.parent}:{os.environ['PATH']}")


def test_s10_a_copy_that_gpg_did_not_take_may_be_the_revoked_one(
    signers: Signers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signature, copies = signers.bob.sign(_PAYLOAD), [signers.bob.export()]
    size = len(signers.bob.export(armor=False))
    signers.bob.revoke()
    copies.append(signers.bob.export())
    _gpg_that_stops_at(size, tmp_path, monkeypatch)
    with _trusted(copies) as ring:
        assert ring.usable == frozenset()
        assert isinstance(ring.verify(_PAYLOAD, signature), Rejected)


def test_a_key_that_gpg_does_not_take_keeps_no_other_out(
    signers: Signers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GnuPG 2.4.7 ends an import at a key of an algorithm that it does not know."""
    large = signers.create("dave", user_id=f"Dave {'x' * 1000} <dave@example.test>")
    _gpg_that_stops_at(len(large.export(armor=False)) - 1, tmp_path, monkeypatch)
    with _trusted([large.public_key, signers.alice.public_key, signers.bob.public_key]) as ring:
        assert ring.usable == {signers.alice.fingerprint, signers.bob.fingerprint}
        assert ring.warnings[0].startswith("trusted_keys[0]: ")
        for signer in (signers.alice, signers.bob):
            assert isinstance(ring.verify(_PAYLOAD, signer.sign(_PAYLOAD)), GoodSignature)
