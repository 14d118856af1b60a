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
import shutil
import subprocess
import time
from typing import TYPE_CHECKING, Any

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure, MissingLibrary
from ansible_collections.flant.gitops.plugins.module_utils._openpgp.listing import unfitness
from ansible_collections.flant.gitops.plugins.module_utils._openpgp.signature import single_packet
from ansible_collections.flant.gitops.plugins.module_utils._openpgp.status import judge
from ansible_collections.flant.gitops.plugins.module_utils._private_file import private_directory
from ansible_collections.flant.gitops.plugins.module_utils._verdict import Rejected
from ansible_collections.flant.gitops.plugins.module_utils._workers import result_of, workers

try:
    import gnupg
except ImportError:
    gnupg = None

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from ansible_collections.flant.gitops.plugins.module_utils._openpgp.certificates import Certificate
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
        return judge(output, exit_status, self._trusted, time.time())


@contextlib.contextmanager
def trusted(certificates: Sequence[Certificate]) -> Iterator[Keyring]:
    """Yield a keyring of ``certificates``, of which nothing is left afterwards on any path.

    Raises:
        Failure: gpg cannot be run.
        MissingLibrary: python-gnupg is not installed.
    """
    # A signal interrupts the main thread alone: gpg, started by another, ends in peace before its folder goes.
    with private_directory("flant_gitops-") as home, workers(_AT_ONCE) as pool:
        yield result_of(pool.submit(lambda: Keyring(_Gpg(home), certificates, pool)))


def _imported(gpg: _Gpg, certificates: Sequence[Certificate]) -> Mapping[str, str | None]:
    """Import the certificates, and return for each certificate that gpg took why its signatures do not count, or None.

    While importing, gpg lists each copy of a certificate by itself; only once they are merged it tells whether what
    one copy adds, say a later expiry, is right. Of a text that gpg did not take to its end no certificate counts: what
    is lost may be a revocation.
    """
    listing, whole = gpg.import_keys(b"".join(each.data for each in certificates))
    shown = unfitness(listing)
    distinct = {each.fingerprint for each in certificates}
    if whole and len(distinct) == sum(each.copies for each in certificates):
        return shown
    # GnuPG 2.4.7 stops at a key of an algorithm that it does not know, and leaves out all that follow. In a folder with
    # a long path gpg grumbles about every key that is new to it, so that only what is refused twice is refused.
    taken = {each.option for each in certificates if whole or any(gpg.import_keys(each.data)[1] for _index in range(2))}
    kept = unfitness(gpg.list_keys())
    lost = distinct - kept.keys() | {each.fingerprint for each in certificates if each.option not in taken}
    return {**kept, **{fingerprint: shown.get(fingerprint) or _REFUSED for fingerprint in lost}}


def _with_reasons(certificates: Sequence[Certificate], listed: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return the fingerprint of each certificate, with the reason why its signatures do not count, or None."""
    return {each.fingerprint: _reason(each, listed.get(each.fingerprint, _REFUSED)) for each in certificates}


def _reason(certificate: Certificate, reason: str | None) -> str | None:
    if certificate.created > time.time():  # GnuPG 2.4.7 sees nothing wrong in it
        return "was created in the future (check this machine's clock)"
    return reason


class _Gpg:
    """gpg, as python-gnupg starts it, on one folder."""

    def __init__(self, home: Path) -> None:
        if gnupg is None:
            raise MissingLibrary("python-gnupg")
        self.home = home
        self._environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home), "LC_ALL": "C"}
        program = shutil.which("gpg")
        if not program:
            raise Failure("gpg (GnuPG 2.2.20 or newer) is needed on the target and is not installed there.")
        try:
            self._gpg: Any = gnupg.GPG(gpgbinary=program, gnupghome=str(home), options=_OPTIONS)
        except (OSError, ValueError):
            raise Failure(f"gpg (GnuPG 2.2.20 or newer) is needed on the target, and {program} does not run.") from None

    def import_keys(self, data: bytes) -> tuple[bytes, bool]:
        """Import certificates, and return gpg's listing of those that it read, and whether it took what it could use.

        To list an expired one, gpg 2.2 wants a trust database, which it does not make in the trust model "always".
        """
        imported = self._gpg.import_keys(data, extra_args=["--trust-model=direct", "--import-options=import-show"])
        return imported.data, imported.returncode == 0

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
