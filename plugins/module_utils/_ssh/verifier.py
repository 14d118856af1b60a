# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""SSH signatures verified by ssh-keygen, each against the one key that it names and only if that one is trusted."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._printable import printable
from ansible_collections.flant.gitops.plugins.module_utils._ssh.keys import fingerprint
from ansible_collections.flant.gitops.plugins.module_utils._ssh.sshsig import parse, unarmored
from ansible_collections.flant.gitops.plugins.module_utils._verdict import GoodSignature, Rejected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible_collections.flant.gitops.plugins.module_utils._ssh.keys import PublicKey
    from ansible_collections.flant.gitops.plugins.module_utils._verdict import Candidate, Verdict

_NAMESPACES = {"commit": b"git", "notes": b"git-signatures"}
SECONDS = 60.0
_BAD = 255
_BAD_WORDS = b"Could not verify signature."


class Signed(NamedTuple):
    """What ssh-keygen is asked about: a key's type and itself, the armored signature, and what that has to cover."""

    kind: bytes
    key: bytes
    armored: bytes
    namespace: bytes
    payload: bytes


class SshVerifier:
    """The trusted SSH keys."""

    def __init__(self, keys: Sequence[PublicKey], *, user_verification: bool) -> None:
        """Trust ``keys``; with ``user_verification`` a security key must have asked for its PIN."""
        self._keys = {key.blob: key for key in keys}
        self._user_verification = user_verification
        self._program = ssh_keygen()

    def verify(self, candidate: Candidate) -> Verdict:
        """Return whether the signature, armored in a commit and binary in a note, is one that counts.

        Raises:
            Failure: ssh-keygen cannot be run or does not end.
        """
        namespace = _NAMESPACES[candidate.source]
        try:
            blob = unarmored(candidate.signature) if candidate.source == "commit" else candidate.signature
            signature = parse(blob, namespace, user_verification=self._user_verification)
        except ValueError as error:
            return Rejected(str(error))
        key = self._keys.get(signature.key)
        if not key:
            return Rejected(f"made by an SSH key that is not trusted ({fingerprint(signature.key)})")
        kind = key.type.encode()
        if not fits(self._program, Signed(kind, key.blob, signature.armored, namespace, candidate.payload)):
            return Rejected("it does not match what it is over")
        return GoodSignature(
            fingerprint=key.fingerprint,
            signing_key=key.fingerprint,
            user_id="",
            created="",
            type="ssh",
            touched=signature.touched,
        )


def ssh_keygen() -> str:
    """Return the path of the program.

    Raises:
        Failure: it is not installed.
    """
    program = shutil.which("ssh-keygen")
    if not program:
        raise Failure("ssh-keygen (OpenSSH 8.1 or newer) is needed on the target and is not installed there.")
    return program


def fits(program: str, signed: Signed) -> bool:
    """Ask ssh-keygen whether the numbers of a signature fit; it gets all over pipes and reads no configuration.

    Raises:
        Failure: it cannot be run or does not end.
    """
    line = b'signer namespaces="%b" %b %b\n' % (signed.namespace, signed.kind, base64.b64encode(signed.key))
    readable = [_pipe(line), _pipe(signed.armored)]
    allowed, detached = (f"/dev/fd/{descriptor}" for descriptor in readable)
    namespace = signed.namespace.decode()
    try:
        ended = subprocess.run(  # there is no AnsibleModule down here; pylint: disable=ansible-bad-function
            [program, "-Y", "verify", "-f", allowed, "-I", "signer", "-n", namespace, "-s", detached],
            input=signed.payload,
            capture_output=True,
            pass_fds=readable,
            env=environment(),
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Failure(f"ssh-keygen did not end within {SECONDS:.0f} s.") from None
    except OSError as error:
        raise Failure(f"ssh-keygen cannot be run: {error.strerror}.") from None
    finally:
        for descriptor in readable:
            os.close(descriptor)
    if ended.returncode == 0:
        return True
    if ended.returncode == _BAD and _BAD_WORDS in ended.stdout:
        return False
    words = printable(ended.stderr.strip() or b"exit status %d" % ended.returncode).rstrip(".")
    raise Failure(f"ssh-keygen (OpenSSH 8.1 or newer) cannot verify a signature on the target: {words}.")


def environment() -> dict[str, str]:
    """Return what ssh-keygen is run in: where programs are, and nothing that changes what it does or says."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}


def _pipe(content: bytes) -> int:
    """Return a descriptor that ``content``, which is smaller than any pipe, is read from."""
    readable, writable = os.pipe()
    try:
        os.write(writable, content)
    finally:
        os.close(writable)
    return readable
