# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Signatures verified by gpg with the keys of ``trusted_keys`` and no others; the one importer of python-gnupg.

python-gnupg finds gpg, makes its command lines and imports the keys. What gpg finds is read here, from a pipe of its
own: python-gnupg takes status lines out of the same stream as messages that repeat what others wrote, drops the digest
algorithm, and lets a good signature hide a bad one.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import shutil
import subprocess
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._library import check as check_library
from ansible_collections.flant.gitops.plugins.module_utils._openpgp.defects import defect, without_cross_certification
from ansible_collections.flant.gitops.plugins.module_utils._openpgp.keyboxd import available
from ansible_collections.flant.gitops.plugins.module_utils._openpgp.listing import INVALID, unfitness
from ansible_collections.flant.gitops.plugins.module_utils._openpgp.mistakes import signed_instead
from ansible_collections.flant.gitops.plugins.module_utils._openpgp.packets import split
from ansible_collections.flant.gitops.plugins.module_utils._openpgp.signature import single_packet
from ansible_collections.flant.gitops.plugins.module_utils._openpgp.status import UNFITTING, judge
from ansible_collections.flant.gitops.plugins.module_utils._printable import printable
from ansible_collections.flant.gitops.plugins.module_utils._private_directory import private_directory
from ansible_collections.flant.gitops.plugins.module_utils._verdict import Rejected
from ansible_collections.flant.gitops.plugins.module_utils._workers import result_of, workers

try:
    import gnupg

    _MISSING = None
except ImportError as error:
    _MISSING = error

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from ansible_collections.flant.gitops.plugins.module_utils._openpgp.certificates import Certificate
    from ansible_collections.flant.gitops.plugins.module_utils._openpgp.keyboxd import Keyboxd
    from ansible_collections.flant.gitops.plugins.module_utils._verdict import Verdict
    from ansible_collections.flant.gitops.plugins.module_utils._workers import Workers

# Taken back here is also what /etc/gnupg/gpg.conf may ask for: gpg reads it all the same.
_OPTIONS = [
    "--no-options",
    "--no-autostart",
    "--disable-dirmngr",
    "--no-auto-key-retrieve",
    "--no-auto-key-import",
    "--require-cross-certification",
    "--trust-model=always",
    "--lock-never",
    "--logger-file=/dev/null",
    "--status-file=/dev/null",
]
_SECONDS_FOR_GPG = 60.0
_AT_ONCE = min(4, os.cpu_count() or 1)
_REFUSED = "is refused by gpg"
_WORDS_LIMIT = 4096
_LOGGED = re.compile(rb"(?:\d{4}-\d\d-\d\d \d\d:\d\d:\d\d )?gpg(?:\[\d+\])?:? +(?P<words>.*)")
_NOISE = (b"trustdb created", b"Total number processed", b"imported", b"not imported", b"w/o user IDs")


class Keyring:
    """The trusted certificates in a GNUPGHOME of their own; `trusted` makes it.

    Attributes:
        usable: the fingerprints of the primary keys whose signatures count.
        warnings: one sentence for each certificate whose signatures do not count.
        workers: threads to call `verify` from, as many as gpg processes are worth running at once.
    """

    def __init__(self, gpg: _Gpg, certificates: Sequence[Certificate], workers: Workers) -> None:
        """Import ``certificates`` with a gpg that has none yet."""
        self.workers = workers
        self._gpg = gpg
        self._numbers = itertools.count()
        self._trusted = _with_reasons(certificates, _imported(gpg, certificates))
        options = {each.fingerprint: each.option for each in reversed(certificates)}
        self.usable = frozenset(fingerprint for fingerprint, reason in self._trusted.items() if reason is None)
        self.warnings = tuple(
            f"{options[fingerprint]}: the signatures of {fingerprint} do not count, because it {reason}."
            for fingerprint, reason in self._trusted.items()
            if reason is not None
        ) + tuple(
            f"{each.option}: the signatures of a subkey of {each.fingerprint} do not count, because it lacks a "
            "cross-certification; its owner makes one with gpg --edit-key and cross-certify."
            for each in certificates
            if without_cross_certification(each.data)
        )

    def verify(self, payload: bytes, signature: bytes) -> Verdict:
        """Return whether ``signature``, armored or binary, is one over ``payload`` that counts.

        To be called from `workers`. Each call is one gpg process for one signature.

        Raises:
            Failure: gpg cannot be run or does not end; there is no room for the two files that it reads.
        """
        try:
            packet = single_packet(signature)
        except ValueError as error:
            return Rejected(str(error))
        (body,) = (each.body for each in split(packet))
        number = next(self._numbers)
        signature_file = self._gpg.home / f"{number}.sig"
        payload_file = self._gpg.home / f"{number}.payload"
        try:
            signature_file.write_bytes(packet)
            payload_file.write_bytes(payload)
            # Two files: with the signature alone, gpg would verify whatever data that brings along.
            exit_status, output = self._gpg.verify(signature_file, payload_file)
        except OSError as error:
            raise Failure(f"gpg cannot verify a signature in {self._gpg.home}: {error.strerror}.") from None
        finally:
            for file in (signature_file, payload_file):
                file.unlink(missing_ok=True)
        verdict = judge(output, exit_status, self._trusted, time.time())
        instead = signed_instead(body, payload) if verdict == UNFITTING else None
        return Rejected(instead) if instead else verdict


@contextlib.contextmanager
def trusted(certificates: Sequence[Certificate]) -> Iterator[Keyring]:
    """Yield a keyring of ``certificates``, of which nothing is left afterwards on any path.

    Raises:
        Failure: gpg cannot be run.
        MissingLibrary: python-gnupg is not installed.
    """
    # A signal interrupts the main thread alone: gpg, started by another, ends in peace before its folder goes.
    with private_directory("flant_gitops-") as home, available(home) as keyboxd, workers(_AT_ONCE) as pool:
        yield result_of(pool.submit(lambda: Keyring(_Gpg(home, keyboxd), certificates, pool)))


def _imported(gpg: _Gpg, certificates: Sequence[Certificate]) -> Mapping[str, str | None]:
    """Import the certificates, and return for each that gpg took why its signatures do not count, or None.

    While importing, gpg lists each copy of a certificate by itself; only once they are merged it tells whether what
    one copy adds, say a later expiry, is right. Of a text that gpg did not take to its end no certificate counts: what
    is lost may be a revocation.
    """
    first = gpg.import_keys(b"".join(each.data for each in certificates))
    shown = unfitness(first.listing)
    distinct = {each.fingerprint for each in certificates}
    if first.whole and len(distinct) == sum(each.copies for each in certificates):
        return shown
    # GnuPG 2.4.7 stops at a key of an algorithm that it does not know, and leaves out all that follow. In a folder with
    # a long path gpg grumbles about every key that is new to it, so that only what is refused twice is refused.
    refused = {} if first.whole else {each.fingerprint: _refusal(gpg, each) for each in certificates}
    kept = unfitness(gpg.list_keys())
    lost = dict.fromkeys(distinct - kept.keys(), _REFUSED)
    lost.update({fingerprint: reason for fingerprint, reason in refused.items() if reason})
    return {**kept, **{fingerprint: shown.get(fingerprint) or reason for fingerprint, reason in lost.items()}}


def _refusal(gpg: _Gpg, certificate: Certificate) -> str | None:
    """Return what gpg says if it does not take all of a certificate's packets, in two attempts."""
    for _attempt in range(2):
        imported = gpg.import_keys(certificate.data)
        if imported.whole:
            return None
    return f"{_REFUSED}: {imported.words}" if imported.words else _REFUSED


def _with_reasons(certificates: Sequence[Certificate], listed: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return the fingerprint of each certificate, with the reason why its signatures do not count, or None."""
    reasons: dict[str, str | None] = {}
    for each in certificates:
        reason = _reason(each, listed.get(each.fingerprint, _REFUSED))
        reasons[each.fingerprint] = reasons.get(each.fingerprint) or reason
    return reasons


def _reason(certificate: Certificate, reason: str | None) -> str | None:
    if certificate.created > time.time():  # GnuPG 2.4.7 sees nothing wrong in it
        return "was created in the future (check this machine's clock)"
    if reason and reason.startswith((INVALID, _REFUSED)):
        return defect(certificate.data) or reason
    return reason


class _Imported(NamedTuple):
    """gpg's listing of the keys that it read, whether it took what it could use, and its own words if it did not."""

    listing: bytes
    whole: bool
    words: str


def _said(log: bytes) -> str:
    """Return what gpg wrote to its log, less what stands there always."""
    lines = [match["words"] for match in map(_LOGGED.fullmatch, log.split(b"\n")) if match]
    return printable(b"; ".join(line for line in lines if not any(noise in line for noise in _NOISE)))


class _Gpg:
    """gpg, as python-gnupg starts it, on one folder."""

    def __init__(self, home: Path, keyboxd: Keyboxd) -> None:
        check_library("python-gnupg", "0.4.8", version="" if _MISSING else gnupg.__version__, error=_MISSING)
        self.home = home
        self.keyboxd = keyboxd
        self._environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home), "LC_ALL": "C"}
        program = shutil.which("gpg")
        if not program:
            raise Failure("gpg (GnuPG 2.2.20 or newer) is needed on the target and is not installed there.")
        try:
            self._gpg: Any = gnupg.GPG(gpgbinary=program, gnupghome=str(home), options=_OPTIONS)
        except (OSError, ValueError):
            raise Failure(f"gpg (GnuPG 2.2.20 or newer) is needed on the target, and {program} does not run.") from None

    def import_keys(self, data: bytes) -> _Imported:
        """Import certificates.

        To list an expired one, gpg 2.2 wants a trust database, which it does not make in the trust model "always".

        Raises:
            Failure: gpg wants keyboxd, which does not run.
        """
        imported = self._import(data)
        if imported.whole or "keyboxd" not in imported.words:
            return imported
        if not self.keyboxd.launch():
            raise Failure(f"gpg cannot keep keys on this machine, which uses keyboxd: {imported.words}.")
        return self._import(data)

    def _import(self, data: bytes) -> _Imported:
        log = self.home / "import.log"
        options = ["--trust-model=direct", "--import-options=import-show", f"--logger-file={log}"]
        imported = self._gpg.import_keys(data, extra_args=options)
        words = log.read_bytes()[:_WORDS_LIMIT] if log.exists() else b""
        log.unlink(missing_ok=True)
        return _Imported(imported.data, imported.returncode == 0, _said(words))

    def list_keys(self) -> bytes:
        """Return gpg's listing of all certificates."""
        return self._run("--list-keys").stdout

    def verify(self, signature: Path, payload: Path) -> tuple[int, bytes]:
        """Return gpg's exit status, and the status lines that it writes for a detached signature."""
        ended = self._run("--status-fd=1", "--verify", str(signature), str(payload))
        return ended.returncode, ended.stdout

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run(  # there is no AnsibleModule down here; pylint: disable=ansible-bad-function
                self._gpg.make_args(list(arguments), passphrase=False),
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                close_fds=False,  # Python's own are not inherited, and Python 3.9 starts a process faster so
                timeout=_SECONDS_FOR_GPG,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Failure(f"gpg did not end within {_SECONDS_FOR_GPG:.0f} s.") from None
