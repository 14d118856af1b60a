# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Signing entries with an SSH key of the host's, and telling whether a signature fits; ssh-keygen does both."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._ledger.envelope import Envelope, pre_authentication
from ansible_collections.flant.gitops.plugins.module_utils._printable import printable
from ansible_collections.flant.gitops.plugins.module_utils._private_file import remove, sync_directory
from ansible_collections.flant.gitops.plugins.module_utils._ssh import verifier
from ansible_collections.flant.gitops.plugins.module_utils._ssh.keys import fingerprint
from ansible_collections.flant.gitops.plugins.module_utils._ssh.sshsig import parse, unarmored
from ansible_collections.flant.gitops.plugins.module_utils._ssh.wire import Reader
from ansible_collections.flant.gitops.plugins.module_utils._trusted_path import trusted_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NAMESPACE = b"run@flant.gitops"
KEY = "key"
"""The name, in the ledger's directory, of the key that is made where none is given."""


def make(directory: Path) -> None:
    """Make the key of the ledger in ``directory``, which nobody else can change, whole or not at all.

    Raises:
        Failure: ssh-keygen cannot make it.
        OSError: the directory cannot be written.
    """
    unfinished = directory / f".{KEY}.{os.urandom(8).hex()}"
    try:
        _run(["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(unfinished)], b"")
        unfinished.replace(directory / KEY)
        sync_directory(directory)
    finally:
        for left in (unfinished, unfinished.with_name(f"{unfinished.name}.pub")):
            remove(left)


def sign(payload: bytes, key_file: Path, option: str) -> Envelope:
    """Return ``payload`` signed with the private key in ``key_file``, which ``option`` names.

    Raises:
        Missing: there is no such file.
        Failure: others could read or change it, or ssh-keygen cannot sign with it.
    """
    with trusted_file(key_file, option, secret=True):  # nobody else can change what the name stands for
        ended = _run(["-q", "-Y", "sign", "-n", NAMESPACE.decode(), "-f", str(key_file)], pre_authentication(payload))
    try:
        blob = unarmored(ended)
        return Envelope(payload, fingerprint(parse(blob, NAMESPACE, user_verification=False).key), blob)
    except ValueError as error:
        raise Failure(f"{option}: {key_file} makes no signature that counts: {error}.") from None


def defect(envelope: Envelope, program: str) -> str:
    """Return why the signature on an entry is none by the key that it names, or empty if it is.

    Args:
        envelope: the entry.
        program: where ssh-keygen is.

    Raises:
        Failure: ssh-keygen cannot be run.
    """
    try:
        signature = parse(envelope.signature, NAMESPACE, user_verification=False)
    except ValueError as error:
        return f"its signature does not count: {error}"
    if fingerprint(signature.key) != envelope.keyid:
        return "its signature is by another key than it names"
    kind = Reader(signature.key).string()
    asked = verifier.Signed(kind, signature.key, signature.armored, NAMESPACE, envelope.signed)
    return "" if verifier.fits(program, asked) else "its signature does not fit it"


def _run(arguments: Sequence[str], given: bytes) -> bytes:
    try:
        ended = subprocess.run(  # there is no AnsibleModule down here; pylint: disable=ansible-bad-function
            [verifier.ssh_keygen(), *arguments],
            input=given,
            capture_output=True,
            env=verifier.environment(),
            start_new_session=True,  # no terminal that it could ask for a passphrase
            timeout=verifier.SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Failure(f"ssh-keygen did not end within {verifier.SECONDS:.0f} s.") from None
    except OSError as error:
        raise Failure(f"ssh-keygen cannot be run: {error.strerror}.") from None
    if ended.returncode:
        words = printable(ended.stderr.strip() or b"exit status %d" % ended.returncode).rstrip(".")
        raise Failure(f"ssh-keygen cannot sign the ledger's entry on the target: {words}.")
    return ended.stdout
